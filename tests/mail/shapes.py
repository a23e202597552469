"""Messages made to hurt a parser, each at any size."""

from collections.abc import Callable

from mailfilter.mail import Message, Part, parse

MULTIPART = b"Content-Type: multipart/mixed; boundary=%s\n\n"
BASE64 = b"Content-Transfer-Encoding: base64\n\n"
QP = b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n"

Shape = Callable[[int], bytes]


def repeated(head: bytes, unit: bytes, tail: bytes = b"\n\nbody\n") -> Shape:
    """A shape of about so many octets: head, as many units as fit, tail."""
    return lambda size: head + unit * (size // len(unit)) + tail


def _nested_multipart(size: int) -> bytes:
    out = []
    for level in range(size // 60):
        boundary = b"b%d" % level
        out.append(MULTIPART % boundary + b"--" + boundary + b"\n")
    return b"".join(out)


def _nested_prefixes(size: int) -> bytes:
    """Boundaries that begin with each other, and a body of lines that nearly are all of them."""
    out = []
    for level in range(1, 60):
        boundary = b"a" * level
        out.append(MULTIPART % boundary + b"--" + boundary + b"\n")
    return b"".join(out) + (b"--" + b"a" * 68 + b"!\n") * (size // 72)


def _unclosed_siblings(size: int) -> bytes:
    """Open multiparts within one, each of which might go on behind its container's boundary."""
    inner = b"--o\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nx\n"
    return MULTIPART % b"o" + inner * (size // len(inner))


def _distinct_names(size: int) -> bytes:
    return b"".join(b"X-%d: y\n" % number for number in range(size // 12)) + b"\n"


def _content_type_pieces(size: int) -> bytes:
    pieces = b"".join(b"; name*%d*=x" % number for number in range(size // 12))
    return b"Content-Type: text/plain" + pieces + b"\n\nx\n"


SHAPES: dict[str, Shape] = {
    "fields": repeated(b"", b"a:\n"),
    "fields of distinct names": _distinct_names,
    "one field": repeated(b"Subject: ", b"x"),
    "folds": repeated(b"Subject: x", b"\n "),
    "blank folds": repeated(b"Subject:", b"\r\n\t"),
    "names without colon": repeated(b"", b"a"),
    "spaces before a colon": repeated(b"a", b" "),
    "colons": repeated(b"", b":\n"),
    "lines of From": repeated(b"", b"From x\n"),
    "stray lines": repeated(b"A: b\n", b"odd\n"),
    "blank lines": repeated(b"", b"\n"),
    "bare CR": repeated(b"A: b\n", b"\r"),
    "NUL": repeated(b"A: b\n", b"\x00"),
    "addresses": repeated(b"To: ", b"a@b,"),
    "names and addresses": repeated(b"To: ", b"x <a@b>, "),
    "angles": repeated(b"To: ", b"<"),
    "quotes": repeated(b"To: ", b'"\\"'),
    "escaped quotes": repeated(b'To: "', b'\\"'),
    "escaped quotes and commas": repeated(b'To: "', b'\\",'),
    "escaped quotes in several fields": repeated(b"", b'To: "' + b'\\"' * 500 + b"\n"),
    "open angles": repeated(b"To: ", b"<a@ "),
    "spaced at signs": repeated(b"To: ", b"a@ "),
    "escaped comments": repeated(b"To: a@b (", b"\\("),
    "open quotes": repeated(b"To: ", b'", '),
    "comments": repeated(b"To: ", b"("),
    "comment pairs": repeated(b"To: ", b"() "),
    "at signs": repeated(b"To: ", b"@"),
    "colons in an address": repeated(b"To: ", b"a:"),
    "brackets": repeated(b"To: ", b"["),
    "dots and spaces": repeated(b"To: ", b". "),
    "Received": repeated(b"", b"Received: from a by b; x\n"),
    "comments in Received": repeated(b"Received: from ", b"("),
    "colons in Received": repeated(b"Received: from ", b"a:"),
    "digits in Date": repeated(b"Date: ", b"1"),
    "spaces in Date": repeated(b"Date: 1", b" "),
    "encoded words": repeated(b"Subject: ", b"=?utf-8?q?=41?= "),
    "words of many charsets": repeated(b"Subject: ", b"=?gb2312?q?=b0=a1?= =?koi8-r?b?wQ==?= "),
    "word beginnings": repeated(b"Subject: ", b"=?"),
    "word middles": repeated(b"Subject: ", b"=?u?q?"),
    "raw 8-bit field": repeated(b"Subject: ", b"\xe9x"),
    "parameters": repeated(b"Content-Type: text/plain", b"; a=b"),
    "semicolons": repeated(b"Content-Type: text/plain", b";"),
    "names of parameters": repeated(b"Content-Type: text/plain; ", b"a"),
    "8-bit parameters": repeated(b"Content-Type: text/plain", b"; \xe4=\xff\xe4\xd6"),
    "8-bit parameters of parts": repeated(
        MULTIPART % b"b",
        b"--b\nContent-Type: text/plain" + b"; \xe4=\xff\xe4\xd6" * 50 + b"\n\nx\n",
    ),
    "words in parameters of parts": repeated(
        MULTIPART % b"b",
        b'--b\nContent-Type: text/plain; name="' + b"=?x?q?=ff?= " * 50 + b'"\n\nx\n',
    ),
    "8-bit fields": repeated(b"", b"To: \xff\xe4\xd6@x\n"),
    "8-bit bodies": repeated(MULTIPART % b"b", b"--b\n\n" + b"\xff\xe4\xd6" * 30 + b"\n"),
    "uuencoded parts": repeated(
        MULTIPART % b"b",
        b"--b\nContent-Transfer-Encoding: uuencode\n\nbegin 644 a\n" + b"M\n" * 200,
    ),
    "quoted parameter": repeated(b'Content-Type: text/plain; name="', b"\\a"),
    "comments in a type": repeated(b"Content-Type: text/plain ", b" ("),
    "RFC 2231 pieces": _content_type_pieces,
    "percent signs": repeated(b"Content-Type: text/plain; name*=", b"%"),
    "types": repeated(b"", b"Content-Type: multipart/mixed; boundary=b\n"),
    "parts": repeated(MULTIPART % b"b", b"--b\n\nx\n", b""),
    "empty parts": repeated(MULTIPART % b"b", b"--b\n", b""),
    "near boundaries": repeated(MULTIPART % b"b", b"--bx\n", b""),
    "no boundary line": repeated(MULTIPART % b"bbbbbbbbbbbb", b"\n--bbbbbb", b""),
    "closed again and again": repeated(MULTIPART % b"b" + b"--b\n\nx\n", b"--b--\n", b""),
    "nested multipart": _nested_multipart,
    "nested message": repeated(b"", b"Content-Type: message/rfc822\n\n"),
    "nested prefixes": _nested_prefixes,
    "open multiparts": _unclosed_siblings,
    "digest": repeated(
        b"Content-Type: multipart/digest; boundary=b\n\n", b"--b\n\nA: b\n\nx\n", b""
    ),
    "base64": repeated(BASE64, b"QUJD" * 19 + b"\n", b""),
    "padding": repeated(BASE64, b"QQ=="),
    "equals signs in base64": repeated(BASE64, b"="),
    "junk in base64": repeated(BASE64, b"!Q"),
    "quoted-printable": repeated(QP, b"=41", b""),
    "soft breaks": repeated(QP, b"=\n", b""),
    "bad escapes": repeated(QP, b"=G", b""),
    "CR in quoted-printable": repeated(QP, b"=\r", b""),
    "uuencode": repeated(
        b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n", b"#86)C\n", b"end\n"
    ),
    "inline uuencode": repeated(b"A: b\n\n", b"begin 644 a\n"),
    "yEnc": repeated(b"A: b\n\n", b"=ybegin l=1\n"),
    "8-bit text": repeated(b"A: b\n\n", b"\xe9t\xe9 "),
    "random 8-bit text": repeated(b"A: b\n\n", bytes(range(128, 256))),
    "UTF-7": repeated(b"Content-Type: text/plain; charset=utf-7\n\n", b"+2AE-"),
    "ISO-2022-JP": repeated(
        b"Content-Type: text/plain; charset=iso-2022-jp\n\n", b"\x1b$B0!\x1b(B"
    ),
    "HZ": repeated(b"Content-Type: text/plain; charset=hz-gb-2312\n\n", b"~{<:~}"),
    "text begins": repeated(b"Content-Type: text/html\n\n", b"charset "),
}


def touch(message: Message) -> None:
    """Ask for everything that a message can tell."""
    _ = (message.subject, message.message_id, message.date)
    for hop in message.received:
        _ = (hop.from_name, hop.from_ip, hop.helo, hop.by, hop.with_, hop.for_, hop.id, hop.date)
    _ = (message.from_, message.sender, message.reply_to, message.to, message.cc)
    _ = (message.text_parts, message.anomalies)
    text = message.text
    _ = (text.visible, text.lines, text.words, text.scripts, text.has_hidden)
    for part in message.parts + message.alternatives:
        touch_part(part)
    _ = message.anomalies


def touch_part(part: Part) -> None:
    """Ask for everything that a part can tell."""
    _ = (part.params, part.charset, part.encoding, part.disposition, part.filename)
    _ = (part.filenames, part.is_attachment, part.raw_body, part.decoded, part.text, part.html)
    for header in part.headers:
        _ = (header.name, header.raw, header.value, header.unfolded, header.text)


def parse_and_touch(raw: bytes) -> Message:
    """Parse a message and ask for all of it."""
    message = parse(raw)
    touch(message)
    return message
