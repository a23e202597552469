"""TELL over an in-memory transport: what is learned, forgotten, answered and logged."""

from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred

from mailfilter.config.model import Listener
from mailfilter.servers.limited import LimitedFactory
from mailfilter.servers.spamd import SpamdFactory
from mailfilter.servers.spamd_tell import MAX_USER, NO_LEARNING, NOT_LEARNED, TOO_LARGE
from mailfilter.servers.teaching import Label, Taught
from mailfilter.store.errors import StoreError
from mailfilter.testing.fake_desk import FakeTeacher
from mailfilter.testing.fake_scanner import FakeScanner

from .spamd_case import CHECK, CHECKED, MESSAGE, VERDICT, Case, request

OK = b"SPAMD/1.1 0 EX_OK\r\n"
DID_SET = OK + b"DidSet: local\r\n\r\n\r\n"
DID_REMOVE = OK + b"DidRemove: local\r\n\r\n\r\n"
NOTHING = OK + b"\r\n\r\n"
SPAM = (b"Message-class: spam", b"Set: local")
HAM = (b"Message-class: ham", b"Set: local")
FORGET = (b"Remove: local",)


def tell(*fields: bytes, body: bytes = MESSAGE) -> bytes:
    """A request to learn."""
    return request(b"TELL SPAMC/1.5", body, *fields)


def unavailable(text: str) -> bytes:
    return f"SPAMD/1.0 69 Service Unavailable: {text}\r\n".encode()


class SlowTeacher(FakeTeacher):
    """Fails, or never comes to an end."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error

    async def learn(
        self, raw: bytes, label: Label, by: str, *, source: str = "", is_human: bool = True
    ) -> Taught:
        """See `Teacher`."""
        if self.error is not None:
            raise self.error
        forever: Deferred[Taught] = Deferred()
        return await forever


class TellCase(Case):
    def setUp(self) -> None:
        self.teacher: FakeTeacher | None = FakeTeacher()
        super().setUp()
        self.serve(FakeScanner(VERDICT), learns=True)

    def make_factory(self, listener: Listener) -> LimitedFactory[Any]:
        return SpamdFactory(self.scanner, "lines", listener, self.clock, teacher=self.teacher)

    def teach(self, teacher: FakeTeacher | None) -> None:
        """Let somebody else teach."""
        self.teacher = teacher
        self.serve(FakeScanner(VERDICT), learns=True, trusted_peers=("10.0.0.0/24",))


class TellTests(TellCase):
    def test_bytes(self) -> None:
        assert self.teacher is not None
        for fields, expected, label in (
            (SPAM, DID_SET, "spam"),
            (SPAM, NOTHING, "spam"),
            (HAM, DID_SET, "ham"),
            (FORGET, DID_REMOVE, None),
            (FORGET, NOTHING, None),
            # spamc -C report and revoke: nobody else is told.
            ((b"Message-class: spam", b"Set: local,remote"), DID_SET, "spam"),
            ((b"Message-class: ham", b"Set: local", b"Remove: remote"), DID_SET, "ham"),
            ((b"message-CLASS: SPAM", b"SET: Remote, Local"), DID_SET, "spam"),
            ((b"Message-class: ham", b"Set: remote"), NOTHING, "spam"),
            ((b"Message-class: ham", b"Message-class: ham", b"Set: local"), DID_SET, "ham"),
            ((b"Message-class: spam",), NOTHING, "ham"),
            ((), NOTHING, "ham"),
        ):
            self.assertEqual(self.ask(tell(*fields)), expected, fields)
            self.assertTrue(self.transport.ends_in_order)
            self.assertEqual(self.teacher.known.get(MESSAGE), label, fields)
        self.assertEqual(self.lines(), [])
        self.assertEqual(self.scanner.calls, [])

    def test_bad_wishes(self) -> None:
        assert self.teacher is not None
        for fields, text in (
            ((b"Set: local",), "(Message-class header is not spam or ham)"),
            ((b"Message-class: junk", b"Set: local"), "(Message-class header is not spam or ham)"),
            ((*SPAM, b"Remove: local"), "(Set and Remove are both local)"),
            ((b"Message-class: spam", b"Set: here"), "(Set header is not local or remote)"),
            ((*SPAM, b"Remove: local;"), "(Remove header is not local or remote)"),
            ((b"Message-class: ham", *SPAM), "(Message-class header differs)"),
            ((*SPAM, b"Set: remote"), "(Set header differs)"),
        ):
            said = f"SPAMD/1.0 76 Bad header line: {text}\r\n".encode()
            self.assertEqual(self.ask(tell(*fields)), said, fields)
        self.assertEqual(self.teacher.known, {})
        self.assertEqual(len(self.lines()), 7)
        self.assertIn("lines: '127.0.0.1': refused: '(Message-class header", self.lines()[0])

    def test_by(self) -> None:
        assert self.teacher is not None
        self.ask(tell(*SPAM))
        self.assertEqual(self.teacher.by, "127.0.0.1")
        self.ask(tell(*HAM, b"User: bob"))
        self.assertEqual(self.teacher.by, "127.0.0.1 (User: bob)")
        self.ask(tell(*FORGET, b"User: " + b"b" * 100))
        self.assertEqual(self.teacher.by, f"127.0.0.1 (User: {'b' * MAX_USER})")
        self.assertEqual(self.teacher.source, "127.0.0.1")

    def test_who_may(self) -> None:
        """Those who are believed, where the listener says so, if the filter learns at all."""
        assert self.teacher is not None
        self.teach(self.teacher)
        near, far = (IPv4Address("TCP", host, 1) for host in ("10.0.0.9", "10.0.1.9"))
        self.assertEqual(self.ask(tell(*SPAM), near), DID_SET)
        refusal = unavailable(NO_LEARNING)
        self.assertEqual(self.ask(tell(*HAM), far), refusal)
        self.serve(FakeScanner(VERDICT))
        self.assertEqual(self.ask(tell(*HAM)), refusal)
        self.serve(FakeScanner(VERDICT), learns=True, trusted=False)
        self.assertEqual(self.ask(tell(*HAM)), refusal)
        self.assertEqual(self.teacher.known, {MESSAGE: "spam"})
        self.teach(None)
        self.assertEqual(self.ask(tell(*HAM)), refusal)

    def test_others(self) -> None:
        self.assertEqual(self.ask(CHECK), CHECKED)
        self.assertIn(b"SPAMD/1.0 76 ", self.ask(request(b"TELL RSPAMC/1.3", MESSAGE, *SPAM)))


class TroubleTests(TellCase):
    def test_refused(self) -> None:
        assert self.teacher is not None
        self.teacher.refusal = "too many"
        self.assertEqual(self.ask(tell(*SPAM)), unavailable("too many"))
        self.assertEqual(self.ask(tell(*FORGET)), unavailable("too many"))
        self.assertEqual(self.lines(), ["lines: '127.0.0.1': refused: 'too many'"] * 2)

    def test_too_large(self) -> None:
        assert self.teacher is not None
        body = MESSAGE + b"x" * self.scanner.max_message
        self.assertEqual(self.ask(tell(*SPAM, body=body)), unavailable(TOO_LARGE))
        self.assertEqual(self.teacher.known, {})

    def test_store_away(self) -> None:
        self.teach(SlowTeacher(StoreError("away")))
        self.assertEqual(self.ask(tell(*SPAM)), unavailable(NOT_LEARNED))
        self.assertEqual(self.lines(), [f"lines: '127.0.0.1': refused: '{NOT_LEARNED}: away'"])

    def test_failure(self) -> None:
        self.teach(SlowTeacher(ZeroDivisionError("oops")))
        self.assertEqual(self.ask(tell(*SPAM)), unavailable(NOT_LEARNED))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_late(self) -> None:
        self.teach(SlowTeacher())
        self.assertEqual(self.ask(tell(*SPAM)), b"")
        self.clock.advance(30)
        self.assertEqual(self.replies(), f"SPAMD/1.0 79 Timeout: {NOT_LEARNED}\r\n".encode())
        self.assertTrue(self.transport.ends_in_order)
