"""Dates of header fields (RFC 5322 3.3, with the obsolete forms of 4.3)."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

# Day, month's first letters, year, time, zone. The digits are counted, so that int() is cheap.
_DATE = re.compile(
    r"(\d{1,2})[ \t-]+([A-Za-z]{3})[a-z]{0,6}[ \t.,-]+(\d{2,4})[ \t,]+"
    r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:\.\d{1,9})?"
    r"(?:[ \t]*(?:\(|GMT|UTC)?([+-]\d{4})|[ \t]*([A-Za-z]{1,5}))?",
    re.ASCII,
)
_MONTH_FIRST = re.compile(
    r"([A-Za-z]{3})[ \t]+(\d{1,2})[ \t]+(\d{1,2}):(\d{2}):(\d{2})[ \t]+"
    r"(?:[A-Z]{1,5}[ \t]+)?(\d{4})",
    re.ASCII,
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_ZONES = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
LONGEST = 200
"""Characters looked at; a date has about 40."""


def parse_date(text: str) -> datetime | None:
    """The moment as an aware datetime, `None` if there is no valid date.

    Unknown zone names and `-0000` count as UTC (RFC 5322 4.3).
    """
    text = text[:LONGEST]
    found = _DATE.search(text)
    if found is not None:
        day, month, year, hour, minute, second, offset, zone = found.groups()
        return _moment(year, month, day, hour, minute, second or "0", _zone(offset, zone))
    found = _MONTH_FIRST.search(text)
    if found is None:
        return None
    month, day, hour, minute, second, year = found.groups()
    return _moment(year, month, day, hour, minute, second, UTC)


@lru_cache(maxsize=256)
def _zone(offset: str | None, name: str | None) -> timezone:
    if offset is not None:
        minutes = int(offset[1:3]) * 60 + int(offset[3:5])
        if not 0 < minutes < 24 * 60:
            return UTC
        return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    hours = _ZONES.get((name or "").lower(), 0)
    return timezone(timedelta(hours=hours)) if hours else UTC


def _moment(
    year: str, month: str, day: str, hour: str, minute: str, second: str, zone: timezone
) -> datetime | None:
    number = _MONTHS.get(month.lower())
    if number is None:
        return None
    full_year = int(year)
    if len(year) < 4:
        # RFC 5322 4.3: two digits below 50 are of this century, the rest count from 1900.
        full_year += 2000 if len(year) == 2 and full_year < 50 else 1900
    try:
        # A leap second becomes the second before it.
        return datetime(
            full_year, number, int(day), int(hour), int(minute), min(int(second), 59), tzinfo=zone
        )
    except (ValueError, OverflowError):
        return None
