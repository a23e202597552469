"""Messages with two readings, and messages of which only a part is looked at.

Rows 1, 2, 4, 5, 6 and 10 of bad-input.md, as far as a symbol says so; what the parser makes of
such messages is tested in `tests/mail/`.
"""

from mailfilter.checks import BUILT_IN
from mailfilter.checks.anomalies import Anomalies
from mailfilter.testing.checks import scan_message

from .mime_case import alone, mixed, part
from .symbol_case import SymbolCase

NESTED = b"Content-Type: message/rfc822\n\n" * 100 + b"x\n"
MANY_PARTS = mixed(*[part("text/plain")] * 20_000)
MANY_FIELDS = b"a:\n" * 50_000 + b"\nbody\n"
MANY_ADDRESSES = b"To: " + b"a@b.example, " * 5000 + b"\n\nbody\n"
MANY_RECEIVED = b"Received: from a by b; x\n" * 5000 + b"\nbody\n"
LONG_FIELD = b"Subject: " + b"x" * 2_000_000 + b"\n\nbody\n"
MANY_TAGS = alone("text/html", "<b>x</b>" * 100_000)
LONG_ATTRIBUTE = alone("text/html", f'<p title="{"x" * 3_000_000}">text')
TWO_TYPES = b"Content-Type: text/plain\nContent-Type: text/html\n\n<p>x\n"
TWO_BOUNDARIES = (
    b'Content-Type: multipart/mixed; boundary="a"; boundary="b"\n\n--a\n\nx\n--a--\n--b\n\ny\n--b--'
)
OF_PARENT = (
    b"Content-Type: multipart/mixed; boundary=a\n\n--a\n"
    b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--a\n\ny\n--b\n\nz\n--b--\n--a--\n"
)
LONG_BOUNDARY = alone(f'multipart/mixed; boundary="{"x" * 71}"', f"--{'x' * 71}\n\nx\n")
HONEST = (
    mixed(part("text/plain"), part("image/png", name="a.png")),
    alone("text/html; charset=utf-8", "<p>x</p>" * 100),
    mixed(part("application/pgp-signature; name=OpenPGP_signature.asc", name="OpenPGP_signature")),
    mixed(
        part('a/b; name="a.pdf"', fields="Content-Disposition: x; filename*=utf-8''%C3%A4.pdf\n")
    ),
    b"From: a@b.example\nSubject: =?utf-8?q?caf=C3=A9?=\n\ntext\n",
    b"",
)


class AnomaliesTests(SymbolCase):
    """After all other checks, which have messages read."""

    check = Anomalies

    def found(self, case: bytes) -> dict[str, tuple[str, ...]]:
        verdict = self.successResultOf(scan_message(case, BUILT_IN))
        return {item.name: item.options for item in verdict.symbols}

    def test_symbols(self) -> None:
        self.compare(
            {
                "MIME_AMBIGUOUS": (
                    [TWO_TYPES, TWO_BOUNDARIES, OF_PARENT, LONG_BOUNDARY],
                    [*HONEST, NESTED],
                ),
                "BEYOND_LIMITS": (
                    [NESTED, MANY_PARTS, MANY_FIELDS, MANY_ADDRESSES, MANY_RECEIVED],
                    [*HONEST, TWO_TYPES, MANY_TAGS],
                ),
                "PARTLY_READ": (
                    [MANY_TAGS, LONG_ATTRIBUTE, LONG_FIELD],
                    [*HONEST, NESTED, TWO_TYPES],
                ),
                "ODD_CODING": (
                    [
                        alone("text/plain; charset=rot13", "caf\u00e9"),
                        alone("text/plain; charset=zlib_codec", "caf\u00e9"),
                        alone('text/plain; charset="\0"', "caf\u00e9"),
                        alone("text/plain", fields="Content-Transfer-Encoding: x-odd\n"),
                    ],
                    [*HONEST, alone("text/plain; charset=koi8-r", "x"), NESTED],
                ),
            }
        )

    def test_options(self) -> None:
        """They say what is odd, each thing once."""
        self.assertEqual(self.found(NESTED)["BEYOND_LIMITS"], ("too-deep",))
        self.assertEqual(self.found(TWO_TYPES)["MIME_AMBIGUOUS"], ("duplicate-content-type",))
        both = self.found(b"Content-Transfer-Encoding: x-odd\n" + TWO_TYPES)
        self.assertEqual(both["MIME_AMBIGUOUS"], ("duplicate-content-type",))
        self.assertEqual(both["ODD_CODING"], ("unknown-encoding",))
        self.assertEqual(self.found(MANY_TAGS)["PARTLY_READ"], ("text-cut", "html-cut"))
