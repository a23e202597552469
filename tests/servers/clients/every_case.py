"""What is tested with each client, whatever it is."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from mailfilter.scan.verdict import Action, Verdict
from mailfilter.testing.fake_scanner import FakeScanner

from .client_case import FACTORIES, MAIL, MESSAGE, ClientCase
from .outcome import Fate, Outcome
from .verdicts import ALL, PLAIN
from .wire import Mail

ON_FAILURE: dict[str, Action] = {
    "accept": Action.NO_ACTION,
    "tempfail": Action.SOFT_REJECT,
    "reject": Action.REJECT,
}

BAD_REQUESTS = (
    b"GET /checkv2 HTTP/1.1\r\nHost: x\r\nFile: /etc/passwd\r\n\r\n",
    b"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    b"POST /checkv2 HTTP/1.1\r\nHost: x\r\nCompression: gzip\r\nContent-Length: 0\r\n\r\n",
    b"POST /checkv2 HTTP/1.1\r\nHost: x\r\nContent-Encoding: zstd\r\nContent-Length: 1\r\n\r\nx",
    b"POST /checkv2 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
    b"POST /checkv2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"\xff\xff\r\n\r\n",
)
"""What nobody answers by a verdict."""


NONE: Mapping[str, Any] = MappingProxyType({})

CLASSIC: Mapping[str, Any] = MappingProxyType({"classic_actions": True})
"""What a listener wants for clients that know six actions."""


class Client(Protocol):
    """One that is emulated."""

    def requests(self, mail: Mail) -> list[bytes]:
        """What it sends for a message."""

    def outcome(self, data: bytes) -> Outcome:
        """What it does after that reply. Raises `Broken`."""


class EveryCase(ClientCase):
    """A subclass names the client, and what it says of a few things."""

    client: ClassVar[Client]
    fates: ClassVar[dict[str, Fate]]
    """What becomes of a message by each action; those of an error are `error`."""
    error: ClassVar[Fate] = "error"
    settings: Mapping[str, Any] = NONE
    """Of the listener."""

    def outcome(self, verdict: Verdict, mail: Mail = MAIL, client: Client | None = None) -> Outcome:
        """What becomes of a message by a verdict, asked for on a new connection."""
        client = client or self.client
        self.tell(verdict, **self.settings)
        (request,) = client.requests(mail)
        return client.outcome(self.ask(request))


class EveryTests:
    """Mixed into the case of each client."""

    def test_every_verdict(self: Any) -> None:
        """No verdict breaks it, and each leads to what its action means."""
        for self.factory_class in FACTORIES:
            for name, verdict in ALL.items():
                outcome = self.outcome(verdict)
                self.assertEqual(outcome.fate, self.fates[str(verdict.action)], name)
                self.assertEqual(len(self.scanner.calls), 1)

    def test_score(self: Any) -> None:
        """It reads the number that was told."""
        for score in (7.25, -3.0, 1e6, 0.0):
            outcome = self.outcome(replace(PLAIN, action=Action.ADD_HEADER, score=score))
            self.assertEqual(outcome.score, score)

    def test_failures(self: Any) -> None:
        """A scan that fails, or takes too long, is a verdict as the policy says."""
        for policy, action in ON_FAILURE.items():
            expected = self.fates[str(action)]
            (request,) = self.client.requests(MAIL)
            self.serve(FakeScanner(error=RuntimeError("boom")), on_failure=policy, **self.settings)
            self.assertEqual(self.client.outcome(self.ask(request)).fate, expected, policy)
            self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
            self.serve(FakeScanner(wait=True), on_failure=policy, **self.settings)
            self.assertEqual(self.ask(request), b"")
            self.clock.advance(30)
            self.assertEqual(self.client.outcome(self.replies()).fate, expected, policy)

    def test_errors(self: Any) -> None:
        """An error is none of its verdicts."""
        for request in BAD_REQUESTS:
            self.tell(PLAIN, **self.settings)
            outcome = self.client.outcome(self.ask(request))
            self.assertEqual(outcome.fate, self.error, request)
            self.assertEqual(self.scanner.calls, [])

    def test_too_large(self: Any) -> None:
        """A message over the limit is an error, too."""
        self.serve(FakeScanner(max_message=100), **self.settings)
        (request,) = self.client.requests(MAIL)
        self.assertEqual(self.client.outcome(self.ask(request)).fate, self.error)

    def test_messages(self: Any) -> None:
        """What is scanned is what was sent, also a message of nothing and a large one."""
        for raw in (b"", b"\r\n", MESSAGE, MESSAGE + b"\x00\xff.\r\n" * 300_000):
            self.outcome(PLAIN, replace(MAIL, raw=raw))
            self.assertEqual(self.scanned(raw), self.asked()[1])

    def scanned(self, raw: bytes) -> bytes:
        """The octets that the client makes of a message."""
        return raw

    def test_one_connection(self: Any) -> None:
        """Several messages on one connection, if the client keeps it."""
        self.tell(PLAIN, **self.settings)
        (request,) = self.client.requests(MAIL)
        if b"\r\nconnection: close\r\n" in request.lower():
            self.client.outcome(self.ask(request))
            self.assertTrue(self.transport.disconnecting)
            return
        for _ in range(5):
            self.client.outcome(self.ask(request))
        self.assertFalse(self.transport.disconnecting)
        self.assertEqual(len(self.scanner.calls), 5)

    def test_cut_anywhere(self: Any) -> None:
        """A request that comes in two parts is the same request."""
        for self.factory_class in FACTORIES:
            self.tell(PLAIN, **self.settings)
            (request,) = self.client.requests(MAIL)
            whole = self.client.outcome(self.ask(request))
            first = self.asked()
            for at in range(1, len(request)):
                self.assertEqual(self.client.outcome(self.ask_in_two(request, at)), whole)
                self.assertEqual(self.asked(), first)
