"""The figures of dahdi/user.h, literally as a C program compiled against it prints them (x86-64, aarch64)."""

from typing import Any

import pytest

from gateway.media.tone import ZONES
from hardware.dahdi import abi, structs
from hardware.dahdi.abi import Ioctl

NUMBERS = {
    "GET_BLOCKSIZE": 0x8004DA01,
    "SET_BLOCKSIZE": 0x4004DA01,
    "FLUSH": 0x4004DA03,
    "SYNC": 0x0000DA04,
    "GET_PARAMS_V1": 0x8088DA05,
    "GET_PARAMS": 0xC088DA05,
    "SET_PARAMS": 0x4088DA05,
    "HOOK": 0x4004DA07,
    "GETEVENT": 0x8004DA08,
    "IOMUX": 0xC004DA09,
    "SPANSTAT": 0xC13ADA0A,
    "SPANSTAT_V1": 0xC128DA0A,
    "MAINT": 0x4008DA0B,
    "GETCONF_V1": 0x800CDA0C,
    "GETCONF": 0xC00CDA0C,
    "SETCONF_V1": 0x400CDA0C,
    "SETCONF": 0xC00CDA0D,
    "CONFLINK": 0x400CDA0E,
    "CONFDIAG_V1": 0x8004DA0F,
    "CONFDIAG": 0x4004DA0F,
    "GETGAINS_V1": 0x8204DA10,
    "GETGAINS": 0xC204DA10,
    "SETGAINS": 0x4204DA10,
    "SPANCONFIG": 0x4024DA12,
    "CHANCONFIG": 0x404CDA13,
    "CONFMUTE": 0x4004DA14,
    "SENDTONE": 0x4004DA15,
    "GETTONEZONE": 0x8004DA16,
    "SETTONEZONE": 0x4004DA16,
    "DEFAULTZONE": 0x4004DA18,
    "LOADZONE": 0x4070DA19,
    "FREEZONE": 0x4004DA1A,
    "GET_BUFINFO": 0x8018DA1B,
    "SET_BUFINFO": 0x4018DA1B,
    "GET_DIALPARAMS": 0x8018DA1D,
    "SET_DIALPARAMS": 0x4018DA1D,
    "DIAL": 0x4104DA1F,
    "AUDIOMODE": 0x4004DA20,
    "ECHOCANCEL": 0x4004DA21,
    "ECHOCANCEL_PARAMS": 0x4008DA21,
    "CHANNO": 0x8004DA22,
    "DIALING": 0x8004DA23,
    "HDLCRAWMODE": 0x4004DA24,
    "HDLCFCSMODE": 0x4004DA25,
    "SPECIFY": 0x4004DA26,
    "SETLAW": 0x4004DA27,
    "SETLINEAR": 0x4004DA28,
    "HDLCPPP": 0x4004DA29,
    "SETCADENCE": 0x4040DA2A,
    "GETRXBITS": 0x8004DA2B,
    "SETTXBITS": 0x4004DA2B,
    "CHANDIAG_V1": 0x8004DA2C,
    "CHANDIAG": 0x4004DA2C,
    "SFCONFIG": 0x4058DA2E,
    "TIMERCONFIG": 0x4004DA2F,
    "TIMERACK": 0x4004DA30,
    "GETCONFMUTE": 0x8004DA31,
    "ECHOTRAIN": 0x4004DA32,
    "ONHOOKTRANSFER": 0x4004DA33,
    "TIMERPING": 0x0000DA34,
    "TIMERPONG": 0x0000DA35,
    "GETSIGFREEZE": 0x8004DA36,
    "SETSIGFREEZE": 0x4004DA36,
    "INDIRECT": 0xC010DA38,
    "GETVERSION": 0x80A0DA39,
    "LOOPBACK": 0x4004DA3A,
    "ATTACH_ECHOCAN": 0x4014DA3B,
    "DYNAMIC_CREATE": 0xC048DA50,
    "DYNAMIC_DESTROY": 0x4048DA51,
    "SET_HWGAIN": 0x4008DA56,
    "TONEDETECT": 0x4004DA5B,
    "SETPOLARITY": 0x4004DA5C,
    "TRANSCODE_OP": 0xC004DA5D,
    "TC_ALLOCATE": 0x40085401,
    "TC_GETINFO": 0xC0605402,
    "VMWI": 0xC004DA5E,
    "VMWI_CONFIG": 0x4004DA5F,
    "STARTUP": 0x4004DA63,
    "SHUTDOWN": 0x4004DA64,
    "HDLC_RATE": 0x4004DA65,
    "ECHOCANCEL_FAX_MODE": 0x4004DA66,
    "RXMIRROR": 0x4004DA67,
    "TXMIRROR": 0x4004DA68,
    "BUFFER_EVENTS": 0x4004DA69,
    "RADIO_GETSTAT": 0x8008DA39,
    "RADIO_GETPARAM": 0x808CDA3A,
    "RADIO_SETPARAM": 0x408CDA3A,
    "WCTDM_GET_STATS": 0x800CDA3C,
    "WCTDM_GET_REGS": 0x8140DA3D,
    "WCTDM_SET_REG": 0x4008DA3E,
    "WCTDM_SET_ECHOTUNE": 0x4009DA3F,
}

LAYOUT = {
    "PARAMS": (
        136,
        "channo 0 spanno 4 chanpos 8 sigtype 12 sigcap 16 rxisoffhook 20 rxbits 24 txbits 28 txhooksig 32 "
        "rxhooksig 36 curlaw 40 idlebits 44 name 48 prewinktime 88 preflashtime 92 winktime 96 flashtime "
        "100 starttime 104 rxwinktime 108 rxflashtime 112 debouncetime 116 pulsebreaktime 120 "
        "pulsemaketime 124 pulseaftertime 128 chan_alarms 132",
    ),
    "SPANINFO": (
        314,
        "spanno 0 name 4 desc 24 alarms 64 txlevel 68 rxlevel 72 bpvcount 76 crc4count 80 ebitcount 84 "
        "fascount 88 fecount 92 cvcount 96 becount 100 prbs 104 errsec 108 irqmisses 112 syncsrc 116 "
        "numchans 120 totalchans 124 totalspans 128 lbo 132 lineconfig 136 lboname 140 location 180 "
        "manufacturer 220 devicetype 260 irq 300 linecompat 304 spantype 308",
    ),
    "MAINTINFO": (8, "spanno 0 command 4"),
    "CONFINFO": (12, "chan 0 confno 4 confmode 8"),
    "GAINS": (516, "chan 0 rxgain 4 txgain 260"),
    "LINECONFIG": (36, "span 0 name 4 lbo 24 lineconfig 28 sync 32"),
    "CHANCONFIG": (76, "chan 0 name 4 sigtype 44 deflaw 48 master 52 idlebits 56 netdev_name 60"),
    "TONE_DEF": (
        44,
        "tone 0 next 4 samples 8 shift 12 fac1 16 init_v2_1 20 init_v3_1 24 fac2 28 init_v2_2 32 "
        "init_v3_2 36 modulate 40",
    ),
    "TONE_DEF_HEADER": (112, "count 0 zone 4 ringcadence 8 name 72"),
    "BUFFERINFO": (24, "txbufpolicy 0 rxbufpolicy 4 numbufs 8 bufsize 12 readbufs 16 writebufs 20"),
    "DIALPARAMS": (24, "mfv1_tonelen 0 dtmf_tonelen 4 mfr2_tonelen 8 reserved 12"),
    "DIALOPERATION": (260, "op 0 dialstr 4"),
    "ECHOCANPARAM": (20, "name 0 value 16"),
    "ECHOCANPARAMS": (8, "tap_length 0 param_count 4"),
    "RING_CADENCE": (64, "ringcadence 0"),
    "SFCONFIG": (88, "chan 0 name 4 rxp1 48 rxp2 56 rxp3 64 txtone 72 tx_v2 76 tx_v3 80 toneflag 84"),
    "INDIRECT_DATA": (16, "chan 0 op 4 data 8"),
    "VERSIONINFO": (160, "version 0 echo_canceller 80"),
    "ATTACH_ECHOCAN": (20, "chan 0 echocan 4"),
    "DYNAMIC_SPAN": (72, "driver 0 addr 20 numchans 60 timing 64 spanno 68"),
    "HWGAIN": (8, "newgain 0 tx 4"),
    "VMWI_INFO": (4, "vmwi_type 0"),
    "WCTDM_STATS": (12, "tipvolt 0 ringvolt 4 batvolt 8"),
    "WCTDM_REGS": (320, "direct 0 indirect 110"),
    "WCTDM_REGOP": (8, "indirect 0 reg 4 val 6"),
    "SPANINFO_V1": (
        296,
        "spanno 0 name 4 desc 24 alarms 64 txlevel 68 rxlevel 72 bpvcount 76 crc4count 80 ebitcount 84 "
        "fascount 88 irqmisses 92 syncsrc 96 numchans 100 totalchans 104 totalspans 108 lbo 112 "
        "lineconfig 116 lboname 120 location 160 manufacturer 200 devicetype 240 irq 280 linecompat 284 "
        "spantype 288",
    ),
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
        if member.name:
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
        "EM": 0x40,
        "CLEAR": 0x80,
        "HDLCRAW": 0x180,
        "HDLCFCS": 0x380,
        "HDLCNET": 0x780,
        "SLAVE": 0x800,
        "FXOLS": 0x1008,
        "FXOGS": 0x1010,
        "FXOKS": 0x1020,
        "FXSLS": 0x2001,
        "FXSGS": 0x2002,
        "FXSKS": 0x2004,
        "SF": 0x4000,
        "CAS": 0x8000,
        "DACS": 0x10080,
        "EM_E1": 0x20000,
        "DACS_RBS": 0x50000,
        "HARDHDLC": 0x80080,
        "MTP2": 0x100380,
        "BROKEN": 0x80000000,
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
