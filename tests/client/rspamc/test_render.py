"""What stands around documents, failures, and documents that rspamc would not print."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc.command_line import read_command_line
from mailfilter.client.rspamc.exchange import Failure, Item
from mailfilter.client.rspamc.render import render

from .replies import outcome, printed

CHECKOUT = Path(__file__).parents[3]

HAM = {"action": "no action"}
HAM_TEXT = "[Metric: default]\nAction: no action\nSpam: false\n"
HEAD = "Results for file: mail (0.25 seconds)\n"
HEADERS = "Server: test\nContent-Type: application/json\n\n"


class HeadTests(SynchronousTestCase):
    """Before the document."""

    def test_seconds(self) -> None:
        """Three digits."""
        for seconds, text in (
            (0.0, "0"),
            (0.0004567, "0.000457"),
            (0.25, "0.25"),
            (1.0, "1"),
            (1.0149, "1.01"),
            (12.345, "12.3"),
            (1234.5, "1.23e+03"),
        ):
            found = printed(Failure(Item("a b"), "x", seconds))
            self.assertEqual(found, f"Results for file: a b ({text} seconds)\nx\n\n")

    def test_names(self) -> None:
        """Octets of names that are no text."""
        call = read_command_line([])
        for form in ("human", "ucl"):
            octets = render(outcome({}, name="\udcff\n"), call.command, call.options)
            self.assertTrue(octets.startswith(b"Results for file: \xff\n ("), form)
        call = read_command_line(["--compact"])
        octets = render(outcome({}, name="\udcff\n"), call.command, call.options)
        self.assertIn(b'{"filename":"\xff\\n",', octets)

    def test_command(self) -> None:
        """Commands without messages are called by their names."""
        for word in ("stat", "stat_reset", "counters", "uptime"):
            text = printed(outcome({}), word)
            self.assertTrue(text.startswith(f"Results for command: {word} (0.25 seconds)\n"))

    def test_headers(self) -> None:
        """Fields of HTTP, in their order, in all forms."""
        self.assertEqual(printed(outcome(HAM), "--headers"), f"{HEAD}{HEADERS}{HAM_TEXT}\n")
        self.assertEqual(
            printed(outcome({}), "--headers", "--compact"),
            f'{HEADERS}{{"filename":"mail","scan_time":0.250000}}\n',
        )


class BodyTests(SynchronousTestCase):
    """A rewritten message."""

    def test_people(self) -> None:
        """It follows."""
        text = printed(outcome(HAM, body=b"a: b\r\n\r\nc"))
        self.assertEqual(text, f"{HEAD}{HAM_TEXT}\nNew body:\na: b\r\n\r\nc\n\n")
        text = printed(outcome({}, body=b"a: b\n"), "--ucl")
        self.assertTrue(text.endswith("scan_time = 0.250000;\n\nNew body:\na: b\n\n\n"))

    def test_programs(self) -> None:
        """They get it if they ask for it."""
        for word in ("--json", "--compact", "--raw-reply", "--human"):
            without = printed(outcome(HAM), word)
            self.assertEqual(printed(outcome(HAM, body=b"new"), word), without)
            text = printed(outcome(HAM, body=b"new"), word, "--output-body")
            self.assertEqual(text, f"{without.removesuffix(chr(10))}\nNew body:\nnew\n\n")


class RawTests(SynchronousTestCase):
    """`--raw-reply`."""

    def test_raw(self) -> None:
        """As it came, and a line end."""
        self.assertEqual(printed(outcome({"a": 15.0}), "--raw-reply"), '{"a": 15.0}\n')

    def test_line_end(self) -> None:
        """One is enough."""
        found = outcome({})
        call = read_command_line(["--raw-reply"])
        for raw, octets in ((b"{}\n", b"{}\n"), (b"\xff\0", b"\xff\0\n"), (b"", b"\n")):
            reply = replace(found, raw=raw)
            self.assertEqual(render(reply, call.command, call.options), octets)


class FailureTests(SynchronousTestCase):
    """Messages without a reply."""

    def test_failure(self) -> None:
        """The reason is where the document would be."""
        text = "HTTP error: 500, tired\n"
        failure = Failure(Item("mail"), text.rstrip(), 0.25, b'{"error":"tired"}')
        for words in ((), ("--ucl",), ("--headers",), ("learn_spam",)):
            self.assertEqual(printed(failure, *words), f"{HEAD}{text}\n")
        for word in ("--compact", "-R", "--raw-reply"):
            self.assertEqual(printed(failure, word), f"{text}\n")
        self.assertEqual(printed(failure, "--json"), f'{text}{{"error":"tired"}}\n\n')
        failure = Failure(Item("mail"), "no connection", 0.25)
        self.assertEqual(printed(failure, "--json"), "no connection\n\n")
        text = "Results for command: stat (0.25 seconds)\nno connection\n\n"
        self.assertEqual(printed(failure, "stat"), text)

    def test_deep(self) -> None:
        """A reply that is nested more deeply than can be printed."""
        document: object = {}
        for _ in range(5000):
            document = {"urls": [document]}
        for words in ((), ("--json",), ("--ucl",), ("--compact",)):
            for is_terminal in (False, True):
                found = replace(outcome({}), document=document)
                text = printed(found, *words, is_terminal=is_terminal)
                self.assertIn("its answer is nested too deeply\n\n", text)


class ImportTests(SynchronousTestCase):
    """What is loaded for a line of text."""

    def test_no_tables(self) -> None:
        """Tables are for terminals."""
        program = (
            "import sys; from tests.client.rspamc.replies import outcome, printed; "
            "printed(outcome({})); print('rich' in sys.modules)"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, check=True
        )
        self.assertEqual(done.stdout, b"False\n")
