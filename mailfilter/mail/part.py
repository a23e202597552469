"""One part of a message: its place in the octets, and what its header says about its body."""

from collections.abc import Mapping

from . import charset, lint, params, transfer
from .anomaly import AnomalyKind
from .archive import ArchiveListing
from .archives import list_archive, may_be_archive
from .headers import Headers
from .html import HtmlView
from .html_walk import read_html
from .lazy import lazy
from .magic import HEAD, magic
from .params import ContentValue
from .source import Source

CONTENT_TYPE = b"content-type"
CONTENT_DISPOSITION = b"content-disposition"
CONTENT_ENCODING = b"content-transfer-encoding"

_NOTHING = ContentValue("")
_SHOWN = ("text/", "multipart/", "message/", "image/")


class Part:
    """A node of the MIME tree. Read only; all but the place and type is worked out when asked.

    `start`, `body_start` and `end` are offsets into the octets of the message; the line end
    before a boundary belongs to the boundary (RFC 2046 5.1.1).
    """

    def __init__(
        self,
        source: Source,
        headers: Headers,
        body_start: int,
        end: int,
        depth: int,
        content_type: bytes | None,
        default_type: str,
        encoding: str,
    ) -> None:
        self._source = source
        self.type_field = content_type
        """The Content-Type field that counts, as sent."""
        self.headers = headers
        self.start = headers.start
        self.body_start = body_start
        self.end = end
        self.depth = depth
        """Containers around this part; the root has 0."""
        self.type = default_type
        """Lower case `type/subtype`, with the defaults of RFC 2045 5.2 and RFC 2046 5.1.5."""
        self.encoding = encoding
        """Lower case Content-Transfer-Encoding, `""` if there is none."""
        self.children: tuple[Part, ...] = ()
        self.text_limit = 0
        """Octets of the decoded body that `text` looks at."""
        self.content_type = _NOTHING
        """The parsed Content-Type field; its value is `""` if there is no valid one."""
        if content_type is not None:
            found = params.parse(
                content_type, True, source.limits.parameters, source.log, source.budget
            )
            self.content_type = found
            self.type = found.value or "text/plain"
            if found.anomalies:
                source.log.extend(found.anomalies)
            if not found.value:
                source.log.add(AnomalyKind.BAD_CONTENT_TYPE)

    @lazy
    def content_disposition(self) -> ContentValue:
        """The parsed Content-Disposition field."""
        values = self.headers.values(CONTENT_DISPOSITION)
        if not values:
            return _NOTHING
        source = self._source
        found = params.parse(values[0], False, source.limits.parameters, source.log, source.budget)
        source.log.extend(found.anomalies)
        return found

    @property
    def is_text(self) -> bool:
        """Whether the body is shown as text: `text/*`, or a multipart that has no parts."""
        return not self.children and self.type.startswith(("text/", "multipart/"))

    @property
    def params(self) -> Mapping[str, str]:
        """Parameters of the Content-Type: lower case names, RFC 2231 joined and decoded."""
        return self.content_type.params

    @property
    def charset(self) -> str | None:
        """The declared charset as written, in lower case."""
        return self.content_type.params.get("charset", "").strip().lower() or None

    @property
    def disposition(self) -> str | None:
        """The Content-Disposition's type in lower case, such as `attachment`."""
        return self.content_disposition.value or None

    @lazy
    def filenames(self) -> tuple[str, ...]:
        """All names that mail programs may see for this part, most likely first."""
        names: list[str] = []
        for value, key in ((self.content_disposition, "filename"), (self.content_type, "name")):
            names += value.readings(key)
        found = tuple(dict.fromkeys(names))
        if len(found) > 1:
            self._source.log.add(AnomalyKind.AMBIGUOUS_FILENAME)
        for name in found:
            lint.check_characters(self._source.log, name, "filename")
        return found

    @property
    def filename(self) -> str | None:
        """The name for saving: Content-Disposition's `filename`, else Content-Type's `name`."""
        return self.filenames[0] if self.filenames else None

    @lazy
    def is_attachment(self) -> bool:
        """Whether programs show the part as a file instead of as part of the text.

        True if its disposition says anything but `inline` (RFC 2183 2.8); without a disposition
        if it is nothing that programs show, and not referred to by a Content-ID.
        """
        if self.disposition is not None:
            return self.disposition != "inline"
        return not self.type.startswith(_SHOWN) and "content-id" not in self.headers

    @property
    def octets(self) -> bytes:
        """What the offsets point into: the message, but for parts of decoded containers."""
        return self._source.raw

    @property
    def raw_body(self) -> bytes:
        """Exact octets of the body."""
        return self._source.raw[self.body_start : self.end]

    @property
    def decoded(self) -> bytes:
        """The body with its transfer encoding undone, cut at `Limits.decoded_part`.

        A container's body is never encoded (RFC 2045 6.4) and is given as it is. It is not kept,
        or containers within containers would keep the message many times.
        """
        if self.children:
            most = self._source.limits.decoded_part
            return self._source.raw[self.body_start : min(self.end, self.body_start + most)]
        return self._decoded

    @lazy
    def _decoded(self) -> bytes:
        source = self._source
        left = source.budget.uuencoded
        octets = transfer.decode(self.raw_body, self.encoding, source.limits.decoded_part, left)
        source.budget.uuencoded -= octets.lines
        for anomaly in octets.anomalies:
            source.log.add(anomaly)
        return octets.data

    @lazy
    def text(self) -> str:
        """Characters of a text part, cut at `text_limit` octets; `""` for other parts.

        By the declared charset if it is known and plausible, else by detection. Line ends are
        as sent. Invalid octets are U+FFFD; there are no surrogates.
        """
        if not self.is_text:
            return ""
        log = self._source.log
        if self.text_limit <= 0:
            if self.body_start < self.end:
                log.add(AnomalyKind.TEXT_CUT)
            return ""
        data = self.decoded
        is_cut = len(data) > self.text_limit
        if is_cut:
            data = data[: self.text_limit]
            log.add(AnomalyKind.TEXT_CUT)
        result = charset.decode(data, self.charset, is_cut, self._source.budget.guess_text)
        if result.anomaly is not None:
            log.add(result.anomaly)
        if self.type == "text/plain":
            for anomaly in transfer.inline_anomalies(data):
                log.add(anomaly)
        return result.text

    @lazy
    def html(self) -> HtmlView | None:
        """What a reader of an HTML part sees and does not see; None for other parts."""
        if self.type != "text/html" or self.children:
            return None
        view = read_html(self.text, self._source.budget.html)
        if view.is_cut:
            self._source.log.add(AnomalyKind.HTML_CUT)
        return view

    @lazy
    def head(self) -> bytes:
        """The first `magic.HEAD` octets of the decoded body, mostly without decoding the rest."""
        is_short = self.end - self.body_start <= 4 * HEAD
        if is_short or self.children:
            return self.decoded[:HEAD]
        some = self._source.raw[self.body_start : self.body_start + 4 * HEAD]
        head = transfer.decode(some, self.encoding, 2 * HEAD, 0).data[:HEAD]
        # Any number of octets that mean nothing may be in between.
        return head if len(head) == HEAD else self.decoded[:HEAD]

    @lazy
    def magic(self) -> str:
        """What kind of file the body is by its first octets, such as `zip`; empty if unknown."""
        return magic(self.head)

    @lazy
    def archive(self) -> ArchiveListing | None:
        """What an attached archive says is in it; None for other parts, and for texts."""
        if self.children or (self.is_text and not self.filenames):
            return None
        name = self.filename or ""
        if not may_be_archive(self.magic, name):
            return None
        return list_archive(self.decoded, self._source.budget.archives, name)

    def __repr__(self) -> str:
        return f"Part({self.type!r}, {self.start}, {self.body_start}, {self.end})"
