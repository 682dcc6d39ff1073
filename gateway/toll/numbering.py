"""What kind of call a number is, seen from the office's country, before it is dialled on a paid line.

In go the digits as they are dialled on the line; out comes a Destination: emergency, free, local, …, and which
country. Ranges are those of libphonenumber. A number that fits no range is `UNKNOWN` and never guessed to be cheap:
call-by-call prefixes, star codes, numbers with more digits behind a pause all end there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, ValidationResult, shortnumberinfo

from gateway.core.word import Word

__all__ = ["Destination", "Kind", "NumberingPlan"]


class Kind(Word):
    """What a call to a number costs, in the words of the configuration."""

    EMERGENCY = "emergency"
    FREE = "free"
    LOCAL = "local"
    NATIONAL = "national"
    MOBILE = "mobile"
    SHARED = "shared"
    PREMIUM = "premium"
    """Also personal numbers, satellites and international networks, at premium prices by custom."""
    SERVICE = "service"
    """Short numbers (operator, directory) and the exchange's star codes, which may forward a line abroad."""
    INTERNATIONAL = "international"
    UNKNOWN = "unknown"


_TYPES: Final = {
    PhoneNumberType.TOLL_FREE: Kind.FREE,
    PhoneNumberType.FIXED_LINE: Kind.NATIONAL,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: Kind.NATIONAL,
    PhoneNumberType.VOIP: Kind.NATIONAL,
    PhoneNumberType.MOBILE: Kind.MOBILE,
    PhoneNumberType.PAGER: Kind.SHARED,
    PhoneNumberType.SHARED_COST: Kind.SHARED,
    PhoneNumberType.UAN: Kind.SHARED,
    PhoneNumberType.VOICEMAIL: Kind.SHARED,
    PhoneNumberType.PREMIUM_RATE: Kind.PREMIUM,
    PhoneNumberType.PERSONAL_NUMBER: Kind.PREMIUM,
}
"""What libphonenumber tells of a number's range."""

_WORLD_WIDE: Final = {800: Kind.FREE, 808: Kind.SHARED}
"""Country codes of no country (ITU-T E.164 Annex A): freephone, shared cost. All others are `PREMIUM`: satellites
(870, 881), networks (882, 883), personal numbers (878), premium rate (979)."""

_NANP: Final = 1
_PAUSES: Final = str.maketrans("", "", "WwPp, -.()")
_WITHHOLD: Final = ("*67", "*82", "*70", "1167", "*31#", "#31#")
"""Star codes before a number that change nothing of where it goes: withhold, show, no call waiting."""
_SHORT: Final = 6
"""Digits of a number that is no subscriber's: operator, directory enquiries, services."""
_SHORTEST_LOCAL: Final = 5
_REMEMBERED: Final = 4096
"""Numbers whose kind is remembered: offices call the same ones again and again, and looking one up takes long."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a number goes.

    Attributes:
        kind: what a call there costs.
        number: "+442079460000" where its country is known, else as dialled.
        country: ISO 3166 code in small letters of the country abroad; "" at home, or where it is not known.
    """

    kind: Kind
    number: str
    country: str = ""

    def __str__(self) -> str:
        country = f", {self.country.upper()}" if self.country else ""
        return f"{self.number or 'an open line'} ({self.kind.value}{country})"


@cache
def _emergency_numbers(region: str) -> tuple[str, ...]:
    """Those of a country, of two and three digits."""
    short = (f"{number:0{digits}}" for digits in (2, 3) for number in range(10**digits))
    return tuple(number for number in short if shortnumberinfo.is_emergency_number(number, region))


class NumberingPlan:
    """The numbers of one country, and of the world as dialled from there.

    Args:
        country: ISO 3166 code, small letters; "uk" is taken for "gb".
        emergency: numbers that are emergency numbers beside those of the country.
        access: digits that the office dials for an outside line; what people in need may dial before a number.
    """

    def __init__(self, country: str, *, emergency: tuple[str, ...] = (), access: tuple[str, ...] = ()) -> None:
        self.country = "gb" if country == "uk" else country
        self._region = self.country.upper()
        self._own_emergency = emergency
        self._access = access
        self._code = phonenumbers.country_code_for_region(self._region)
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(self._region, None)
        self._trunk_prefix = (metadata.national_prefix or "") if metadata is not None else ""
        self._classified = lru_cache(_REMEMBERED)(self._classify)

    @cached_property
    def emergency(self) -> tuple[str, ...]:
        """Every emergency number."""
        return tuple(sorted({*_emergency_numbers(self._region), *self._own_emergency}))

    @cached_property
    def _cries_for_help(self) -> frozenset[str]:
        """Emergency numbers, without and with the digits for an outside line."""
        return frozenset(access + number for access in ("", *self._access) for number in self.emergency)

    def is_emergency(self, dialled: str) -> bool:
        """Whether somebody who dials this wants help, with or without the digits for an outside line."""
        return dialled in self._cries_for_help

    def classify(self, dialled: str, *, e164: bool = False) -> Destination:
        """What kind of call it is to dial this on a line.

        Args:
            dialled: digits as the line gets them, perhaps with "+", pauses or star codes.
            e164: the line takes the country code first, without "+" or prefix.
        """
        return self._classified(dialled, e164)

    def _classify(self, dialled: str, e164: bool) -> Destination:
        number = dialled.translate(_PAUSES)
        number = next((number.removeprefix(code) for code in _WITHHOLD if number.startswith(code)), number)
        if number.removeprefix("+") in self.emergency:
            return Destination(Kind.EMERGENCY, number.removeprefix("+"))
        if not number or "*" in number or "#" in number:
            return Destination(Kind.SERVICE if number else Kind.UNKNOWN, number)
        if e164 and not number.startswith("+"):
            number = f"+{number}"
        if not number.removeprefix("+").isdecimal() or not number.isascii():
            return Destination(Kind.UNKNOWN, number)
        if self._is_local(number):
            return Destination(self._local_kind(number), number)
        if len(number) < _SHORT and not number.startswith("+"):
            return Destination(Kind.SERVICE, number)
        try:
            parsed = phonenumbers.parse(number, self._region)
        except phonenumbers.NumberParseException:
            return Destination(Kind.UNKNOWN, number)
        if parsed.country_code in _ELSEWHERE:
            written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
            return Destination(_WORLD_WIDE.get(parsed.country_code, Kind.PREMIUM), written)
        region = (phonenumbers.region_code_for_number(parsed) or "").lower()
        if parsed.country_code != self._code or region not in ("", self.country):
            return self._abroad(parsed, region)
        return self._at_home(parsed, number)

    def _abroad(self, parsed: PhoneNumber, region: str) -> Destination:
        country = region or phonenumbers.region_code_for_country_code(parsed.country_code or 0).lower()
        kind = _TYPES.get(phonenumbers.number_type(parsed))
        written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        return Destination(Kind.PREMIUM if kind is Kind.PREMIUM else Kind.INTERNATIONAL, written, country)

    def _at_home(self, parsed: PhoneNumber, number: str) -> Destination:
        possible = phonenumbers.is_possible_number_with_reason(parsed)
        kind = _TYPES.get(phonenumbers.number_type(parsed))
        # Ranges that are not given out lie within the North American plan all the same: its dear ones are known.
        if kind is None and self._code == _NANP and possible == ValidationResult.IS_POSSIBLE:
            kind = Kind.NATIONAL
        if kind is None or possible not in (ValidationResult.IS_POSSIBLE, ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
            return Destination(Kind.UNKNOWN, number)
        return Destination(kind, phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))

    def _is_local(self, number: str) -> bool:
        """Whether it is a subscriber's number without its area code."""
        if self._code == _NANP:
            return len(number) == 7 and number[0] not in "01"
        if self._trunk_prefix != "0" or number[0] in "01+":
            return False  # no area codes to leave out; 1 begins special services wherever 0 is the prefix
        if len(number) < _SHORTEST_LOCAL:
            return False
        parsed = PhoneNumber(country_code=self._code, national_number=int(number))
        return (
            phonenumbers.number_type(parsed) is PhoneNumberType.UNKNOWN
            and phonenumbers.is_possible_number_with_reason(parsed) != ValidationResult.TOO_LONG
        )

    def _local_kind(self, number: str) -> Kind:
        dear = self._code == _NANP and number.startswith("976")
        return Kind.PREMIUM if dear else Kind.LOCAL


_ELSEWHERE: Final = frozenset(phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
"""Country codes that belong to no country."""
