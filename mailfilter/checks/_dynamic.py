"""Names of hosts as providers give them to lines of customers, made of addresses."""

import re
from functools import lru_cache

MAX_NAME = 255
"""Characters of a name that are looked at."""

_SEP = r"[.x_-]"
_FOUR = re.compile(rf"(?:(?<=\D)|\A)\d{{1,3}}(?:{_SEP}\d{{1,3}}){{3}}(?!\d)", re.ASCII)
_TWO = re.compile(rf"(?:(?<=\D)|\A)\d{{1,3}}{_SEP}\d{{1,3}}(?!\d)", re.ASCII)
_HEX = re.compile(r"(?:\A|[.-])[a-z]{0,4}(?=[0-9a-f]*[0-9])[0-9a-f]{8}(?=[.-])|\d{9,12}", re.ASCII)
_LINE = re.compile(
    r"(?<![a-z])(?:dyn(?:amic)?(?:ip)?|dhcp|dsl|[av]dsl|dial(?:-?up|in)?|ppp(?:oe)?|pool|broadband|"
    r"cable(?:modem)?|catv|cpe|customer|client|fiber|ftth|gprs|lte|mobile|wireless|wimax|res(?:net)?"
    r")(?![a-z])",
    re.ASCII,
)
_STATIC = re.compile(r"(?<![a-z])(?:static|fixed|mail|mx|smtp|mta|relay|out(?:bound)?)(?![a-z])")


@lru_cache(maxsize=4096)
def dynamic_level(name: str) -> int:
    """How much a host name looks like that of a dynamic line: from 0, not at all, to 5.

    5 and 4 are whole addresses, as four numbers or one, beside a word for such lines; 3 and 2 are
    these without one, or half of one beside a word; 1 is half of one. Names with a word for
    servers count two less.
    """
    host = name[:MAX_NAME].lower()
    numbers = _numbers(host)
    if not numbers:
        return 0
    has_line = _LINE.search(host) is not None
    level = numbers + min(numbers, 2) if has_line else numbers
    if _STATIC.search(host):
        level -= 2
    return max(0, level)


def _numbers(host: str) -> int:
    """3 if there is a whole address, 2 if one as digits alone, 1 if half of one."""
    if _FOUR.search(host):
        return 3
    if _HEX.search(host):
        return 2
    return 1 if _TWO.search(host) else 0
