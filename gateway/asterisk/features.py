"""features.conf and res_parking.conf: keys in a talk, the code that picks up, parking lots.

Before Asterisk 12 the lot stood in `[general]` of features.conf. Asterisk docs: features.conf.sample,
res_parking.conf.sample.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from dialplan.reader import Entry, Section
from gateway.asterisk.draft import Draft, is_yes

__all__ = ["read_features", "read_parking"]

_CODES: Final[Mapping[str, str]] = {
    "blindxfer": "blind_transfer",
    "atxfer": "attended_transfer",
    "disconnect": "hang_up",
    "parkcall": "park",
    "automixmon": "record",
    "automon": "record",
}
"""Of `[featuremap]`; both kinds of recording are one here."""
_TIMES: Final[Mapping[str, tuple[str, float, float, float]]] = {
    "transferdigittimeout": ("transfer_time", 1.0, 0.1, 60),
    "featuredigittimeout": ("digit_time", 0.001, 0.1, 60),
    "atxfernoanswertimeout": ("answer_time", 1.0, 1, 600),
}
"""Ours, its unit in seconds, and its bounds."""
_LOT: Final[Mapping[str, str]] = {
    "parkext": "extension",
    "parkpos": "places",
    "context": "context",
    "parkingtime": "time",
    "comebackdialtime": "ring",
    "comebackcontext": "comeback",
    "parkedmusicclass": "music",
    "courtesytone": "tone",
}
_LOT_ON: Final[Mapping[str, str]] = {"parkinghints": "hints", "comebacktoorigin": "to_parker"}
_LOT_WHO: Final[Mapping[str, str]] = {
    "parkedplay": "tone_to",
    "parkedcalltransfers": "transfers",
    "parkedcallreparking": "reparking",
    "parkedcallhangup": "hangups",
    "parkedcallrecording": "recording",
}
_WHO: Final[Mapping[str, str]] = {
    "no": "no",
    "caller": "caller",
    "callee": "parked",
    "parked": "parked",
    "both": "both",
}
_SECONDS: Final = frozenset({"time", "ring"})
_MOST: Final = {"time": 86_400, "ring": 600}
_SAME: Final = frozenset({"parkext_exclusive", "adsipark", "parkaddhints", "parkeddynamic"})


def read_features(sections: Iterable[Section], draft: Draft) -> None:
    """Add keys and times of features.conf to `draft`, and the lot of an old one."""
    for section in sections:
        name = section.name.lower()
        for entry in section.entries:
            if name == "featuremap" and entry.key.lower() in _CODES:
                draft.table("features")[_CODES[entry.key.lower()]] = entry.value.strip()
            elif name != "general":
                what = "a feature of its own" if name == "applicationmap" else f"[{section.name}]"
                draft.leave_entry(entry, what, "see whether it is missed")
            elif not _general(entry, draft) and not _in_lot(entry, "default", draft):
                draft.leave_entry(entry, "[general]")


def _general(entry: Entry, draft: Draft) -> bool:
    key, value = entry.key.lower(), entry.value.strip()
    if key == "pickupexten":
        draft.pickup = value
        return True
    if key not in _TIMES:
        return False
    name, unit, least, most = _TIMES[key]
    try:
        seconds = float(value) * unit
    except ValueError:
        return False
    if not least <= seconds <= most:
        return False
    draft.table("features")[name] = round(seconds, 3)
    return True


def read_parking(sections: Iterable[Section], draft: Draft) -> None:
    """Add the lots of res_parking.conf to `draft`."""
    for section in sections:
        if section.name.lower() != "general":
            draft.table("parking").setdefault(section.name, {})
        for entry in section.entries:
            if section.name.lower() == "general" or not _in_lot(entry, section.name, draft):
                same = entry.key.lower() in _SAME
                whose = "all parking lots" if section.name.lower() == "general" else f"parking lot {section.name}"
                if not same:
                    draft.leave_entry(entry, whose)


def _in_lot(entry: Entry, name: str, draft: Draft) -> bool:
    """Take a setting of a lot over; whether there is one."""
    key, value = entry.key.lower(), entry.value.strip()
    lot: dict[str, Any] = {}
    if key in _LOT and _LOT[key] in _SECONDS:
        ours = _LOT[key]
        if value.isascii() and value.isdecimal() and 1 <= int(value[:9]) <= _MOST[ours]:
            lot[ours] = int(value)
    elif key in _LOT:
        lot[_LOT[key]] = value
    elif key in _LOT_ON:
        lot[_LOT_ON[key]] = is_yes(value)
    elif key in _LOT_WHO and value.lower() in _WHO:
        who = _WHO[value.lower()]
        if (key, who) != ("parkedplay", "no"):
            lot[_LOT_WHO[key]] = who
    elif key == "findslot":
        lot["next"] = value.lower() == "next"
    if lot:
        draft.table("parking", name).update(lot)
    return bool(lot)
