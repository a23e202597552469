"""Manual pages: that they are current and whole, and that nothing in them is obeyed."""

import re
from pathlib import Path

import click
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.pages import roff
from mailfilter.client.pages.manual import Program, Section, render
from mailfilter.client.pages.model import read_command
from mailfilter.client.pages.programs import programs
from mailfilter.client.pages.write import pages
from mailfilter.client.rspamc import main
from mailfilter.client.rspamc.commands import COMMANDS

ROOT = Path(__file__).parents[3]
REQUESTS = frozenset((".TH", ".SH", ".SS", ".TP", ".PP", ".RS", ".RE", ".nf", ".fi"))
EVIL = "'evil\n.so /etc/passwd \\fB^~`\"-x \u00e9 .end"


def page(name: str) -> str:
    (found,) = (render(program) for program in programs() if program.name == name)
    return found


class CurrentTests(SynchronousTestCase):
    """What is in `share/`."""

    def test_current(self) -> None:
        """It is what the command lines say; otherwise run `make docs`."""
        for path, text in pages().items():
            self.assertEqual((ROOT / path).read_text("utf-8"), text, path)

    def test_nothing_else(self) -> None:
        """No file is left of what was made before."""
        found = {path.relative_to(ROOT) for path in (ROOT / "share").rglob("*") if path.is_file()}
        self.assertEqual(set(pages()), found)


class WholeTests(SynchronousTestCase):
    """What must be in a page."""

    def test_options(self) -> None:
        """Every option of every command, in bold."""
        for program in programs():
            text = render(program)
            names = {
                name
                for command in program.command.all()
                if not command.commands or not command.name
                for option in command.options
                for name in option.names
            }
            self.assertTrue(len(names) > 20)
            for name in names:
                self.assertIn(roff.bold(name), text)

    def test_commands(self) -> None:
        """Every command of both."""
        for item in COMMANDS:
            for name in (item.name, *item.aliases):
                self.assertIn(rf"\fB{name}", page("mailfilterc"))
        for name in ("config check", "store migrate", "tls self-signed", "explain"):
            self.assertIn(f'.SS "{roff.literal(name)}"', page("mailfilteradm"))

    def test_exit_codes(self) -> None:
        """Those that the client knows."""
        text = page("mailfilterc")
        codes = (main.OK, main.FAILED, main.MISUSED, main.TEMPFAIL, main.INTERRUPTED)
        for code in (*codes, main.CLOSED_OUTPUT):
            self.assertIn(f".TP\n\\fB{code}\\fR\n", text)

    def test_form(self) -> None:
        """Only requests that are meant, short lines, nothing but ASCII."""
        for program in programs():
            text = render(program)
            self.assertTrue(text.isascii())
            self.assertNotIn("\n\n", text)
            for line in text.splitlines():
                if line.startswith((".", "'")):
                    self.assertIn(line.split()[0], {*REQUESTS, r".\""})


class EscapeTests(SynchronousTestCase):
    """Text that has a meaning for roff."""

    def check_lines(self, text: str) -> None:
        for line in text.split("\n"):
            self.assertFalse(line.startswith((".", "'")), text)
        self.assertTrue(text.isascii())

    def test_texts(self) -> None:
        """No request, no escape, and what is typed can be copied."""
        self.assertEqual(r"\(aqa\e\(ha\(ti\(ga\(dq\-x", roff.literal("'a\\^~`\"-x"))
        self.assertEqual(r"\&.so \[u00E9]", roff.literal(".so \u00e9"))
        self.assertEqual("\\&./x\nb", roff.prose("./x\nb").replace(" ", "\n"))
        text = r"a-b by \fB\-\-no\-such\fR, \fBx y\fR."
        self.assertEqual(text, roff.prose("a-b by --no-such, `x y`."))
        for text in (EVIL, "." + EVIL, "x " * 60 + ".x", "\n" + EVIL):
            for escape in (roff.literal, roff.prose):
                self.check_lines(escape(text))
            self.check_lines(roff.literal_line(text.replace("\n", " ")))

    def test_page(self) -> None:
        """A whole page of such texts."""
        command = click.Command(
            "evil",
            params=[
                click.Option(["--evil"], metavar=EVIL, help=EVIL),
                click.Argument(["other"], metavar=EVIL),
            ],
            help=EVIL,
        )
        section = Section(EVIL, [EVIL], [(EVIL, EVIL)], [EVIL.replace("\n", " ")])
        program = Program("evil", 1, EVIL, read_command(command), (section,), (("evil", 1),))
        text = render(program)
        self.assertTrue(text.isascii())
        for line in text.splitlines():
            if re.match("[.']", line):
                self.assertIn(line.split()[0], {*REQUESTS, r".\""})
        self.assertNotIn(".so", [line.split()[0] for line in text.splitlines() if line])
