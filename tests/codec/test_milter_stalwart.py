"""The message of Stalwart's events is the message that it was given, whatever that looks like."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import MilterReader
from mailfilter.codec.milter_session import Session, Transaction

from . import milter_mta as mta
from .milter_mta import MESSAGE, connect, frame, helo, mail, rcpt
from .milter_stalwart import body_frames, header_fields, header_frames, macros, offer

EXAMPLES = settings(max_examples=300, derandomize=True, deadline=None, database=None)
VERSIONS = (2, 6)


def scanned(raw: bytes, version: int = 6) -> bytes | None:
    """The message that a session makes of the events."""
    session = Session(2**24)
    name = macros("C", daemon_name="Stalwart v0.15.5", j="mx.example.net")
    data = [offer(version), name, connect(), helo(), mail(), rcpt()]
    if version > 2:
        data.append(frame("T"))
    data += [*header_frames(raw), frame("N"), *body_frames(raw), frame("E")]
    outcomes = [session.handle(event) for event in MilterReader().receive(b"".join(data))]
    (found,) = [each for each in outcomes if isinstance(each, Transaction)]
    return found.raw


HEADS = [
    b"Subject: a\r\n",
    b"Subject:a\r\n",
    b"Subject:\r\n",
    b"Subject: \r\n",
    b"Subject:\ta\t\r\n",
    b"Subject: a  b \r\n c\r\n\td\r\n",
    b"Subject:\r\n a\r\n",
    b"Subject: a\r\nsubject: b\r\nSUBJECT: a\r\n",
    b"Subject: a: b: c\r\nX:::\r\n",
    "Subject: Grüße\r\n".encode(),
    b"Received: " + b"x" * 70000 + b"\r\nSubject: a\r\n",
    b"X: y\r\n" * 900,
    b"From: a@example.org\r\nSubject: Gr\xfc\xdfe\r\n",
    b"Subject: a\r\n\xc4: a\r\n",
]
BODIES = [b"", b"a\r\n", b"a", b"\r\n", b"\r\n\r\n", b"Subject: a\r\n\r\nb\r\n", b"x" * 70000]
HARD = {
    "the first name is not UTF-8": b"\xc4: a\r\nSubject: a\r\n",
    "white space beyond ASCII": "Subject: a\u00a0\r\nX: \u3000b\r\n".encode(),
    "a blank before the first colon": b"Subject : a\r\n",
    "a line without a colon": b"Subject: a\r\nno colon\r\nX: y\r\n",
    "a NUL and what is not UTF-8": b"X: a\0\xff\r\nSubject: a\r\n",
    "a NUL in a value": b"X: a\0b\r\nSubject: a\r\n",
    "a NUL in a name": b"X\0Y: v\r\nSubject: a\r\n",
}


class ShapeTests(SynchronousTestCase):
    """Messages of many shapes, under both versions that Stalwart speaks."""

    def assert_exact(self, raw: bytes) -> None:
        """The message comes out as it went in."""
        for version in VERSIONS:
            found = scanned(raw, version)
            self.assertTrue(found == raw, (version, raw[:200], (found or b"")[:400]))

    def test_shapes(self) -> None:
        for head in HEADS:
            for body in BODIES:
                self.assert_exact(head + b"\r\n" + body)

    def test_a_message_like_others(self) -> None:
        self.assert_exact(MESSAGE)

    def test_a_header_twice_in_the_message_itself(self) -> None:
        """Only what Stalwart adds is taken away."""
        head = b"From: a@example.org\r\nSubject: a\r\n\r\n"
        self.assert_exact(head + head + b"body\r\n")
        self.assert_exact(head * 5)

    def test_hard_headers(self) -> None:
        for name, head in HARD.items():
            raw = head + b"\r\nbody\r\n"
            self.assertTrue(scanned(raw) == raw, name)

    def test_from_another_mta(self) -> None:
        """One that offers more than Stalwart shows bodies as they are, whatever they begin with."""
        parts = [mta.offer(), connect(), helo(), *mta.message(MESSAGE)]
        session = Session(2**24)
        outcomes = [session.handle(event) for event in MilterReader().receive(b"".join(parts))]
        (found,) = [each for each in outcomes if isinstance(each, Transaction)]
        self.assertEqual(found.raw, MESSAGE.partition(b"Hello")[0] + MESSAGE)

    def test_no_header(self) -> None:
        for raw in (b"body\r\n", b"\r\nbody\r\n"):
            self.assert_exact(raw)

    def test_another_name_on_the_same_socket(self) -> None:
        """How replies are taken goes with the client, not with the connection."""
        session = Session(2**24)
        named = macros("C", daemon_name="Stalwart v0.15.5")
        other = macros("C", daemon_name="mx.example.net")
        parts = [offer(), named, connect(), frame("K"), other, connect()]
        found = []
        for event in MilterReader().receive(b"".join(parts)):
            session.handle(event)
            found.append(session.agreement.is_verbatim)
        self.assertEqual(found, [False, False, True, True, True, False])

    def test_a_host_of_that_name(self) -> None:
        """Postfix tells the name of its host."""
        session = Session(2**24)
        told = macros("C", daemon_name="Stalwart.example.org", v="Postfix 3.7.11")
        for event in MilterReader().receive(b"".join([mta.offer(), told, connect()])):
            session.handle(event)
        self.assertFalse(session.agreement.is_verbatim)

    def test_no_blank_line(self) -> None:
        self.assert_exact(b"Subject: a\r\nFrom: b@example.org\r\n")

    def test_line_ends_of_lf(self) -> None:
        self.assert_exact(b"Subject: a\nFrom: b@example.org\n\nbody\n")

    @EXAMPLES
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["Subject", "X", "From", "x-Y"]),
                st.text(st.sampled_from(" \tab:;é="), max_size=12),
                st.lists(st.text(st.sampled_from(" \tab:"), max_size=5), max_size=2),
            ),
            min_size=1,
            max_size=6,
        ),
        st.binary(max_size=30),
    )
    def test_any_header(self, fields: list[tuple[str, str, list[str]]], body: bytes) -> None:
        lines = [
            f"{name}:{value}" + "".join(f"\r\n {more}x" for more in folds) + "\r\n"
            for name, value, folds in fields
        ]
        raw = "".join(lines).encode() + b"\r\n" + body
        self.assertEqual(len(header_fields(raw)), len(fields))
        self.assertEqual(scanned(raw), raw)
