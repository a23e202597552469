"""What programs of local delivery do for a user, as the page shows it, and the cases of both."""

import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from . import lda_agents
from .delivered import values
from .harness import body_of, message_file
from .lda_case import AWAY, SECONDS, SERVER, TEMPFAIL, Box, LdaCase, letter, page
from .processes import free_port
from .threads import until_taken

COUNT = 30
DEFERRED = 75
HAM = message_file("ham.eml")
VARIABLES, FILTER, FILING = range(3)
"""The blocks of the page with the rules of a user, for each of the programs."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One of the programs; its name is the heading of the page, too."""

    name: str
    language: str
    """Of the blocks."""
    wishes: str
    """Rules that do what messages ask for: an exit status in `X-LDA-Exit`; 75 as long as there is
    no file `open` in the home of the user with `X-LDA-Later: yes`."""
    prepare: Callable[[Box], object]
    """Makes folders."""

    def rules(self, box: Box, *parts: int, changes: Mapping[str, str] = {}) -> None:
        """Write the user's rules, of these blocks and the first one."""
        self.prepare(box)
        text = page(self.name, self.language, box, VARIABLES)
        text += self.wishes.replace("$HOME", str(box.home))
        for part in parts:
            changed = changes if part == FILTER else {}
            text += page(self.name, self.language, box, part, changed)
        box.write("rules", text)

    def command(self, box: Box) -> str:
        """The program for this user, as if the rules were where it looks for them.

        It writes its arguments to the file `arguments` in the user's home, a line each time.
        """
        told = f"printf '<%s>' \"$@\" | tr '\\n' ' ' >> {box.home}/arguments"
        line = f'exec {lda_agents.agents()}/{self.name} "$@" {box.home}/rules'
        return str(lda_agents.write_script(box.home / self.name, f"{told}\n{line}"))


class AgentCase(LdaCase):
    """Base: messages are handed to a command, as an MTA or fetchmail does."""

    agent: ClassVar[Agent]
    command: str

    def use_filter(self, changes: Mapping[str, str] = {}) -> None:
        """Let the program run mailfilterc."""
        self.agent.rules(self.box, FILTER, FILING, changes=changes)
        self.command = self.agent.command(self.box)

    def use_exec(self, changes: Mapping[str, str] = {}) -> None:
        """Let mailfilterc run the program."""
        self.agent.rules(self.box, FILING)
        command = {f"/usr/bin/{self.agent.name}": self.agent.command(self.box)}
        shown = {"mailfilterc -h": "/usr/bin/mailfilterc -h", **changes, **command}
        self.command = self.page(self.agent.name, "sh", -1, shown)

    def deliver(self, message: bytes) -> int:
        """Deliver a message as the user; the exit status."""
        done = subprocess.run(
            self.command,
            shell=True,
            input=message.replace(b"\r\n", b"\n"),
            user=lda_agents.USER,
            group=lda_agents.USER,
            extra_groups=[],
            cwd="/",
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        return done.returncode

    def deliver_again(self, codes: list[int], message: bytes) -> None:
        """Deliver a message, and try again as long as the exit status is 75; collects those."""

        def once() -> int:
            codes.append(self.deliver(message))
            return 451 if codes[-1] == DEFERRED else 250

        until_taken(once, [])


class FilterCases(AgentCase):
    """mailfilterc as a filter."""

    def test_filed(self) -> None:
        """By the verdict alone."""
        self.use_filter()
        self.check_filed(self.deliver)

    def test_pass(self) -> None:
        """Killed on the way: mail goes on without a verdict, once."""
        self.use_filter()
        codes: list[int] = []
        self.check_killed(
            COUNT,
            lambda message: self.deliver_again(codes, message),
            lambda: self.box.unscanned() >= AWAY,
        )
        self.assertEqual(codes, [0] * COUNT)

    def test_tempfail(self) -> None:
        """Killed on the way: mail waits, and comes once with its verdict."""
        self.use_filter(TEMPFAIL)
        codes: list[int] = []
        self.check_killed(
            COUNT,
            lambda message: self.deliver_again(codes, message),
            lambda: codes.count(DEFERRED) >= AWAY,
        )
        self.assertEqual(codes.count(0), COUNT)
        self.assertEqual(set(codes), {0, DEFERRED})
        self.assertEqual(self.box.unscanned(), 0)

    def test_broken(self) -> None:
        """A filter that fails, or is none, leaves no mail with the marks of its sender."""
        for broken in ("/usr/bin/mailfilterc-is-not-here", "/usr/bin/mailfilterc --none"):
            self.use_filter({"/usr/bin/mailfilterc": broken})
            self.assertEqual(self.deliver(letter(0)), DEFERRED)
        self.assertEqual(self.box.all(), [])


class ExecCases(AgentCase):
    """mailfilterc delivers by the program."""

    def test_filed(self) -> None:
        """By the verdict alone."""
        self.use_exec()
        self.check_filed(self.deliver)

    def test_exit_status(self) -> None:
        """That of the program, with a verdict or without."""
        for changes in ({}, down()):
            self.use_exec(changes)
            for code in (67, DEFERRED, 1):
                self.assertEqual(self.deliver(b"X-LDA-Exit: %d\r\n" % code + HAM), code)
        self.assertEqual(self.box.all(), [])

    def test_down(self) -> None:
        """Passed on without a verdict, or refused for now."""
        self.use_exec({**TEMPFAIL, **down()})
        self.assertEqual(self.deliver(letter(0)), DEFERRED)
        self.assertEqual(self.box.all(), [])
        self.use_exec(down())
        self.assertEqual(self.deliver(letter(0)), 0)
        (message,) = self.box.inbox()
        self.assertIn("refused", values(message, "X-Spam-Error")[0])
        self.assertEqual(values(message, "X-Spam"), [])
        self.assertEqual(body_of(message), body_of(letter(0)))


def down() -> dict[str, str]:
    """A change of the page to a server that is not there."""
    return {SERVER: f"127.0.0.1:{free_port()}"}
