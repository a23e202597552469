"""LDA mode with answers that cost much: whatever they take, the message goes on."""

import resource
import time
from typing import Any

from backports import zstd

from mailfilter.client.rspamc import lda
from mailfilter.client.rspamc.commands import SYMBOLS, Command
from mailfilter.client.rspamc.exchange import Item, Reply, Undelivered
from mailfilter.client.rspamc.limits import MAX_DELIVERED, ROOM
from mailfilter.client.rspamc.mime import scanned
from mailfilter.client.rspamc.options import Options

from .lda_case import MARKED, MESSAGE, LdaCase

ITEM = Item("stdin", MESSAGE)
HEAD = b"HTTP/1.1 200 OK\r\nCompression: zstd\r\nContent-Type: application/%b\r\n"
MEGABYTE = 2**20

EMPTY = MAX_DELIVERED - 2**10
GREEDY = b"\x82\xa6action\xa6reject\xa1x\xdd" + EMPTY.to_bytes(4, "big") + b"\x90" * EMPTY
"""A document of msgpack as long as may be, that takes 320 MiB."""


class LargeTests(LdaCase):
    """Answers of servers."""

    def passed_by(
        self, document: bytes, *headers: bytes, kind: bytes = b"json", **more: Any
    ) -> str:
        """What the error in the message is after that answer, which comes packed."""
        packed = zstd.compress(document)
        lines = (*headers, b"Content-Length: %d" % len(packed), b"", b"")
        answer = HEAD % kind + b"\r\n".join(lines) + packed
        return self.passed(self.run_lda(self.listen(self.answering(answer)), "--mime", **more))

    def test_limits(self) -> None:
        """Too large a verdict, and too large a message behind one."""
        large = b'{"action":"reject","x":[' + b'{"":0},' * (MAX_DELIVERED // 7) + b"0]}"
        self.assertIn(f"more than {MAX_DELIVERED} octets", self.passed_by(large))
        behind = b'{"action":"reject"}' + bytes(4 * len(MESSAGE) + ROOM + 1)
        self.assertIn(
            "message in its answer is over", self.passed_by(behind, b"Message-Offset: 19")
        )

    def test_memory(self) -> None:
        """Less memory than the answer takes, which is given back."""

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_DATA, (150 * MEGABYTE, 150 * MEGABYTE))

        self.assertIn("memory", self.passed_by(GREEDY, kind=b"msgpack", prepare=limit))

    def test_signatures(self) -> None:
        """Fields without number, which would take minutes."""
        many = b'{"action":"reject","dkim-signature":[' + b'"a",' * (MAX_DELIVERED // 5) + b'"a"]}'
        self.assertIn("signatures", self.passed_by(many))


class MarkedTests(LdaCase):
    """What is made of them."""

    def marked_by(self, **options: Any) -> bytes:
        """The message."""
        return b"".join(lda._marked(SYMBOLS, Options(is_mime=True, **options), ITEM))

    def test_memory(self) -> None:
        """Too little for the answer, or for the fields that are made of it."""

        def greedy(*given: object) -> None:
            raise MemoryError

        def ask(command: Command, options: Options, item: Item) -> Reply:
            return Reply(item, 0.0, (), b"", MARKED)

        for ask_for, make in ((greedy, scanned), (ask, greedy)):
            self.patch(lda, "ask", ask_for)
            self.patch(lda, "scanned", make)
            self.assertIn(b"\nX-Spam-Error: there is not enough memory", self.marked_by())
            self.assertRaises(Undelivered, self.marked_by, on_error="tempfail")

    def test_slow(self) -> None:
        """A verdict that came in time, but took longer to be read."""
        timeout = 0.01

        def ask(command: Command, options: Options, item: Item) -> Reply:
            end = time.monotonic() + options.timeout
            while time.monotonic() < end:
                time.sleep(timeout)
            return Reply(item, 0.0, (), b"", MARKED)

        self.patch(lda, "ask", ask)
        self.assertIn(b"was not read within 0.01 s", self.marked_by(timeout=timeout))
