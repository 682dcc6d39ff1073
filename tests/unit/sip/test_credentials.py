"""Answers to challenges as a client gives them: RFC 3261 22.2 and 22.3, RFC 7616 3.4 and 3.6, RFC 8760 2.4."""

from __future__ import annotations

from random import Random

import pytest

from gateway.sip.credentials import Credentials, Prover
from gateway.sip.digest import Algorithm, Secret, digest_response, read_parameters
from gateway.sip.message import Request, Response
from gateway.sip.uri import SipUri

ANN = Credentials("ann", Secret("s3cret"))


def request(body: bytes = b"") -> Request:
    made = Request("REGISTER", SipUri("pstn.example"), body=body)
    made.headers.set("CSeq", "1 REGISTER")
    return made


def challenge(*rows: str, status: int = 401) -> Response:
    response = Response(status, "Prove It")
    response.headers.set_all("WWW-Authenticate" if status == 401 else "Proxy-Authenticate", rows)
    return response


def given(made: Request, header: str = "Authorization") -> dict[str, str]:
    (row,) = made.headers.all(header)
    return read_parameters(row)[1]


def test_section_22_2_a_challenge_is_answered_once_for_each_secret() -> None:
    prover, asked = Prover(ANN, Random(1)), request()
    assert prover.prove(asked, challenge('Digest realm="pstn", nonce="a", qop="auth"'))
    assert given(asked)["nc"] == "00000001"
    again = challenge('Digest realm="pstn", nonce="b", qop="auth"')
    assert not prover.prove(asked, again)
    assert prover.refusal(again) == 'user "ann" or its secret is wrong in its realm "pstn"'


def test_section_3_3_a_stale_nonce_is_exchanged_but_not_for_ever() -> None:
    prover, asked = Prover(ANN, Random(1)), request()
    assert prover.prove(asked, challenge('Digest realm="pstn", nonce="0", qop="auth"'))
    stale = [prover.prove(asked, challenge(f'Digest realm="pstn", nonce="{n}", stale=true')) for n in range(1, 6)]
    assert stale[:4] == [True, True, True, False]


def test_section_3_6_later_requests_are_signed_ahead_and_counted() -> None:
    prover, first = Prover(ANN, Random(1)), request()
    prover.prove(first, challenge('Digest realm="pstn", nonce="a", qop="auth"'))
    second = request()
    prover.sign(second)
    assert (given(second)["nonce"], given(second)["nc"]) == ("a", "00000002")
    # Servers that do not say "stale" challenge such a request like any other: that is no wrong secret.
    assert prover.prove(second, challenge('Digest realm="pstn", nonce="b", qop="auth"'))
    assert (given(second)["nonce"], given(second)["nc"]) == ("b", "00000001")


def test_section_22_3_a_proxy_and_the_server_behind_it_both_get_their_proof() -> None:
    prover, asked = Prover(ANN, Random(1)), request()
    assert prover.prove(asked, challenge('Digest realm="proxy", nonce="p"', status=407))
    assert prover.prove(asked, challenge('Digest realm="pstn", nonce="s"'))
    assert given(asked, "Proxy-Authorization")["realm"] == "proxy"
    assert given(asked)["realm"] == "pstn"


def test_rfc_3665_section_3_3_two_proxies_each_get_their_proof() -> None:
    prover, asked = Prover(ANN, Random(1)), request()
    assert prover.prove(asked, challenge('Digest realm="one", nonce="a"', status=407))
    assert prover.prove(asked, challenge('Digest realm="two", nonce="b"', status=407))
    rows = [read_parameters(row)[1] for row in asked.headers.all("Proxy-Authorization")]
    assert [(row["realm"], row["nonce"]) for row in rows] == [("one", "a"), ("two", "b")]
    later = request()
    prover.sign(later)
    assert len(later.headers.all("Proxy-Authorization")) == 2
    assert prover.prove(later, challenge('Digest realm="one", nonce="c"', status=407)), "a nonce that is too old"
    assert not prover.prove(later, challenge('Digest realm="one", nonce="d"', status=407)), "a wrong secret there"


def test_section_22_3_challenges_of_several_realms_at_once_are_all_answered() -> None:
    prover, asked = Prover(ANN, Random(1)), request()
    assert prover.prove(
        asked, challenge('Digest realm="one", nonce="a"', 'Digest realm="two", nonce="b"', status=407)
    )
    assert len(asked.headers.all("Proxy-Authorization")) == 2


def test_realms_without_end_are_no_chain_of_proxies() -> None:
    prover, asked = Prover(ANN, Random(1)), request()
    answered = [prover.prove(asked, challenge(f'Digest realm="{n}", nonce="a"', status=407)) for n in range(6)]
    assert answered == [True] * 4 + [False] * 2


def test_aka_and_unknown_hashes_are_passed_over_and_sha_256_is_taken() -> None:
    prover, asked = Prover(ANN, Random(1)), request()
    rows = [
        f'Digest realm="pstn", nonce="a", algorithm={name}, qop="auth"' for name in ("AKAv1-MD5", "SHA-256", "MD5")
    ]
    assert prover.prove(asked, challenge(*rows))
    assert given(asked)["algorithm"] == "SHA-256"
    alone = challenge(rows[0])
    assert not Prover(ANN, Random(1)).prove(request(), alone)
    assert prover.refusal(alone) == "it asks for a digest by AKAv1-MD5, which is not known here"


def test_section_3_4_3_auth_int_covers_the_body() -> None:
    prover, asked = Prover(ANN, Random(1)), request(b"v=0\r\n")
    assert prover.prove(asked, challenge('Digest realm="pstn", nonce="a", qop="auth-int"'))
    said = given(asked)
    ha1 = Algorithm.MD5.hash("ann:pstn:s3cret")
    ha2 = Algorithm.MD5.hash(f"REGISTER:sip:pstn.example:{Algorithm.MD5.hash(b'v=0' + bytes((13, 10)))}")
    assert said["response"] == Algorithm.MD5.hash(f"{ha1}:a:00000001:{said['cnonce']}:auth-int:{ha2}")
    assert said["response"] != digest_response(ha1, "REGISTER", said, Algorithm.MD5, b"another body")


def test_a_realm_that_is_set_is_the_only_one_that_gets_a_proof() -> None:
    prover = Prover(Credentials("ann", Secret("s3cret"), realm="pstn"), Random(1))
    wrong = challenge('Digest realm="elsewhere", nonce="a"')
    assert not prover.prove(request(), wrong)
    assert prover.refusal(wrong) == 'its realm is "elsewhere" and not "pstn"'
    assert prover.prove(
        request(), challenge('Digest realm="elsewhere", nonce="a"', 'Digest realm="pstn", nonce="b"')
    )


@pytest.mark.parametrize("rows", [[], ["Basic realm=x"], ["Digest"]])
def test_what_is_no_challenge_is_not_answered(rows: list[str]) -> None:
    assert not Prover(ANN, Random(1)).prove(request(), challenge(*rows))


def test_without_credentials_nothing_is_proved() -> None:
    prover, asked = Prover(None, Random(1)), challenge('Digest realm="pstn", nonce="a"')
    assert not prover.prove(request(), asked)
    assert prover.refusal(asked) == "it asks for a user and a secret, and none are set"


def test_section_13_2_2_4_an_ack_repeats_the_proofs_of_its_invite() -> None:
    prover, invite = Prover(ANN, Random(1)), request()
    prover.prove(invite, challenge('Digest realm="pstn", nonce="a"'))
    ack = Prover.repeat(invite, request())
    assert given(ack) == given(invite)
