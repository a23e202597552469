"""Postfix without the filter: stopped, killed, stuck. No message is lost."""

import functools
import signal

from .away import killed_under_load
from .delivered import values
from .harness import Filter, PostfixCase, Reply, message_file, shared_sink, smtp_send, wish
from .postfix import Postfix
from .postfix_cf import Smtpd
from .processes import wait_until
from .threads import Threads

WATCHDOG_STATUS = 70


@functools.cache
def own_filter() -> Filter:
    """A filter that these tests may stop as they like."""
    return Filter(watchdog="2s", start=False, workers=1)


@functools.cache
def own_postfix() -> Postfix:
    """A Postfix with a service for each `milter_default_action`."""
    milter = f"inet:127.0.0.1:{own_filter().milter}"
    actions = ("accept", "tempfail", "reject", "quarantine")
    services = {action: Smtpd(milter, action) for action in actions}
    return Postfix(services, shared_sink().port, milter)


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
        self.assertEqual(self.filter.stop(), -signal.SIGTERM)
        self.assertEqual(self.submit("tempfail").code, 451)
        self.assertEqual(self.submit("reject").code // 100, 5)
        self.assertEqual(self.submit("accept").code, 250)
        held = self.submit("quarantine")
        self.assertEqual(held.code, 250)
        queue_id = held.text.split()[-1]
        (path,) = [path for path in self.postfix.queued() if path.name == queue_id]
        path.unlink()
        self.filter.start()
        self.assertEqual(self.submit("tempfail").code, 250)
        self.assertEqual(len(self.postfix.wait_mailbox(self.box, 3)), 3)

    def test_local(self) -> None:
        """What comes by sendmail(1) waits until the filter is back, and is not lost."""
        self.filter.stop()
        message = message_file("ham.eml").replace(b"\r\n", b"\n")
        self.assertEqual(self.postfix.sendmail(message, self.box, sender="local@box.test"), 0)
        refusal = "milter-reject: CONNECT from localhost"
        wait_until(lambda: refusal in self.postfix.log(), "Postfix to ask in vain")
        self.filter.start()
        self.assertEqual(len(self.postfix.wait_mailbox(self.box)), 1)
        self.postfix.wait_idle()
        self.assertEqual(len(self.postfix.mailbox(self.box)), 1)

    def test_killed_under_load(self) -> None:
        """Killed in the middle: clients that try again lose no message, and none comes twice."""
        submit = functools.partial(self.submit, "tempfail")
        codes, expected = killed_under_load(self.filter, self.mark, submit)
        self.assertEqual(codes, {250, 451})
        self.postfix.wait_mailbox(self.box, 60)
        self.postfix.wait_idle()
        numbers = [values(text, "X-Number") for text in self.postfix.mailbox(self.box)]
        self.assertEqual(sorted(numbers), [[number] for number in expected])

    def test_stopped_in_a_scan(self) -> None:
        """A message under scan when the filter is told to stop is delivered or deferred."""
        replies: list[Reply] = []
        slow = wish({"Delay": "1.5"})
        client = Threads(1, lambda _: replies.append(self.submit("tempfail", slow)))
        wait_until(lambda: "force: waiting" in self.filter.log(self.mark), "the scan to begin")
        self.assertEqual(self.filter.stop(signal.SIGINT), -signal.SIGINT)
        client.join()
        self.assertIn(replies[0].code, (250, 451))
        self.postfix.wait_idle()
        self.assertEqual(len(self.postfix.mailbox(self.box)), int(replies[0].code == 250))

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
