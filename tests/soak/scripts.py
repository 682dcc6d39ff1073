"""What people, telephones and providers do: each script is one call, or one other thing that SIP carries.

`CALLERS` and `ANSWERERS` hold them with how often each is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from gateway.testing.sip_message import SipMessage
from tests.soak.agent import Agent, Talk

__all__ = ["ANSWERERS", "CALLERS", "answer", "register"]

NUMBERS: Final = (
    *("6001", "6002", "6003", "6004", "6005") * 12,
    *("5200", "5201") * 10,
    *("101", "102", "600", "601", "602", "603", "8500", "8500", "8500", "700", "701", "702", "703") * 2,
    *(f"{way}555010{last}" for way in "789" for last in "013567"),
    *("66flood", "66noise", "66stubborn", "66orphan", "66dies") * 2,
    *("*72", "*69", "*780", "103", "4711", "h", "i", "911x", "%00", "7" * 64),
)
"""Whom they call: one another, telephones, a provider, services, networks, and what there is not.

5550102, which rings for ever, is not among them: sent to a conference by an exchange line, which tells no answer,
it would be there for ever, too.
"""


OUTSIDE: Final = (
    *("2565551101", "5200", "5201", "5200", "5201", "2565551100", "2565558000", "2565558000") * 2,
    *("2565558001", "25655511", "95550100", "6001"),
)
"""Whom a provider's callers call."""


def _anybody(agent: Agent) -> str:
    return agent.uri(agent.random.choice(NUMBERS if agent.secret else OUTSIDE))


async def _connected(talk: Talk, patience: float = 8.0) -> bool:
    """Call and wait; whether it was answered. What is not, is given up."""
    status = await talk.ask("INVITE", "", talk.sdp(codec=talk.agent.random.choice((0, 0, 8, 9))))
    if 100 < status < 200:
        status = await talk.final(patience)
    if status == 0:
        talk.cancel()
        status = await talk.final(3.0)
    return 200 <= status < 300


async def _over(talk: Talk, patience: float = 0.0) -> None:
    """Hang up, unless the other end does first."""
    if patience:
        await _until(talk.over, patience)
    if not talk.over.is_set():
        await talk.ask("BYE", patience=4.0)


async def _until(event: asyncio.Event, patience: float) -> bool:
    try:
        async with asyncio.timeout(patience):
            return await event.wait()
    except TimeoutError:
        return False


# Calls out.


async def talks(agent: Agent, talk: Talk) -> None:
    """A call as it should be."""
    if await _connected(talk):
        await talk.speak(agent.random.uniform(0.2, 6), keys=agent.random.random() < 0.3)
        await _over(talk, agent.random.choice((0.0, 0.0, 4.0)))


async def gives_up(agent: Agent, talk: Talk) -> None:
    """CANCEL at any moment: before anything has come, as it rings, as it is answered."""
    number = next(talk.numbers)
    talk.send("INVITE", number, "", talk.sdp())
    refusal = await talk.hear(1.0, "INVITE")
    while refusal is not None and refusal.status < 200:
        refusal = await talk.hear(1.0, "INVITE")
    asked = asyncio.ensure_future(talk.ask("INVITE", "", talk.sdp()))
    await asyncio.sleep(agent.random.choice((0.0, 0.01, 0.05, 0.2, 0.5, 1.0, 2.0)))
    talk.cancel()
    asked.cancel()
    if 200 <= await talk.final(4.0) < 300:
        await _over(talk)


async def vanishes_ringing(agent: Agent, talk: Talk) -> None:
    """Gone while it rings, without a word."""
    await talk.ask("INVITE", "", talk.sdp())
    talk.acknowledges = talk.responds = False
    await asyncio.sleep(1.0)


async def never_acknowledges(agent: Agent, talk: Talk) -> None:
    """No ACK for the answer, and nothing for the BYE that follows from it (RFC 3261 13.3.1.4)."""
    await talk.ask("INVITE", "", talk.sdp(), patience=3.0)
    talk.acknowledges = False
    talk.responds = agent.random.random() < 0.5
    await talk.final(8.0)
    await asyncio.sleep(8.0)


async def vanishes_talking(agent: Agent, talk: Talk) -> None:
    """Gone in the midst of a talk: no audio and no word any more."""
    if await _connected(talk):
        await talk.speak(1.0)
        talk.responds = False


async def changes(agent: Agent, talk: Talk) -> None:
    """Hold, resume, other codecs, nonsense, all by re-INVITE and UPDATE, as both ends do so at once."""
    if not await _connected(talk):
        return
    for _ in range(agent.random.randint(1, 6)):
        mode = agent.random.choice(("sendonly", "sendrecv", "inactive", "recvonly"))
        codec, port = agent.random.choice((0, 8, 9)), agent.random.choice((None, None, None, 0))
        method = agent.random.choice(("INVITE", "INVITE", "UPDATE"))
        await talk.ask(method, "", talk.sdp(mode=mode, codec=codec, port=port), patience=3.0)
        if agent.random.random() < 0.3:
            talk.send("INVITE", next(talk.numbers), "", talk.sdp())
            talk.send("INVITE", next(talk.numbers), "", talk.sdp(mode="sendonly"))  # and the last is not over
        if agent.random.random() < 0.2:
            talk.send("INVITE", next(talk.numbers), "Require: 100rel, soak\r\n", "v=nonsense")
        await talk.speak(agent.random.uniform(0.05, 0.8))
    await _over(talk)


async def transfers(agent: Agent, talk: Talk) -> None:
    """REFER: blind, to oneself, to nowhere, twice, and BYE before any of it has come to pass."""
    if not await _connected(talk):
        return
    await talk.speak(0.3)
    for _ in range(agent.random.choice((1, 1, 2))):
        goal = _anybody(agent)
        await talk.ask("REFER", f"Refer-To: <{goal}>\r\nReferred-By: <{agent.uri(agent.user)}>\r\n", patience=3)
    await _over(talk, agent.random.choice((0.0, 1.0, 5.0)))


async def consults(agent: Agent, talk: Talk) -> None:
    """An attended transfer, now of a call that is up, now of one that rings (RFC 5589)."""
    if not await _connected(talk):
        return
    await talk.ask("INVITE", "", talk.sdp(mode="sendonly"), patience=3.0)
    second = agent.talk(_anybody(agent))
    await second.play(_joined(agent, talk, second))


async def _joined(agent: Agent, talk: Talk, second: Talk) -> None:
    status = await second.ask("INVITE", "", second.sdp())
    if agent.random.random() < 0.6 and 100 < status < 200:
        status = await second.final(6.0)
    tags = [side.partition(";tag=")[2] for side in (second.remote, second.local)]
    if 100 < status < 300 and all(tags):
        replaces = f"{second.call_id}%3Bto-tag%3D{tags[0]}%3Bfrom-tag%3D{tags[1]}".replace("@", "%40")
        await talk.ask("REFER", f"Refer-To: <{second.target}?Replaces={replaces}>\r\n", patience=3.0)
        await asyncio.sleep(agent.random.choice((0.0, 1.0)))
    if status < 200:
        second.cancel()
        status = await second.final(3.0)
    if 200 <= status < 300:
        await _over(second, 1.0)
    await _over(talk)


async def keys(agent: Agent, talk: Talk) -> None:
    """What people key in a talk: to a room's menu, to transfer, to park, to record, by INFO and as events."""
    if not await _connected(talk):
        return
    for _ in range(agent.random.randint(1, 4)):
        word = agent.random.choice(("*1", "*2", "#", "#72", "*3", "*", "6001#", "600", "8500", "*4", "*7", "*8"))
        for key in word:
            body = f"Signal={key}\r\nDuration=100\r\n"
            await talk.ask("INFO", "Content-Type: application/dtmf-relay\r\n", body, patience=2.0)
        await talk.speak(agent.random.uniform(0.1, 3), keys=agent.random.random() < 0.3)
    await _over(talk, agent.random.choice((0.0, 3.0)))


async def both_hang_up(agent: Agent, talk: Talk) -> None:
    """Several BYEs, with one of the other end's on its way."""
    if await _connected(talk):
        await talk.speak(agent.random.uniform(0.0, 1.0))
        for _ in range(agent.random.randint(1, 3)):
            talk.send("BYE", next(talk.numbers))
        await asyncio.sleep(0.5)


async def drops(agent: Agent, talk: Talk) -> None:
    """Its connection breaks off in a call, or as it is set up, and it comes back by another (RFC 5626)."""
    if agent.random.random() < 0.5:
        await talk.ask("INVITE", "", talk.sdp())
    elif not await _connected(talk):
        return
    agent.reconnect()
    again = agent.talk(agent.registrar)
    await again.play(register(agent, again))
    await talk.speak(1.0)
    talk.cancel()
    await _over(talk, 1.0)


async def floods(agent: Agent, talk: Talk) -> None:
    """Audio a hundred times as fast as it is heard, and more once the call is over."""
    if await _connected(talk):
        await talk.speak(1.0, gap=0.0004)
        await _over(talk)
        talk.over.clear()
        await talk.speak(0.3, gap=0.001)


async def is_careless(agent: Agent, talk: Talk) -> None:
    """INVITEs of the same number again and again, without offer, with required things, and with no end."""
    number = next(talk.numbers)
    for _ in range(agent.random.randint(1, 5)):
        talk.send(
            "INVITE", number, agent.random.choice(("", "Require: soak\r\n", "Replaces: a;to-tag=b;from-tag=c\r\n"))
        )
    await asyncio.sleep(0.3)
    status = await talk.ask("INVITE", "Supported: 100rel, timer\r\nSession-Expires: 90\r\n")
    talk.send("PRACK", next(talk.numbers), "RAck: 1 1 INVITE\r\n")
    talk.cancel()
    if status < 200:
        status = await talk.final(3.0)
    if 200 <= status < 300:
        await _over(talk)


# Other things than calls.


async def register(agent: Agent, talk: Talk) -> None:
    """Register for a while."""
    await talk.ask("REGISTER", f"Expires: {agent.random.choice((60, 300, 300))}\r\n")


async def flaps(agent: Agent, talk: Talk) -> None:
    """Register, leave, and come back, sometimes from many places."""
    for _ in range(3):
        await talk.ask("REGISTER", "Expires: 0\r\n", patience=2.0)
        await talk.ask("REGISTER", "Expires: 300\r\n", patience=2.0)


async def writes(agent: Agent, talk: Talk) -> None:
    """Texts, also to who is not there."""
    talk.target = agent.uri(agent.random.choice(("6001", "6002", "6003", "101", "nobody")))
    await talk.ask(
        "MESSAGE", "Content-Type: text/plain\r\n", "soak " * agent.random.choice((1, 20, 180)), patience=3.0
    )


async def watches(agent: Agent, talk: Talk) -> None:
    """Lamps: some are given back, some are forgotten, some tell nobody."""
    talk.target = agent.uri(agent.random.choice(("6001", "101", "8500", "701", "nobody")))
    event = agent.random.choice(("dialog", "presence", "message-summary", "conference", "soak"))
    talk.responds = agent.random.random() < 0.7
    status = await talk.ask("SUBSCRIBE", f"Event: {event}\r\nExpires: 60\r\n", patience=3.0)
    await asyncio.sleep(agent.random.uniform(0, 3))
    if status == 200 and agent.random.random() < 0.6:
        await talk.ask("SUBSCRIBE", f"Event: {event}\r\nExpires: 0\r\n", patience=3.0)


async def publishes(agent: Agent, talk: Talk) -> None:
    """Its own presence, true or not."""
    body = agent.random.choice(
        (
            '<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:6001@soak">'
            '<tuple id="a"><status><basic>open</basic></status></tuple></presence>',
            "<presence",
            "",
        )
    )
    more = "Event: presence\r\nExpires: 60\r\nContent-Type: application/pidf+xml\r\n"
    talk.target = agent.uri(agent.user)
    await talk.ask("PUBLISH", more, body, patience=3.0)


async def babbles(agent: Agent, talk: Talk) -> None:
    """Nonsense, of which nothing may come."""
    for _ in range(5):
        agent.send(
            agent.random.choice(
                (
                    "INVITE\r\n\r\n",
                    "\x80\x00\r\n\r\n",
                    f"SIP/2.0 200 OK\r\n{agent.via('z9hG4bKno')}Call-ID: {talk.call_id}\r\nCSeq: 1 INVITE\r\n"
                    "From: <sip:a@b>;tag=a\r\nTo: <sip:a@b>;tag=b\r\nContent-Length: 0\r\n\r\n",
                    f"BYE {talk.target} SIP/2.0\r\n{agent.via('z9hG4bKno')}\r\nContent-Length: 0\r\n\r\n",
                    f"SOAK {talk.target} SIP/2.0\r\n{agent.via('z9hG4bKsoak')}Call-ID: {talk.call_id}\r\n"
                    f"CSeq: 1 SOAK\r\nFrom: <sip:a@b>;tag=a\r\nTo: <sip:a@b>\r\nContent-Length: 0\r\n\r\n",
                )
            )
        )
        await asyncio.sleep(0.05)


CALLERS: Final[Mapping[Callable[[Agent, Talk], Awaitable[None]], int]] = {
    talks: 24,
    gives_up: 14,
    vanishes_ringing: 4,
    never_acknowledges: 4,
    vanishes_talking: 4,
    changes: 10,
    transfers: 12,
    consults: 14,
    keys: 10,
    both_hang_up: 6,
    drops: 5,
    floods: 2,
    is_careless: 5,
    flaps: 3,
    writes: 6,
    watches: 8,
    publishes: 3,
    babbles: 3,
}
"""What an agent does, by how often."""


# Calls in.


async def _rings(talk: Talk) -> bool:
    """Ring for a while; whether the caller still waits."""
    if talk.agent.random.random() < 0.8:
        talk.answer(
            talk.agent.random.choice(("180 Ringing", "180 Ringing", "183 Session Progress", "181 Forwarded"))
        )
    return not await _until(talk.cancelled, talk.agent.random.choice((0.0, 0.05, 0.3, 1.0, 2.0)))


async def answers(talk: Talk) -> None:
    """As it should be; either may end it."""
    if not await _rings(talk):
        return talk.answer("487 Request Terminated")
    talk.answer("200 OK")
    await talk.speak(talk.agent.random.uniform(0.2, 5), keys=talk.agent.random.random() < 0.2)
    await _over(talk, talk.agent.random.choice((0.0, 6.0)))


async def refuses(talk: Talk) -> None:
    """Busy, not here, not wanted, broken."""
    await _rings(talk)
    talk.answer(
        talk.agent.random.choice(
            ("486 Busy Here", "480 Not Here", "603 Decline", "500 Broken", "404 Not Found", "606 No", "699 Soak")
        )
    )
    await asyncio.sleep(1.0)


async def sends_on(talk: Talk) -> None:
    """302 to somebody else, to itself, to nowhere."""
    talk.answer("302 Moved Temporarily", f"Contact: <{_anybody(talk.agent)}>\r\n")
    await asyncio.sleep(1.0)


async def is_dead(talk: Talk) -> None:
    """Nothing at all."""
    talk.responds = False
    await asyncio.sleep(2.0)


async def answers_late(talk: Talk) -> None:
    """200 although the caller has given up, as the CANCEL crosses it (RFC 3261 9.1)."""
    talk.answer("180 Ringing")
    await _until(talk.cancelled, 4.0)
    talk.answer("200 OK")
    await asyncio.sleep(1.0)
    await _over(talk, 4.0)


async def forks(talk: Talk) -> None:
    """Two answers of two telephones, both 200 (RFC 3261 13.2.2.4)."""
    assert talk.invite is not None
    first, second = talk.local, talk.local + "x"
    for tag in (first, second):
        talk.agent.reply(talk.invite, "180 Ringing", to=tag)
    for tag in (first, second):
        talk.agent.reply(talk.invite, "200 OK", talk.sdp(), to=tag)
    await _over(talk, 5.0)


async def answers_nonsense(talk: Talk) -> None:
    """An answer that nobody understands."""
    assert talk.invite is not None
    talk.answer("180 Ringing")
    body = talk.agent.random.choice(("", "v=0\r\n", "m=audio x RTP/AVP 0\r\n", talk.sdp(port=0)))
    talk.agent.reply(talk.invite, "200 OK", body, to=talk.local)
    await _over(talk, 5.0)


async def vanishes(talk: Talk) -> None:
    """Answers and is gone."""
    talk.answer("200 OK")
    talk.responds = False
    await talk.speak(0.5)


ANSWERERS: Final[Mapping[Callable[[Talk], Awaitable[None]], int]] = {
    answers: 60,
    refuses: 12,
    sends_on: 4,
    is_dead: 4,
    answers_late: 6,
    forks: 4,
    answers_nonsense: 3,
    vanishes: 4,
}


async def answer(talk: Talk, invite: SipMessage) -> None:
    """A call has come in: something is done with it."""
    talk.answer("100 Trying")
    script = talk.agent.random.choices(list(ANSWERERS), list(ANSWERERS.values()))[0]
    await script(talk)


async def act(agent: Agent) -> None:
    """One of all that agents do by themselves."""
    script = agent.random.choices(list(CALLERS), list(CALLERS.values()))[0]
    talk = agent.talk(agent.registrar if script is flaps else _anybody(agent))
    await talk.play(script(agent, talk))
