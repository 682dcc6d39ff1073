"""Answers to challenges as a client gives them: RFC 3261 22.2 and 22.3, RFC 7616 3.4 and 3.6, RFC 8760 2.4."""

from __future__ import annotations

from random import Random

import pytest

from gateway.sip.credentials import Credentials, Prover
from gateway.sip.digest import Algorithm, Challenge, Secret, digest_response, read_parameters
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


@pytest.mark.parametrize(
    ("algorithm", "first", "second"),
    [
        ("MD5-sess", "8e3825c57e897f5a0dec6c2d4e5059d0", "d16df0df0d92cef8935129145e21b5e1"),
        (
            "SHA-256-sess",
            "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7",
            "6bb0010aa4bdf46422a798c509ea32e256f27bd37de5cc3bdf8ed51e1d77d650",
        ),
    ],
)
def test_rfc_7616_section_3_4_2_a_session_has_a_secret_of_its_own(algorithm: str, first: str, second: str) -> None:
    """What RFC 2617 3.5 and RFC 7616 3.9.1 have for examples; the responses were made by md5sum and sha256sum."""
    if algorithm == "MD5-sess":
        password, realm, nonce = "Circle Of Life", "testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093"
        cnonce = "0a4f113b"
    else:
        password, realm = "Circle of Life", "http-auth@example.org"
        nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
        cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    asked = Challenge.parse(f'Digest realm="{realm}", nonce="{nonce}", qop="auth", algorithm={algorithm}')
    for count, response in ((1, first), (2, second)):
        row = asked.answer("Mufasa", Secret(password), "GET", "/dir/index.html", cnonce=cnonce, count=count)
        assert row is not None
        given = read_parameters(row)[1]
        assert (given["response"], given["algorithm"], given["cnonce"]) == (response, algorithm, cnonce)


@pytest.mark.parametrize("algorithm", ["MD5-sess", "md5-SESS", "SHA-256-sess"])
def test_section_3_4_2_a_session_goes_on_with_its_first_cnonce(algorithm: str) -> None:
    prover, first, second = Prover(ANN, Random(1)), request(), request()
    assert prover.prove(first, challenge(f'Digest realm="pstn", nonce="a", qop="auth", algorithm={algorithm}'))
    prover.sign(second)
    assert given(first)["cnonce"] == given(second)["cnonce"]
    assert (given(first)["nc"], given(second)["nc"]) == ("00000001", "00000002")
    third = request()
    prover.sign(third)
    assert prover.prove(third, challenge(f'Digest realm="pstn", nonce="b", qop="auth", algorithm={algorithm}'))
    assert given(third)["cnonce"] != given(first)["cnonce"], "another challenge begins another session"


def test_a_plain_hash_has_a_new_cnonce_each_time() -> None:
    prover, first, second = Prover(ANN, Random(1)), request(), request()
    prover.prove(first, challenge('Digest realm="pstn", nonce="a", qop="auth"'))
    prover.sign(second)
    assert given(first)["cnonce"] != given(second)["cnonce"]


def test_section_3_4_2_a_session_without_qop_allows_no_cnonce_and_is_told_of() -> None:
    prover, asked = Prover(ANN, Random(1)), challenge('Digest realm="pstn", nonce="a", algorithm=MD5-sess')
    assert not prover.prove(request(), asked)
    assert prover.refusal(asked) == "it asks for a digest by MD5-sess without qop, which is not known here"
