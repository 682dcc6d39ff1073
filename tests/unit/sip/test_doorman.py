"""Who is not heard: floods, scanners, those who guess secrets; and that telephones that are honest are."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from gateway.config.security import SecuritySettings
from gateway.core.messages import Offered
from gateway.sip.account import Account
from gateway.sip.ban import BanConfig, Bans
from gateway.sip.config import SipConfig
from gateway.sip.digest import Algorithm, Challenge, Secret
from gateway.sip.doorman import Doorman, DoormanConfig, TurnedAway
from gateway.sip.flood import SOURCES, Buckets
from gateway.sip.gatekeeper import Proved
from gateway.sip.message import Request, Response
from gateway.sip.parser import parse
from gateway.sip.refusals import ENTRIES, AccessRefused, Refusals
from gateway.sip.registrar import RegistrarConfig
from gateway.sip.source import source_of
from gateway.sip.transport import Flow
from tests.support.sip import SERVER, Office, Phone, session_description

STRICT = DoormanConfig(rate=2.0, burst=5.0, bans=BanConfig(after=3, window=60.0, seconds=300.0))


def guarded(doorman: DoormanConfig = STRICT, **more: object) -> Office:
    return Office(SipConfig(doorman=doorman, **more))  # type: ignore[arg-type]  # as SipConfig has them


def guess(phone: Phone, password: str = "wrong", call_id: str = "guess") -> list[int]:
    """One attempt with a wrong secret; the statuses that come back."""
    request = phone.request("REGISTER", f"sip:{SERVER[0]}", call_id=call_id)
    phone.send(request)
    (challenge,) = phone.messages() or [None]
    if challenge is None:
        return []
    phone.send(phone.with_proof(request, challenge, password))  # type: ignore[arg-type]  # a response
    return phone.statuses()


def turned_away(office: Office) -> list[str]:
    return [event.why for event in office.changes() if isinstance(event, TurnedAway)]


# A whole office behind one address.


class PoweredUp:
    """Telephones of one address that are switched on in one moment, and repeat what is not answered (timer E)."""

    def __init__(self, office: Office, users: list[str]) -> None:
        self.office = office
        self.phones = {
            port: Phone(office, user, host="203.0.113.66", port=port) for port, user in enumerate(users, 10_000)
        }
        self.asks = {
            port: phone.request("REGISTER", f"sip:{SERVER[0]}", call_id=phone.user)
            for port, phone in self.phones.items()
        }
        self.due = dict.fromkeys(self.phones, (office.clock.now, 0.5))
        self.registered: dict[int, float] = {}

    def live(self, seconds: float) -> None:
        """Let time pass."""
        end = self.office.clock.now + seconds
        while self.office.clock.now < end:
            now = self.office.clock.now
            for port, (at, pause) in list(self.due.items()):
                if at <= now:
                    self.due[port] = now + pause, min(2 * pause, 4.0)
                    self.phones[port].send(self.asks[port])
            sent, self.office.sent[:] = list(self.office.sent), []
            for datagram in sent:
                self._answered(datagram.flow.remote[1], parse(datagram.data), now)
            self.office.wait(0.1)

    def _answered(self, port: int, message: Request | Response, now: float) -> None:
        if not isinstance(message, Response):
            return
        if message.status == 200:
            self.registered.setdefault(port, now)
            self.due.pop(port, None)
        elif message.status == 401 and self.asks[port].headers.get("Authorization") is None:
            phone = self.phones[port]
            self.asks[port] = phone.with_proof(self.asks[port], message)
            self.due[port] = now, 0.5


def members(office: Office, number: int) -> list[str]:
    users = [f"{7000 + place}" for place in range(number)]
    office.stack.load_accounts([Account(user, Secret(f"secret-{user}"), f"Name {user}") for user in users])
    return users


AS_SET = DoormanConfig(
    rate=SecuritySettings().rate, burst=SecuritySettings().burst, bans=BanConfig(after=SecuritySettings().ban_after)
)


def test_five_hundred_telephones_behind_one_address_register_when_the_power_comes_back() -> None:
    office = guarded(AS_SET)
    street = PoweredUp(office, members(office, 500))
    street.live(10)
    assert len(street.registered) == 500
    assert office.stack.doorman.bans.all(office.clock.now) == []


def test_what_an_account_proves_does_not_count_for_its_address_up_to_its_own_measure() -> None:
    now, told = 0.0, []
    doorman = Doorman(DoormanConfig(rate=1.0, burst=5.0), (), (), lambda source: False, told.append)
    flow = Flow("udp", SERVER, ("203.0.113.66", 5060))

    def heard(user: str) -> int:
        count = 0
        while doorman.lets_in(b"REGISTER sip:x SIP/2.0\r\n\r\n", flow, now):
            doorman.proved(user, flow, now)
            count += 1
            assert count < 100
        return count

    assert heard("6001") == 10, "its own five, and the five of a stranger"
    now = 3.0
    assert heard("6002") > 3, "another account has a measure of its own"


# Refusals: the operator is told, the stranger is not.


def why(office: Office) -> list[str]:
    return [refusal.refused.why for refusal in office.stack.refusals.all()]


def test_the_operator_is_told_user_from_secret_and_the_stranger_is_not() -> None:
    answers, told = [], []
    for user in ("6001", "6666"):
        office = guarded(DoormanConfig())
        phone = Phone(office, user)
        request = phone.request("REGISTER", f"sip:{SERVER[0]}", call_id="same", branch="z9hG4bKx", tag="same")
        phone.send(request)
        phone.send(phone.with_proof(request, phone.response(), "wrong"))
        refused = phone.response()
        for name in ("Via", "From", "To"):  # they repeat the user's name and branch
            refused.headers.set(name, "x")
        answers.append(refused.serialise())
        told += why(office)
    assert answers[0] == answers[1]
    assert told == ["its secret is wrong", "there is no such account"]


def test_an_unknown_user_takes_the_same_work_as_a_wrong_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    hashed = Algorithm.hash

    def counting(self: Algorithm, text: str | bytes) -> str:
        done.append(len(text))
        return hashed(self, text)

    works = []
    for user in ("6001", "6666"):
        office = guarded(DoormanConfig())
        phone = Phone(office, user)
        request = phone.request("REGISTER", f"sip:{SERVER[0]}")
        phone.send(request)
        proved = phone.with_proof(request, phone.response(), "wrong")
        with monkeypatch.context() as patched:
            patched.setattr(Algorithm, "hash", counting)
            phone.send(proved)
        works.append(len(done))
        done.clear()
    assert works[0] == works[1] == 3


def test_a_proof_for_another_realm_is_told_and_is_no_attack() -> None:
    office = guarded()
    phone = Phone(office)
    for number in range(5):
        header = 'Digest username="6001", realm="elsewhere", nonce="n", uri="sip:x", response="r"'
        phone.send(phone.request("REGISTER", number=number, headers=(("Authorization", header),)))
        office.wait(1)
    assert why(office) == ['it proves itself for the realm "elsewhere"; this is "copperline"']
    assert office.stack.refusals.all()[0].count == 5
    assert phone.statuses() == [401] * 5 and office.stack.doorman.bans.all(office.clock.now) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"headers": (("Expires", "30"),)}, "its expiry is too short: the least is 60 s (sip.min_expires)"),
        ({"to": "<sip:6002@192.0.2.1>"}, "its user and its authentication user are two different accounts"),
        ({"headers": (("Contact", "<mailto:a@b.example>"),)}, "A Contact That Is No SIP URI"),
    ],
)
def test_what_keeps_a_telephone_from_registering_is_told(changes: dict[str, object], said: str) -> None:
    office = guarded(DoormanConfig())
    phone = Phone(office)
    phone.proved(phone.request("REGISTER", f"sip:{SERVER[0]}", **changes))  # type: ignore[arg-type]  # passed on
    assert phone.response().status >= 400
    assert said in why(office)[0]


def test_an_account_for_tls_alone_is_refused_by_any_other_way_like_a_wrong_secret() -> None:
    office = guarded(DoormanConfig())
    accounts = [replace(account, secure=True) for account in office.stack._gatekeeper.accounts()]
    office.stack.load_accounts(accounts)
    clear, secure = Phone(office), Phone(office, port=5071, transport="tls")
    assert clear.register().summary == "403 Forbidden"
    assert why(office) == ["its account is for TLS alone, and it came by udp"]
    assert secure.register().status == 200
    assert guess(Phone(office, port=5072), call_id="x") == [403]


def test_who_gets_in_after_all_is_no_longer_listed() -> None:
    office = guarded(DoormanConfig())
    phone = Phone(office)
    guess(phone)
    assert why(office) == ["its secret is wrong"]
    phone.register(number=5)
    assert why(office) == []


def test_the_list_of_refusals_does_not_grow_without_end() -> None:
    refusals = Refusals()
    for number in range(ENTRIES + 50):
        flow = Flow("udp", SERVER, ("192.0.2.9", 5060))
        kept = refusals.note(AccessRefused(f"{number}" + "x" * 5000, "REGISTER", flow, "why"), 1.0)
        assert len(kept.user) == 64
    assert len(refusals.all()) == ENTRIES


def test_an_account_is_used_only_from_where_it_is_permitted() -> None:
    office = guarded(DoormanConfig())
    accounts = [
        replace(account, permit=(ip_network("198.51.100.0/24"),)) for account in office.stack._gatekeeper.accounts()
    ]
    office.stack.load_accounts(accounts)
    outside, inside = Phone(office), Phone(office, host="198.51.100.7")
    invite = outside.invite("6002", call_id="x")
    assert (invite.method, outside.response().summary) == ("INVITE", "403 Forbidden")
    assert why(office) == ["its account does not permit this address"]
    inside.invite("6002", call_id="y")
    assert inside.statuses()[0] == 100


def test_a_telephone_that_fails_may_be_answered_in_a_corner_and_is_told_apart_by_nothing() -> None:
    corner = Account("*unknown", Secret("nobody's"), context="corner", calls=2)
    statuses = {}
    for user in ("6001", "6666"):
        office = guarded(DoormanConfig(), stranger=corner)
        phone = Phone(office, user)
        assert guess(phone) == [403], "it may call, and not register"
        called = f"sip:95550100@{SERVER[0]}"
        invite = phone.request("INVITE", called, to=f"<{called}>", body=session_description(), call_id="x")
        phone.send(invite)
        phone.send(phone.with_proof(invite, phone.response(), "wrong"))
        statuses[user] = phone.statuses()
        (offered,) = [event for event in office.events() if isinstance(event, Offered)]
        assert (offered.context, offered.called, offered.caller.number) == ("corner", "95550100", "*unknown")
    assert statuses["6001"] == statuses["6666"] == [100]


def test_an_account_has_its_own_bound_of_contacts() -> None:
    office = Office(SipConfig(registrar=RegistrarConfig(contacts=5)))
    accounts = [replace(account, contacts=1) for account in office.stack._gatekeeper.accounts()]
    office.stack.load_accounts(accounts)
    assert Phone(office).register().status == 200
    assert Phone(office, port=5071).register(call_id="other").summary == "403 More Than 1 Contacts"


# Bans.


def test_a_source_that_guesses_secrets_is_not_heard_for_a_while() -> None:
    office = guarded()
    thief = Phone(office, host="203.0.113.66")
    for number in range(3):
        assert guess(thief, call_id=f"guess{number}") == [403]
        office.wait(2)
    assert turned_away(office) == ["203.0.113.66 is banned for 300 s after 3 failed attempts within 60 s"]
    assert guess(thief, "secret-6001", "right") == []
    assert Phone(office, host="203.0.113.67").register().status == 200
    office.wait(301)
    assert thief.register(call_id="later").status == 200


def test_nobody_gets_a_source_banned_by_forging_its_address() -> None:
    office = guarded()
    victim = Phone(office, host="192.0.2.60")
    victim.register(call_id="victim")
    mallory, forged = Phone(office, host="203.0.113.66"), Phone(office, host="192.0.2.60", port=6666)
    request = mallory.request("REGISTER", f"sip:{SERVER[0]}")
    mallory.send(request)
    challenge = mallory.response()
    for number in range(40):
        forged.send(mallory.with_proof(request, challenge, f"wrong-{number}"))
        office.wait(0.1)
    (away,) = {event.why for event in office.changes() if isinstance(event, TurnedAway)}
    assert away.startswith("203.0.113.66 is banned"), "whoever got the challenge has failed to answer it"
    assert victim.register(number=5, call_id="victim").status == 200


def test_who_answers_challenges_of_one_address_from_another_does_not_guess_for_ever() -> None:
    office = guarded()
    one, other = Phone(office, host="203.0.113.66"), Phone(office, host="203.0.113.67")
    statuses: list[int] = []
    for number in range(5):
        request = one.request("REGISTER", f"sip:{SERVER[0]}", call_id=f"{number}")
        one.send(request)
        for challenge in one.messages():
            assert isinstance(challenge, Response)
            other.send(one.with_proof(request, challenge, "wrong"))
        statuses += other.statuses()
    assert statuses == [403, 403, 403], "it is told no more than anybody, and banned"


def test_a_challenge_to_an_address_that_was_banned_serves_nobody() -> None:
    office = guarded()
    one, other = Phone(office, host="203.0.113.66"), Phone(office, host="203.0.113.67")
    request = one.request("REGISTER", f"sip:{SERVER[0]}")
    one.send(request)
    challenge = one.response()
    statuses: list[int] = []
    for number in range(8):
        other.send(other.with_proof(request, challenge, f"wrong-{number}"))
        statuses += other.statuses()
        office.wait(1)
    assert statuses == [403, 403, 403, 401, 401, 401, 401, 401], "whatever it guesses, it is not judged"
    other.send(other.with_proof(request, challenge, "secret-6001"))
    assert other.statuses() == [401]
    assert other.register(call_id="with a challenge of its own").status == 200


def test_a_telephone_of_two_addresses_is_challenged_once() -> None:
    """A carrier's NAT may give each packet another address of its pool; RFC 6888 REQ-2 asks for one."""
    office = guarded()
    pool = Phone(office, host="203.0.113.66"), Phone(office, host="203.0.113.67")
    request = pool[0].request("REGISTER", f"sip:{SERVER[0]}", number=1)
    pool[0].send(request)
    refusal = pool[0].response()
    challenge = Challenge.best(refusal.headers.all("WWW-Authenticate"))
    assert challenge is not None
    for count in range(1, 7):
        phone = pool[count % 2]
        again = phone.request("REGISTER", f"sip:{SERVER[0]}", number=1 + count)
        proof = challenge.answer(
            "6001", Secret("secret-6001"), "REGISTER", f"sip:{SERVER[0]}", cnonce="c", count=count
        )
        again.headers.set("Authorization", proof or "")
        phone.send(again)
        assert phone.response().status == 200


def test_slow_failures_are_no_attack() -> None:
    office = guarded()
    phone = Phone(office)
    for number in range(6):
        assert guess(phone, call_id=f"{number}") == [403]
        office.wait(31)


def test_a_wrong_secret_that_is_sent_again_since_its_answer_was_lost_is_one_attempt() -> None:
    office = guarded()
    phone = Phone(office)
    request = phone.request("REGISTER", f"sip:{SERVER[0]}", call_id="again")
    phone.send(request)
    wrong = phone.with_proof(request, phone.response(), "wrong")
    for _ in range(11):  # timer E: as often as a request is sent that nobody answers
        phone.send(wrong)
        office.wait(3)
    assert phone.statuses() == [403] * 11 and not turned_away(office)
    assert guess(phone, "other", "second") == [403]
    guess(phone, "third", "third")
    assert "3 failed attempts" in " ".join(turned_away(office))


def test_telephones_behind_one_address_are_not_all_banned_for_one_wrong_secret() -> None:
    office = guarded()
    honest = Phone(office, "6002", port=6002)
    honest.register(call_id="honest")
    forgetful = Phone(office, port=6001)
    for number in range(9):
        assert guess(forgetful, call_id=f"{number}") == [403]
        office.wait(1)
    honest.messages()
    assert honest.register(number=5, call_id="honest").status == 200


def test_a_telephone_that_is_registered_is_heard_while_its_address_is_banned_for_another() -> None:
    office = guarded()
    honest = Phone(office, "6002", port=6002)
    honest.register(call_id="honest")
    stale = Phone(office, port=6001)
    for number in range(30):
        guess(stale, call_id=f"{number}")
        office.wait(1)
    assert [each for each in turned_away(office) if "banned" in each] == [
        "192.0.2.60 is banned for 300 s after 30 failed attempts within 60 s"
    ]
    assert guess(stale, "secret-6001", "right") == [], "it is not registered, and not heard"
    assert guess(Phone(office, "6002", port=6003), "secret-6002", "moved") == [], "nor is a new port"
    assert honest.register(number=5, call_id="honest").status == 200, "also with a new challenge"
    honest.messages()
    honest.invite("101")
    assert any(isinstance(event, Offered) for event in office.events())


@pytest.mark.parametrize("user", ["6001", "6002"])
def test_by_a_registered_telephone_nobody_guesses_through_a_ban(user: str) -> None:
    office = guarded()
    insider = Phone(office, "6002", port=6002)
    insider.register(call_id="insider")
    stale = Phone(office, port=6001)
    for number in range(30):
        guess(stale, call_id=f"{number}")
        office.wait(1)
    insider.user = user
    assert guess(insider, call_id="1") == [403]
    assert guess(insider, call_id="2") == []
    office.wait(61)
    assert guess(insider, call_id="3") == [403], "one attempt in each window"


def test_what_is_allowed_is_neither_banned_nor_limited() -> None:
    office = guarded(replace(STRICT, allow=(ip_network("192.0.2.0/24"),)))
    phone = Phone(office)
    for number in range(20):
        assert guess(phone, call_id=f"{number}") == [403]
    assert turned_away(office) == []


def test_a_ban_is_lifted_by_hand() -> None:
    bans = Bans(BanConfig(after=1, seconds=100.0))
    assert bans.failed("192.0.2.9", 0.0, neighbours=False) is not None
    assert bans.holds("192.0.2.9", 50.0)
    assert bans.lift("192.0.2.9") and not bans.lift("192.0.2.9")
    assert not bans.holds("192.0.2.9", 50.0)


def test_bans_do_not_grow_without_end() -> None:
    bans = Bans(BanConfig(after=1, seconds=1e9))
    for number in range(12_000):
        bans.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", float(number), neighbours=False)
    assert len(bans) == 10_000


def test_an_ipv6_network_is_one_source() -> None:
    assert source_of("2001:db8:1:2::1") == source_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert source_of("2001:db8:1:3::1") != source_of("2001:db8:1:2::1")
    assert source_of("::ffff:192.0.2.1") == source_of("192.0.2.1")
    bans = Bans(BanConfig(after=2))
    bans.failed("2001:db8::1", 0.0, neighbours=False)
    assert bans.failed("2001:db8::2", 0.0, neighbours=False) is not None
    assert bans.holds("2001:db8::3", 1.0)


# Scanners and floods.


def test_a_scanner_gets_no_answer_at_all() -> None:
    office = guarded(DoormanConfig(scanners=["friendly-scanner", "sipcli"]))
    scanner = Phone(office, host="203.0.113.66")
    scanner.send(scanner.request("OPTIONS", headers=(("User-Agent", "friendly-scanner"),)))
    assert scanner.messages() == []
    assert turned_away(office) == ["its User-Agent is that of a scanner"]
    assert office.stack.usage()["transactions"] == 0


def test_a_flood_within_calls_is_cut_to_the_rate_that_is_told() -> None:
    office = guarded()
    flood = Phone(office, host="203.0.113.66")
    within = flood.request("INFO", to="<sip:6001@192.0.2.1>;tag=talk", call_id="talk")
    for _ in range(60):
        flood.send(within)
    assert flood.statuses() == [481] * 50 and set(turned_away(office)) == {"more than 20 requests a second"}


def test_a_flood_is_cut_to_its_rate_and_a_call_in_progress_goes_on() -> None:
    office = guarded()
    flood = Phone(office, host="203.0.113.66")
    for number in range(50):
        flood.send(flood.request("OPTIONS", call_id=f"f{number}"))
    assert len(flood.statuses()) == 5
    assert set(turned_away(office)) == {"more than 2 requests a second"}
    flood.send(flood.request("BYE", to="<sip:6001@192.0.2.1>;tag=talk", call_id="talk"))
    assert flood.statuses() == [481], "who ends a call is heard, whatever else comes in their name"
    office.wait(1)
    for number in range(10):
        flood.send(flood.request("OPTIONS", call_id=f"g{number}"))
    assert len(flood.statuses()) == 2


def test_responses_that_nobody_has_asked_for_are_no_way_round_the_rate() -> None:
    office = guarded()
    flood = Phone(office, host="203.0.113.66")
    for number in range(200):
        flood.send(flood.request("OPTIONS", call_id=f"f{number}").reply(100))
    assert office.stack.doorman.turned_away == 150, "ten times the burst, as for what is of a call"
    office.changes()
    phone = Phone(office)
    phone.register()
    for number in range(200):
        phone.send(phone.request("OPTIONS", call_id=f"f{number}").reply(200, to_tag="x"))
    assert turned_away(office) == []


def test_who_connects_too_often_or_is_banned_is_not_taken_in() -> None:
    doorman = Doorman(STRICT, {"192.0.2.60"}, (), lambda source: False, lambda away: None)
    at = [doorman.lets_connect(Flow("tls", SERVER, ("203.0.113.66", port)), 0.0) for port in range(8)]
    assert at == [True] * 5 + [False] * 3
    assert doorman.lets_connect(Flow("tls", SERVER, ("203.0.113.66", 9)), 1.0)
    assert all(doorman.lets_connect(Flow("tls", SERVER, ("192.0.2.60", port)), 0.0) for port in range(50))
    banned = Flow("tls", SERVER, ("203.0.113.67", 1))
    for _ in range(3):
        doorman.failed(banned.remote[0], banned, 0.0)
    assert not doorman.lets_connect(banned, 1.0)


def test_the_connection_of_who_is_banned_is_told_of_to_be_closed() -> None:
    told: list[TurnedAway] = []
    doorman = Doorman(STRICT, (), (), lambda source: False, told.append)
    for transport in ("tcp", "udp"):
        flow = Flow(transport, SERVER, ("203.0.113.67", 1))
        for _ in range(3):
            doorman.failed(flow.remote[0], flow, 0.0)
        told.clear()
        assert not doorman.lets_in(b"OPTIONS ", flow, 1.0)
        assert [away.flow for away in told] == ([flow] if transport == "tcp" else [])


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_who_has_proved_himself_on_a_connection_is_told(transport: str) -> None:
    office = guarded()
    phone = Phone(office, transport=transport)
    phone.register()
    proved = [event.flow for event in office.changes() if isinstance(event, Proved)]
    assert proved == ([phone.flow] if transport == "tcp" else [])


def test_registered_telephones_have_ten_times_the_room() -> None:
    office = guarded(replace(STRICT, bans=BanConfig()))
    phone = Phone(office)
    phone.register()
    for number in range(50):
        phone.send(phone.request("OPTIONS", call_id=f"o{number}"))
    assert len(phone.statuses()) == 50
    for number in range(50):
        phone.send(phone.request("OPTIONS", call_id=f"p{number}"))
    assert len(phone.statuses()) < 10


def test_a_flood_from_forged_addresses_costs_bounded_memory() -> None:
    buckets = Buckets(1.0, 1.0)
    for number in range(3 * SOURCES):
        assert buckets.takes(f"s{number}", 0.0)
    assert len(buckets) == SOURCES
    assert not buckets.takes(f"s{3 * SOURCES - 1}", 0.5)


def test_an_account_calls_only_in_its_context() -> None:
    """What a call may reach is the dialplan's; who calls is proved, whatever the request claims."""
    office = guarded(DoormanConfig())
    phone = Phone(office)
    invite = phone.request("INVITE", "sip:00441@192.0.2.1", to="<sip:00441@192.0.2.1>", body=session_description())
    invite.headers.set("P-Asserted-Identity", "<sip:boss@192.0.2.1>")
    phone.proved(invite)
    (offered,) = office.events()
    assert (offered.context, offered.caller.number) == ("office", "6001")  # type: ignore[union-attr]  # an Offered
