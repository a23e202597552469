"""Requests for a scan as various clients send them, by HTTP and by the line protocols."""

import zlib
from collections.abc import Callable

from backports.zstd import compress

Make = Callable[[bytes], bytes]
"""A message -> the request for it."""

_FIELDS = (
    b"Host: 127.0.0.1\r\nFrom: alice@example.net\r\nRcpt: bob@example.org\r\nIP: 192.0.2.10\r\n"
    b"Helo: mail.example.net\r\nHostname: mail.example.net\r\nQueue-Id: 4BENCH0001\r\n"
)
_HARAKA = (
    b"POST /checkv2 HTTP/1.1\r\nHost: 127.0.0.1:11333\r\nConnection: keep-alive\r\n"
    b"Transfer-Encoding: chunked\r\nRcpt: bob@example.org\r\nRcpt: carol@example.org\r\n"
    b"Rcpt: dave@example.org\r\nFrom: alice@example.net\r\nIP: 192.0.2.10\r\n"
    b"Helo: mail.example.net\r\nHostname: mail.example.net\r\n"
    b"Queue-Id: 5D1C3D1E-8E35-4B8A-9C15-2F7A2C7B9E0A.1\r\nTLS-Version: TLSv1.3\r\n"
    b"TLS-Cipher: TLS_AES_256_GCM_SHA384\r\nPass: all\r\n\r\n"
)
_METADATA = (
    b'{"from":"alice@example.net","rcpt":["bob@example.org"],"ip":"192.0.2.10",'
    b'"helo":"mail.example.net","hostname":"mail.example.net","queue_id":"4BENCH0001"}'
)
_RSPAMC = (
    b"CHECK RSPAMC/1.3\r\nContent-length: %d\r\nQueue-Id: 1tBENCH-000000001-AbCd\r\n"
    b"From: <alice@example.net>\r\nRecipient-Number: 3\r\nRcpt: <bob@example.org>\r\n"
    b"Rcpt: <carol@example.org>\r\nRcpt: <dave@example.org>\r\nHelo: mail.example.net\r\n"
    b"Hostname: mail.example.net\r\nIP: 192.0.2.10\r\n\r\n"
)
_MBOX = (
    b"From alice@example.net Mon Nov 02 09:59:59 2026\nX-Envelope-From: <alice@example.net>\n"
    b"X-Envelope-To: <bob@example.org>, <carol@example.org>, <dave@example.org>\n"
)
PIECE = 64 * 1024
"""Octets of a chunk, as Node.js reads a file."""


def ping(_raw: bytes) -> bytes:
    """What a monitor asks."""
    return b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def plain(raw: bytes, more: bytes = b"", path: bytes = b"/checkv2") -> bytes:
    """A body as it is, with `more` header lines."""
    head = b"POST %b HTTP/1.1\r\n%b%bContent-Length: %d\r\n\r\n"
    return b"".join((head % (path, _FIELDS, more, len(raw)), raw))


def msgpack(raw: bytes) -> bytes:
    """The reply is to be MessagePack."""
    return plain(raw, b"Accept: application/msgpack\r\n")


def zstd(raw: bytes) -> bytes:
    """Request and reply are compressed."""
    return plain(compress(raw), b"Compression: zstd\r\nAccept-Encoding: zstd\r\n")


def haraka(raw: bytes) -> bytes:
    """Three recipients and chunks, the header first, as Haraka sends them."""
    cut = raw.find(b"\r\n\r\n") + 4
    pieces = [raw[:cut], *(raw[at : at + PIECE] for at in range(cut, len(raw), PIECE))]
    chunks = (b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    return b"".join((_HARAKA, *chunks, b"0\r\n\r\n"))


def form(raw: bytes, *, is_packed: bool = False) -> bytes:
    """The form of `/checkv3`."""
    encoding = b"Content-Encoding: zstd\r\n" if is_packed else b""
    body = b"".join(
        (
            b'--limit\r\nContent-Disposition: form-data; name="metadata"\r\n'
            b"Content-Type: application/json\r\n\r\n",
            _METADATA,
            b'\r\n--limit\r\nContent-Disposition: form-data; name="message"\r\n'
            b"Content-Type: application/octet-stream\r\n",
            encoding,
            b"\r\n",
            compress(raw) if is_packed else raw,
            b"\r\n--limit--\r\n",
        )
    )
    return plain(body, b"Content-Type: multipart/form-data; boundary=limit\r\n", b"/checkv3")


def packed_form(raw: bytes) -> bytes:
    """The form with a compressed message."""
    return form(raw, is_packed=True)


def rspamc(raw: bytes) -> bytes:
    """What Exim sends with `variant=rspamd`: its spool, as an mbox has it."""
    spool = b"".join((_MBOX, raw.replace(b"\r\n", b"\n")))
    return b"".join((_RSPAMC % len(spool), spool))


def spamc_check(raw: bytes) -> bytes:
    """What `spamc -c` sends."""
    return _spamc(b"CHECK", raw)


def spamc_process(raw: bytes) -> bytes:
    """What `spamc` sends as a filter."""
    return _spamc(b"PROCESS", raw)


def spamc_zlib(raw: bytes) -> bytes:
    """What `spamc -z` sends."""
    return _spamc(b"PROCESS", zlib.compress(raw), b"Compress: zlib\r\n")


def _spamc(command: bytes, raw: bytes, more: bytes = b"") -> bytes:
    head = b"%b SPAMC/1.5\r\nUser: bob\r\n%bContent-length: %d\r\n\r\n"
    return b"".join((head % (command, more, len(raw)), raw))


HTTP: dict[str, Make] = {
    "form": form,
    "haraka": haraka,
    "http": plain,
    "msgpack": msgpack,
    "packed-form": packed_form,
    "ping": ping,
    "zstd": zstd,
}
"""Clients of HTTP by name."""

LINES: dict[str, Make] = {
    "rspamc": rspamc,
    "spamc": spamc_check,
    "spamc-process": spamc_process,
    "spamc-zlib": spamc_zlib,
}
"""Clients of the line protocols by name."""
