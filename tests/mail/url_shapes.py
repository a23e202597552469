"""Messages that are made to keep the reading of URLs busy."""

import random
from collections.abc import Callable, Mapping
from string import ascii_lowercase

SIZE = 512 * 1024
"""Octets of the text of each message, about."""


def _random(size: int, letters: str = ascii_lowercase) -> str:
    return "".join(_CHANCE.choices(letters, k=size))


_CHANCE = random.Random(34)


def plain(text: str) -> bytes:
    """A message of plain text."""
    return b"Content-Type: text/plain; charset=utf-8\n\n" + text.encode()


def html(text: str) -> bytes:
    """A message of HTML."""
    return b"Content-Type: text/html; charset=utf-8\n\n" + text.encode()


def _many(make: Callable[[], str], size: int) -> str:
    sample = make()
    return "".join(make() for _ in range(size // len(sample.encode())))


def _link(href: str, text: str = "x") -> str:
    return f"<a href='{href}'>{text}</a>"


IDN = "абвгдежзик"

SOFT_HYPHENS = "\u00ad" * 1500

MAKERS: Mapping[str, Callable[[int], bytes]] = {
    "one URL": lambda size: plain("http://example.com " * (size // 19)),
    "URLs": lambda size: plain(_many(lambda: f"http://{_random(4)}.com/ ", size)),
    "deep hosts": lambda size: plain(_many(lambda: f"http://{'.'.join(_random(9))}.com ", size)),
    "paths": lambda size: plain(_many(lambda: f"http://a.com/{_random(4)}/../b ", size)),
    "names": lambda size: plain(_many(lambda: f"{_random(4)}.com ", size)),
    "no names": lambda size: plain(_many(lambda: f"{_random(4)}.zz/ ", size)),
    "mailboxes": lambda size: plain(_many(lambda: f"a@{_random(4)}.com ", size)),
    "no mailboxes": lambda size: plain(_many(lambda: f"a@{_random(4)}.a.b.zz ", size)),
    "numbers": lambda size: plain(_many(lambda: f"http://{_random(9, '123')} ", size)),
    "IDN": lambda size: plain(_many(lambda: f"http://{_random(8, IDN)}.com ", size)),
    "long IDN": lambda size: plain(
        _many(lambda: f"http://{'.'.join(_random(20, IDN) for _ in range(12))}.com ", size)
    ),
    "punycode": lambda size: plain(
        _many(lambda: f"http://{'.'.join(f'xn--{_random(6)}' for _ in range(20))}.com ", size)
    ),
    "nothing": lambda size: plain(_many(lambda: f"http://{SOFT_HYPHENS}{_random(4)}.com ", size)),
    "percent": lambda size: plain(_many(lambda: f"http://{'%61' * 80}{_random(4)}.com ", size)),
    "64 KB": lambda size: plain(f"http://{'a' * 65000}@example.com/ " * (size // 65020)),
    "anchors": lambda size: plain(":/" * (size // 2)),
    "schemes": lambda size: plain("http://" * (size // 7)),
    "dots": lambda size: plain("." * size),
    "suffixes": lambda size: plain(".com" * (size // 4)),
    "www": lambda size: plain("www." * (size // 4)),
    "at signs": lambda size: plain("a@" * (size // 2)),
    "brackets": lambda size: plain("http://a.com/" + ")" * size),
    "segments": lambda size: plain("http://a.com/" + "../" * (size // 3)),
    "text of Asia": lambda size: plain("http://" + "例.com例" * (size // 10)),
    "dots in brackets": lambda size: plain("a[.]com " * (size // 8)),
    "links": lambda size: html(_many(lambda: _link(f"http://{_random(4)}.com/"), size)),
    "one host": lambda size: html(_many(lambda: _link(f"http://a.com/{_random(4)}"), size)),
    "links within": lambda size: html(
        _many(lambda: _link(f"http://a.com/?{'&'.join(['http://b.com/' + _random(4)] * 9)}"), size)
    ),
    "links to wrong hosts": lambda size: html(
        _many(lambda: _link(f"http://{_random(4)}%00.com/"), size)
    ),
    "links with texts": lambda size: html(
        _many(lambda: _link("http://a.com/", f"www.{_random(4)}.com"), size)
    ),
    "links with IDN": lambda size: html(
        _many(lambda: _link(f"http://a.com/{_random(9, IDN)}", f"www.{_random(4, IDN)}.com"), size)
    ),
}
"""Each makes a message of about so many octets."""
