"""Mail through real MTAs and sessions while workers come and go."""

import contextlib
import functools
import os
import random
import signal
import smtplib
import threading
import time
from collections.abc import Callable

from mailfilter.codec.control import Answer
from tests.live import mta
from tests.live.delivered import values
from tests.live.harness import PostfixCase, Reply, message_file, shared_sink, smtp_send
from tests.live.postfix import Postfix
from tests.live.postfix_cf import Smtpd
from tests.live.processes import wait_until
from tests.live.workers_case import WorkersCase, own_filter

HAM = mta.show(message_file("ham.eml"))
CLIENTS = 4
TIMES = 4
"""That workers are killed, or the filter reloaded."""
MOST = 2000
"""Messages of a client."""


class MilterTests(WorkersCase):
    """Sessions that are open when a new generation takes over."""

    def test_message_under_way(self) -> None:
        """It ends in the old generation, and so does the next one of its session."""
        session = mta.Session(self.filter.milter)
        session.envelope("alice@example.org", ["bob@box.test"], "Q1")
        self.assertEqual(self.reload(), Answer())
        session.content(HAM)
        self.assertEqual(session.end().code, "a")
        self.assertEqual(session.send(HAM, "Q2").code, "a")
        session.quit()
        wait_until(lambda: len(self.filter.workers()) == 2, "the old workers to end")

    def test_bound(self) -> None:
        """A session that goes on for ever is cut off: its MTA takes that for a failure."""
        session = mta.Session(self.filter.milter)
        session.envelope("alice@example.org", ["bob@box.test"], "Q1")
        begun = time.monotonic()
        self.assertEqual(self.reload(), Answer())
        with contextlib.suppress(ConnectionResetError):
            self.assertEqual(session.read(), b"")
        self.assertGreater(time.monotonic() - begun, 2.5)
        self.wait_log("milter: 1 connections cut off at work")
        wait_until(lambda: len(self.filter.workers()) == 2, "the old workers to end")

    def test_stop(self) -> None:
        """A message that has begun may be ended; a session without one may not begin another."""
        busy, idle = mta.Session(self.filter.milter), mta.Session(self.filter.milter)
        busy.envelope("alice@example.org", ["bob@box.test"], "Q1")
        self.filter.child.send(signal.SIGTERM)
        self.assertEqual(idle.read(), b"")
        busy.content(HAM)
        self.assertEqual(busy.end().code, "a")
        self.assertEqual(self.filter.child.wait(), -signal.SIGTERM)


@functools.cache
def own_postfix() -> Postfix:
    """A Postfix that asks the filter with workers, by TCP and by a unix socket."""
    own = own_filter()
    tcp, unix = f"inet:127.0.0.1:{own.milter}", f"unix:{own.unix}"
    return Postfix({"tcp": Smtpd(tcp), "unix": Smtpd(unix)}, shared_sink().port)


class PostfixTests(PostfixCase, WorkersCase):
    """No mail is lost or doubled."""

    def setUp(self) -> None:
        """Take the Postfix that asks the filter with workers."""
        super().setUp()
        self.postfix = own_postfix()

    def test_killed_workers(self) -> None:
        """Clients that try again when told 451 lose nothing while workers are killed."""
        self.deliver(self.kill_one)

    def test_reloads(self) -> None:
        """No message is even deferred by reloads."""
        replies = self.deliver(lambda: self.assertEqual(self.reload(), Answer()))
        self.assertEqual({reply.code for reply in replies}, {250})

    def kill_one(self) -> None:
        """Kill any worker, and wait until another one serves in its place."""
        victim = random.choice(self.wait_workers())
        os.kill(victim, signal.SIGKILL)
        self.wait_workers(but=frozenset({victim}))

    def deliver(self, disturb: Callable[[], object]) -> list[Reply]:
        """Send from several clients while something is done some times; all replies."""
        replies: list[Reply] = []
        sent: list[str] = []
        done = threading.Event()

        def client(number: int) -> None:
            service = ("tcp", "unix")[number % 2]
            for count in range(MOST):
                if done.is_set():
                    break
                text = f"X-Number: {number}-{count}\r\n".encode() + message_file("ham.eml")
                while (reply := self.submit(service, text)).code == 451:
                    replies.append(reply)
                    time.sleep(0.1)
                replies.append(reply)
                sent.append(f"{number}-{count}")

        threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            for at in range(1, TIMES + 1):
                disturb()
                wait_until(lambda at=at: len(sent) >= at * CLIENTS, "mail")  # type: ignore[misc]
        finally:
            done.set()
            for thread in threads:
                thread.join()
        self.assertLessEqual({reply.code for reply in replies}, {250, 451})
        self.postfix.wait_mailbox(self.box, len(sent))
        self.postfix.wait_idle()
        numbers = [values(text, "X-Number") for text in self.postfix.mailbox(self.box)]
        self.assertEqual(sorted(numbers), sorted([number] for number in sent))
        return replies

    def submit(self, service: str, text: bytes) -> Reply:
        """Send a message; a connection that Postfix does not take is none of the filter's."""
        try:
            return smtp_send(self.postfix.ports[service], text, [self.box])
        except (TimeoutError, smtplib.SMTPServerDisconnected) as error:
            raise AssertionError(f"Postfix hung up: {error}") from None
