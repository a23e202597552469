"""GTUBE: which pattern acts, where it is looked for, what it forces."""

from base64 import encodebytes
from quopri import encodestring

from mailfilter.checks.gtube import PATTERN_TAIL, Gtube
from mailfilter.config.model import Scan
from mailfilter.scan.check import Finding, Force, Hit
from mailfilter.scan.verdict import Action
from mailfilter.testing.checks import run_check, symbols_of

from .symbol_case import SymbolCase

ALL = Scan(gtube_patterns="all")


def pattern(letter: str) -> bytes:
    return (letter + PATTERN_TAIL).encode()


def message(body: bytes, headers: bytes = b"Subject: test\r\n") -> bytes:
    return headers + b"\r\n" + body + b"\r\n"


def run(raw: bytes, scan: Scan = ALL) -> list[Finding]:
    return run_check(Gtube, raw, scan=scan)


def forced(findings: list[Finding]) -> list[tuple[Action, float | None]]:
    return [(item.action, item.score) for item in findings if isinstance(item, Force)]


class GtubeTests(SymbolCase):
    check = Gtube

    def found(self, case: bytes) -> dict[str, tuple[str, ...]]:
        return symbols_of(run(case))

    def test_symbols(self) -> None:
        self.compare(
            {
                "GTUBE": (
                    [message(pattern(letter)) for letter in "XYZ"],
                    [message(pattern("B")), message(pattern("X")[1:]), message(b"hi")],
                )
            }
        )

    def test_actions(self) -> None:
        table = {
            "X": (Action.REJECT, 15.0),
            "Y": (Action.ADD_HEADER, 6.0),
            "Z": (Action.REWRITE_SUBJECT, None),
            "A": (Action.NO_ACTION, 0.0),
        }
        for letter, expected in table.items():
            self.assertEqual(forced(run(message(pattern(letter)))), [expected])

    def test_symbol_and_text(self) -> None:
        hit, force = run(message(pattern("X")))
        self.assertEqual(hit, Hit("GTUBE"))
        assert isinstance(force, Force)
        self.assertEqual(force.message, "Gtube pattern")
        self.assertTrue(force.final)

    def test_no_symbol_for_no_action(self) -> None:
        self.assertFalse([item for item in run(message(pattern("A"))) if isinstance(item, Hit)])

    def test_only_reject_by_default(self) -> None:
        for letter in "YZA":
            self.assertEqual(run(message(pattern(letter)), Scan()), [])
        self.assertEqual(len(run(message(pattern("X")), Scan())), 2)

    def test_disabled(self) -> None:
        self.assertEqual(run(message(pattern("X")), Scan(gtube_patterns="disabled")), [])

    def test_other_letters(self) -> None:
        self.assertEqual(run(message(pattern("B"))), [])
        self.assertEqual(run(message(PATTERN_TAIL.encode())), [])

    def test_encodings(self) -> None:
        base64 = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n"
        self.assertEqual(len(run(message(encodebytes(pattern("X")), base64))), 2)
        quoted = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        self.assertEqual(len(run(message(encodestring(pattern("X")), quoted))), 2)

    def test_html_part(self) -> None:
        raw = (
            b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n"
            b"--b\r\nContent-Type: text/html\r\n\r\n<p>" + pattern("X") + b"\r\n--b--\r\n"
        )
        self.assertEqual(len(run(raw)), 2)

    def test_size(self) -> None:
        """Only texts of up to 8 KiB are searched."""
        inside = pattern("X") + b"\r\n" + b"x" * (8192 - 68 - 2)
        self.assertEqual(len(run(b"Subject: x\r\n\r\n" + inside)), 2)
        self.assertEqual(run(b"Subject: x\r\n\r\n" + inside + b"x"), [])

    def test_not_in_headers(self) -> None:
        self.assertEqual(run(message(b"hi", b"Subject: " + pattern("X") + b"\r\n")), [])
