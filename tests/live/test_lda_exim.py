"""Exim that delivers by a pipe to mailfilterc, then procmail or maildrop."""

import functools
import signal
from collections.abc import Mapping
from typing import ClassVar

from .exim import DOMAIN, Exim
from .harness import Reply, message_file, shared_sink, smtp_send
from .lda_agents import write_script
from .lda_case import AWAY, CLIENT, SECONDS, Box, LdaCase, page
from .lda_rules import FILING
from .maildrop import MAILDROP
from .processes import wait_until
from .procmail import PROCMAIL

HEADING, LANGUAGE = "Exim", "exim"
ROUTER, TRANSPORT = range(2)
USER = "daemon"
"""As whom this Exim runs, and so the only user to whom it delivers."""
PROCMAIL_SHOWN = '"/usr/bin/procmail -t"'
COUNT = 30
HAM = message_file("ham.eml")


@functools.cache
def chain(name: str) -> tuple[Box, Exim]:
    """An Exim with the page's configuration or another one, and the folders it delivers to."""
    box = Box(USER)
    killed = write_script(box.home / "killed", f"kill -{signal.SIGKILL} $$")
    changes: Mapping[str, str] = {
        "tempfail": {"/usr/bin/procmail": PROCMAIL.command(box)},
        "pass": {" --on-error tempfail": "", PROCMAIL_SHOWN: MAILDROP.command(box)},
        "killed": {PROCMAIL_SHOWN: str(killed)},
        "missing": {CLIENT: "/nonexistent/mailfilterc"},
    }[name]
    (MAILDROP if name == "pass" else PROCMAIL).rules(box, FILING)
    router = page(HEADING, LANGUAGE, box, ROUTER)
    transport = page(HEADING, LANGUAGE, box, TRANSPORT, changes)
    return box, Exim("begin acl", shared_sink().port, routers=router, transports=transport)


class EximCase(LdaCase):
    """Base: an Exim with one of the configurations."""

    needs: ClassVar[tuple[str, ...]] = ("exim4", "procmail", "maildrop")
    name: ClassVar[str]

    def setUp(self) -> None:
        """Start or reuse it; its queue and the folders are empty."""
        super().setUp()
        self.use(self.name)
        self.exim.wait_idle()
        self.box.clear()

    def use(self, name: str) -> None:
        """Send by this one from now on."""
        self.box, self.exim = chain(name)
        self.since = len(self.exim.log())
        # Bounces to it come to the sink.
        self.sender = f"{type(self).__name__}-{self._testMethodName}-{name}@{DOMAIN}".lower()

    def submit(self, message: bytes) -> Reply:
        """Send a message; it must be accepted."""
        reply = smtp_send(self.exim.smtp, message, (f"{USER}@box.test",), self.sender)
        self.assertEqual(reply.code, 250, reply)
        return reply

    def log(self) -> str:
        """What Exim has logged in this test."""
        return self.exim.log()[self.since :]

    def wait_log(self, text: str) -> None:
        """Wait until it is logged."""
        wait_until(lambda: text in self.log(), text, SECONDS)

    def bounces(self) -> list[bytes]:
        """What has come back."""
        return [taken.message for taken in shared_sink().to(self.sender)]

    def check_exit_status(self) -> None:
        """Mail waits with 75 until it can be delivered; it bounces with 67."""
        self.submit(b"X-LDA-Later: yes\r\n" + HAM)
        self.wait_log("== daemon@box.test")
        self.assertEqual((self.box.count(), self.bounces()), (0, []))
        (self.box.home / "open").touch()
        wait_until(lambda: self.box.count() == 1, "mail that waited", SECONDS)
        self.submit(b"X-LDA-Exit: 67\r\n" + HAM)
        wait_until(lambda: bool(self.bounces()), "a bounce", SECONDS)
        self.exim.wait_idle()
        self.assertEqual((self.box.count(), len(self.bounces())), (1, 1))


class TempfailTests(EximCase):
    """Mail waits for the filter; procmail delivers."""

    name: ClassVar[str] = "tempfail"

    def test_filed(self) -> None:
        """By the verdict alone."""
        self.check_filed(self.submit)

    def test_exit_status(self) -> None:
        """What procmail says is told to Exim."""
        self.check_exit_status()

    def test_killed(self) -> None:
        """Killed on the way: nothing bounces, and all comes with a verdict."""
        self.check_killed(COUNT, self.submit, lambda: self.log().count(" == ") >= AWAY)
        self.exim.wait_idle()
        self.assertEqual((self.box.count(), self.box.unscanned()), (COUNT, 0))
        self.assertEqual(self.bounces(), [])

    def test_killed_delivery(self) -> None:
        """What is killed while it delivers is frozen, not bounced."""
        self.use("killed")
        self.submit(HAM)
        self.wait_log("Frozen")
        self.assertEqual((len(self.exim.queued()), self.bounces()), (1, []))

    def test_missing(self) -> None:
        """What cannot be run defers mail."""
        self.use("missing")
        self.submit(HAM)
        self.wait_log(" == ")
        self.assertEqual((len(self.exim.queued()), self.bounces()), (1, []))


class PassTests(EximCase):
    """Mail does not wait; maildrop delivers."""

    name: ClassVar[str] = "pass"

    def test_filed(self) -> None:
        """By the verdict alone."""
        self.check_filed(self.submit)

    def test_exit_status(self) -> None:
        """What maildrop says is told to Exim."""
        self.check_exit_status()

    def test_killed(self) -> None:
        """Killed on the way: all comes at once, some of it without a verdict."""
        self.check_killed(COUNT, self.submit, lambda: self.box.unscanned() >= AWAY)
        self.exim.wait_idle()
        self.assertEqual((self.box.count(), self.bounces()), (COUNT, []))
        self.assertNotIn(" == ", self.log())
