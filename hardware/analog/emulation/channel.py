"""One channel of an emulated card: hook machines, tones, event queue and audio joined to a copper pair.

Above, `hardware.analog.emulation.requests` calls it for ioctls; below, it feeds a pair (FXS) or hangs on one (FXO).
Once a frame the card lets it first `send` and then `receive`. It keeps no time but its agenda's.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Final

import numpy as np

from gateway.core.audio import Samples, Sound
from gateway.media.echo_canceller import EchoCanceller
from hardware.agenda import Agenda
from hardware.analog.cadence import Cadence
from hardware.analog.emulation.dial import Dialler, Generator
from hardware.analog.emulation.receive_fxo import FxoReceiver
from hardware.analog.emulation.receive_fxs import FxsReceiver, FxsState
from hardware.analog.emulation.transmit import Signal, Transmitter, TxState
from hardware.analog.line import PortKind
from hardware.analog.pair import Change, Pair
from hardware.dahdi import abi
from hardware.dahdi.abi import HookCommand, SigType
from hardware.dahdi.emulation.frames import FrameLink
from hardware.dahdi.emulation.openable import OpenableChannel

__all__ = ["EmulatedChannel", "Tones"]

RING_LINGER: Final = 6000
"""Milliseconds for which the card drivers leave the speech path open after ringing (wctdm.c)."""

_NOTHING: Final = np.zeros(160, np.int16)


class Tones:
    """What a card knows of its tone zone.

    Args:
        zone: number of the zone (dahdi-tools zonedata.c).
        cadence: its ring cadence in milliseconds.
        key: the samples of one DTMF key.
        tone: the call progress tone of a SENDTONE number, or None where the zone has none.
    """

    def __init__(
        self,
        zone: int,
        cadence: tuple[int, ...],
        key: Callable[[str], Samples],
        tone: Callable[[int], Sound | None],
    ) -> None:
        self.zone = zone
        self.cadence = cadence
        self.key = key
        self.tone = tone


class EmulatedChannel(OpenableChannel[FrameLink]):
    """One channel.

    Args:
        number: channel number from 1.
        kind: FXS or FXO.
        signalling: which start type.
        law: the card's own companding.
        tones: its tone zone.
        agenda: the card's agenda.
        pair: the copper.
        echo_canceller: whether the card has one for it.
    """

    def __init__(
        self,
        *,
        number: int,
        kind: PortKind,
        signalling: SigType,
        law: abi.Law,
        tones: Tones,
        agenda: Agenda,
        pair: Pair,
        echo_canceller: bool = False,
    ) -> None:
        super().__init__(number, signalling, law, FrameLink)
        self.kind = kind
        self.tones = tones
        self.pair = pair
        self.lamp_by = abi.Vmwi(0)
        self._messages = self._reversed = False
        self._agenda = agenda
        self._speech_until = 0
        self._has_canceller = echo_canceller
        self._canceller: EchoCanceller | None = None
        self._said: Samples | None = None
        self.generator = Generator()
        self.transmit = Transmitter(
            kind,
            agenda=agenda,
            timing=self.timing,
            drive=self._drive_fxs if kind is PortKind.FXS else self._drive_fxo,
            tell=self._tell,
            settled=self._settled,
        )
        self.dialler = Dialler(
            agenda=agenda,
            timing=self.timing,
            play=self.generator.play,
            tone=lambda key: self.tones.key(key),
            loop=self._pulse,
            tell=self._tell,
        )
        self._fxs = FxsReceiver(agenda=agenda, timing=self.timing, tell=self._tell)
        self._fxo = FxoReceiver(agenda=agenda, tell=self._tell_of_exchange, disconnected=self._is_disconnect)
        self._drawing = False
        if kind is PortKind.FXS:
            pair.feeder = self._loop_changed
            pair.set_battery(not self._ground_start)
            if pair.closed:
                self._loop_changed(Change.LOOP_CLOSED)
        else:
            pair.terminal = self._fxo.change
            if pair.battery:
                self._fxo.change(Change.BATTERY_ON)
            if pair.ringing:
                self._fxo.change(Change.RING_ON)

    # Open and close.

    def open(self) -> None:
        """Take the channel for one opener; see `OpenableChannel.open`."""
        super().open()
        self.set_cadence(None)
        self.dialler.reset()
        self._hang_up()
        self.events.clear()

    def close(self) -> None:
        """Give the channel back and hang up its line."""
        if self._opened is not None:
            self._hang_up()
        super().close()

    def remove(self) -> None:
        """The card is pulled out: the opener is told, and the copper hangs in the air."""
        super().remove()
        copper, self.pair = self.pair, Pair()
        if self.kind is PortKind.FXS:
            copper.set_ringing(False)
            copper.set_battery(False)
        else:
            copper.open_loop()
        copper.let_go(self.kind is PortKind.FXS)

    def _hang_up(self) -> None:
        self.silence()
        self.cancel_echo(0)
        if self.transmit.state is not TxState.ONHOOK:
            self.hook(HookCommand.ONHOOK)
        if self.kind is PortKind.FXS:
            self._reversed = False
            self._feed_polarity()

    # Requests.

    def hook(self, command: int) -> None:
        """Carry out a HOOK request; raises as `Transmitter.hook` does."""
        self.silence()
        telephone_is_lifted = self._fxs.state is FxsState.OFFHOOK
        if command == HookCommand.ONHOOK:
            if self._opened is not None:
                self._opened.frames.flush_read()
            if self.kind is PortKind.FXO:
                self._fxo.hung_up()
        self.transmit.hook(command, drop=self.signalling is SigType.FXOKS and telephone_is_lifted)

    def silence(self) -> None:
        """Stop any tone and dialling; audio written before now is dropped, so that it ends nothing begun later."""
        if self._opened is not None:
            self._opened.frames.flush_write()
        self.dialler.cancel()
        self.generator.stop()

    def set_cadence(self, values: tuple[int, ...] | None) -> None:
        """Ring with this cadence; None for the zone's."""
        self.transmit.cadence = Cadence(self.tones.cadence if values is None else values)

    def set_linear(self, on: bool) -> None:
        """Have 16-bit samples at the descriptor, or octets of the law again; what waits there is dropped."""
        self.frames.flush_read()
        self.frames.flush_write()
        self.coding.linear = on
        self.frames.width = self.coding.width

    def open_speech_path(self, ms: int) -> None:
        """Let an on-hook telephone hear the line for `ms` milliseconds."""
        self._speech_until = max(self._speech_until, self._agenda.now + ms)

    def set_reversed(self, on: bool) -> None:
        """Choose the polarity of the feed.

        Raises:
            OSError: EINVAL while ringing or without feed.
        """
        if self.pair.ringing or not self.pair.battery:
            raise OSError(errno.EINVAL, "line is ringing or open")
        self._reversed = on
        self._feed_polarity()

    def light_lamp(self, on: bool) -> None:
        """Show that messages wait, by a lamp's voltage or by reversed polarity, as it is configured (VMWI)."""
        self._messages = on
        self.pair.neon = on and bool(self.lamp_by & (abi.Vmwi.HVAC | abi.Vmwi.HVDC))
        if self.pair.battery and not self.pair.ringing:
            self._feed_polarity()

    def _feed_polarity(self) -> None:
        """Reversed by request or for the lamp, not for both (wctdm.c: the one turns round what the other says)."""
        self.pair.set_reversed(self._reversed is not (self._messages and abi.Vmwi.LREV in self.lamp_by))

    def cancel_echo(self, taps: int) -> None:
        """Switch the card's echo canceller on, or off with 0 taps; without one nothing happens (ECHOCANCEL)."""
        if taps and taps not in abi.ECHO_TAPS:
            taps = abi.DEFAULT_ECHO_TAPS
        self._canceller = EchoCanceller(taps // 8) if taps and self._has_canceller else None

    @property
    def cancelling_echo(self) -> bool:
        """Whether a canceller is at work."""
        return self._canceller is not None

    @property
    def off_hook(self) -> bool:
        """rxisoffhook: the telephone is lifted; on an FXO port, the line has battery."""
        return self._fxs.state is not FxsState.ONHOOK if self.kind is PortKind.FXS else self._fxo.fed

    @property
    def alarms(self) -> abi.Alarm:
        """chan_alarms."""
        dead = self.kind is PortKind.FXO and self._fxo.alarm and not self._ground_start
        return abi.Alarm.RED if dead else abi.Alarm.NONE

    # The line.

    def _tell_of_exchange(self, event: int) -> None:
        """An idle ground start line has no battery between its wires, and that is no alarm."""
        if not (self._ground_start and event in (abi.Event.ALARM, abi.Event.NOALARM)):
            self._tell(event)

    @property
    def _ground_start(self) -> bool:
        return self.signalling in (SigType.FXOGS, SigType.FXSGS)

    def _settled(self, reached: TxState) -> None:
        if self.kind is PortKind.FXS:
            self._fxs.settled(reached)

    def _drive_fxs(self, signal: Signal) -> None:
        was_ringing = self.pair.ringing
        # A card stops ringing by itself when the telephone is lifted, whatever the cadence goes on to say.
        self.pair.set_ringing(signal is Signal.START and not self.pair.closed)
        if was_ringing and not self.pair.ringing:
            self.open_speech_path(RING_LINGER)
        tip_open = self._ground_start and self.transmit.state is TxState.ONHOOK
        self.pair.set_battery(signal is not Signal.KEWL and not tip_open)
        if self._ground_start:
            self._current_changed()

    def _drive_fxo(self, signal: Signal) -> None:
        grounds = self._ground_start and signal is Signal.START
        if grounds:
            self.pair.ground(True)
        elif signal in (Signal.OFFHOOK, Signal.START):
            self.pair.close_loop()
        else:
            self.pair.open_loop()
        if not grounds:
            self.pair.ground(False)

    def _loop_changed(self, change: Change) -> None:
        if change is Change.LOOP_CLOSED:
            self.pair.set_ringing(False)
        if self._ground_start:
            self._current_changed()
        elif change in (Change.LOOP_CLOSED, Change.LOOP_OPEN):
            self._fxs.loop(change is Change.LOOP_CLOSED, self.transmit.state)

    def _current_changed(self) -> None:
        """Ground start: with the tip open current flows only to the ground at the far end of the ring wire."""
        drawing = self.pair.grounded or (self.pair.closed and self.pair.battery)
        if drawing is not self._drawing:
            self._drawing = drawing
            self._fxs.loop(drawing, self.transmit.state)

    def _pulse(self, close: bool) -> None:
        if self.kind is PortKind.FXO and self.transmit.state in (TxState.OFFHOOK, TxState.DEBOUNCE):
            self._drive_fxo(Signal.OFFHOOK if close else Signal.ONHOOK)

    def _is_disconnect(self) -> bool:
        return self.signalling in (SigType.FXSKS, SigType.FXSGS) and self.transmit.state is TxState.OFFHOOK

    # Audio.

    def send(self) -> None:
        """Put this frame's audio on the pair."""
        frame = self.coding.to_line(self._outgoing()) if self._opened is not None else None
        self._said = frame
        if self.kind is PortKind.FXO:
            self.pair.send_to_feeder(frame)
        else:
            hears = self.pair.closed or self._agenda.now <= self._speech_until
            self.pair.send_to_terminal(frame if hears else None)

    def receive(self) -> None:
        """Hand up this frame's audio from the pair. An FXO port listens to its line on-hook, too."""
        if self._opened is None:
            return
        heard = self.pair.heard_by_feeder() if self.kind is PortKind.FXS else self.pair.heard_by_terminal()
        if heard is not None and self._canceller is not None:
            heard = self._canceller.feed(_NOTHING if self._said is None else self._said, heard)
        self._opened.frames.give(self.coding.from_line(heard))
        self._tell_of_buffers(self._opened.frames)

    def _outgoing(self) -> Samples | None:
        written = self.frames.take(self.coding.silence)
        if written is None:
            return self.generator.frame()
        self.dialler.cancel()  # dahdi_chan_write: what is written ends tone and dialling
        self.generator.stop()
        return self.coding.written(written)
