"""The filter is killed at each step of an SMTP session, or does not answer: nothing is lost."""

import contextlib
import functools
import os
import signal
from collections.abc import Callable, Iterator, Sequence

from .harness import SENDER, Filter, PostfixCase, Reply, message_file, shared_sink, wish
from .postfix import Postfix
from .postfix_cf import Smtpd
from .processes import wait_until
from .smtp import Client

ACTIONS = ("accept", "tempfail")
HASTY = {
    "milter_connect_timeout": "1s",
    "milter_command_timeout": "1s",
    "milter_content_timeout": "2s",
}
"""For tests that wait for these to pass."""
HAM = message_file("ham.eml")
SLOW = wish({"Delay": "20"})


@functools.cache
def own_filter() -> Filter:
    """A filter that these tests may treat as they like."""
    return Filter()


@functools.cache
def own_postfix() -> Postfix:
    """A Postfix with two services for each default action: one that waits, and one in haste."""
    milter = f"inet:127.0.0.1:{own_filter().milter}"
    services = {action: Smtpd(milter, action) for action in ACTIONS}
    hasty = {f"{action}-hasty": Smtpd(milter, action, options=HASTY) for action in ACTIONS}
    return Postfix({**services, **hasty}, shared_sink().port)


class Attempt:
    """One session that sends one message, in steps; it ends at the first refusal."""

    def __init__(self, port: int, recipient: str, message: bytes) -> None:
        self.port = port
        self.recipient = recipient
        self.message = message
        self.reply = Reply(0, "")
        self._client: Client | None = None

    def steps(self) -> Sequence[tuple[str, Callable[[], None]]]:
        """The steps with their names."""
        half = len(self.message) // 2
        return (
            ("connect", self._connect),
            ("helo", lambda: self._say("HELO client.live.test")),
            ("mail", lambda: self._say(f"MAIL FROM:<{SENDER}>")),
            ("rcpt", lambda: self._say(f"RCPT TO:<{self.recipient}>")),
            ("data", lambda: self._say("DATA")),
            ("half", lambda: self._send(self.message[:half])),
            ("rest", lambda: self._send(self.message[half:])),
            ("end", lambda: self._send(b".\r\n")),
            ("answer", self._answer),
        )

    @property
    def is_refused(self) -> bool:
        """Whether a reply was a refusal."""
        return self.reply.code >= 400

    def _connect(self) -> None:
        self._client = Client(self.port, stranger=False)

    @property
    def client(self) -> Client:
        """The session."""
        assert self._client is not None
        return self._client

    def _say(self, command: str) -> None:
        if not self.is_refused:
            self.reply = self.client.say(command)

    def _send(self, octets: bytes) -> None:
        if not self.is_refused:
            self.client.send(octets)

    def _answer(self) -> None:
        if not self.is_refused:
            self.reply = self.client.answer()
        with contextlib.suppress(OSError):
            self.client.quit()


class AwayCase(PostfixCase):
    """Base: a filter and a Postfix of their own."""

    def setUp(self) -> None:
        """Take the Postfix of our own."""
        super().setUp()
        self.postfix = own_postfix()

    def make_filter(self) -> Filter:
        """Start the filter again if a test has left it dead."""
        own = own_filter()
        if not own.child.is_running:
            own.start()
        return own

    def attempts(self, step: str, message: bytes, hasty: str = "") -> dict[str, Attempt]:
        """One for each default action, with recipients named after the step."""
        return {
            action: Attempt(
                self.postfix.ports[action + hasty], f"{step}-{action}@box.test", message
            )
            for action in ACTIONS
        }

    def go(
        self, attempts: dict[str, Attempt], before: str, trouble: Callable[[], None]
    ) -> dict[str, int]:
        """Go through all steps; there is trouble before one of them. The codes of the replies."""
        for name, _ in next(iter(attempts.values())).steps():
            if name == before:
                trouble()
            for attempt in attempts.values():
                dict(attempt.steps())[name]()
        return {action: attempt.reply.code for action, attempt in attempts.items()}

    def check_delivered(self, attempts: dict[str, Attempt]) -> None:
        """What was accepted is there once, what was refused is not."""
        self.postfix.wait_idle()
        for action, attempt in attempts.items():
            expected = int(attempt.reply.code == 250)
            count = len(self.postfix.mailbox(attempt.recipient))
            self.assertEqual(count, expected, (action, attempt.recipient, attempt.reply))

    def send_on(self, client: Client) -> int:
        """Send a message in a session; the code of its acceptance or first refusal."""
        for command in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{self.box}>"):
            if (reply := client.say(command)).code >= 400:
                client.say("RSET")
                return reply.code
        return client.data_octets(HAM).code


class KilledTests(AwayCase):
    """Killed, and at once started again."""

    def restart(self) -> None:
        """Kill the filter and all of its workers, start it again."""
        self.filter.kill()
        self.filter.start()

    def killed(self, before: str, message: bytes = HAM) -> dict[str, int]:
        """Send a message for each default action, with the filter killed before a step."""
        attempts = self.attempts(f"killed-{before}", message)
        codes = self.go(attempts, before, self.restart)
        self.check_delivered(attempts)
        return codes

    def test_before_connect(self) -> None:
        """A session that begins later knows nothing of it."""
        self.assertEqual(self.killed("connect"), {"accept": 250, "tempfail": 250})

    def test_in_session(self) -> None:
        """The default action holds for the rest of the session."""
        for before in ("helo", "mail", "rcpt", "data", "half", "rest", "end"):
            codes = self.killed(before)
            self.assertEqual(codes, {"accept": 250, "tempfail": 451}, before)

    def test_in_scan(self) -> None:
        """At the end of the message, while a check takes its time."""

        def trouble() -> None:
            self.wait_scans(2)
            self.restart()

        attempts = self.attempts("killed-scan", SLOW)
        codes = self.go(attempts, "answer", trouble)
        self.assertEqual(codes, {"accept": 250, "tempfail": 451})
        self.check_delivered(attempts)

    def wait_scans(self, count: int) -> None:
        """Wait until so many messages are being scanned."""
        wait_until(
            lambda: self.filter.log(self.mark).count("force: waiting") >= count, "scans to begin"
        )

    def test_session_goes_on(self) -> None:
        """The same session defers its next message too; a new one does not."""
        with Client(self.postfix.ports["tempfail"]) as client:
            self.assertEqual(self.send_on(client), 250)
            self.restart()
            self.assertEqual([self.send_on(client) for _ in range(2)], [451, 451])
        with Client(self.postfix.ports["tempfail"]) as client:
            self.assertEqual(self.send_on(client), 250)
        self.postfix.wait_idle()
        self.assertEqual(len(self.postfix.mailbox(self.box)), 2)


class StalledTests(AwayCase):
    """The filter holds its connections, and does nothing."""

    @contextlib.contextmanager
    def stalled(self) -> Iterator[None]:
        """Stop all processes of the filter, and let them go on at the end."""
        pids = [self.filter.child.pid, *self.filter.workers()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)

    def stalls(self, before: str, message: bytes = HAM) -> dict[str, int]:
        """Send a message for each default action; the filter stalls before a step."""
        attempts = self.attempts(f"stalled-{before}", message, "-hasty")
        with contextlib.ExitStack() as stack:
            codes = self.go(attempts, before, lambda: stack.enter_context(self.stalled()))
        self.check_delivered(attempts)
        self.check_works()
        return codes

    def check_works(self) -> None:
        """The next message is scanned as ever, and no process has ended."""
        mark = self.filter.log_size()
        with Client(self.postfix.ports["tempfail"]) as client:
            self.assertEqual(self.send_on(client), 250)
        self.filter.wait_record(mark, recipients=[self.box])
        self.assertTrue(self.filter.child.is_running)

    def test_connect(self) -> None:
        """New connections get no answer."""
        self.assertEqual(self.stalls("connect"), {"accept": 250, "tempfail": 451})

    def test_end(self) -> None:
        """The verdict does not come: nobody gets the message twice when it does."""
        self.assertEqual(self.stalls("end"), {"accept": 250, "tempfail": 451})
