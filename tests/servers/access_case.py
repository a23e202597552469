"""Requests, of anybody from anywhere, and what `Access` decides of them."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.http1 import RequestHead
from mailfilter.config.model import Controller
from mailfilter.servers.access import Access, Allowed
from mailfilter.servers.http_reply import Reply
from mailfilter.servers.peer import Peer
from mailfilter.tls.known import Known

LOOPBACK = "127.0.0.1"
STRANGER = "203.0.113.9"
UNIX = "unix"


def head_of(
    *headers: str, method: str = "GET", host: str | None = "localhost:11334", query: str = ""
) -> RequestHead:
    """The head of a request; headers are lines, the query is one argument."""
    lines = [*headers] if host is None else [f"Host: {host}", *headers]
    found = []
    for line in lines:
        name, _, value = line.partition(":")
        found.append((name.lower().encode(), value.strip().encode("latin-1")))
    key, _, argument = query.partition("=")
    arguments = [(key.encode(), argument.encode())] if query else []
    return RequestHead(method.encode(), b"/stat", arguments, found, True, False)


def peer_of(name: str) -> Peer:
    return Peer(name, is_trusted=False, is_unix=name == UNIX)


class AccessCase(SynchronousTestCase):
    """Access by a configuration."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.use()

    def use(self, **settings: Any) -> None:
        self.access = Access(Controller(**settings), self.clock)

    def begin(
        self,
        peer: str,
        *headers: str,
        change: bool = False,
        known: Known | None = None,
        **named: Any,
    ) -> Deferred[Allowed | Reply]:
        head = head_of(*headers, **named)
        deciding = self.access.decide(head, peer_of(peer), known, is_change=change)
        return Deferred.fromCoroutine(deciding)

    def decide(self, peer: str, *headers: str, **named: Any) -> str:
        """In short: how somebody is let in, with `+` if that is for changes, or the status."""
        found = self.successResultOf(self.begin(peer, *headers, **named))
        if isinstance(found, Reply):
            return str(found.status)
        return found.how + ("+" if found.may_change else "")

    def assert_decided(self, expected: str, peer: str, *headers: str, **named: Any) -> None:
        """Whatever is asked, reading or changing, the decision is the same."""
        for change in (False, True):
            found = self.decide(peer, *headers, change=change, **named)
            self.assertEqual(found, expected, (peer, headers, named, change))
