"""Sendmail without the filter: stopped, killed, stalled. No message is lost or comes twice."""

import functools
import signal

from . import away
from .delivered import values
from .harness import SENDER, Filter, Reply, message_file, shared_sink, wish
from .processes import wait_until
from .sendmail import DOCUMENTED, Sendmail
from .sendmail_case import SendmailCase
from .smtp import Client
from .threads import Threads

HAM = message_file("ham.eml")
DEFERRED = (451, "4.3.2 Please try again later")

PORTS = {"accept": "open", "tempfail": DOCUMENTED}
"""What Sendmail does without the filter, by the names of its ports."""

SLOW = """\
[scan]
timeout = "30s"

[checks.force]
timeout = "20s"
"""


@functools.cache
def own_filter() -> Filter:
    """A filter that these tests may stop as they like, and whose check may take its time."""
    own = Filter(start=False, workers=1)
    own.configure(SLOW)
    return own


@functools.cache
def own_sendmail() -> Sendmail:
    """A Sendmail with a port for each thing to do without the filter."""
    tcp = f"S=inet:{own_filter().milter}@127.0.0.1"
    filters = {
        "open": tcp,
        "refuse": f"{tcp}, F=R",
        "close": f"{tcp}, F=4",
        "unix": f"S=local:{own_filter().unix}, F=T",
        "patient": f"{tcp}, F=T, T=C:5s;S:5s;R:8s;E:2m",
        "accept-hasty": f"{tcp}, T=C:5s;S:5s;R:3s;E:2m",
        "accept-curt": f"{tcp}, T=C:5s;S:5s;R:6s;E:2m",
        "tempfail-hasty": f"{tcp}, F=T, T=C:5s;S:5s;R:3s;E:2m",
        "tempfail-curt": f"{tcp}, F=T, T=C:5s;S:5s;R:6s;E:2m",
    }
    return Sendmail(tcp.removeprefix("S="), filters, shared_sink().port)


class OwnCase(SendmailCase):
    """Base: a filter and a Sendmail of our own."""

    def make_filter(self) -> Filter:
        """One that may be stopped."""
        own = own_filter()
        own.ensure_running()
        return own

    def make_sendmail(self) -> Sendmail:
        """One that asks it."""
        return own_sendmail()


class SendmailFailureTests(OwnCase):
    """What happens to mail while the filter is away, and when it is back."""

    def connect(self, service: str = DOCUMENTED) -> Client:
        """A session."""
        client = Client(self.sendmail.ports[service], stranger=False)
        self.addCleanup(client.close)
        return client

    def submit(self, service: str, message: bytes = HAM) -> Reply:
        """Send a message to this test's recipient."""
        return self.send(message, service=service)

    def check_arrived(self, count: int) -> None:
        """So many have arrived, and no more come."""
        self.wait_idle()
        self.assertEqual(len(self.delivered()), count)

    def test_stopped(self) -> None:
        """Each port does what its F= says; mail goes on as soon as the filter is back."""
        self.filter.stop()
        for service in (DOCUMENTED, "unix"):
            reply = self.submit(service)
            self.assertEqual((reply.code, reply.text), DEFERRED)
        self.assertEqual(self.submit("refuse").code, 554)
        self.assertEqual(self.submit("close").code, 421)
        self.check_arrived(0)
        self.assertEqual(self.submit("open").code, 250)
        self.check_arrived(1)
        self.assertEqual(self.filter.records(self.mark), [])
        self.filter.start()
        for service in self.sendmail.ports:
            self.assertEqual(self.submit(service).code, 250)
        self.check_arrived(1 + len(self.sendmail.ports))
        self.assertEqual(len(self.filter.records(self.mark)), len(self.sendmail.ports))

    def test_killed_between_messages(self) -> None:
        """The rest of the session is deferred, or passes; the next session is served."""
        sessions = {name: self.connect(name) for name in (DOCUMENTED, "open")}
        for client in sessions.values():
            client.envelope(SENDER, self.box)
            self.assertEqual(client.data_octets(HAM).code, 250)
        self.filter.kill()
        self.filter.start()
        self.assertEqual(sessions[DOCUMENTED].say(f"MAIL FROM:<{SENDER}>").code, 451)
        sessions["open"].envelope(SENDER, self.box)
        self.assertEqual(sessions["open"].data_octets(HAM).code, 250)
        self.assertEqual(self.submit(DOCUMENTED).code, 250)
        self.check_arrived(4)
        self.assertEqual(len(self.filter.records(self.mark)), 3)

    def test_stopped_in_a_scan(self) -> None:
        """A message under scan when the filter is told to stop is delivered or deferred."""
        replies: list[Reply] = []
        slow = wish({"Delay": "1.5"})
        client = Threads(1, lambda _: replies.append(self.submit(DOCUMENTED, slow)))
        wait_until(lambda: "force: waiting" in self.filter.log(self.mark), "the scan to begin")
        self.filter.stop(signal.SIGINT)
        client.join()
        self.assertIn(replies[0].code, (250, 451))
        self.check_arrived(int(replies[0].code == 250))

    def test_progress(self) -> None:
        """Sendmail waits longer than R= for a filter that says that it is still at work."""
        self.assertEqual(self.submit("patient", wish({"Delay": "9"})).code, 250)
        self.check_arrived(1)

    def test_killed_under_load(self) -> None:
        """Killed in the middle: clients that try again lose no message, and none comes twice."""
        submit = functools.partial(self.submit, DOCUMENTED)
        codes, expected = away.killed_under_load(self.filter, self.mark, submit)
        self.assertEqual(codes, {250, 451})
        self.check_arrived(60)
        numbers = sorted(value for text in self.delivered() for value in values(text, "X-Number"))
        self.assertEqual(numbers, expected)


class SendmailAwayTests(OwnCase, away.KilledCases, away.StalledCases):
    """Killed or stalled at each step of a session."""

    def port(self, action: str) -> int:
        """See `AwayCase`."""
        return self.sendmail.ports[PORTS.get(action, action)]

    def count(self, recipient: str) -> int:
        """See `AwayCase`."""
        self.wait_idle()
        return len(self.sink.to(recipient))
