"""Files over HTTP: read off the reactor, kept while they do not change, compressed once."""

import os
import re
import stat
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b, sha256

from ..codec.http1 import RequestHead
from .background import Turns
from .http_reply import Reply
from .packing import MIN_OCTETS, PACKERS, best_encoding
from .static_folders import Elsewhere, Folders, Place

MAX_FILE = 16 * 2**20
"""Octets of a file; libraries have five million."""

MAX_KEPT = 32 * 2**20
"""Octets of files that are kept; those that were not asked for the longest go."""

MAX_READS = 4
"""Files that are read at a time."""

TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".otf": "font/otf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
"""By the end of a file's name, in lower case. Others are octets that no browser looks into."""

OTHERS = "application/octet-stream"

_PACKED_ALREADY = frozenset((".gif", ".jpeg", ".jpg", ".png", ".webp", ".woff", ".woff2"))

OWN_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""What our own pages may load."""

_INLINE = re.compile(rb"<script>(.*?)</script>", re.DOTALL | re.IGNORECASE)
MAX_INLINE = 50
"""Scripts that a page of others may have in itself."""

_turns = Turns(MAX_READS)


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it was read."""

    mark: tuple[int, ...]
    """What changes with it."""
    body: bytes
    encoding: str | None
    tag: str
    """`ETag`: by content, whatever the encoding."""
    scripts: tuple[str, ...] = ()
    """Hashes of the scripts in a page."""


class StaticFiles:
    """The files of one configuration."""

    def __init__(self, static_dir: str, neighbours: Mapping[str, str]) -> None:
        """`neighbours` are other filters, whose figures pages of Rspamd may ask for."""
        self._folders = Folders(static_dir)
        self._neighbours = tuple(_origin(url) for url in neighbours.values())
        self._kept: dict[tuple[str, str | None], _File] = {}

    async def find(self, head: RequestHead) -> Reply | None:
        """The reply with the file at a path; `None` if there is none."""
        place = self._folders.find(head.path)
        if place is None or head.method not in (b"GET", b"HEAD"):
            return None
        if isinstance(place, Elsewhere):
            return _elsewhere(place.location)
        file = await self._read(place, _encoding(head, place))
        if file is None:
            return None
        if isinstance(file, Elsewhere):
            return _elsewhere(file.location)
        return self._reply(head, place, file)

    async def _read(self, place: Place, encoding: str | None) -> _File | Elsewhere | None:
        from twisted.internet import reactor

        key = str(place.path), encoding
        read = partial(_read, place, encoding, self._kept.get(key))
        file = await _turns.run(reactor, read)
        if isinstance(file, _File):
            self._keep(key, file)
        return file

    def _keep(self, key: tuple[str, str | None], file: _File) -> None:
        self._kept.pop(key, None)
        self._kept[key] = file
        total = sum(len(one.body) for one in self._kept.values())
        while total > MAX_KEPT:
            oldest = next(iter(self._kept))
            total -= len(self._kept.pop(oldest).body)

    def _reply(self, head: RequestHead, place: Place, file: _File) -> Reply:
        extra = [
            ("Cache-Control", "max-age=31536000, immutable" if place.is_immutable else "no-cache"),
            ("ETag", file.tag),
            ("Vary", "Accept-Encoding"),
            ("Content-Security-Policy", self._policy(place, file)),
        ]
        if file.encoding is not None:
            extra.append(("Content-Encoding", file.encoding))
        kind = TYPES.get(place.path.suffix.lower(), OTHERS)
        if _is_known(head, file.tag):
            return Reply(304, file.body, kind, reason="Not Modified", extra=tuple(extra))
        return Reply(200, file.body, kind, extra=tuple(extra))

    def _policy(self, place: Place, file: _File) -> str:
        if place.is_own:
            return OWN_POLICY
        scripts = " ".join(("'self'", *file.scripts))
        asked = " ".join(("'self'", *self._neighbours))
        # Pages of Rspamd set styles from scripts in ways that need the attribute.
        return (
            f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; "
            f"img-src 'self' data:; font-src 'self' data:; connect-src {asked}; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )


def _encoding(head: RequestHead, place: Place) -> str | None:
    if place.path.suffix.lower() in _PACKED_ALREADY:
        return None
    return best_encoding(_header(head, b"accept-encoding"))


def _is_known(head: RequestHead, tag: str) -> bool:
    """Whether a client has the file already."""
    tags = [one.strip() for one in _header(head, b"if-none-match").decode("latin-1").split(",")]
    return tag in tags or tags == ["*"]


def _header(head: RequestHead, name: bytes) -> bytes:
    return b", ".join(value for key, value in head.headers if key == name)


def _elsewhere(location: str) -> Reply:
    return Reply(302, b"", "text/plain", reason="Found", extra=(("Location", location),))


def _origin(url: str) -> str:
    """Scheme, host and port of a URL, for a policy, in which nothing may end a directive."""
    found = re.match(r"https?://[0-9A-Za-z.\[\]:-]+", url)
    return found[0] if found else ""


def _read(place: Place, encoding: str | None, known: _File | None) -> _File | Elsewhere | None:
    try:
        descriptor = os.open(place.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            return Elsewhere(f"{place.path.name}/")
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE:
            return None
        mark = status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
        if known is not None and known.mark == mark:
            return known
        with open(descriptor, "rb", closefd=False) as file:
            body = file.read(MAX_FILE)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return _packed(place, mark, body, encoding)


def _packed(place: Place, mark: tuple[int, ...], body: bytes, encoding: str | None) -> _File:
    tag = f'W/"{blake2b(body, digest_size=16).hexdigest()}"'
    is_page = place.path.suffix.lower() == ".html" and not place.is_own
    scripts = _scripts(body) if is_page else ()
    if encoding is None or len(body) < MIN_OCTETS:
        return _File(mark, body, None, tag, scripts)
    return _File(mark, PACKERS[encoding](body), encoding, tag, scripts)


def _scripts(page: bytes) -> tuple[str, ...]:
    """Hashes of the scripts in a page, by which they may run while no others can be put in."""
    hashes = (sha256(found[1]).digest() for found in _INLINE.finditer(page))
    return tuple(f"'sha256-{b64encode(one).decode()}'" for one in hashes)[:MAX_INLINE]
