"""Messages of every shape, as a client writes them after DATA; the dots are not yet doubled."""

from collections.abc import Mapping

TOP = b"From: a@example.org\r\nTo: b@box.test\r\nSubject: shape\r\nMessage-ID: <s@example.org>\r\n"
DATED = b"Date: Fri, 27 Nov 2026 10:00:00 +0000\r\n" + TOP
BODY = b"\r\nOne line.\r\n"

LINE = b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes for a while.\r\n"
LARGE = DATED + b"\r\n" + LINE * (20_000_000 // len(LINE))
"""20 MB."""

SHAPES: Mapping[str, bytes] = {
    "plain": DATED + BODY,
    "empty-body": DATED + b"\r\n",
    "no-blank-line": DATED,
    "no-header": b"\r\nOnly a body here.\r\n",
    "nothing": b"",
    "no-final-newline": DATED + b"\r\nThe end",
    "bare-lf": DATED + b"\r\none\ntwo\n\nthree\r\n",
    "bare-cr": DATED + b"\r\none\rtwo\r\rthree\r\n",
    "eight-bit": DATED + b"X-Raw: Gr\xc3\xbc\xdfe\r\n\r\n\xc3\xa4 \xe4 \xff\xfe\x80\r\n",
    "nul": DATED + b"\r\na\0b\0\0c\r\n\0\r\n",
    "dots": DATED + b"\r\n.\r\n..\r\n...three\r\nno. dot\r\n.",
    "all-octets": DATED + b"\r\n" + bytes(range(256)) * 3 + b"\r\n",
    "long-body": DATED + b"\r\n" + LINE * 5000,
    "chunk-edge": DATED + b"\r\n" + b"x" * 65534 + b"\r\n" + b"y" * 65535 + b"\r\nz\r\n",
    "many-fields": DATED + b"".join(b"X-F%d: value %d\r\n" % (n, n) for n in range(900)) + BODY,
    "long-field": DATED + b"X-Long: " + b"v" * 40_000 + b"\r\n" + BODY,
    "long-folded": DATED + b"X-Long:" + b"\r\n\tvalue of some length" * 1800 + b"\r\n" + BODY,
    "no-blank": DATED + b"X-A:1\r\nX-B:two words\r\n" + BODY,
    "tab": DATED + b"X-A:\t1\r\nX-B:\t two\r\n" + BODY,
    "blanks": DATED + b"X-A:  1\r\nX-B:   \r\nX-C:\r\nX-D: end  \r\nX-E : name\r\n" + BODY,
    "folded-start": DATED + b"X-A:\r\n one\r\nX-B: \r\n\ttwo\r\nX-C: 1\r\n 2\r\n\t3\r\n" + BODY,
    "eight-bit-name": DATED + b"X-\xc3\xa4: no field\r\n" + BODY,
    "no-colon": DATED + b"this is no field\r\n" + BODY,
    "begins-with-blank": b" continued\r\n" + DATED + BODY,
    "unix-from": b"From someone Fri Nov 27 10:00:00 2026\r\n" + DATED + BODY,
    "header-bare-lf": DATED.replace(b"\r\n", b"\n") + b"\none\n",
}

SMUGGLED = "smuggled@sink.test"
"""Who gets a message if an MTA takes a part of another one for commands."""
_COMMANDS = (
    f"MAIL FROM:<{SMUGGLED}>\r\nRCPT TO:<{SMUGGLED}>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n"
).encode()

BARE_DOTS: Mapping[str, bytes] = {
    f"dot-{name}": DATED + b"\r\nbefore" + dot + _COMMANDS
    for name, dot in (
        ("lf-lf", b"\n.\n"),
        ("lf-crlf", b"\n.\r\n"),
        ("crlf-lf", b"\r\n.\n"),
        ("cr-cr", b"\r.\r"),
        ("cr-crlf", b"\r.\r\n"),
        ("crlf-cr", b"\r\n.\r"),
    )
}
"""Lines of one dot that are the end of a message to some servers and not to others."""
