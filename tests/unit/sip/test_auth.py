"""Digest authentication: a server that challenges, a client that answers, and those who try to get in."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import MalformedError
from gateway.sip import auth
from gateway.sip.auth import Authenticator, Verdict, VerdictKind
from gateway.sip.digest import Algorithm, Challenge, Secret, digest_response, read_parameters

SECRETS = {"6001": Secret("pw"), "6002": Secret('p"w\\é')}
URI = "sip:pbx.example"


def server(**options: object) -> Authenticator:
    return Authenticator("office", key=b"k" * 32, **options)  # type: ignore[arg-type]


def answer(challenge: str, *, user: str = "6001", secret: Secret | None = None, count: int = 1) -> str:
    value = Challenge.parse(challenge).answer(
        user, secret or SECRETS.get(user, Secret("x")), "REGISTER", URI, cnonce="c", count=count
    )
    assert value is not None
    return value


def judge(office: Authenticator, *rows: str, now: float = 0.0, method: str = "REGISTER") -> VerdictKind:
    return office.verify(rows, method, SECRETS.get, now).kind


def test_the_response_of_rfc_7616() -> None:
    # section 3.9.1
    given = {
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "uri": "/dir/index.html",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    }
    secret = Secret("Circle of Life")
    for algorithm, expected in (
        (Algorithm.MD5, "8ca523f5e9506fed4657c9700eebdbec"),
        (Algorithm.SHA_256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        ha1 = secret.ha1("Mufasa", "http-auth@example.org", algorithm)
        assert ha1 is not None
        assert digest_response(ha1, "GET", given, algorithm) == expected


def test_the_response_of_rfc_2069_has_no_qop() -> None:
    # RFC 2617 section 3.5's user, without qop; computed by the formula of RFC 2069 section 2.4
    ha1 = Algorithm.MD5.hash("Mufasa:testrealm@host.com:Circle Of Life")
    given = {"nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093", "uri": "/dir/index.html"}
    assert ha1 == "939e7578ed9e3c518a452acee763bce9"
    assert digest_response(ha1, "GET", given, Algorithm.MD5) == "670fd8c2df070c60b045671b8b24ff02"


def test_a_challenge_offers_sha_256_before_md5() -> None:
    sha, md5 = server().challenge(0)
    assert 'algorithm=SHA-256, qop="auth"' in sha and 'algorithm=MD5, qop="auth"' in md5
    assert Challenge.parse(sha).nonce == Challenge.parse(md5).nonce
    assert not Challenge.parse(sha).stale and Challenge.parse(sha).opaque
    assert Challenge.parse(server().challenge(0, stale=True)[0]).stale


@pytest.mark.parametrize("offer", [0, 1])
@pytest.mark.parametrize("user", ["6001", "6002"])
def test_the_right_secret_is_accepted_with_either_hash(offer: int, user: str) -> None:
    office = server()
    verdict = office.verify([answer(office.challenge(0)[offer], user=user)], "REGISTER", SECRETS.get, 1)
    assert (verdict.kind, verdict.username) == (VerdictKind.ACCEPTED, user)


@pytest.mark.parametrize("case", [str.lower, str.title])
def test_rfc_7616_section_3_4_3_who_proves_the_body_is_judged_by_it(case: Callable[[str], str]) -> None:
    """By the qop auth-int, which is offered beside auth where the office says so."""
    office = server(integrity=True)
    [offer, _] = office.challenge(0)
    assert 'qop="auth,auth-int"' in offer
    assert Challenge.parse(offer).qop == "auth"
    asked = Challenge.parse(offer.replace("auth,auth-int", "auth-int"))

    def proof(count: int) -> str:
        given = {"nonce": asked.nonce, "uri": URI, "qop": case("auth-int"), "nc": f"{count:08x}", "cnonce": "c"}
        ha1 = SECRETS["6001"].ha1("6001", "office", asked.algorithm) or ""
        response = digest_response(ha1, "REGISTER", given, asked.algorithm, b"body")
        parts = {"username": "6001", "realm": "office", "response": response, **given}
        row = ", ".join(f'{name}="{value}"' for name, value in parts.items() if name not in ("qop", "nc"))
        return f"Digest {row}, qop={given['qop']}, nc={given['nc']}, algorithm={asked.algorithm.value}"

    def verdict(row: str, body: bytes) -> VerdictKind:
        return office.verify([row], "REGISTER", SECRETS.get, 1, body=body).kind

    assert verdict(proof(1), b"body") is VerdictKind.ACCEPTED
    assert verdict(proof(2), b"another body") is VerdictKind.REFUSED
    assert verdict(proof(2), b"") is VerdictKind.REFUSED
    assert verdict(answer(offer, count=2), b"any body") is VerdictKind.ACCEPTED


def test_a_hash_of_the_secret_serves_as_well() -> None:
    ha1 = Algorithm.MD5.hash("6003:office:pw")
    known = Secret(hashes={Algorithm.MD5: ha1.upper()})
    office = server(algorithms=(Algorithm.MD5,))
    (challenge,) = office.challenge(0)
    value = answer(challenge, user="6003", secret=Secret("pw"))
    assert office.verify([value], "REGISTER", lambda _: known, 0).kind is VerdictKind.ACCEPTED
    assert Challenge.parse(server().challenge(0)[0]).answer("6003", known, "REGISTER", URI, cnonce="c") is None


def test_a_hash_that_is_not_known_is_not_an_empty_one() -> None:
    office = server()
    known = Secret(hashes={Algorithm.MD5: Algorithm.MD5.hash("6003:office:pw")})
    row = answer(office.challenge(0)[0], user="6003")
    _, given = read_parameters(row)
    forged = row.replace(given["response"], digest_response("", "REGISTER", given, Algorithm.SHA_256))
    assert office.verify([forged], "REGISTER", lambda _: known, 0).kind is VerdictKind.REFUSED


def test_a_wrong_secret_and_an_unknown_user_are_refused_alike() -> None:
    office = server()
    (challenge, _) = office.challenge(0)
    assert judge(office, answer(challenge, secret=Secret("wrong"))) is VerdictKind.REFUSED
    assert judge(office, answer(challenge, user="nobody")) is VerdictKind.REFUSED


def test_an_unknown_user_costs_as_many_hashes_as_a_wrong_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    office = server()
    challenge = office.challenge(0)[0]
    wrong, unknown = answer(challenge, secret=Secret("wrong")), answer(challenge, user="nobody")
    hashed: list[str] = []
    real = Algorithm.hash
    monkeypatch.setattr(Algorithm, "hash", lambda self, text: hashed.append(text) or real(self, text))
    judge(office, wrong)
    of_wrong = len(hashed)
    hashed.clear()
    judge(office, unknown)
    assert len(hashed) == of_wrong == 3
    hashed.clear()
    hash_alone = Secret(hashes={Algorithm.MD5: "0" * 32, Algorithm.SHA_256: "0" * 64})
    assert office.verify([wrong], "REGISTER", lambda _: hash_alone, 0).kind is VerdictKind.REFUSED
    assert len(hashed) == of_wrong, "of whom but a hash is known"


def test_credentials_serve_one_method_only() -> None:
    office = server()
    assert judge(office, answer(office.challenge(0)[0]), method="INVITE") is VerdictKind.REFUSED


@pytest.mark.parametrize("parameter", ["response", "uri", "cnonce", "username"])
def test_what_was_changed_on_the_way_is_refused(parameter: str) -> None:
    office = server()
    value = answer(office.challenge(0)[0])
    assert judge(office, value.replace(f'{parameter}="', f'{parameter}="0', 1)) is VerdictKind.REFUSED


# Replays and nonces


def test_nothing_is_accepted_twice() -> None:
    office = server()
    challenge = office.challenge(0)[0]
    third = answer(challenge, count=3)
    assert judge(office, third) is VerdictKind.ACCEPTED
    assert judge(office, third) is VerdictKind.STALE
    assert judge(office, answer(challenge, count=2)) is VerdictKind.STALE
    assert judge(office, answer(challenge, count=4)) is VerdictKind.ACCEPTED


def test_a_client_without_qop_uses_a_nonce_once() -> None:
    office = server()
    old = Challenge.parse(office.challenge(0)[1].replace(', qop="auth"', ""))
    value = old.answer("6001", SECRETS["6001"], "REGISTER", URI, cnonce="")
    assert value is not None and not {"qop", "nc", "cnonce"} & read_parameters(value)[1].keys()
    assert judge(office, value) is VerdictKind.ACCEPTED
    assert judge(office, value) is VerdictKind.STALE


def test_a_nonce_grows_old() -> None:
    office = server()
    challenge = office.challenge(100)[0]
    assert judge(office, answer(challenge), now=400) is VerdictKind.ACCEPTED
    assert judge(office, answer(challenge, count=2), now=400.1) is VerdictKind.STALE
    assert judge(office, answer(challenge, count=3), now=99) is VerdictKind.STALE


@pytest.mark.parametrize("host", ["192.0.2.60", "2001:db8::60", ""])
def test_a_verdict_tells_which_address_was_challenged(host: str) -> None:
    office = server()
    challenge = office.challenge(0, host)[0]
    wrong, right = answer(challenge, secret=Secret("wrong"), count=9), answer(challenge)
    again = answer(challenge, count=2)
    verdicts = [(wrong, VerdictKind.REFUSED), (right, VerdictKind.ACCEPTED), (again, VerdictKind.ACCEPTED)]
    for row, kind in (*verdicts, (wrong, VerdictKind.REFUSED)):
        assert office.verify([row], "REGISTER", SECRETS.get, 0) == Verdict(kind, "6001", host)


def test_nobody_writes_another_address_into_a_nonce() -> None:
    office = server()
    nonce = Challenge.parse(office.challenge(0, "192.0.2.60")[0]).nonce
    other = urlsafe_b64encode(urlsafe_b64decode(nonce).replace(b"192.0.2.60", b"192.0.2.61")).decode()
    assert other != nonce
    forged = answer(f'Digest realm="office", nonce="{other}", algorithm=SHA-256, qop="auth"')
    assert office.verify([forged], "REGISTER", SECRETS.get, 0).kind is VerdictKind.STALE


def test_a_nonce_of_somebody_else_is_stale_before_any_secret_is_looked_at() -> None:
    office = server()
    asked: list[str] = []
    for other in (Authenticator("office", key=b"x" * 32), Authenticator("other", key=b"k" * 32)):
        foreign = answer(other.challenge(0)[0]).replace('realm="other"', 'realm="office"')
        assert office.verify([foreign], "REGISTER", lambda user: asked.append(user), 0).kind is VerdictKind.STALE
    for nonce in ("", "x", "é", "A" * 43, "A" * 44, "=" * 44):
        value = answer(f'Digest realm="office", nonce="{nonce}", qop="auth"')
        assert judge(office, value) is VerdictKind.STALE
    assert asked == []


@pytest.mark.parametrize("change", ["{0}\n", "!{0}", "{0}=", "{1} {2}", "{0}AAAA"])
def test_a_nonce_has_one_spelling(change: str) -> None:
    """One that could be written otherwise would be counted anew (RFC 7616 section 3.4)."""
    office = server()
    challenge = office.challenge(0)[1].replace(', qop="auth"', "")
    nonce = Challenge.parse(challenge).nonce
    other = Challenge("office", change.format(nonce, nonce[:9], nonce[9:]), Algorithm.MD5, "")
    value = other.answer("6001", SECRETS["6001"], "REGISTER", URI, cnonce="")
    assert value is not None
    assert judge(office, value) is VerdictKind.STALE and not office._served


def test_a_forgotten_count_lets_no_replay_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "MAX_NONCES", 3)
    office = server()
    values = [answer(office.challenge(at)[0]) for at in range(5)]
    assert [judge(office, value, now=5) for value in values] == [VerdictKind.ACCEPTED] * 5
    assert [judge(office, value, now=5) for value in values] == [VerdictKind.STALE] * 5
    assert len(office._served) == 3


def test_failed_attempts_leave_nothing_behind() -> None:
    office = server()
    for _ in range(50):
        judge(office, answer(office.challenge(0)[0], secret=Secret("wrong")))
    assert not office._served


# What cannot be read


def test_no_credentials_for_this_realm_are_none() -> None:
    office = server()
    assert judge(office) is VerdictKind.ABSENT
    assert judge(office, "NoOneKnowsThisScheme opaque-data=here") is VerdictKind.ABSENT
    for row in ("Basic NjAwMTpwdw==", "Bearer eyJ.x.y", "Negotiate", ""):
        assert judge(office, row) is VerdictKind.ABSENT, "RFC 8898 section 2.3: it is challenged"
    other = answer('Digest realm="other", nonce="x"')
    assert judge(office, other) is VerdictKind.ABSENT
    assert judge(office, other, answer(office.challenge(0)[0])) is VerdictKind.ACCEPTED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('username="6001"', 'username=""'),
        ('username="6001", ', ""),
        ('uri="', 'url="'),
        ("nc=00000001", "nc=1"),
        ("nc=00000001", "nc=0000000x"),
        ("nc=00000001, ", ""),
        ('cnonce="c"', 'cnonce=""'),
        ("qop=auth", "qop=auth-int"),
        ("algorithm=SHA-256", "algorithm=SHA-512-256"),
        ('realm="office"', 'realm="office", realm="office"'),
        ('realm="office"', 'realm="office'),
        ("Digest ", "Digest,,;"),
        ("Digest ", ""),
    ],
)
def test_ill_formed_credentials_are_refused_as_such(old: str, new: str) -> None:
    office = server()
    value = answer(office.challenge(0)[0])
    assert old in value
    assert judge(office, value.replace(old, new, 1)) in (VerdictKind.MALFORMED, VerdictKind.ABSENT)


@given(st.text(max_size=60), st.binary(max_size=60))
@settings(max_examples=150)
def test_no_credentials_whatever_break_it(text: str, noise: bytes) -> None:
    office = server()
    for row in (text, f"Digest {text}", "Digest " + noise.decode("utf-8", "surrogateescape")):
        assert judge(office, row) is not VerdictKind.ACCEPTED
    value = answer(office.challenge(0)[0])
    for name in ("nonce", "response", "username", "uri"):
        hostile = value.replace(f'{name}="', f'{name}="\udcff', 1)
        assert judge(office, hostile) is not VerdictKind.ACCEPTED


# The side that answers


def test_the_first_challenge_that_can_be_answered_is() -> None:
    rows = [
        "Basic realm=x",
        'Digest realm="a", nonce="1", algorithm=SHA-512-256',
        'Digest realm="b", nonce="2"',
        "?",
    ]
    best = Challenge.best(rows)
    assert best == Challenge("b", "2", qop="")
    assert Challenge.best(rows[:2]) is None


@pytest.mark.parametrize(
    "row",
    ["", "Digest", "Digest realm=x", 'Digest realm="a", nonce="1", qop="auth-conf"', 'Digest nonce="1" realm="x"'],
)
def test_a_challenge_that_cannot_be_answered_is_refused(row: str) -> None:
    with pytest.raises(MalformedError):
        Challenge.parse(row)


def test_an_answer_holds_what_the_server_needs() -> None:
    scheme, given = read_parameters(
        answer('Digest realm="a\\"b", nonce="1", qop="auth,auth-int", opaque="o"', count=26)
    )
    assert scheme == "digest"
    assert (
        given["realm"] == 'a"b' and given["nc"] == "0000001a" and given["opaque"] == "o" and given["qop"] == "auth"
    )


@pytest.mark.parametrize(
    "row",
    [
        'Digest username="6001", realm="office, west", nc=00000001, qop=auth',
        'digest username="6001",realm="office, west",nc=00000001,qop=auth',
        'Digest  username = "6001" ,  realm="office, west", NC=00000001, qop="auth"',
        'Digest username="6001", realm="office\\, west", nc=00000001, qop=auth,',
    ],
)
def test_credentials_mean_the_same_however_they_are_spaced(row: str) -> None:
    told = {"username": "6001", "realm": "office, west", "nc": "00000001", "qop": "auth"}
    assert read_parameters(row) == ("digest", told)


@pytest.mark.parametrize("row", ['Digest a="1", a="2"', 'Digest a="1", A="2"', 'Digest a="1" b="2"', 'Digest a="1'])
def test_credentials_that_say_a_thing_twice_or_break_off_are_refused(row: str) -> None:
    with pytest.raises(MalformedError):
        read_parameters(row)


def test_secrets_are_not_shown() -> None:
    assert "pw" not in repr(Secret("pw")) and "abc" not in repr(Secret(hashes={Algorithm.MD5: "abc"}))
