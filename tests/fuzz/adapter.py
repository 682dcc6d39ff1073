"""An ISDN adapter that means harm, and one that is meant harm: stories made from octets.

The driver is told what adapters say, in any order and in pieces, garbled, between commands of a call; the emulated
adapter is written what drivers write, likewise, while its exchange calls and hangs up. In the end the driver serves
again as soon as its adapter behaves, and nothing may be left.
"""

from __future__ import annotations

import contextlib
from typing import Final

from drivers.isdn.config import IsdnConfig
from drivers.isdn.profile import PROFILES
from drivers.isdn.results import Result
from gateway.core.errors import IllegalInput, LocalError, RemoteError
from gateway.core.messages import Alert, Answer, Hangup, SendDigits
from hardware.isdn.emulation.call_states import CallState
from hardware.world.access import IDLE
from tests.fuzz.script import Script, mutated
from tests.unit.drivers.isdn_bench import DONE, IsdnBench
from tests.unit.drivers.isdn_bench import Script as Adapter

__all__ = ["play"]

LONGEST: Final = 60
"""Steps of a story."""
SAID: Final = (
    *(f"\r\n{result.value}\r\n".encode() for result in Result),
    b"\r\nRING/2565551100\r\n", b"\r\nCALLER NUMBER: 1\r\n", b"\r\nNMBR = P\r\n", b"\r\nBUSY/E0411\r\n",
    b"\r\nNO CARRIER/E0010\r\n", b"\xff" * 400, b"\x10\x03", b"\x10\x14", b"\x10" * 5, b"\x105\x10q",
    b"\x00" * 5000,
)  # fmt: skip
WRITTEN: Final = (
    b"ATE0\r", b"AT+FCLASS=8;+VSM=6\r", b"AT&E1&L1;2*\r", b"ATS13=88S23=31S0=1\r", b"ATD5550106\r", b"ATD5550105\r",
    b"ATA\r", b"AT+VTX+VRX\r", b"AT+VRX\r", b"AT+VTX\r", b"\x10\x03", b"\x10\x14", b"\xff" * 700, b"ATH\r",
    b"AT+VSM=4,8000;+VLS=1\r", b"AT+VTR\r", b"\x10^",
    b"ATZ\r", b"ATV0Q1\r", b"AT&FE0\r",
)  # fmt: skip
LATER: Final = (0.02, 0.1, 0.6, 3.0, 9.0)


def play(data: bytes) -> None:
    """One story of each side."""
    script = Script(data)
    _driven(script)
    _worked(script)


def _driven(script: Script) -> None:
    """A driver with an adapter that says what it likes."""
    adapter = Adapter()
    profile = script.one_of(tuple(PROFILES))
    config = IsdnConfig(name="adapter1", device="x", profile=profile, numbers=("2565551100",))
    bench = IsdnBench(config, scripts={"adapter1": adapter})
    for _ in range(script.number(LONGEST)):
        step = script.number(6)
        if step == 0:
            adapter.answers = script.one_of(({}, {b"AT": b"\r\nOK\r\n"}, {b"AT": b"\r\nVCON\r\n"}))
        elif step == 1:
            with contextlib.suppress(RemoteError):
                bench.dial("g1/5550100")
        elif step == 2 and bench.heard:
            with contextlib.suppress(IllegalInput):
                bench.command(bench.heard[-1][0], script.one_of((Answer(), Alert(), SendDigits("1"), Hangup(DONE))))
        elif step == 3:
            bench.run(script.one_of(LATER))
        elif step == 4:
            bench.says("adapter1", mutated(script.one_of(SAID), script))
        else:
            bench.says("adapter1", script.one_of(SAID))
    adapter.answers = {b"AT": b"\r\nOK\r\n"}
    for leg in {leg for leg, _ in bench.heard}:
        leg.command(Hangup(DONE), bench.now)
    bench.drain()
    bench.run(1)
    bench.lines.detach("adapter1", "the end", bench.now)
    bench.plug("adapter1")
    bench.until(lambda: bench.state() == "idle", within=10)
    assert bench.lines.usage() == 0


def _worked(script: Script) -> None:
    """An emulated adapter that is written what comes."""
    family = script.one_of(tuple(PROFILES))
    bench = IsdnBench(IsdnConfig(name="adapter1", device="x", profile=family, numbers=("2565551100",)))
    adapter, access = bench.adapters["adapter1"], bench.accesses["adapter1"]
    for _ in range(script.number(LONGEST)):
        step = script.number(5)
        if step == 0:
            with contextlib.suppress(LocalError):
                access.call("1", script.one_of(("", "1", "2565551100")))
        elif step == 1:
            with contextlib.suppress(LocalError):
                access.hang_up()
        elif step == 2:
            for _ in range(script.number(60)):
                bench.agenda.run_until(bench.agenda.now + 20)
                adapter.frame()
                adapter.outgoing()
        elif step == 3:
            adapter.receive(mutated(script.one_of(WRITTEN), script))
        else:
            adapter.receive(script.one_of(WRITTEN))
    adapter.power_off()
    assert adapter.state is CallState.IDLE and access.state in IDLE
    bench.agenda.run_until(bench.agenda.now + 300_000)
    adapter.receive(b"\rATE0\r")
    assert adapter.outgoing().endswith(b"\r\nOK\r\n")
