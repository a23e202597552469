"""Messages to sign, made by chance: fields of addresses as nobody should write them, and edits."""

import random
import re
from collections.abc import Iterator

_WORDS = (
    *("Alice", "B.", "O'Neil", "x", "J\u00fcrgen", "St.", "=?utf-8?q?J=C3=BC?=", "=?x?", "a@b.c"),
    *("(c)", "(a, b)", r"(x (y) \) z)", "(open", '"Q, x"', r'"a\"b"', '""', '"open', '"x"y'),
    *("[x]", "[", "]", "a:b", ";", ":", "\\", r"\,", "<", "@", "%", "!", "&", "#", "\t", "  "),
    *("\r\n ", "\r\n\t", "\r\n        ", ", "),
)
_ADDRESSES = (
    *("a@example.com", "b.c@example.com", "x+y@EXAMPLE.com", "a@[192.0.2.1]", "a@b", "bob"),
    *('"q q"@example.com', '"q"@example.com', "a!b@example.com", "a%b@example.com", "a@b.com."),
    *("\u00e9@example.com", "a@ex\u00e4mple.com", "a@x_y.com", "a@b.com@example.org", "mx!user"),
    *("@r.example:a@example.com", "-x@example.com", "a..b@example.com", ".a@example.com"),
)
_BETWEEN = (", ", ",", ",\r\n ", ",\r\n\t", "\r\n ,", " , ", ",  ", "; ", ",,", ", ,")
_LISTS = ("To", "Cc", "Reply-To", "Sender", "Resent-From", "Resent-To", "Bcc", "Errors-To")
_NAMES = (
    *("Subject", "To", "TO", "Cc", "Reply-To", "X-A", "List-Id", "MIME-Version", "Content-Type"),
    *("References", "Sender", "Resent-To", "Received", "Date", "Message-ID"),
)
_VALUES = (
    *("x", "a@example.com", "<a@example.com>, <b@example.com>", "a.b c <a@example.com>", ""),
    *("1.0", "text/plain", "  two  blanks ", "caf\u00e9", "x" * 200, "word " * 60),
)
_BLANK_LINE = re.compile(r"\r\n[ \t]*(?=\r\n|$)")
_DATED = "Date: Fri, 27 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@live.test>\r\n"


def addressed(author: str, count: int, seed: int) -> Iterator[bytes]:
    """Messages of an author, in whose header addresses are written in odd ways."""
    chance = random.Random(seed)
    for _ in range(count):
        names = chance.sample(_LISTS, chance.randint(1, 3))
        fields = [f"{name}:{chance.choice((' ', '', '  '))}{_list(chance)}" for name in names]
        name = _phrase(chance) if chance.random() < 0.5 else "Alice"
        fields.insert(chance.randint(0, len(fields)), f"From: {name} <{author}>")
        header = _BLANK_LINE.sub("", "\r\n".join(fields))
        yield f"{header}\r\nSubject: x\r\n{_DATED}\r\nx\r\n".encode()


def edited(author: str, count: int, seed: int) -> Iterator[bytes]:
    """Messages that ask for edits (`tests/live/checks/force.py`), with fields to be edited."""
    chance = random.Random(seed)
    for _ in range(count):
        wishes = [_wish(chance) for _ in range(chance.randint(1, 3))]
        fields = [
            f"{name}: {chance.choice(_VALUES)}"
            for name in _NAMES[:-2]
            for _ in range(chance.choice((0, 1, 1, 2)))
        ]
        fields.append(f"From: Al <{author}>")
        chance.shuffle(fields)
        header = "\r\n".join([*wishes, *fields])
        yield f"{header}\r\n{_DATED}\r\nbody\r\n".encode()


def _phrase(chance: random.Random) -> str:
    between = chance.choice((" ", "  ", ""))
    return between.join(chance.choice(_WORDS) for _ in range(chance.randint(0, 4)))


def _box(chance: random.Random) -> str:
    address = chance.choice(_ADDRESSES)
    match chance.randint(0, 7):
        case 0 | 1:
            return address
        case 2:
            return f"{address} ({_phrase(chance)})"
        case 3:
            return f"group: {address}, {chance.choice(_ADDRESSES)};"
        case 4:
            return _phrase(chance)
    return f"{_phrase(chance)}{chance.choice((' ', '  ', ''))}<{address}>"


def _list(chance: random.Random) -> str:
    boxes = [_box(chance) for _ in range(chance.choice((1, 1, 2, 3, 9)))]
    text = boxes[0]
    for box in boxes[1:]:
        text += chance.choice(_BETWEEN) + box
    return text + chance.choice(("", "", "", ",", " ", ";"))


def _wish(chance: random.Random) -> str:
    name, value = chance.choice(_NAMES), chance.choice(_VALUES)
    return chance.choice(
        (
            f"X-Test-Add: {name}: {value} @{chance.choice((0, 1, 1, 2, 3, -1, -2))}",
            f"X-Test-Remove: {name} @{chance.choice((0, 1, 2, -1))}",
            f"X-Test-Change: {name}: {value} @{chance.choice((1, 1, 2))}",
            "X-Test-Action: add header",
            "X-Test-Action: rewrite subject\r\nX-Test-Subject: new caf\u00e9",
            "X-Test-Body: other",
        )
    )
