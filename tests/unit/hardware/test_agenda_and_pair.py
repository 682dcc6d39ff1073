"""The two things that everything emulated stands on: time in order, and two wires."""

from functools import partial

import numpy as np

from hardware.agenda import Agenda
from hardware.analog.cadence import Cadence
from hardware.analog.pair import Change, Pair

TONE = np.full(160, 1000, np.int16)


def test_things_are_done_by_time_and_then_in_the_order_put_down() -> None:
    agenda, done = Agenda(), list[tuple[int, str]]()

    def note(what: str) -> None:
        done.append((agenda.now, what))

    for ms, what in ((20, "late"), (10, "first"), (10, "second"), (10, "third")):
        agenda.after(ms, partial(note, what))
    agenda.run_until(20)
    assert done == [(10, "first"), (10, "second"), (10, "third")]
    agenda.run_until(21)
    assert done[3:] == [(20, "late")] and agenda.now == 21


def test_what_is_put_down_while_something_is_done_still_happens_in_time() -> None:
    agenda, done = Agenda(), list[int]()

    def again() -> None:
        done.append(agenda.now)
        if len(done) < 5:
            agenda.after(3, again)

    agenda.after(0, again)
    agenda.run_until(10)
    assert done == [0, 3, 6, 9]


def test_what_is_cancelled_is_not_done() -> None:
    agenda = Agenda()
    appointment = agenda.after(5, lambda: (_ for _ in ()).throw(AssertionError))
    assert appointment.pending
    appointment.cancel()
    appointment.cancel()
    agenda.run_until(100)
    assert not appointment.pending and agenda.now == 100


def test_each_end_of_a_pair_is_told_of_changes_only() -> None:
    pair, at_feeder, at_terminal = Pair(), list[Change](), list[Change]()
    pair.feeder, pair.terminal = at_feeder.append, at_terminal.append
    for _ in range(2):
        pair.close_loop()
        pair.set_battery(True)
        pair.set_reversed(True)
        pair.set_ringing(True)
    assert at_feeder == [Change.LOOP_CLOSED]
    assert at_terminal == [Change.BATTERY_ON, Change.REVERSED, Change.RING_ON]
    pair.let_go(of_feeder=True)
    pair.let_go(of_feeder=False)
    pair.open_loop()
    pair.set_battery(False)
    assert len(at_feeder) == 1 and len(at_terminal) == 3


def test_speech_needs_battery_and_from_the_terminal_a_closed_loop_and_none_passes_ringing() -> None:
    pair = Pair()
    cases = {(False, False, False): (False, False), (True, False, False): (True, False)}
    cases |= {
        (True, True, False): (True, True),
        (False, True, False): (False, False),
        (True, False, True): (False, False),
    }
    for (battery, closed, ringing), passes in cases.items():
        pair.set_battery(battery)
        (pair.close_loop if closed else pair.open_loop)()
        pair.set_ringing(ringing)
        pair.send_to_terminal(TONE)
        pair.send_to_feeder(TONE)
        assert (pair.heard_by_terminal() is not None, pair.heard_by_feeder() is not None) == passes


def test_a_cadence_walks_its_bursts_and_returns_to_its_mark() -> None:
    def walk(values: tuple[int, ...], steps: int) -> list[int]:
        cadence = Cadence(values)
        return [cadence.restart(), *(cadence.advance() for _ in range(steps - 1))]

    assert walk((400, 200, 400, 2000), 6) == [400, 200, 400, 2000, 400, 200]
    assert walk((125, 125, -2000, 4000, 0, 0), 6) == [125, 125, 2000, 4000, 2000, 4000]
    assert walk((), 2) == walk((0,) * 16, 2) == walk((1000,), 2) == [2000, 4000]
