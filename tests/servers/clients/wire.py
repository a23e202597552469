"""Requests as the HTTP libraries of the clients write them, and replies as they take them apart."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HOST = "127.0.0.1:11333"

Headers = Sequence[tuple[str, str]]


class Broken(Exception):
    """The client can make nothing of the reply."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A message, and what the MTA knows of it."""

    raw: bytes
    """With CRLF line ends."""
    sender: str = "a@example.org"
    """Empty is the null sender."""
    recipients: tuple[str, ...] = ("b@example.net", "c@example.net")
    ip: str = "192.0.2.1"
    helo: str = "mx.example.org"
    hostname: str = "host.example.org"
    user: str = ""
    queue_id: str = "4A5B"


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A reply over HTTP."""

    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case."""
    body: bytes

    def header(self, name: str) -> str | None:
        """The one value of a header; `None` if there is none."""
        values = [value for key, value in self.headers if key == name]
        if len(values) > 1:
            raise Broken(f"{name} came {len(values)} times")
        return values[0] if values else None

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


def head(start: str, headers: Headers) -> bytes:
    """The head of a request."""
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("utf-8")


def counted(start: str, headers: Headers, body: bytes) -> bytes:
    """A request whose headers tell the length of its body."""
    return head(start, headers) + body


def chunked(start: str, headers: Headers, pieces: Iterable[bytes]) -> bytes:
    """A request in chunks, with sizes in small letters, no extensions and no trailer."""
    chunks = (b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    return head(start, headers) + b"".join(chunks) + b"0\r\n\r\n"


def cut(body: bytes, size: int) -> list[bytes]:
    """The body in pieces of a size."""
    return [body[start : start + size] for start in range(0, len(body), size)]


def header_and_body(raw: bytes) -> tuple[bytes, bytes]:
    """The header of a message with its blank line, and the rest."""
    before, blank, body = raw.partition(b"\r\n\r\n")
    return before + blank, body


def read_reply(data: bytes) -> HttpReply:
    """Take one reply apart, and nothing may come behind it. Raises `Broken`."""
    start, blank, body = data.partition(b"\r\n\r\n")
    if not blank:
        raise Broken("no end of the head")
    try:
        status_line, *lines = start.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        raise Broken("octets above 127 in the head") from None
    version, _, rest = status_line.partition(" ")
    code, blank_in_line, reason = rest.partition(" ")
    if version != "HTTP/1.1" or len(code) != 3 or not code.isdigit() or not blank_in_line:
        raise Broken(f"status line: {status_line!r}")
    if not (reason.isprintable() and reason):
        raise Broken(f"reason phrase: {reason!r}")
    reply = HttpReply(int(code), tuple(_field(line) for line in lines), body)
    if reply.header("transfer-encoding") is not None:
        raise Broken("chunked")
    if reply.header("content-length") != str(len(body)):
        raise Broken("Content-Length does not tell the length")
    return reply


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip() or "\r" in line or "\n" in line:
        raise Broken(f"header line: {line!r}")
    return name.lower(), value.strip(" \t")
