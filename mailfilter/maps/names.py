"""Maps of names: domains, mailboxes and words, whatever their case."""

from unicodedata import normalize

from .found import Found, Sought
from .parse import MapError, key_and_value, quoted, read_lines

MAX_NAME = 512
"""Characters: a mailbox has at most 320 (RFC 5321, 4.5.3.1)."""

MAX_LABEL = 63
"""Octets of a part of a domain (RFC 1035, 2.3.4)."""


class Names:
    """Names, of which the one that fits most of what is sought is found.

    `.example.org` fits the domain and all below it. A mailbox is found by its own name, then by
    that of its domain. Case does not count, nor whether a domain is written in ASCII or not.
    """

    def __init__(self, data: bytes) -> None:
        """Raises MapError."""
        self._names: dict[str, str] = {}
        for line in read_lines(data):
            key, value = key_and_value(line)
            if len(key) > MAX_NAME:
                raise MapError(line.number, f"expected a name of at most {MAX_NAME} characters")
            name = _usual(key)
            if not name.strip(".@"):
                raise MapError(line.number, f"expected a name, got {quoted(key)}")
            self._names[name] = value
        self.size = len(self._names)
        self._has_domains = any(name[0] == "." for name in self._names)

    def find(self, value: Sought) -> Found | None:
        """See `Table.find`."""
        if value is None:
            return None
        text = value if isinstance(value, str) else str(value)
        if not text or len(text) > MAX_NAME:
            return None
        name = _usual(text)
        found = self._find(name)
        if found is None and "@" in name:
            found = self._find(name.rpartition("@")[2])
        return found

    def _find(self, name: str) -> Found | None:
        if name in self._names:
            return Found(name, self._names[name])
        if not self._has_domains or "@" in name:
            return None
        domain = f".{name}"
        while domain:
            if domain in self._names:
                return Found(domain, self._names[domain])
            at = domain.find(".", 1)
            domain = domain[at:] if at > 0 else ""
        return None


def _usual(text: str) -> str:
    """A name as all that mean the same are written."""
    text = text.lower() if text.isascii() else normalize("NFKC", normalize("NFKC", text).casefold())
    if "xn--" in text:
        local, at, domain = text.rpartition("@")
        text = f"{local}{at}{'.'.join(map(_unicode, domain.split('.')))}"
    return text[:-1] if text[-1:] == "." else text


def _unicode(label: str) -> str:
    """A label of a domain, if it is one in ASCII (RFC 5890, 2.3.2.1), as it is meant."""
    if not label.startswith("xn--") or len(label) > MAX_LABEL:
        return label
    try:
        meant = label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, OverflowError):
        return label
    return normalize("NFKC", normalize("NFKC", meant).casefold())
