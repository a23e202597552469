"""What a client of lines is told of a message that cannot be scanned, by the listener's policy."""

from dataclasses import replace
from typing import cast

from mailfilter.config.model import FailPolicy
from mailfilter.scan.envelope import Envelope
from mailfilter.scan.unscanned import Unscanned
from mailfilter.scan.verdict import AddHeader, ChangeSender, Verdict
from mailfilter.testing.fake_scanner import FakeScanner

from ..codec.spamd_clients import exim, spamc
from .spamd_case import MESSAGE, VERDICT, Case, request
from .test_scan_http import StubbornScanner

POLICIES: tuple[FailPolicy, ...] = ("accept", "tempfail", "reject")
ACTIONS = ("no action", "soft reject", "reject")


class BrokenScanner(FakeScanner):
    """It cannot even say what is to be said of a message that is not scanned."""

    def unscanned(self, envelope: Envelope, given: Unscanned) -> Verdict:
        raise RuntimeError("no")


class FailureTests(Case):
    def rspamc(self) -> str:
        return exim(self.ask(request(b"CHECK RSPAMC/1.3")), is_rspamd=True).action

    def test_rspamc(self) -> None:
        """Exim takes a verdict and nothing else."""
        for policy, action in zip(POLICIES, ACTIONS, strict=True):
            self.serve(FakeScanner(error=RuntimeError("no")), on_failure=policy)
            self.assertEqual(self.rspamc(), action)
            self.serve(FakeScanner(wait=True), on_failure=policy, deadline=5)
            self.ask(request(b"CHECK RSPAMC/1.3"))
            self.clock.advance(5)
            self.assertEqual(exim(self.replies(), is_rspamd=True).action, action)
            (((_, given),), cancelled) = (self.scanner.unscanned_calls, self.scanner.cancelled)
            self.assertEqual((given.reason, given.size, cancelled), ("deadline", len(MESSAGE), 1))
            self.assertEqual(given.head, b"From: a@example.org\nSubject: hi\n")
        self.flushLoggedErrors(RuntimeError)

    def test_spamc(self) -> None:
        for policy in POLICIES:
            for command in (b"CHECK", b"SYMBOLS", b"REPORT", b"PROCESS", b"HEADERS"):
                octets = request(command + b" SPAMC/1.5", b"X-Spam: Yes\n\nbody")
                self.serve(FakeScanner(error=RuntimeError("no")), on_failure=policy)
                failed = self.ask(octets)
                self.serve(FakeScanner(wait=True), on_failure=policy, deadline=5)
                self.ask(octets)
                self.clock.advance(5)
                late = self.replies()
                self.assertTrue(self.transport.ends_in_order)
                self.assertEqual(len(self.scanner.unscanned_calls), 1)
                if policy != "accept":
                    text = b"Message could not be scanned\r\n"
                    self.assertEqual(failed, b"SPAMD/1.0 69 Service Unavailable: " + text)
                    self.assertEqual(late, b"SPAMD/1.0 79 Timeout: " + text)
                    continue
                for reply, reason in ((failed, b"failure"), (late, b"deadline")):
                    seen = spamc(reply, command.decode())
                    self.assertEqual((seen.is_spam, seen.numbers), (False, (0.0, 15.0)))
                    skipped = b"X-Spam-Skipped: " + reason + b"\n\n"
                    if command == b"PROCESS":
                        self.assertEqual(seen.body, skipped + b"body")
                    elif command == b"HEADERS":
                        self.assertEqual(seen.body, skipped)
        self.flushLoggedErrors(RuntimeError)

    def test_a_scan_that_goes_on(self) -> None:
        """Its verdict comes when the client is answered, and is not told."""
        scanner = StubbornScanner(VERDICT, wait=True)
        self.serve(scanner, deadline=5)
        self.ask(request(b"CHECK SPAMC/1.5"))
        self.clock.advance(5)
        answered = self.replies()
        scanner.release()
        self.assertEqual(self.replies(), answered)
        self.assertTrue(self.transport.ends_in_order)

    def test_too_large(self) -> None:
        body = b"A: 1\n\n".ljust(1001, b"x")
        for policy, action in zip(POLICIES, ACTIONS, strict=True):
            self.serve(FakeScanner(max_message=1000), oversize=policy)
            reply = self.ask(request(b"CHECK RSPAMC/1.3", body))
            self.assertEqual(exim(reply, is_rspamd=True).action, action)
            ((_, given),) = self.scanner.unscanned_calls
            self.assertEqual((given.reason, given.size, given.head), ("size", 1001, b"A: 1\n"))
            for command in (b"CHECK", b"SYMBOLS", b"REPORT", b"PROCESS", b"HEADERS"):
                reply = self.ask(request(command + b" SPAMC/1.5", body))
                if policy == "accept" and command not in (b"PROCESS", b"HEADERS"):
                    self.assertFalse(spamc(reply, command.decode()).is_spam)
                    continue
                text = b"SPAMD/1.0 69 Service Unavailable: Message is too large to be scanned\r\n"
                self.assertEqual(reply, text)
            self.assertEqual(self.scanner.calls, [])

    def test_no_answer_to_be_made(self) -> None:
        """Not even of the policy's verdict."""
        broken = replace(VERDICT, symbols=cast(tuple[()], (None,)))
        for policy, action in zip(POLICIES, ACTIONS, strict=True):
            self.serve(FakeScanner(broken), on_failure=policy)
            self.assertEqual(self.rspamc(), action)
            reply = self.ask(request(b"REPORT SPAMC/1.5"))
            self.assertTrue(reply.startswith(b"SPAMD/1.0 69 Service Unavailable: "))
            self.assertEqual(self.scanner.unscanned_calls, [])
        self.assertEqual(len(self.flushLoggedErrors(AttributeError)), 3)

    def test_one_traceback_a_minute(self) -> None:
        self.serve(FakeScanner(error=RuntimeError("no")))
        for _ in range(5):
            self.rspamc()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.clock.advance(61)
        self.rspamc()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_what_is_left_out_is_logged(self) -> None:
        edits = (ChangeSender("a@b"), AddHeader("\n", "x"))
        self.serve(FakeScanner(replace(VERDICT, edits=edits)))
        self.ask(request(b"CHECK RSPAMC/1.3"))
        (line,) = self.lines()
        self.assertEqual(
            line,
            "lines: '127.0.0.1': message '' of '', 0000000000000000: left out of the reply: add"
            " header: bad name; change sender: not possible by RSPAMC",
        )

    def test_by_policy_alone(self) -> None:
        unavailable = b"SPAMD/1.0 69 Service Unavailable: Message could not be scanned\r\n"
        for policy, action in zip(POLICIES, ACTIONS, strict=True):
            self.serve(BrokenScanner(error=RuntimeError("no")), on_failure=policy)
            word = str(policy == "reject")
            expected = (
                f"RSPAMD/1.3 0 EX_OK\r\nMetric: default; {word}; 0.00 / 999.00 / 0.0\r\n"
                f"Action: {action}\r\n"
            )
            self.events.clear()
            octets = request(b"CHECK RSPAMC/1.3", MESSAGE, b"Queue-Id: 1abc")
            self.assertEqual(self.ask(octets), expected.encode())
            self.assertEqual(self.ask(request(b"CHECK SPAMC/1.5")), unavailable)
            lines = [line for line in self.lines() if "by policy alone" in line]
            whose = (
                "lines: '127.0.0.1': message '1abc' of ''",
                "lines: '127.0.0.1': message '' of ''",
            )
            told = action, "unavailable"
            expected_lines = [
                f"{start}: answered by policy alone: {end}"
                for start, end in zip(whose, told, strict=True)
            ]
            self.assertEqual(lines, expected_lines)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 6)
