"""Hosts of URLs, as browsers understand them (URL Standard 3, UTS #46, RFC 3492).

A browser goes to the same host for `EXAMPLE.com`, `ex%61mple.com`, `example。com` and a name with
soft hyphens in it; and to 127.0.0.1 for `0x7f.1`. What a check or a list is asked about is the host
that a browser would ask DNS for.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import idna

from .public_suffix import organizational_domain
from .url_looks import looks_of

MAX_HOST = 1024
"""Characters of a host in ASCII. DNS takes 253; longer ones are of no use to anybody."""

MAX_IDN = 255
"""Characters of a host in other scripts, those that count for nothing left out."""

MAX_DOMAIN = 253
"""Octets of a name that DNS can have, as text (RFC 1035 2.3.4)."""

MAX_LABEL = 63

NO_TRAITS: frozenset[str] = frozenset()

# What UTS #46 drops from a name: soft hyphen, joiners of no width, variation selectors.
_IGNORED = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2064\u206a-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U0001bca0-\U0001bca3\U000e0100-\U000e01ef]++"
)
_DOTS = re.compile("[\u3002\uff0e\uff61]")
_FORBIDDEN = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^|\x7f]")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*+|[0-9]++")
_ACE = "xn--"


class Host(NamedTuple):
    """A host, in the one form that names it."""

    name: str
    """ASCII and lower case, without a final dot; an address in its shortest form, IPv6 without
    brackets."""
    domain: str
    """The registrable domain, or the address; empty if the name has none."""
    address: IPv4Address | IPv6Address | None = None
    traits: frozenset[str] = NO_TRAITS
    """What is odd about how it is written: `numeric` (an IPv4 address that is not four decimal
    numbers), `encoded` (percent signs), `unicode_dot`, `ignored` (characters of no width), `idn`
    (not only ASCII), `bad_idn` (an `xn--` label that is none), `mixed`, `homograph` (`looks_of`).
    """


def parse_host(text: str) -> Host | None:
    """The host that the text between the user's part and the port names; None if it is none.

    Linear to the length of the text. Names that are not ASCII take up to 0.2 ms.
    """
    if len(text) <= MAX_HOST:
        return _parse(text)
    # Characters that count for nothing do not make a host too long.
    shorter = _IGNORED.sub("", _unquoted(text))
    host = _parse(shorter) if len(shorter) <= MAX_HOST else None
    return host and host._replace(traits=host.traits | {"ignored"})


def _unquoted(text: str) -> str:
    if "%" not in text:
        return text
    return unquote_to_bytes(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")


@lru_cache(maxsize=4096)
def _parse(text: str) -> Host | None:
    if text.startswith("["):
        return _ipv6(text)
    traits = set()
    if "%" in text:
        traits.add("encoded")
        text = _unquoted(text)
    if text.isascii():
        name = text.lower()
    else:
        found = _ascii_name(text, traits)
        if found is None:
            return None
        name = found
    if _FORBIDDEN.search(name):
        return None
    return _ipv4(name, traits) if _ends_in_number(name) else _named(name, traits)


def _named(name: str, traits: set[str]) -> Host | None:
    name = name.removesuffix(".")
    # Browsers take a name that ends with two dots, and never find its host.
    if not name or name.endswith("."):
        return None
    if _ACE in name:
        shown = _unicode_name(name, traits)
        traits |= looks_of(shown)
    domain = organizational_domain(name) if len(name) <= MAX_DOMAIN else None
    return Host(name, domain or "", None, frozenset(traits) if traits else NO_TRAITS)


def _ascii_name(text: str, traits: set[str]) -> str | None:
    """A name of other scripts in ASCII, None if no browser takes it (UTS #46, not strict)."""
    shorter = _IGNORED.sub("", text)
    if shorter != text:
        traits.add("ignored")
    if len(shorter) > MAX_IDN:
        return None
    if _DOTS.search(shorter):
        traits.add("unicode_dot")
    try:
        mapped = idna.uts46_remap(shorter, std3_rules=False, transitional=False)
        return ".".join([_ascii_label(label) for label in mapped.split(".")])
    except (UnicodeError, ValueError):
        return None


def _ascii_label(label: str) -> str:
    if label.startswith(_ACE):
        # Browsers let a wrong one pass only where all of the name is ASCII.
        _unicode_label(label)
    if label.isascii():
        return label
    _check_label(label)
    ace = _ACE + label.encode("punycode").decode("ascii")
    if len(ace) > MAX_LABEL:
        raise UnicodeError("label too long")
    return ace


def _check_label(label: str) -> None:
    """The rules that browsers have for a label of other scripts. Raises UnicodeError."""
    idna.check_initial_combiner(label)
    idna.check_bidi(label)
    for at, character in enumerate(label):
        if character in "\u200c\u200d" and not idna.valid_contextj(label, at):
            raise UnicodeError("joiner out of place")


def _unicode_name(name: str, traits: set[str]) -> str:
    """A name as browsers would show it; what is no valid `xn--` label stays as it is."""
    labels = name.split(".")
    for at, label in enumerate(labels):
        if not label.startswith(_ACE):
            continue
        try:
            labels[at] = _unicode_label(label)
            traits.add("idn")
        except (UnicodeError, ValueError):
            traits.add("bad_idn")
    return ".".join(labels)


def _unicode_label(label: str) -> str:
    if len(label) > MAX_LABEL:
        raise UnicodeError("label too long")
    shown = label.removeprefix(_ACE).encode("ascii").decode("punycode")
    if shown.isascii() or idna.uts46_remap(shown, std3_rules=False, transitional=False) != shown:
        raise UnicodeError("not as it would be made")
    _check_label(shown)
    return shown


def _ends_in_number(name: str) -> bool:
    last = name.removesuffix(".").rpartition(".")[2]
    return last.isdigit() or (last.startswith("0x") and _NUMBER.fullmatch(last) is not None)


def _ipv4(name: str, traits: set[str]) -> Host | None:
    """An address of one to four numbers: decimal, octal or hexadecimal; the last fills up."""
    texts = name.removesuffix(".").split(".")
    if len(texts) > 4 or not all(_NUMBER.fullmatch(text) for text in texts):
        return None
    try:
        *first, last = [_number(text) for text in texts]
    except ValueError:
        return None
    if any(number > 255 for number in first) or last >= 256 ** (5 - len(texts)):
        return None
    value = last + sum(number << 8 * (3 - at) for at, number in enumerate(first))
    address = IPv4Address(value)
    if str(address) != name.removesuffix("."):
        traits.add("numeric")
    return Host(str(address), str(address), address, frozenset(traits) if traits else NO_TRAITS)


def _number(text: str) -> int:
    """Raises ValueError for an octal number with an 8 or 9 in it, and for thousands of digits."""
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") else int(text)


def _ipv6(text: str) -> Host | None:
    # A zone (`%eth0`) is nothing that browsers take.
    if not text.endswith("]") or "%" in text:
        return None
    try:
        address = IPv6Address(text[1:-1])
    except ValueError:
        return None
    name = address.compressed
    return Host(name, name, address)
