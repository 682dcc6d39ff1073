"""What our own prompts say in English: names as in Asterisk's core sounds where it has one, and ours beside them.

Data for `gateway.media.speech`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["ENGLISH"]

_TEENS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_DAYS: Final = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split()
_MONTHS: Final = ("January February March April May June July August September October November December").split()
_ORDINALS: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()

ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{f"digits/{value}": word for value, word in enumerate(_TEENS)},
        **{f"digits/{20 + 10 * place}": word for place, word in enumerate(_TENS)},
        "unknown-telephone": "This telephone is not known here, and cannot call anybody. "
        "Whoever runs this office can give it an account.",
        **{f"digits/day-{day}": word for day, word in enumerate(_DAYS)},
        **{f"digits/mon-{month}": word for month, word in enumerate(_MONTHS)},
        **{f"digits/h-{value}": word for value, word in enumerate(_ORDINALS, 1)},
        "digits/h-30": "thirtieth",
        "digits/at": "at",
        "digits/today": "today",
        "digits/yesterday": "yesterday",
        "digits/hundred": "hundred",
        "digits/thousand": "thousand",
        "digits/million": "million",
        "digits/billion": "billion",
        "digits/minus": "minus",
        "digits/oh": "oh",
        "digits/oclock": "o'clock",
        "digits/a-m": "A M",
        "digits/p-m": "P M",
        "digits/star": "star",
        "digits/pound": "pound",
        **{f"letters/{letter}": letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"},
        "letters/plus": "plus",
        "letters/dot": "dot",
        "letters/dash": "dash",
        "letters/slash": "slash",
        "letters/at": "at",
        "letters/equals": "equals",
        "letters/exclaimation-point": "exclamation mark",
        "letters/dollar": "dollar",
        "letters/space": "space",
        "vm-and": "and",
        "seconds": "seconds",
        "minutes": "minutes",
        "hours": "hours",
        "at-tone-time-exactly": "At the tone, the time will be exactly",
        "hello-world": "Hello, world.",
        "demo-thanks": "Thank you for trying Copperline.",
        "demo-echotest": "You are about to hear yourself. Speak, and your own voice comes back.",
        "demo-echodone": "The echo test is over.",
        "service-not-available": "This service is not available here.",
        "ss-noservice": "The number you have dialled is not in service. Please check the number, and try again.",
        "all-circuits-busy-now": "All circuits are busy now.",
        "pls-try-call-later": "Please try your call again later.",
        "cannot-complete-as-dialed": "Your call cannot be completed as dialled.",
        "check-number-dial-again": "Please check the number, and dial again.",
        "pbx-invalid": "That is not a valid extension. Please try again.",
        "pbx-parkingfailed": "The call cannot be parked, or there is none in that place.",
        "pbx-transfer": "Transfer.",
        "conf-hasjoin": "has joined the conference.",
        "conf-hasleft": "has left the conference.",
        "conf-kicked": "You have been removed from this conference.",
        "conf-muted": "You are now muted.",
        "conf-unmuted": "You are no longer muted.",
        "conf-onlyperson": "You are the only person in this conference.",
        "conf-onlyone": "There is one other person in this conference.",
        "conf-thereare": "Beside you there are",
        "conf-otherinparty": "people in this conference.",
        "conf-placeintoconf": "You are now placed into the conference.",
        "conf-waitforleader": "The conference begins when its leader comes.",
        "conf-leaderhasleft": "The leader has left the conference.",
        "conf-getpin": "Please key the PIN of the conference, and then the pound key.",
        "conf-invalidpin": "That PIN is not valid.",
        "conf-locked": "This conference takes nobody else.",
        "conf-lockednow": "The conference is now locked.",
        "conf-unlockednow": "The conference is now unlocked.",
        "conf-errormenu": "That is not possible here.",
        "conf-now-muted": "The participants are now muted.",
        "conf-now-unmuted": "The participants are no longer muted.",
        "conf-usermenu": (
            "Press 1 to mute or unmute yourself. Press 4 to hear less loud, 6 to hear louder, 7 to be heard less "
            "loud, 9 to be heard louder. Press 8 to leave the conference."
        ),
        "conf-adminmenu": (
            "Press 1 to mute or unmute yourself, 2 to lock or unlock the conference, 3 to remove the last to come, "
            "5 to mute or unmute the participants. Press 4 to hear less loud, 6 to hear louder, 7 to be heard less "
            "loud, 9 to be heard louder. Press 8 to leave the conference."
        ),
        "vm-rec-name": "After the tone, say your name, and then press any key.",
        "vm-review": "Press 1 to keep it, 2 to hear it again, 3 to say it again.",
        "invalid": "That is not valid. Please try again.",
        "vm-theperson": "The person at extension",
        "vm-isunavail": "is unavailable",
        "vm-isonphone": "is on the phone",
        "is-curntly-busy": "is currently busy",
        "is-curntly-unavail": "is currently unavailable",
        "vm-nobodyavail": "Nobody is available to take your call at the moment.",
        "vm-goodbye": "Goodbye.",
        "office-greeting": (
            "Thank you for calling the office. If you know the extension of the person you want, key it now."
        ),
        "activated": "Activated.",
        "de-activated": "De-activated.",
        "call-forwarding": "Call forwarding",
        "do-not-disturb": "Do not disturb",
        "number-not-known": "There is no number to call.",
        "not-built-in": "This part of the office is not built in yet.",
    }
)
"""Texts by prompt name."""
