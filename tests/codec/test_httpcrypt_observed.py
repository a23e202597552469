"""What was tried at a normal worker of Rspamd 3.4, tried here (httpcrypt.md 6).

What it takes is taken, but for what is ambiguous; what it closes the connection for has an answer:
in the clear before it is opened, sealed behind that. It falls back to plain text where we do not.
"""

from typing import Literal

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.http1 import ProtocolError, RequestComplete
from mailfilter.codec.httpcrypt import SHORT_ID_SIZE, Keypair, key_id, shared_key
from mailfilter.codec.httpcrypt_outside import KEY
from mailfilter.codec.httpcrypt_requests import Unopened

from .sealed_case import CHECK, CLIENT, OURS, SHARED, chunked, framed, key_line, read, sealed

Outcome = Literal["opened", "unopened", "refused"]

SHORT = encode_base32(key_id(OURS.public)[:SHORT_ID_SIZE])
PUBLIC = encode_base32(CLIENT.public)
SCAN = b"POST /checkv2 HTTP/1.1"
HEAD = b"GET /ping HTTP/1.1\r\n"

KEYS: dict[str, tuple[str, Outcome]] = {
    "as it should be": (f"{SHORT}={PUBLIC}", "opened"),
    "whole id": (f"{encode_base32(key_id(OURS.public))}={PUBLIC}", "opened"),
    "last digit left out": (f"{SHORT}={PUBLIC[:-1]}", "opened"),
    "bits behind the end": (f"{SHORT}={PUBLIC[:-1]}o", "opened"),
    "blanks around it": (f"  {SHORT}={PUBLIC}  ", "opened"),
    "blanks in it": (f"{SHORT} = {PUBLIC}", "unopened"),
    "upper case": (f"{SHORT}={PUBLIC}".upper(), "unopened"),
    "hexadecimal": (f"{SHORT}={CLIENT.public.hex()}", "unopened"),
    "padding": (f"{SHORT}={PUBLIC}=", "unopened"),
    "no =": (f"{SHORT}{PUBLIC}", "unopened"),
    "no base32": (f"{SHORT}=!!!!", "unopened"),
    "short key": (f"{SHORT}={PUBLIC[:-2]}", "unopened"),
    "short id": (f"{SHORT[:-2]}={PUBLIC}", "unopened"),
    "another id": (f"{'y' * 8}={PUBLIC}", "unopened"),
    "key of zeros": (f"{SHORT}={'y' * 52}", "unopened"),
}
INSIDE: dict[str, tuple[bytes, Outcome]] = {
    "nothing": (b"", "refused"),
    "no HTTP": (b"hello", "refused"),
    "lines of RSPAMC": (b"CHECK RSPAMC/1.3\r\nContent-length: 5\r\n\r\nhello", "refused"),
    "a body without a length": (SCAN + b"\r\n\r\nhello", "refused"),
    "a length too small": (SCAN + b"\r\nContent-Length: 4\r\n\r\nhello", "refused"),
    "a length too large": (SCAN + b"\r\nContent-Length: 6\r\n\r\nhello", "refused"),
    "half a head": (SCAN + b"\r\nContent-Length: 5\r\n", "refused"),
    "two requests": (CHECK * 2, "refused"),
    "line ends without CR": (CHECK.replace(b"\r", b""), "opened"),
    "chunks": (SCAN + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"hello"), "opened"),
    "another method": (CHECK.replace(b"POST", b"PUT"), "opened"),
    "no body": (HEAD.replace(b"GET", b"HEAD") + b"\r\n", "opened"),
    "another path": (HEAD.replace(b"ping", b"nosuch") + b"\r\n", "opened"),
    "HTTP/1.0": (CHECK.replace(b"HTTP/1.1", b"HTTP/1.0"), "opened"),
    "to be kept alive": (HEAD + b"Connection: keep-alive\r\n\r\n", "opened"),
    "its own key": (HEAD + key_line() + b"\r\n\r\n", "opened"),
    "the key of another": (HEAD + key_line(OURS, Keypair.new()) + b"\r\n\r\n", "opened"),
}
BLOB = SHARED.seal(CHECK)
BY_CHUNKS = b"\r\n".join((b"POST / HTTP/1.1", b"Transfer-Encoding: chunked", key_line(), b"", b""))
OUTSIDE: dict[str, tuple[bytes, Outcome]] = {
    "another method": (framed(BLOB, key_line(), line=b"PUT /checkv2 HTTP/1.1"), "opened"),
    "HTTP/1.0": (framed(BLOB, key_line(), line=b"POST / HTTP/1.0"), "opened"),
    "chunks": (BY_CHUNKS + chunked(BLOB), "opened"),
    "lower case": (framed(BLOB, key_line().replace(b"Key", b"key")), "opened"),
    "to be kept alive": (framed(BLOB, key_line(), b"Connection: keep-alive"), "opened"),
    "our own key": (
        framed(shared_key(OURS, OURS.public).seal(CHECK), key_line(OURS, OURS)),
        "opened",
    ),
    "39 octets": (framed(BLOB[:39], key_line()), "unopened"),
    "no octets": (framed(b"", key_line()), "unopened"),
    "no body": (HEAD + key_line() + b"\r\n\r\n", "unopened"),
    "sealed for another": (
        framed(shared_key(Keypair.new(), CLIENT.public).seal(CHECK), key_line()),
        "unopened",
    ),
}


class ObservedTests(SynchronousTestCase):
    def check(self, name: str, data: bytes, expected: Outcome) -> None:
        events, codec = read([data])
        last = events[-1]
        if expected == "unopened":
            self.assertIsInstance(last, Unopened, name)
            return
        self.assertIsNotNone(codec.key, name)
        kind = RequestComplete if expected == "opened" else ProtocolError
        self.assertEqual(type(last), kind, name)
        if isinstance(last, RequestComplete):
            self.assertFalse(last.head.keep_alive, name)
            self.assertNotIn(KEY, dict(last.head.headers), name)

    def test_keys(self) -> None:
        """By the sealed body, and by one that would do as a plain one."""
        for name, (value, expected) in KEYS.items():
            line = b"Key: " + value.encode()
            self.check(name, framed(BLOB, line, line=SCAN), expected)
            self.check(name, framed(b"hello", line, line=SCAN), "unopened")

    def test_inside(self) -> None:
        for name, (inside, expected) in INSIDE.items():
            self.check(name, sealed(inside), expected)

    def test_outside(self) -> None:
        for name, (data, expected) in OUTSIDE.items():
            self.check(name, data, expected)
