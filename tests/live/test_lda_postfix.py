"""Postfix that delivers by its mailbox_command: mailfilterc, then procmail or maildrop."""

import functools
from typing import ClassVar

from .harness import Reply, message_file, shared_sink, smtp_send
from .lda_agents import USER
from .lda_case import AWAY, SECONDS, Box, LdaCase, page
from .lda_rules import FILING, Agent
from .maildrop import MAILDROP
from .postfix import Postfix
from .postfix_cf import SINK, Smtpd
from .processes import wait_until
from .procmail import PROCMAIL

HEADING, LANGUAGE = "Postfix", "postfix"
DOMAIN = "lda.test"
HAM = message_file("ham.eml")

_MORE = f"""\
mydestination = {DOMAIN}
local_transport = local
local_recipient_maps =
recipient_delimiter = +
minimal_backoff_time = 3s
maximal_backoff_time = 4s
queue_run_delay = 1s
"""
"""Mail that waits is tried again soon; but sooner, the last attempt may not have let go of it."""


@functools.cache
def chain(agent: Agent, number: int) -> tuple[Box, Postfix]:
    """A Postfix with one of the page's commands, and the folders it delivers to."""
    box = Box()
    agent.rules(box, FILING)
    changes = {f"/usr/bin/{agent.name}": agent.command(box)}
    lines = page(HEADING, LANGUAGE, box, number, changes)
    return box, Postfix({"smtp": Smtpd("")}, shared_sink().port, more=_MORE + lines)


class PostfixCase(LdaCase):
    """Base: a Postfix with one of the commands."""

    needs: ClassVar[tuple[str, ...]] = ("master", "procmail", "maildrop")
    agent: ClassVar[Agent]
    number: ClassVar[int]

    def setUp(self) -> None:
        """Start or reuse it; its queue and the folders are empty."""
        super().setUp()
        self.box, self.postfix = chain(self.agent, self.number)
        self.postfix.wait_idle()
        self.box.clear()
        self.since = len(self.postfix.log())
        # Bounces to it come to the sink.
        self.sender = f"{type(self).__name__}-{self._testMethodName}@{SINK}".lower()

    def submit(self, message: bytes, local: str = USER) -> Reply:
        """Send a message; it must be accepted."""
        port = self.postfix.ports["smtp"]
        reply = smtp_send(port, message, (f"{local}@{DOMAIN}",), self.sender)
        self.assertEqual(reply.code, 250, reply)
        return reply

    def log(self) -> str:
        """What Postfix has logged in this test."""
        return self.postfix.log()[self.since :]

    def bounces(self) -> list[bytes]:
        """What has come back."""
        return [taken.message for taken in shared_sink().to(self.sender)]

    def wait_log(self, text: str, count: int = 1) -> None:
        """Wait until it is logged so many times."""
        wait_until(lambda: self.log().count(text) >= count, text, SECONDS)

    def check_exit_status(self) -> None:
        """Mail waits with 75 until it can be delivered; it bounces with 67."""
        self.submit(b"X-LDA-Later: yes\r\n" + HAM)
        self.wait_log("status=deferred", 2)
        self.assertEqual((self.box.count(), self.bounces()), (0, []))
        (self.box.home / "open").touch()
        wait_until(lambda: self.box.count() == 1, "mail that waited", SECONDS)
        self.submit(b"X-LDA-Exit: 67\r\n" + HAM)
        wait_until(lambda: bool(self.bounces()), "a bounce", SECONDS)
        self.assertIn(b"5.1.1", self.bounces()[0])
        self.postfix.wait_idle()
        self.assertEqual((self.box.count(), len(self.bounces())), (1, 1))
        self.assertEqual(self.log().count("status=sent (delivered to command"), 1)


class TempfailTests(PostfixCase):
    """Mail waits for the filter; procmail delivers."""

    agent: ClassVar[Agent] = PROCMAIL
    number: ClassVar[int] = 0

    def test_filed(self) -> None:
        """By the verdict alone."""
        self.check_filed(self.submit)

    def test_exit_status(self) -> None:
        """What procmail says is told to Postfix."""
        self.check_exit_status()

    def test_killed(self) -> None:
        """Killed on the way: nothing bounces, and all comes with a verdict."""
        self.check_killed(200, self.submit, lambda: self.log().count("status=deferred") >= AWAY)
        self.assertEqual(self.bounces(), [])
        self.assertEqual(self.box.unscanned(), 0)
        self.postfix.wait_idle()
        self.assertEqual(self.box.count(), 200)

    def test_extension(self) -> None:
        """What stands in an address is one argument, and harmless."""
        odd = f'"{USER}+b\' -m \'$(id)`id`\\""'
        for local, shown in ((USER, ""), (f"{USER}+box", "box"), (odd, "b[a-z_-]+")):
            told = self.box.home / "arguments"
            told.unlink(missing_ok=True)
            self.submit(HAM, local)
            self.postfix.wait_idle()
            self.assertRegex(told.read_text(), f"^<-t><-a><{shown}>$")
        self.assertEqual(len(self.box.inbox()), 3)


class PassTests(PostfixCase):
    """Mail does not wait; maildrop delivers."""

    agent: ClassVar[Agent] = MAILDROP
    number: ClassVar[int] = 1

    def test_filed(self) -> None:
        """By the verdict alone."""
        self.check_filed(self.submit)

    def test_exit_status(self) -> None:
        """What maildrop says is told to Postfix."""
        self.check_exit_status()

    def test_killed(self) -> None:
        """Killed on the way: all comes at once, some of it without a verdict."""
        self.check_killed(40, self.submit, lambda: self.box.unscanned() >= AWAY)
        self.postfix.wait_idle()
        self.assertEqual((self.box.count(), self.bounces()), (40, []))
        self.assertNotIn("status=deferred", self.log())
