"""The figures of dahdi/user.h, literally as a C program compiled against it prints them (x86-64, aarch64)."""

from typing import Any

import pytest

from gateway.media.tone import ZONES
from hardware.analog import abi, structs
from hardware.analog.abi import Ioctl

NUMBERS = {
    "GET_BLOCKSIZE": 0x8004DA01,
    "SET_BLOCKSIZE": 0x4004DA01,
    "FLUSH": 0x4004DA03,
    "GET_PARAMS": 0xC088DA05,
    "SET_PARAMS": 0x4088DA05,
    "HOOK": 0x4004DA07,
    "GETEVENT": 0x8004DA08,
    "SPANSTAT": 0xC13ADA0A,
    "SENDTONE": 0x4004DA15,
    "GETTONEZONE": 0x8004DA16,
    "SETTONEZONE": 0x4004DA16,
    "GET_BUFINFO": 0x8018DA1B,
    "SET_BUFINFO": 0x4018DA1B,
    "DIAL": 0x4104DA1F,
    "ECHOCANCEL": 0x4004DA21,
    "CHANNO": 0x8004DA22,
    "DIALING": 0x8004DA23,
    "SPECIFY": 0x4004DA26,
    "SETLAW": 0x4004DA27,
    "SETCADENCE": 0x4040DA2A,
    "ONHOOKTRANSFER": 0x4004DA33,
    "GETVERSION": 0x80A0DA39,
    "SETPOLARITY": 0x4004DA5C,
    "VMWI": 0xC004DA5E,
    "VMWI_CONFIG": 0x4004DA5F,
}

LAYOUT = {
    "PARAMS": (
        136,
        "channo 0 spanno 4 chanpos 8 sigtype 12 sigcap 16 rxisoffhook 20 rxbits 24 txbits 28 txhooksig 32 "
        "rxhooksig 36 curlaw 40 idlebits 44 name 48 prewinktime 88 preflashtime 92 winktime 96 flashtime 100 "
        "starttime 104 rxwinktime 108 rxflashtime 112 debouncetime 116 pulsebreaktime 120 pulsemaketime 124 "
        "pulseaftertime 128 chan_alarms 132",
    ),
    "SPANINFO": (
        314,
        "spanno 0 name 4 desc 24 alarms 64 txlevel 68 rxlevel 72 bpvcount 76 crc4count 80 ebitcount 84 "
        "fascount 88 fecount 92 cvcount 96 becount 100 prbs 104 errsec 108 irqmisses 112 syncsrc 116 "
        "numchans 120 totalchans 124 totalspans 128 lbo 132 lineconfig 136 lboname 140 location 180 "
        "manufacturer 220 devicetype 260 irq 300 linecompat 304 spantype 308",
    ),
    "BUFFERINFO": (24, "txbufpolicy 0 rxbufpolicy 4 numbufs 8 bufsize 12 readbufs 16 writebufs 20"),
    "DIALOPERATION": (260, "op 0 dialstr 4"),
    "RING_CADENCE": (64, "ringcadence 0"),
    "VERSIONINFO": (160, "version 0 echo_canceller 80"),
}


def test_every_request_number_is_the_one_in_user_h() -> None:
    assert {request.name: request.value for request in Ioctl} == NUMBERS


@pytest.mark.parametrize("name", LAYOUT)
def test_every_structure_has_its_size_and_offsets(name: str) -> None:
    size, fields = LAYOUT[name]
    struct: Any = getattr(structs, name)
    words = fields.split()
    offset, offsets = 0, {}
    for member in struct.subcons:
        offsets[member.name] = offset
        offset += member.sizeof()
    assert offset == size == struct.sizeof()
    assert offsets == dict(zip(words[::2], map(int, words[1::2]), strict=True))


def test_events_and_hook_commands_have_their_numbers() -> None:
    assert [event.name for event in abi.Event] == (
        "NONE ONHOOK RINGOFFHOOK WINKFLASH ALARM NOALARM ABORT OVERRUN BADFCS DIALCOMPLETE RINGERON RINGEROFF "
        "HOOKCOMPLETE BITSCHANGED PULSE_START TIMER_EXPIRED TIMER_PING POLARITY RINGBEGIN EC_DISABLED REMOVED "
        "NEONMWI_ACTIVE NEONMWI_INACTIVE TX_CED_DETECTED RX_CED_DETECTED TX_CNG_DETECTED RX_CNG_DETECTED "
        "EC_NLP_DISABLED EC_NLP_ENABLED READ_OVERRUN WRITE_UNDERRUN"
    ).split()
    assert list(abi.Event) == list(range(31))
    assert [command.name for command in abi.HookCommand] == "ONHOOK OFFHOOK WINK FLASH START RING RINGOFF".split()
    assert list(abi.HookCommand) == list(range(7))


def test_signalling_types_and_zones_have_their_numbers() -> None:
    assert {sig.name: sig.value for sig in abi.SigType} == {
        "NONE": 0,
        "FXSLS": 0x2001,
        "FXSGS": 0x2002,
        "FXSKS": 0x2004,
        "FXOLS": 0x1008,
        "FXOGS": 0x1010,
        "FXOKS": 0x1020,
    }
    known = {
        "us": 0,
        "uk": 4,
        "jp": 7,
        "no": 8,
        "it": 11,
        "gr": 13,
        "il": 19,
        "br": 20,
        "de": 29,
        "ch": 30,
        "ae": 45,
    }
    assert {name: abi.ZONES[name] for name in known} == known
    assert len(set(abi.ZONES.values())) == len(abi.ZONES) == 45
    assert set(ZONES) == set(abi.ZONES), "the kernel can be asked for every zone whose tones we have"


def test_text_ends_at_its_first_nul_and_survives_rubbish() -> None:
    assert structs.text(b"WCTDM/4/0\0rubbish") == "WCTDM/4/0"
    assert structs.text(b"\xff\xfe") == "\ufffd\ufffd"
