"""The filter is killed at each step of an SMTP session, or does not answer: nothing is lost.

The cases are the same for every MTA.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping

from .harness import SENDER, Filter, LiveCase, Reply, message_file, wish
from .processes import wait_until
from .smtp import Client
from .threads import Threads, until_taken

ACTIONS = ("accept", "tempfail")
"""What an MTA does without the filter."""
EXPECTED = {"accept": 250, "tempfail": 451}
HAM = message_file("ham.eml")
SLOW = wish({"Delay": "4.5"})
"""It takes longer than the filter can be silent without a sign of life."""


def killed_under_load(
    running: Filter, mark: int, submit: Callable[[bytes], Reply]
) -> tuple[set[int], list[str]]:
    """Kill and restart a filter while clients send, which try again what is deferred.

    The codes of all replies, and what the messages have as their `X-Number`, in order.
    """
    codes: list[int] = []

    def client(number: int) -> None:
        for count in range(15):
            text = f"X-Number: {number}-{count}\r\n".encode() + HAM
            until_taken(lambda: submit(text).code, codes)  # noqa: B023

    clients = Threads(4, client)
    wait_until(lambda: len(running.records(mark)) >= 10, "ten messages")
    running.kill()
    wait_until(lambda: 451 in codes, "a deferred message", 60)
    running.start()
    clients.join()
    return set(codes), sorted(f"{number}-{count}" for number in range(4) for count in range(15))


class Attempt:
    """One session that sends one message, in steps; it ends at the first refusal."""

    def __init__(self, port: int, recipient: str, message: bytes) -> None:
        self.port = port
        self.recipient = recipient
        self.message = message
        self.reply = Reply(0, "")
        self._client: Client | None = None

    def steps(self) -> Mapping[str, Callable[[], None]]:
        """The steps by their names, in their order."""
        half = len(self.message) // 2
        return {
            "connect": self._connect,
            "helo": lambda: self._say("HELO client.live.test"),
            "mail": lambda: self._say(f"MAIL FROM:<{SENDER}>"),
            "rcpt": lambda: self._say(f"RCPT TO:<{self.recipient}>"),
            "data": lambda: self._say("DATA"),
            "half": lambda: self._send(self.message[:half]),
            "rest": lambda: self._send(self.message[half:]),
            "end": lambda: self._send(b".\r\n"),
            "answer": self._answer,
        }

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


class AwayCase(LiveCase):
    """Base: sessions with an MTA that is there only for these tests, as is the filter."""

    def port(self, action: str) -> int:
        """The MTA's port with a default action.

        With `-hasty` it does not wait long for replies to commands, with `-curt` for a verdict.
        """
        raise NotImplementedError

    def count(self, recipient: str) -> int:
        """How many messages have arrived, when none is left to be delivered."""
        raise NotImplementedError

    def address(self, name: str) -> str:
        """A recipient."""
        raise NotImplementedError

    def attempts(self, step: str, message: bytes, haste: str = "") -> dict[str, Attempt]:
        """One for each default action, with recipients named after the step."""
        return {
            action: Attempt(self.port(action + haste), self.address(f"{step}-{action}"), message)
            for action in ACTIONS
        }

    def go(
        self, attempts: Mapping[str, Attempt], before: str, trouble: Callable[[], None]
    ) -> dict[str, int]:
        """Go through all steps; there is trouble before one of them. The codes of the replies."""
        sessions = [attempt.steps() for attempt in attempts.values()]
        for name in sessions[0]:
            if name == before:
                trouble()
            for steps in sessions:
                steps[name]()
        return {action: attempt.reply.code for action, attempt in attempts.items()}

    def check_delivered(self, attempts: Mapping[str, Attempt]) -> None:
        """What was accepted is there once, what was refused is not."""
        for action, attempt in attempts.items():
            expected = int(attempt.reply.code == 250)
            count = self.count(attempt.recipient)
            self.assertEqual(count, expected, (action, attempt.recipient, attempt.reply))

    def send_on(self, client: Client, recipient: str) -> int:
        """Send a message in a session; the code of its acceptance or first refusal."""
        for command in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{recipient}>"):
            if (reply := client.say(command)).code >= 400:
                client.say("RSET")
                return reply.code
        return client.data_octets(HAM).code

    def wait_scans(self, count: int = len(ACTIONS)) -> None:
        """Wait until so many messages of this test are being scanned."""
        wait_until(
            lambda: self.filter.log(self.mark).count("force: waiting") >= count,
            "scans to begin",
            30,
        )


class KilledCases(AwayCase):
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
            self.assertEqual(self.killed(before), EXPECTED, before)

    def test_in_large_message(self) -> None:
        """When parts of the text are at the filter already, and before its last dot."""
        message = HAM + b"some text of a line\r\n" * 20000
        for before in ("rest", "end"):
            attempts = self.attempts(f"killed-large-{before}", message)
            self.assertEqual(self.go(attempts, before, self.restart), EXPECTED, before)
            self.check_delivered(attempts)

    def test_in_scan(self) -> None:
        """At the end of the message, while a check takes its time."""

        def trouble() -> None:
            self.wait_scans()
            self.restart()

        attempts = self.attempts("killed-scan", SLOW)
        self.assertEqual(self.go(attempts, "answer", trouble), EXPECTED)
        self.check_delivered(attempts)

    def test_session_goes_on(self) -> None:
        """The same session defers its next message too; a new one does not."""
        box = self.address("goes-on")
        with Client(self.port("tempfail"), stranger=False) as client:
            self.assertEqual(self.send_on(client, box), 250)
            self.restart()
            self.assertEqual([self.send_on(client, box) for _ in range(2)], [451, 451])
        with Client(self.port("tempfail"), stranger=False) as client:
            self.assertEqual(self.send_on(client, box), 250)
        self.assertEqual(self.count(box), 2)


class StalledCases(AwayCase):
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

    def check_works(self) -> None:
        """The next message is scanned as ever, and no process has ended."""
        box = self.address(f"works-{self._testMethodName}")
        mark = self.filter.log_size()
        with Client(self.port("tempfail"), stranger=False) as client:
            self.assertEqual(self.send_on(client, box), 250)
        self.filter.wait_record(mark, recipients=[box])
        self.assertTrue(self.filter.child.is_running)

    def test_stalled_connect(self) -> None:
        """New connections get no answer."""
        attempts = self.attempts("stalled-connect", HAM, "-hasty")
        with self.stalled():
            codes = self.go(attempts, "", lambda: None)
        self.assertEqual(codes, EXPECTED)
        self.check_delivered(attempts)
        self.check_works()

    def test_stalled_scan(self) -> None:
        """The filter has all of the message, and the verdict does not come.

        Nobody gets the message twice when it does.
        """
        attempts = self.attempts("stalled-scan", SLOW, "-curt")
        with contextlib.ExitStack() as stack:

            def trouble() -> None:
                self.wait_scans()
                stack.enter_context(self.stalled())

            codes = self.go(attempts, "answer", trouble)
        self.assertEqual(codes, EXPECTED)
        self.check_delivered(attempts)
        self.check_works()
