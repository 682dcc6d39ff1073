"""A SIP call leg as a Channel: sessions below, core messages above, a row of the media plane beside.

Commands of a call become methods of the leg's session; what the session tells becomes events. The row exists from
the leg's first moment and is closed exactly once, on whichever path the leg ends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from gateway.core.audio import (
    AudioEvent,
    AudioLost,
    Ceased,
    DigitHeard,
    FaxHeard,
    FlashHeard,
    RtpAudio,
    Silent,
)
from gateway.core.cause import Cause
from gateway.core.codec import Codec
from gateway.core.ending import Act, Ending
from gateway.core.errors import IllegalInput, MalformedError
from gateway.core.messages import (
    IN_BAND,
    RFC_4733,
    Alert,
    Alerting,
    Answer,
    Answered,
    CarryFax,
    CarryModem,
    CarrySpeech,
    Command,
    Confer,
    Dial,
    Digit,
    EarlyMedia,
    Event,
    FaxRecognised,
    Flash,
    Hangup,
    Held,
    Hold,
    Identified,
    Identify,
    Proceed,
    Proceeding,
    Progress,
    Redirect,
    Released,
    Resume,
    Resumed,
    SendDigits,
    SendFlash,
    SendText,
    TransferAsked,
    TransferTold,
)
from gateway.core.trace import Kind, Recorder
from gateway.sdp.negotiate import Agreement, Direction, Medium
from gateway.sip.diagnosis import Troubled
from gateway.sip.dialog import DialogId
from gateway.sip.fax import LegFax
from gateway.sip.fax import sentence as fax_sentence
from gateway.sip.fork import Fork
from gateway.sip.incoming import IncomingSession
from gateway.sip.media_notes import AudioCarried
from gateway.sip.refer_issuer import refer_target
from gateway.sip.session import Member, Talk
from gateway.sip.transport import Address, Flow
from gateway.sip.watch import Watch

__all__ = ["SipChannel"]

NOTHING: Final[Mapping[str, Callable[[float], None]]] = MappingProxyType({})
NO_EVENTS: Final = 127
"""A payload type that no packet bears."""


class SipChannel:
    """One SIP leg; see `gateway.core.channel.Channel` and `gateway.sip.session.SessionUser`.

    Args:
        name: unique, "SIP/6001-0000002a".
        peer: who is at the far side: "account 6001".
        audio: its row, owned by the channel from now on.
        recorder: where its story is kept.
        emit: takes the leg's events.
        over: told once, when the leg has ended.
        watch: looks whether its audio comes in.
        missed: told what did not come, or was changed on the way.
        fax: how it carries a fax.
        trusted: whether it is believed about who it is (RFC 3325).
        info_keys: whether keys pass as INFO and in no other way.
        place: makes the sessions of a `Dial`; None for a leg that came in.

    Attributes:
        audio: its row; None once it has ended.
        reached: False while an INVITE without an offer was answered, and the ACK that says where to send is due.
        takes: what the table of commands below lists; faxes are expected where T.38 is to be had.
    """

    __slots__ = (
        "_came_in",
        "_early",
        "_emit",
        "_ended",
        "_flashes",
        "_held",
        "_incoming",
        "_info_keys",
        "_missed",
        "_outgoing",
        "_over",
        "_place",
        "_recorder",
        "_talk",
        "_told_proceeding",
        "_trusted",
        "_up",
        "_waiting",
        "_watch",
        "audio",
        "fax",
        "name",
        "peer",
        "reached",
        "takes",
    )

    def __init__(
        self,
        *,
        name: str,
        peer: str,
        audio: RtpAudio,
        recorder: Recorder,
        emit: Callable[[SipChannel, Event], None],
        over: Callable[[SipChannel, float], None],
        watch: Watch,
        missed: Callable[[SipChannel, Troubled], None],
        fax: LegFax | None = None,
        trusted: bool = False,
        info_keys: bool = False,
        place: Callable[[SipChannel, Dial], Fork] | None = None,
    ) -> None:
        self.name: Final = name
        self.peer: Final = peer
        self.audio: RtpAudio | None = audio
        self._recorder = recorder
        self._emit = emit
        self._over = over
        self._watch = watch
        self._missed = missed
        self._trusted = trusted
        self._info_keys = info_keys
        self._place = place
        self._came_in = place is None
        self._incoming: IncomingSession | None = None
        self._outgoing: Fork | None = None
        self._talk: Talk | None = None
        self._told_proceeding = False
        self._early = False
        self._up = False
        self.reached = False
        self._held = False
        self._ended = False
        self._flashes = False
        self._waiting: Mapping[str, Callable[[float], None]] = NOTHING  # what its Talk is asked for, by its method
        self.fax: Final = fax or LegFax(None)
        self.fax.leg = self
        self.takes: Final[Collection[type[Command]]] = COMMANDS.keys() if self.fax.port else _WITHOUT_FAX
        audio.listener = self._heard
        watch.leg = self

    def confers(self, number: str) -> Talk | None:
        """Its session, where it is in the conference of that number; else None."""
        return self._talk if self._talk is not None and self._talk.conference == number else None

    def readdress(self, address_of: Callable[[Flow], Address], now: float) -> None:
        """Tell the far side of the address of ours at which it reaches us now, or once the call is answered."""
        if self._talk is None:
            self._waiting = {**self._waiting, "readdress": lambda at: self.readdress(address_of, at)}
        elif host := self._talk.readdress(address_of, now):
            self._watch.asked_at(host)
            self._recorder.note(now, Kind.MEDIA, self.name, f"we are seen at {host} now: audio is asked for there")

    def attach(self, session: IncomingSession) -> None:
        """Give a leg that came in its session."""
        self._incoming = session

    def began(self, dialog: DialogId) -> bool:
        """Whether `dialog` is an early one that the leg has begun by an INVITE of its own."""
        return self._outgoing is not None and self._outgoing.began(dialog)

    def early(self, dialog: DialogId) -> Member | None:
        """That early dialog of an INVITE of its own; None where it is none."""
        return self._outgoing.early(dialog) if self._outgoing is not None else None

    def moved(self, before: Flow, after: Flow, now: float) -> None:
        """A telephone is reached elsewhere: where it rings for us, its INVITE goes on there."""
        if self._outgoing is not None:
            self._outgoing.moved(before, after, now)

    # What the call commands.

    def command(self, command: Command, now: float) -> None:
        """Carry out a command; ignored when the leg has ended, IllegalInput where it makes no sense."""
        if not self._ended:
            COMMANDS[type(command)](self, command, now)

    def _dial(self, command: Dial, now: float) -> None:
        place, self._place = self._place, None
        if place is None:
            raise IllegalInput(f"{self.name} cannot dial")
        self._outgoing = place(self, command)
        self._outgoing.start(now)

    def _proceed(self, command: Proceed, now: float) -> None:
        self._caller("proceed")  # the INVITE was answered with 100 at once

    def _alert(self, command: Alert, now: float) -> None:
        if command.audio:
            self._choose_codec(now)
        self._caller("ring").ring(now, heard=command.audio)

    def _early_media(self, command: EarlyMedia, now: float) -> None:
        self._choose_codec(now)
        self._caller("open").open(now)

    def _answer(self, command: Answer, now: float) -> None:
        self._choose_codec(now)
        self._caller("answer").answer(now)
        self._up = True
        self._watch.up(now)

    def _choose_codec(self, now: float) -> None:
        """Let the answer, where it has not been given, fall on what the other side of the talk uses."""
        if self.audio is not None and self._incoming is not None and self.audio.wanted:
            self._incoming.prefer(self.audio.wanted, now)

    def _hang_up(self, command: Hangup, now: float) -> None:
        session = self._finish(now)
        if session is not None:
            session.hang_up(command.ending, now)

    def _hold(self, command: Hold, now: float) -> None:
        self._direct(Direction.SENDONLY, now)

    def _resume(self, command: Resume, now: float) -> None:
        self._direct(Direction.SENDRECV, now)

    def _direct(self, direction: Direction, now: float) -> None:
        if self._talk is None and self._incoming is None and self._outgoing is None:
            raise IllegalInput(f"{self.name} has nobody to hold")
        self._want("direct", direction, now)

    def _carry_fax(self, command: CarryFax, now: float) -> None:
        self.fax.ask(now)

    def _carry_modem(self, command: CarryModem, now: float) -> None:
        self.fax.ask_plain(now)

    def _carry_speech(self, command: CarrySpeech, now: float) -> None:
        self.fax.ask_speech(now)

    def carry(self, medium: Medium, now: float) -> None:
        """Ask the far side to carry something else; see `FaxUser`."""
        self._want("carry", medium, now)

    def _want(self, how: str, wish: Direction | Medium, now: float) -> None:
        """Ask it of the session, or once it is answered: until then it has the offer of its INVITE to settle."""
        if self._talk is not None:
            getattr(self._talk, how)(wish, now)
        else:
            self._waiting = {**self._waiting, how: lambda at: self._want(how, wish, at)}

    def _catch_up(self, now: float) -> None:
        waiting, self._waiting = self._waiting, NOTHING
        for ask in waiting.values():
            ask(now)

    def _send_digits(self, command: SendDigits, now: float) -> None:
        if self._info_keys:
            self._carry_out(command, now)
        elif self.audio is not None:
            self.audio.send_digits(command.digits, command.duration, command.gap)

    def _send_flash(self, command: SendFlash, now: float) -> None:
        """As an event where the far side takes that one, else as INFO."""
        if self.audio is not None and self._flashes:
            self.audio.send_flash()
        else:
            self._carry_out(command, now)

    def _carry_out(self, command: Command, now: float) -> None:
        session = self._talk or self._incoming or self._outgoing
        if session is not None:
            session.carry_out(command, now)

    def _redirect(self, command: Redirect, now: float) -> None:
        """By REFER in a call that was answered; one that came in and was not is sent away by 302."""
        incoming = self._incoming
        try:
            if incoming is not None:
                incoming.redirect(refer_target(command.called, incoming.contact), now)
                self._emit(self, TransferTold())
            else:
                self._carry_out(command, now)
        except MalformedError:
            self._emit(self, TransferTold(Cause.INVALID_NUMBER_FORMAT))

    def _caller(self, what: str) -> IncomingSession:
        if self._incoming is None:
            raise IllegalInput(f"{self.name} is no call that waits for our answer: it cannot {what}")
        return self._incoming

    # What the session asks and tells.

    @property
    def wanted(self) -> Sequence[Codec]:
        """What those with whom it talks can use."""
        return () if self.audio is None else self.audio.wanted

    def progressed(self, status: int, media: bool, now: float) -> None:
        """A provisional response came."""
        self._early = self._early or media
        if status == 180:
            self._emit(self, Alerting(audio=self._early))
        elif media:
            self._emit(self, Progress())
        elif not self._told_proceeding:
            self._emit(self, Proceeding())
        self._told_proceeding = True

    def agreed(self, agreement: Agreement, now: float) -> None:
        """Audio as negotiated from now on."""
        if self.audio is None:
            return
        if agreement.image is not None:
            self._watch.agreed(replace(agreement, direction=Direction.INACTIVE), now)
            self._recorder.note(now, Kind.MEDIA, self.name, fax_sentence(agreement.image))
            self.fax.agreed(agreement, now)
            return
        self.audio.set_remote(
            agreement.address,
            agreement.port,
            agreement.codec,
            # Where keys go as INFO the row treats tones as it does where they go as events, and sends neither.
            NO_EVENTS if self._info_keys else agreement.event_payload_type,
            agreement.direction.sends,
            rtcp=agreement.rtcp,
            rtcp_mux=agreement.rtcp_mux,
            accepts=agreement.accepts,
            noise=agreement.noise,
            via=agreement.via,
            strict=agreement.strict,
            protection=agreement.protection,
        )
        self.audio.codecs = agreement.common
        self._flashes = agreement.flashes
        self.audio.detect_digits(agreement.event_payload_type is None and not self._info_keys)
        self._watch.agreed(agreement, now)
        self._recorder.note(now, Kind.MEDIA, self.name, agreement)
        if self._up and not self.reached and self._came_in:
            self._emit(self, Answered("ACK"))
        self.reached = True
        if agreement.held is not self._held:
            self._held = agreement.held
            if self._up:
                self._emit(self, Held() if self._held else Resumed())
        self.fax.agreed(agreement, now)

    def declined(self, now: float) -> None:
        """The far side will not carry what was asked for."""
        self._recorder.note(now, Kind.MEDIA, self.name, "the far side will not carry a fax so")
        self.fax.declined(now)

    def established(self, session: Talk, now: float) -> None:
        """We have answered."""
        self._incoming, self._talk = None, session
        if self._waiting:
            self._catch_up(now)

    def answered(self, how: str, session: Talk, now: float) -> None:
        """The far side answered."""
        self._outgoing, self._talk = None, session
        self._up = True
        self._watch.up(now)
        self._emit(self, Answered(how))
        if self._waiting:
            self._catch_up(now)

    def missed(self, text: str, now: float, *, meant: bool = False) -> None:
        """Something did not come, or was changed on the way; `meant`: perhaps it was not to come."""
        if not self._ended:
            self._recorder.note(now, Kind.MEDIA, self.name, text)
            self._missed(self, Troubled(self.name, text, meant=meant))

    def found(self, text: str, now: float) -> None:
        """What was missed has come; see `Watched`."""
        self._recorder.note(now, Kind.MEDIA, self.name, text)
        self._missed(self, Troubled(self.name, text, over=True))

    def ask(self, told: Callable[[int], None], now: float) -> bool:
        """Ask whether its signalling is there; see `Watched`."""
        return self._talk is not None and self._talk.ask(told, now)

    def said(self, event: Event, now: float) -> None:
        """Something came that only passes through."""
        if self._ended or (isinstance(event, Identified) and not self._trusted):
            return
        if isinstance(event, TransferAsked) and not self._trusted:
            event = replace(event, referred_by=None)
        self._emit(self, event)

    def ended(self, ending: Ending, now: float) -> None:
        """The session is over."""
        if not self._ended:
            self._finish(now)
            self._emit(self, Released(ending))

    # What its parts tell, and ask for.

    def told(self, event: Event) -> None:
        """What came of a fax; see `FaxUser`."""
        self._emit(self, event)

    def _heard(self, event: AudioEvent, now: float) -> None:
        match event:
            case DigitHeard(digit, duration, as_event):
                how = RFC_4733 if as_event else IN_BAND
                self._recorder.note(now, Kind.MEDIA, self.name, f"key {digit} ({how})")
                self._emit(self, Digit(digit, duration, how))
            case FlashHeard():
                self._emit(self, Flash())
            case FaxHeard(tone):
                self._emit(self, FaxRecognised(tone))
            case Silent(seconds) if not self.fax.by_image:
                self._recorder.note(now, Kind.MEDIA, self.name, f"no audio has come in for {seconds:g} s")
                self._watch.silent(seconds, now)
            case Ceased() if not self.fax.by_image:
                self._watch.ceased(event, now)
            case AudioLost(reason):
                self._fail(Ending(Cause.TEMPORARY_FAILURE, "Copperline", Act.FAILED, f"its audio: {reason}"), now)

    def given_up(self, seconds: float, now: float) -> None:
        """Nothing has come in for as long as is waited; see `Watched`."""
        evidence = f"no audio has come from it for {seconds:g} s"
        advice = "See whether its network is there; sip.rtp_timeout says how long it is waited for"
        cause = Cause.REQUESTED_CIRCUIT_NOT_AVAILABLE
        self._fail(Ending(cause, self.peer, Act.VANISHED, evidence, advice), now)

    def _fail(self, ending: Ending, now: float) -> None:
        """End the leg from our side, and tell both the call and the far side."""
        session = self._finish(now)
        self._emit(self, Released(ending))
        if session is not None:
            session.hang_up(ending, now)

    def _finish(self, now: float) -> IncomingSession | Fork | Talk | None:
        """Let go of all that the leg has; gives its session, which may be under way for a while yet."""
        self._ended = True
        self._watch.close()
        row, self.audio = self.audio, None
        if row is not None:
            row.listener = None
            row.close()
            self._recorder.note(now, Kind.MEDIA, self.name, AudioCarried(row.stats()))
        fared = self.fax.close()
        if fared:
            self._recorder.note(now, Kind.MEDIA, self.name, fared)
        self._over(self, now)
        session = self._talk or self._incoming or self._outgoing
        self._incoming = self._outgoing = self._talk = None
        return session


COMMANDS: Final[Mapping[type[Command], Callable[[SipChannel, Any, float], None]]] = MappingProxyType(
    {
        Dial: SipChannel._dial,
        Proceed: SipChannel._proceed,
        Alert: SipChannel._alert,
        EarlyMedia: SipChannel._early_media,
        Answer: SipChannel._answer,
        Hangup: SipChannel._hang_up,
        Hold: SipChannel._hold,
        Resume: SipChannel._resume,
        SendDigits: SipChannel._send_digits,
        SendFlash: SipChannel._send_flash,
        SendText: SipChannel._carry_out,
        Identify: SipChannel._carry_out,
        Confer: SipChannel._carry_out,
        CarryFax: SipChannel._carry_fax,
        CarryModem: SipChannel._carry_modem,
        CarrySpeech: SipChannel._carry_speech,
        TransferTold: SipChannel._carry_out,
        Redirect: SipChannel._redirect,
    }
)
"""The method that carries out each command."""
_WITHOUT_FAX: Final = frozenset(COMMANDS.keys() - {CarryFax})
