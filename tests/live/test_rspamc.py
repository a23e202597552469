"""The real rspamc asks the filter over HTTP; what it prints is read."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from .delivered import values
from .harness import LiveCase, body_of, message_file, wish
from .mailfilterc import ask_rspamc
from .processes import free_port
from .shapes import DATED
from .threads import Threads
from .told import told

HAM = message_file("ham.eml")
GTUBE = message_file("gtube-reject.eml")
LARGE = DATED + b"\r\n" + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 190_000
"""10 MB."""
BLOCK = re.compile(r"^Results for (?:file|command): (.*?) \([\d.]+ seconds\)$", re.MULTILINE)
SYMBOL = re.compile(r"^Symbol: (\w+) \((-?[\d.]+)\)(?:\[(.*)\])?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Result:
    """What rspamc prints of one message, read."""

    name: str
    """Of the file."""
    fields: dict[str, str]
    symbols: dict[str, tuple[float, str]]
    """Score and options of each."""


class RspamcCase(LiveCase):
    """Runs rspamc."""

    needs: ClassVar[Sequence[str]] = ("rspamc",)

    def rspamc(self, *arguments: str, message: bytes = b"", code: int = 0, port: int = 0) -> bytes:
        """Run it, perhaps with a message at its standard input; what it prints."""
        server = f"127.0.0.1:{port or self.filter.http}"
        done = ask_rspamc(server, *arguments, message=message)
        self.assertEqual(done.code, code, done.out + done.err)
        return done.out

    def results(self, *arguments: str, message: bytes = b"") -> list[Result]:
        """What it prints of messages."""
        text = self.rspamc(*arguments, message=message).decode()
        parts = BLOCK.split(text)
        self.assertEqual(parts[0].strip(), "")
        return [_result(name, block) for name, block in zip(parts[1::2], parts[2::2], strict=True)]

    def result(self, *arguments: str, message: bytes = b"") -> Result:
        """What it prints of one message."""
        (result,) = self.results(*arguments, message=message)
        return result

    def read(self, *arguments: str, message: bytes = HAM) -> dict[str, Any]:
        """The reply as JSON."""
        reply: dict[str, Any] = json.loads(self.rspamc("--json", *arguments, message=message))
        return reply

    def file(self, name: str, message: bytes) -> str:
        """A file with a message."""
        path = Path(self.mktemp()).absolute()
        path.mkdir()
        (path / name).write_bytes(message)
        return str(path / name)


def _result(name: str, block: str) -> Result:
    lines = [line for line in block.splitlines() if ": " in line and not line.startswith("Symbol")]
    fields = dict(line.split(": ", 1) for line in lines)
    symbols = {found[1]: (float(found[2]), found[3] or "") for found in SYMBOL.finditer(block)}
    return Result(name, fields, symbols)


class RspamcSymbolsTests(RspamcCase):
    """The command `symbols`, which is the default one."""

    def test_file(self) -> None:
        """Verdict and symbols of a file."""
        path = self.file("spam.eml", GTUBE)
        found = self.result("symbols", path)
        self.assertEqual(found.name, path)
        self.assertEqual(found.fields["Action"], "reject")
        self.assertEqual(found.fields["Spam"], "true")
        self.assertRegex(found.fields["Score"], r"^\d+\.\d\d / 15\.00$")
        self.assertEqual(found.fields["Message-ID"], "gtube-reject-plain@example.org")
        self.assertEqual(found.fields["Message - smtp_message"], "Gtube pattern")
        self.assertIn("GTUBE", found.symbols)

    def test_soft_reject(self) -> None:
        """Its text, and that rspamc takes it for spam."""
        found = self.result(message=wish([("Action", "soft reject"), ("Message", "wait, 100%")]))
        self.assertEqual((found.fields["Action"], found.fields["Spam"]), ("soft reject", "true"))
        self.assertEqual(found.fields["Message - smtp_message"], "wait, 100%")

    def test_input(self) -> None:
        """Of standard input; scores, options."""
        message = wish([("Symbol", "FORCE_ONE 4.25 a b"), ("Symbol", "FORCE_TWO 3")])
        found = self.result(message=message)
        self.assertEqual((found.name, found.fields["Action"]), ("stdin", "add header"))
        self.assertEqual(found.symbols["FORCE_ONE"], (4.25, "a, b"))
        self.assertEqual(found.symbols["FORCE_TWO"], (3.0, ""))

    def test_patterns(self) -> None:
        """The four test patterns."""
        for name, action in (
            ("reject", "reject"),
            ("add-header", "add header"),
            ("rewrite-subject", "rewrite subject"),
            ("no-action", "no action"),
        ):
            found = self.result(message=message_file(f"gtube-{name}.eml"))
            self.assertEqual(found.fields["Action"], action)

    def test_several(self) -> None:
        """Several files at once, and a folder."""
        paths = [self.file(f"{name}.eml", HAM) for name in "abc"]
        found = self.results("-n", "4", *paths)
        self.assertEqual(sorted(each.name for each in found), sorted(paths))
        for number in range(10):
            (Path(paths[0]).parent / f"{number}.eml").write_bytes(HAM)
        self.assertEqual(len(self.results(str(Path(paths[0]).parent))), 11)

    def test_envelope(self) -> None:
        """Client, sender, recipients, login and mailbox."""
        box = "tell-rspamc-envelope@sink.test"
        self.read(
            *("-i", "192.0.2.7", "-F", "a@example.org", "-r", box, "-r", "b@sink.test"),
            *("-u", "alice", "-d", "bob", "--helo", "h.test", "--hostname", "host.test"),
        )
        shown = told(self.filter, box)
        envelope = shown.envelope
        self.assertEqual(shown.recipients, [box, "b@sink.test"])
        self.assertEqual((envelope["client_ip"], envelope["helo"]), ("192.0.2.7", "h.test"))
        self.assertEqual((envelope["hostname"], envelope["user"]), ("host.test", "alice"))
        self.assertEqual((envelope["sender"], envelope["deliver_to"]), ("a@example.org", "bob"))
        self.assertEqual(shown.raw, HAM)
        record = self.filter.wait_record(self.mark, user="alice")
        self.assertEqual((record["ip"], record["recipients"]), ("192.0.2.7", shown.recipients))

    def test_null_sender(self) -> None:
        """A bounce."""
        box = "tell-rspamc-null@sink.test"
        self.read("-F", "", "-r", box, message=message_file("bounce.eml"))
        self.assertFalse(told(self.filter, box).envelope["sender"])

    def test_headers(self) -> None:
        """Fields of one's own, with the id of the queue among them."""
        box = "tell-rspamc-headers@sink.test"
        self.read("-r", box, "--header", "Queue-Id=4XyZ", "--header", "MTA-Name=mx.live.test")
        envelope = told(self.filter, box).envelope
        self.assertEqual((envelope["queue_id"], envelope["mta_name"]), ("4XyZ", "mx.live.test"))

    def test_shapes(self) -> None:
        """What is scanned is what is in the file: 8-bit, dots, NUL, both line ends, and 10 MB."""
        messages = [message_file(name) for name in ("eight-bit.eml", "latin-1.eml", "dots.eml")]
        messages += [HAM.replace(b"\r\n", b"\n"), DATED + b"\r\na\0b\xff\r\n.\r\n", LARGE]
        box = "tell-rspamc-shapes@sink.test"
        for message in messages:
            self.read("-r", box, message=message)
            self.assertEqual(told(self.filter, box).raw, message)

    def test_load(self) -> None:
        """200 messages, 20 at the same time: each has its own verdict."""

        def run(client: int) -> None:
            for number in range(client, 200, 20):
                action = "add header" if number % 2 else "no action"
                reply = self.read(message=wish([("Action", action)]))
                assert reply["action"] == action, (number, reply)

        Threads(20, run).join()
        self.assertEqual(len(self.filter.records(self.mark)), 200)


class RspamcFormTests(RspamcCase):
    """Other forms of request and reply."""

    def test_json(self) -> None:
        """JSON as it was sent, with what rspamc adds."""
        reply = self.read(message=GTUBE)
        self.assertEqual((reply["action"], reply["required_score"]), ("reject", 15.0))
        self.assertEqual(reply["symbols"]["GTUBE"]["name"], "GTUBE")
        self.assertEqual(reply["messages"], {"smtp_message": "Gtube pattern"})
        compact = json.loads(self.rspamc("--compact", message=GTUBE))
        self.assertEqual(compact["action"], "reject")

    def test_zstd(self) -> None:
        """Packed, both ways."""
        box = "tell-rspamc-zstd@sink.test"
        for message in (HAM, LARGE):
            text = self.rspamc("-z", "--headers", "-r", box, message=message).decode()
            self.assertIn("\nCompression: zstd\n", text)
            self.assertIn("\nAction: no action\n", text)
            self.assertEqual(told(self.filter, box).raw, message)

    def test_raw(self) -> None:
        """Text that is no mail."""
        reply = self.read("--raw", message=b"Just a line of text\n")
        self.assertIn("action", reply)

    def test_options(self) -> None:
        """What has no effect on the verdict breaks nothing."""
        options = ("--profile", "--extended-urls", "-p", "--skip-images", "--skip-attachments")
        self.assertEqual(self.read(*options, message=GTUBE)["action"], "reject")
        self.assertIn("action", self.read("-P", "secret", "-U", "other/1.0"))

    def test_ucl(self) -> None:
        """Its own language of configurations."""
        text = self.rspamc("--ucl", message=GTUBE).decode()
        self.assertIn('\naction = "reject";\n', text)

    def test_mime(self) -> None:
        """The message with fields of rspamc's, as for delivery to a mailbox."""
        spam = wish([("Symbol", "FORCE_ONE 7")])
        for message in (spam, spam.replace(b"\r\n", b"\n")):
            marked = self.rspamc("--mime", message=message)
            self.assertEqual(values(marked, "X-Spam"), ["yes"])
            self.assertEqual(values(marked, "X-Spam-Action"), ["add header"])
            self.assertRegex(values(marked, "X-Spam-Score")[0], r"^\d\.\d\d / 15\.00$")
            self.assertIn("FORCE_ONE", values(marked, "X-Spam-Symbols")[0])
            self.assertEqual(body_of(marked), body_of(message))
        marked = self.rspamc("--mime", message=HAM)
        self.assertEqual(values(marked, "X-Spam"), [])
        self.assertEqual(values(marked, "X-Spam-Action"), ["no action"])

    def test_exec(self) -> None:
        """Handed to a program that delivers it."""
        path = self.file("box", b"")
        self.rspamc("--mime", "--exec", f"/usr/bin/tee {path}", message=GTUBE)
        marked = Path(path).read_bytes()
        self.assertEqual(values(marked, "X-Spam-Action"), ["reject"])
        self.assertEqual(body_of(marked), body_of(GTUBE))


class RspamcFailureTests(RspamcCase):
    """What it says when there is no verdict."""

    def test_down(self) -> None:
        """Status 1; the message is given back for delivery all the same."""
        port = free_port()
        text = self.rspamc(message=HAM, code=1, port=port)
        self.assertIn(b"Connection refused", text)
        marked = self.rspamc("--mime", message=HAM, code=1, port=port)
        self.assertEqual(body_of(marked), body_of(HAM))
        self.assertIn("refused", values(marked, "X-Spam-Error")[0])

    def test_unknown_commands(self) -> None:
        """What is the controller's is none of a listener for scans."""
        for command in ("uptime", "stat", "counters"):
            self.assertIn(b"HTTP error: 404", self.rspamc(command, code=1))
        for command in ("learn_spam", "learn_ham", "fuzzy_add"):
            self.assertIn(b"HTTP error: 404", self.rspamc(command, message=HAM, code=1))
        self.assertEqual(self.filter.records(self.mark), [])

    def test_no_input(self) -> None:
        """A file that is not there, and an empty one."""
        self.rspamc("/nonexistent/file", code=1)
        self.assertIn(b"Results for file", self.rspamc("--empty", "symbols"))
