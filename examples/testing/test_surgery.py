"""What the surgery expects of its telephones. Minutes of calls, a few seconds of tests."""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.cause import Cause
from gateway.testing.exchange import FxoExchange
from gateway.testing.isdn import IsdnExchange
from gateway.testing.office import EmulatedOffice
from gateway.testing.sounds import utterance
from gateway.testing.span import SpanExchange
from gateway.testing.telephone import FxsTelephone

Span = Callable[[str], SpanExchange]
Fxs = Callable[[str], FxsTelephone]
Fxo = Callable[[str], FxoExchange]
Isdn = Callable[[str], IsdnExchange]


def test_reception_sees_who_calls_and_talks(fxs: Fxs, fxo: Fxo) -> None:
    patient, reception = fxo("copper1"), fxs("101")
    patient.call("2125550123", "ADA")
    reception.expect_ring()
    reception.expect_caller("2125550123", "ADA")
    reception.lift()
    patient.expect_answered()
    said = utterance()
    patient.say(said)
    reception.expect_sound(said)
    reception.hang_up()
    patient.expect_idle()


def test_everybody_rings_when_reception_is_away(office: EmulatedOffice, fxs: Fxs, fxo: Fxo) -> None:
    assistant = office.sip("6001")
    fxo("copper1").call("2125550123")
    fxs("101").expect_ring()
    office.run(8)
    fxs("102").expect_ring(within=12)
    office.until(lambda: assistant.caller, wanted="the assistant's telephone rings")
    fxs("102").lift()
    fxo("copper1").expect_answered()
    fxs("101").expect_still()


def test_an_emergency_leaves_by_copper_with_and_without_the_prefix(fxs: Fxs, fxo: Fxo) -> None:
    fxs("102").dial("911")
    fxo("copper1").expect_dialled("911")


def test_a_number_outside_is_dialled_without_the_prefix(fxs: Fxs, fxo: Fxo) -> None:
    fxs("101").dial("95550101")
    fxo("copper1").expect_dialled("5550101")
    fxs("101").expect_tone("busy")


def test_a_patient_who_hangs_up_leaves_nothing_ringing(office: EmulatedOffice, fxs: Fxs, fxo: Fxo) -> None:
    patient, reception = fxo("copper1"), fxs("101")
    patient.call("2125550123")
    reception.expect_ring()
    reception.lift()
    patient.expect_answered()
    patient.hang_up()
    office.until(lambda: not office.app.manager.calls, wanted="the call has ended")
    reception.hang_up()
    patient.expect_idle()
    assert office.records()[0].disposition == "ANSWERED"


def test_reception_answers_the_isdn_number_too(fxs: Fxs, isdn: Isdn) -> None:
    patient, reception = isdn("adapter1"), fxs("101")
    patient.call("2125550123")
    reception.expect_ring()
    reception.expect_caller("2125550123")
    reception.lift()
    patient.expect_answered()
    said = utterance()
    patient.say(said)
    reception.expect_sound(said)
    reception.hang_up()
    patient.expect_idle()


def test_a_call_by_isdn_shows_our_number_and_a_busy_one_is_told(fxs: Fxs, isdn: Isdn) -> None:
    network = isdn("adapter1")
    fxs("101").dial("75550101")
    network.expect_dialled("5550101")
    network.expect_shown("2565551200")
    fxs("101").expect_tone("busy")


def test_who_wants_an_assistant_that_is_away_is_refused(isdn: Isdn) -> None:
    isdn("adapter1").call("2125550123", called="2565551201")
    isdn("adapter1").expect_refused()


def test_a_call_ends_when_somebody_pulls_the_adapter_out(fxs: Fxs, isdn: Isdn) -> None:
    network = isdn("adapter1")
    fxs("101").dial("75550106")
    network.expect_answered()
    network.remove()
    fxs("101").expect_tone("congestion")
    fxs("101").hang_up()
    network.insert()
    network.expect_ready()


def test_two_patients_call_by_the_e1_at_once_and_each_reaches_a_telephone(fxs: Fxs, span: Span) -> None:
    first = span("e1").call("2125550123", "ADA", "2565551301")
    second = span("e1").call("2125550124", "GRACE", "2565551302")
    fxs("101").expect_ring()
    fxs("101").expect_caller("2125550123", "ADA")
    fxs("102").lift()
    second.expect_answered()
    first.expect_ringing()
    first.hang_up()
    fxs("101").expect_still()
    said = utterance()
    second.say(said)
    fxs("102").expect_sound(said)
    fxs("102").hang_up()
    second.expect_released(Cause.NORMAL_CLEARING)


def test_calls_leave_by_copper_while_the_e1_is_cut(fxs: Fxs, fxo: Fxo, span: Span) -> None:
    span("e1").cut()
    span("e1").expect_out_of_service()
    fxs("101").dial("65550106")
    fxo("copper1").expect_dialled("5550106", within=20)
    fxs("101").hang_up()
    span("e1").mend()
    span("e1").expect_in_service()
    fxs("101").dial("65550106")
    called = span("e1").expect_call("5550106")
    called.expect_answered()
    assert called.party.caller == "2565551300"
    fxs("101").hang_up()
    called.expect_released()
