"""A parsed message."""

from collections import deque
from collections.abc import Sequence
from datetime import datetime

from . import lint
from .addresses import Address, AddressCaps, parse_addresses
from .anomaly import Anomaly, AnomalyKind, AnomalyLog
from .budget import Budget
from .canon import Canonical, CanonicalBody, Field
from .dates import parse_date
from .headers import Headers
from .lazy import lazy
from .limits import Limits
from .parse import Doubt, Structure
from .part import Part
from .received import Received
from .source import Source
from .text import Text
from .urls import FoundUrl, FoundUrls, UrlSearch, domains_of

DEFAULT_LIMITS = Limits()


def parse(raw: bytes, limits: Limits = DEFAULT_LIMITS) -> "Message":
    """Parse a message as received, with CRLF or LF line ends.

    Finds the structure in time linear to the size; the rest is worked out when it is asked
    for. Never raises, whatever the octets are: what is odd is in `Message.anomalies`.
    """
    source = Source(raw, limits, AnomalyLog(limits.anomalies), Budget(limits))
    structure = Structure(source)
    return Message(source, structure.message(), structure.doubts)


def parse_text(
    raw: bytes, subject: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> "Message":
    """Make a message of text that has no header, and a subject that was told beside it."""
    source = Source(raw, limits, AnomalyLog(limits.anomalies), Budget(limits))
    return Message(source, Structure(source).text(), (), subject, is_mail=False)


class Message:
    """One message, read only. Everything beyond the structure is worked out once, lazily."""

    def __init__(
        self,
        source: Source,
        root: Part,
        doubts: Sequence[Doubt],
        subject: str | None = None,
        *,
        is_mail: bool = True,
    ) -> None:
        self.is_mail = is_mail
        """It has a header, if only an empty one; else it is text alone."""
        self._source = source
        self._told_subject = subject
        self._doubts = doubts
        self._is_linted = False
        self.raw = source.raw
        """The octets as received."""
        self.size = len(source.raw)
        self.root = root
        self.headers: Headers = root.headers

    @property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """What is odd: found in the structure and lines, and in what was worked out so far."""
        if not self._is_linted:
            self._is_linted = True
            lint.check_lines(self._source, self.headers)
        return self._source.log.found()

    @lazy
    def canonical(self) -> Canonical:
        """The message as signatures see it; of a large header, there is nothing to be said."""
        headers = self.headers
        is_large = headers.end - headers.start > self._source.limits.header_bytes
        fields = tuple([Field(name, raw) for name, raw in headers.octets()])
        body = CanonicalBody(memoryview(self.raw)[self.root.body_start :])
        return Canonical(fields, body, is_cut=is_large or not headers.is_whole())

    @lazy
    def parts(self) -> tuple[Part, ...]:
        """All parts, depth first, containers before what is in them."""
        return _walk([self.root])

    @lazy
    def leaves(self) -> tuple[Part, ...]:
        """The parts without children."""
        return tuple([part for part in self.parts if not part.children])

    @lazy
    def text_parts(self) -> tuple[Part, ...]:
        """The leaves that are shown as text, attachments excluded."""
        return tuple(part for part in self.leaves if part.is_text and not part.is_attachment)

    @lazy
    def text(self) -> Text:
        """What the text parts say to a reader."""
        return Text(self.text_parts)

    @lazy
    def alternatives(self) -> tuple[Part, ...]:
        """Leaves that only other readings of an ambiguous message have.

        Programs differ about two Content-Type fields, two boundaries, pieces behind a closing
        boundary, odd lines in a header, encoded containers: what a second program may show is
        here. Offsets of parts from within encoded containers point into octets of their own.
        """
        if not self._doubts:
            return ()
        structure = Structure(self._source)
        structure.doubts.extend(self._doubts)
        known = {_identity(part) for part in self.leaves}
        found: list[Part] = []
        at = 0
        while at < len(structure.doubts):
            for part in _walk(structure.read_again(structure.doubts[at])):
                if not part.children and _identity(part) not in known:
                    known.add(_identity(part))
                    found.append(part)
            at += 1
        return tuple(found)

    @lazy
    def subject(self) -> str | None:
        """The decoded subject, `None` if there is none."""
        header = self.headers.get("subject")
        if header is None:
            return self._told_subject
        lint.check_characters(self._source.log, header.text, "subject")
        return header.text

    @lazy
    def message_id(self) -> str | None:
        """The Message-ID without angle brackets, `None` if there is none."""
        header = self.headers.get("message-id")
        if header is None:
            return None
        text = header.unfolded
        start, end = text.find("<"), text.rfind(">")
        return text[start + 1 : end].strip() if 0 <= start < end else text

    @lazy
    def date(self) -> datetime | None:
        """The Date field as an aware datetime, `None` if there is no valid one."""
        header = self.headers.get("date")
        if header is None:
            return None
        moment = parse_date(header.unfolded)
        if moment is None:
            self._source.log.add(AnomalyKind.BAD_DATE)
        return moment

    @lazy
    def from_(self) -> tuple[Address, ...]:
        """The mailboxes of all From fields."""
        return self._addresses("from")

    @lazy
    def sender(self) -> tuple[Address, ...]:
        """The mailboxes of all Sender fields."""
        return self._addresses("sender")

    @lazy
    def reply_to(self) -> tuple[Address, ...]:
        """The mailboxes of all Reply-To fields."""
        return self._addresses("reply-to")

    @lazy
    def to(self) -> tuple[Address, ...]:
        """The mailboxes of all To fields."""
        return self._addresses("to")

    @lazy
    def cc(self) -> tuple[Address, ...]:
        """The mailboxes of all Cc fields."""
        return self._addresses("cc")

    @lazy
    def receipts_to(self) -> tuple[Address, ...]:
        """The mailboxes of all Disposition-Notification-To fields (RFC 8098 2.1)."""
        return self._addresses("disposition-notification-to")

    @lazy
    def received(self) -> tuple[Received, ...]:
        """The hops, the last one (on top of the message) first."""
        limits = self._source.limits
        fields = self.headers.all("received")
        if len(fields) > limits.received:
            self._source.log.add(AnomalyKind.TOO_MANY_RECEIVED)
        most = limits.received_bytes
        return tuple([Received(header, most) for header in fields[: limits.received]])

    @lazy
    def url_search(self) -> UrlSearch:
        """What finds the URLs, for who does that in pieces."""
        return UrlSearch(self)

    @lazy
    def found_urls(self) -> FoundUrls:
        """The URLs of subject, text, HTML, calendars and names of files, and what is no URL."""
        return self.url_search.finish()

    @property
    def urls(self) -> tuple[FoundUrl, ...]:
        """The URLs, those within others too."""
        return self.found_urls.urls

    @lazy
    def url_domains(self) -> tuple[str, ...]:
        """The registrable domains and addresses that URLs lead to, each once."""
        return domains_of(self.urls)

    def _addresses(self, name: str) -> tuple[Address, ...]:
        if name not in self.headers:
            return ()
        limits = self._source.limits
        log = self._source.log
        found: list[Address] = []
        caps = AddressCaps(limits.addresses, limits.address_tokens, limits.encoded_words)
        guess = self._source.budget.guess_field
        octets = limits.header_value
        for header in self.headers.all(name):
            if caps.addresses <= 0 or octets <= 0:
                log.add(AnomalyKind.TOO_MANY_ADDRESSES)
                break
            text = header.unfolded
            found += parse_addresses(text[:octets], log, caps, guess)
            octets -= len(text) + 1
        for address in found:
            lint.check_characters(log, address.name, name)
        return tuple(found)

    def __repr__(self) -> str:
        return f"Message({self.size} octets, {self.root.type!r})"


def _walk(roots: Sequence[Part]) -> tuple[Part, ...]:
    """Parts and all parts within, depth first."""
    if len(roots) == 1 and not roots[0].children:
        return (roots[0],)
    found: list[Part] = []
    waiting = deque(roots)
    while waiting:
        part = waiting.popleft()
        found.append(part)
        waiting.extendleft(reversed(part.children))
    return tuple(found)


def _identity(part: Part) -> tuple[object, ...]:
    """What makes two leaves the same: place, type and encoding."""
    return (id(part.octets), part.body_start, part.end, part.type, part.encoding)
