"""Exim without the filter: stopped, killed, reloaded. No message is lost or comes twice."""

import functools
import signal

from mailfilter.client.control import ask

from . import away
from .delivered import values
from .exim import Exim
from .exim_case import GTUBE, EximCase, documented, rspamd_exim, spamd_exim
from .harness import SENDER, Reply, body_of, message_file, shared_sink, wish
from .lines import LinesFilter, lines_filter, own_filter
from .processes import wait_until
from .threads import Threads, until_taken

HAM = message_file("ham.eml")
DEFERRED = (451, "Temporary local problem - please try later")
ASKS = "require spam = nobody:true"
OPEN = "warn spam = nobody:true"
"""How the documented ACL asks, and how it does if mail is to get in without the filter."""
CLIENTS, EACH = 6, 8
OVERSIZE = HAM + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 230_000
"""12 MB."""


@functools.cache
def own_exim(variant: str = "rspamd", asks: str = ASKS) -> Exim:
    """One that asks the filter that may be stopped."""
    port = own_filter().http if variant == "rspamd" else own_filter().spamd
    text = documented(f"127.0.0.1 {port}", variant)
    assert ASKS in text
    return Exim(text.replace(ASKS, asks), shared_sink().port)


class EximFailureTests(EximCase):
    """What happens to mail while the filter is away, and when it is back."""

    filter: LinesFilter

    def make_filter(self) -> LinesFilter:
        """One that may be stopped."""
        own = own_filter()
        own.ensure_running()
        return own

    def make_exim(self) -> Exim:
        """One that asks it."""
        return own_exim()

    def submit(self, message: bytes = HAM) -> Reply:
        """Send a message to this test's recipient."""
        return self.send(message)

    def test_stopped(self) -> None:
        """Deferred; mail goes on as soon as the filter is back."""
        self.filter.stop()
        for variant in ("rspamd", "spamd"):
            self.exim = own_exim(variant)
            reply = self.submit()
            self.assertEqual((reply.code, reply.text), DEFERRED)
        self.assertIn("all spamd servers failed", self.exim.log())
        self.filter.start()
        for variant in ("rspamd", "spamd"):
            self.exim = own_exim(variant)
            self.assertEqual(self.submit().code, 250)
            self.assertEqual(self.submit(GTUBE).code, 550)
            self.check_arrived(1 if variant == "rspamd" else 2)

    def test_open(self) -> None:
        """With the warn of the tutorial, and with /defer_ok, mail gets in unseen."""
        self.filter.stop()
        for name, asks in (("plain", OPEN), ("ok", f"{OPEN}/defer_ok")):
            for variant in ("rspamd", "spamd"):
                self.box = self.address(f"{name}-{variant}")
                self.exim = own_exim(variant, asks)
                self.assertEqual(self.submit(GTUBE).code, 250)
                self.assertEqual(values(self.wait_delivered(), "X-Spam-Status"), [])
        self.filter.start()
        self.assertEqual(self.submit(GTUBE).code, 550)

    def test_killed_in_a_scan(self) -> None:
        """Deferred, though the filter has seen all of it."""
        replies: list[Reply] = []
        slow = wish({"Delay": "15"})
        client = Threads(1, lambda _: replies.append(self.submit(slow)))
        wait_until(lambda: "force: waiting" in self.filter.log(self.mark), "the scan to begin")
        self.filter.kill()
        client.join()
        self.assertEqual((replies[0].code, replies[0].text), DEFERRED)
        self.filter.start()
        self.assertEqual(self.submit().code, 250)
        self.check_arrived(1)

    def test_stopped_in_a_scan(self) -> None:
        """A message under scan when the filter is told to stop is delivered or deferred."""
        replies: list[Reply] = []
        slow = wish({"Delay": "1.5"})
        client = Threads(1, lambda _: replies.append(self.submit(slow)))
        wait_until(lambda: "force: waiting" in self.filter.log(self.mark), "the scan to begin")
        self.filter.stop(signal.SIGINT)
        client.join()
        self.assertIn(replies[0].code, (250, 451))
        self.check_arrived(int(replies[0].code == 250))

    def test_killed_under_load(self) -> None:
        """Killed in the middle: clients that try again lose no message, and none comes twice."""
        codes, expected = away.killed_under_load(self.filter, self.mark, self.submit)
        self.assertEqual(codes, {250, 451})
        self.check_arrived(60)
        numbers = sorted(value for text in self.delivered() for value in values(text, "X-Number"))
        self.assertEqual(numbers, expected)

    def test_stopped_under_load(self) -> None:
        """Stopped and started: nothing is lost, comes twice, or gets in by accident."""
        for variant in ("rspamd", "spamd"):
            self.exim = own_exim(variant)
            self.box = self.address(f"stopped-{variant}")
            mark = self.filter.log_size()
            codes: list[int] = []
            spam: set[int] = set()

            def run(client: int) -> None:
                for count in range(EACH):
                    text = b"X-Number: %d-%d\r\n" % (client, count)
                    spam.add(self.submit(GTUBE).code)  # noqa: B023
                    until_taken(lambda: self.submit(text + HAM).code, codes)  # noqa: B023

            clients = Threads(CLIENTS, run)
            wait_until(lambda: len(self.filter.records(mark)) >= CLIENTS, "messages")  # noqa: B023
            self.filter.stop()
            wait_until(lambda: 451 in codes, "a deferred message", 60)  # noqa: B023
            self.filter.start()
            clients.join()
            self.assertEqual(set(codes), {250, 451})
            self.assertLessEqual(spam, {550, 451})
            self.check_arrived(CLIENTS * EACH)

    def test_reloaded_under_load(self) -> None:
        """Reloads defer nothing, and let nothing in."""
        codes: list[int] = []

        def run(client: int) -> None:
            for count in range(EACH):
                text = b"X-Number: %d-%d\r\n" % (client, count)
                self.assertEqual(self.submit(GTUBE).code, 550)
                until_taken(lambda: self.submit(text + HAM).code, codes)  # noqa: B023

        clients = Threads(CLIENTS, run)
        for _ in range(3):
            self.assertEqual(ask([self.filter.state], "reload").error, "")
        clients.join()
        self.assertEqual(codes, [250] * CLIENTS * EACH)
        self.check_arrived(CLIENTS * EACH)
        self.assertEqual(len(self.filter.records(self.mark)), 2 * CLIENTS * EACH)

    def test_client_gone(self) -> None:
        """The client does not wait for the answer: the message arrives once, or not at all."""
        client = self.connect()
        client.envelope(SENDER, self.box)
        self.assertEqual(client.say("DATA").code, 354)
        client.send(wish({"Delay": "1"}) + b".\r\n")
        wait_until(lambda: "force: waiting" in self.filter.log(self.mark), "the scan to begin")
        client.vanish()
        self.filter.wait_record(self.mark, recipients=[self.box])
        self.exim.wait_idle()
        self.assertLessEqual(len(self.delivered()), 1)


class EximCannotScanTests(EximCase):
    """The filter is there, and has no verdict."""

    def test_oversize(self) -> None:
        """Let in, and marked where Exim learns of it."""
        for variant, marks in (("rspamd", ["size"]), ("spamd", [])):
            self.box = self.address(f"oversize-{variant}")
            self.exim = rspamd_exim() if variant == "rspamd" else spamd_exim()
            self.assertEqual(self.send(OVERSIZE).code, 250)
            delivered = self.wait_delivered()
            self.assertEqual(values(delivered, "X-Spam-Skipped"), marks)
            self.assertEqual(body_of(delivered), body_of(OVERSIZE))

    def replies(self, variant: str) -> dict[str, int]:
        """The code of the reply for each thing that the listener may do."""
        codes = {}
        for policy, port in lines_filter().hasty.items():
            self.exim = Exim(documented(f"127.0.0.1 {port}", variant), shared_sink().port)
            self.addCleanup(self.exim.stop)
            codes[policy] = self.send(wish({"Delay": "15"})).code
        return codes

    def test_rspamd(self) -> None:
        """What `on_failure` says."""
        expected = {"accept": 250, "tempfail": 451, "reject": 554}
        self.assertEqual(self.replies("rspamd"), expected)
        self.wait_delivered()

    def test_spamd(self) -> None:
        """There is no word for a refusal for good: it defers."""
        expected = {"accept": 250, "tempfail": 451, "reject": 451}
        self.assertEqual(self.replies("spamd"), expected)
        self.wait_delivered()
