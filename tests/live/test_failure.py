"""Postfix without the filter: stopped, killed, stuck. No message is lost."""

import functools
import signal
import threading

from .harness import Filter, PostfixCase, Reply, message_file, shared_sink, smtp_send, wish
from .postfix import Postfix, Smtpd
from .processes import wait_until

WATCHDOG_STATUS = 70


@functools.cache
def own_filter() -> Filter:
    """A filter that these tests may stop as they like."""
    return Filter(watchdog="2s", start=False)


@functools.cache
def own_postfix() -> Postfix:
    """A Postfix with a service for each `milter_default_action`."""
    milter = f"inet:127.0.0.1:{own_filter().milter}"
    actions = ("accept", "tempfail", "reject", "quarantine")
    services = {action: Smtpd(milter, action) for action in actions}
    return Postfix(services, shared_sink().port)


class FailureTests(PostfixCase):
    """What happens to mail while the filter is away, and when it is back."""

    def setUp(self) -> None:
        """Start the filter of our own if an earlier test has stopped it."""
        super().setUp()
        self.postfix = own_postfix()

    def make_filter(self) -> Filter:
        """One that may be stopped."""
        own = own_filter()
        own.start()
        self.addCleanup(own.kill)
        return own

    def submit(self, service: str, message: bytes | None = None) -> Reply:
        """Send a message to this test's mailbox."""
        text = message_file("ham.eml") if message is None else message
        return smtp_send(self.postfix.ports[service], text, [self.box])

    def test_stopped(self) -> None:
        """Each default action is obeyed; what was deferred arrives when the filter is back."""
        self.assertEqual(self.submit("tempfail").code, 250)
        self.assertEqual(self.filter.stop(), 0)
        self.assertEqual(self.submit("tempfail").code, 451)
        self.assertEqual(self.submit("reject").code // 100, 5)
        self.assertEqual(self.submit("accept").code, 250)
        held = self.submit("quarantine")
        self.assertEqual(held.code, 250)
        self.assertIn(held.text.split()[-1], [path.name for path in self.postfix.queued()])
        self.filter.start()
        self.assertEqual(self.submit("tempfail").code, 250)
        self.assertEqual(len(self.postfix.wait_mailbox(self.box, 3)), 3)

    def test_killed_under_load(self) -> None:
        """Killed in the middle: each message that was accepted arrives, once, and no other."""
        replies: list[Reply] = []

        def client() -> None:
            replies.extend(self.submit("tempfail") for _ in range(15))

        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(self.filter.records(self.mark)) >= 10, "ten messages")
        self.filter.kill()
        self.filter.start()
        for thread in threads:
            thread.join()
        accepted = [reply for reply in replies if reply.code == 250]
        self.assertEqual({reply.code for reply in replies} - {250, 451}, set())
        self.postfix.wait_mailbox(self.box, len(accepted))
        wait_until(lambda: len(self.postfix.mailbox(self.box)) == len(accepted), "no more mail")
        self.assertGreater(len(accepted), 20)

    def test_stopped_in_a_scan(self) -> None:
        """A message under scan when the filter is told to stop is delivered or deferred."""
        replies: list[Reply] = []
        slow = wish({"Delay": "1.5"})
        thread = threading.Thread(target=lambda: replies.append(self.submit("tempfail", slow)))
        thread.start()
        wait_until(lambda: "cleanup" in self.postfix.log(), "the message to be on its way")
        self.assertEqual(self.filter.stop(signal.SIGINT), 0)
        thread.join()
        self.assertIn(replies[0].code, (250, 451))
        self.postfix.wait_mailbox(self.box, 1 if replies[0].code == 250 else 0)

    def test_watchdog(self) -> None:
        """A check that never returns: the process says where it is stuck, and ends."""
        self.complaints_expected = True
        self.assertEqual(self.submit("tempfail", wish({"Spin": "1"})).code, 451)
        self.assertEqual(self.filter.child.wait(), WATCHDOG_STATUS)
        log = self.filter.log(self.mark)
        self.assertIn("force.py", log)
        self.assertIn("_suffer", log)
        self.filter.start()
        self.assertEqual(self.submit("tempfail").code, 250)
        self.assertEqual(len(self.postfix.wait_mailbox(self.box)), 1)
