"""mailfilterc asks the filter: options, messages, servers."""

import json
import re
from pathlib import Path

import msgspec

from mailfilter import __version__

from .client_case import GTUBE, HAM, ClientCase
from .harness import Filter, message_file, wish
from .mailfilterc import mailfilterc, on_terminal
from .processes import free_port
from .shapes import DATED
from .told import told

LARGE = DATED + b"\r\n" + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 190_000
"""10 MB."""
COMMANDS = (
    *("symbols", "learn_spam", "learn_ham", "learn_class", "fuzzy_add", "fuzzy_del"),
    *("fuzzy_delhash", "stat", "stat_reset", "counters", "uptime"),
)
_COLOUR = re.compile(rb"\x1b\[(\d+;)*[34]\d[;m]")


class SymbolsTests(ClientCase):
    """The command `symbols`, which is the default one."""

    def test_actions(self) -> None:
        """Verdict and symbols, of a file and of standard input, by all names of the command."""
        path = self.folder(spam=GTUBE) / "spam"
        for command in ((), ("symbols",), ("check",), ("report",), ("scan",)):
            text = self.run_client(*command, str(path)).text
            self.assertIn(f"Results for file: {path} (", text)
            self.assertIn("\nAction: reject\nSpam: true\n", text)
            self.assertRegex(text, r"\nSymbol: GTUBE \(")
            self.assertIn("\nMessage - smtp_message: Gtube pattern\n", text)
            text = self.run_client(*command, message=HAM).text
            self.assertRegex(text, r"^Results for file: stdin \([\d.]+ seconds\)\n")
            self.assertIn("\nAction: no action\nSpam: false\n", text)

    def test_envelope(self) -> None:
        """Client, sender, recipients, login, mailbox and the rest."""
        box = "tell-client-envelope@sink.test"
        self.read(
            *("-i", "192.0.2.7", "-F", "a@example.org", "-r", box, "-r", "b@sink.test"),
            *("-u", "alice", "-d", "bob", "--helo", "h.test", "--hostname", "host.test"),
            *("--queue-id", "4XyZ", "--header", "MTA-Name=mx.live.test"),
        )
        shown = told(self.filter, box)
        envelope = shown.envelope
        self.assertEqual(shown.recipients, [box, "b@sink.test"])
        self.assertEqual((envelope["client_ip"], envelope["helo"]), ("192.0.2.7", "h.test"))
        self.assertEqual((envelope["hostname"], envelope["user"]), ("host.test", "alice"))
        self.assertEqual((envelope["sender"], envelope["deliver_to"]), ("a@example.org", "bob"))
        self.assertEqual((envelope["queue_id"], envelope["mta_name"]), ("4XyZ", "mx.live.test"))
        self.assertEqual(shown.raw, HAM)

    def test_long_names(self) -> None:
        """The same by the long names of options, with values behind an equals sign."""
        box = "tell-client-long@sink.test"
        self.read(
            *("--ip=192.0.2.7", "--from=a@example.org", f"--rcpt={box}", "--user=alice"),
            *("--deliver=bob", "--helo=h.test", "--hostname=host.test", "--timeout=60"),
        )
        envelope = told(self.filter, box).envelope
        self.assertEqual((envelope["client_ip"], envelope["helo"]), ("192.0.2.7", "h.test"))
        self.assertEqual((envelope["sender"], envelope["deliver_to"]), ("a@example.org", "bob"))

    def test_null_sender(self) -> None:
        """A bounce."""
        box = "tell-client-null@sink.test"
        self.read("-F", "", "-r", box, message=message_file("bounce.eml"))
        self.assertFalse(told(self.filter, box).envelope["sender"])

    def test_shapes(self) -> None:
        """What is scanned is what is in the file, packed or not; also by protocol v3."""
        messages = [message_file(name) for name in ("eight-bit.eml", "latin-1.eml", "dots.eml")]
        messages += [HAM.replace(b"\r\n", b"\n"), DATED + b"\r\na\0b\xff\r\n.\r\n", LARGE]
        box = "tell-client-shapes@sink.test"
        for form in ((), ("-z",), ("--protocol-v3",), ("--protocol-v3", "--msgpack")):
            for message in messages:
                self.read(*form, "-r", box, message=message)
                self.assertEqual(told(self.filter, box).raw, message)

    def test_effectless(self) -> None:
        """Options that change no verdict here."""
        for options in (
            ("--profile", "--extended-urls", "-p", "--skip-images", "--skip-attachments"),
            ("-P", "secret", "-U", "other/1.0", "--log-tag", "tag"),
            ("-b", "127.0.0.1", "--metadata-header", "Subject=x"),
            ("-v", "--sort", "name"),
        ):
            self.assertEqual(self.read(*options, message=GTUBE)["action"], "reject")

    def test_settings(self) -> None:
        """Settings for this scan alone."""
        given = json.dumps({"actions": {"reject": 1000, "add header": 1}})
        reply = self.read("--settings", given, message=wish([("Symbol", "FORCE_ONE 2")]))
        self.assertEqual(reply["action"], "add header")

    def test_forms(self) -> None:
        """JSON, JSON on one line, UCL, the fields of HTTP."""
        self.assertEqual(self.read(message=GTUBE)["action"], "reject")
        compact = self.run_client("--compact", message=GTUBE).out
        self.assertEqual((compact.count(b"\n"), json.loads(compact)["action"]), (1, "reject"))
        self.assertIn('\naction = "reject";\n', self.run_client("--ucl", message=GTUBE).text)
        text = self.run_client("--headers", message=GTUBE).text
        self.assertRegex(text, r"\nServer: mailfilter/")
        self.assertIn("action", self.read("--raw", message=b"Just a line of text\n"))

    def test_named(self) -> None:
        """Tag and queue id in the filter's log, by both protocols."""
        for form in ((), ("--protocol-v3",)):
            mark = self.filter.log_size()
            self.read(*form, "--log-tag", "a-tag", "--queue-id", "4XyZ")
            (record,) = self.filter.records(mark)
            self.assertEqual((record["tag"], record["queue_id"]), ("a-tag", "4XyZ"))

    def test_rewritten(self) -> None:
        """The message as the filter has rewritten it: behind JSON if that is wanted."""
        message = wish([("Body", "another body")])
        for form in ((), ("-z",), ("--protocol-v3",), ("--msgpack",)):
            text = self.run_client(*form, "--output-body", message=message).text
            self.assertIn("\nNew body:\nX-Test-Body: another body\r\n", text)
            self.assertIn("\r\n\r\nanother body\r\n", text)
            self.assertNotIn("New body:", self.run_client(*form, "-j", message=message).text)
        self.assertNotIn("New body:", self.run_client("--output-body", message=HAM).text)

    def test_reports(self) -> None:
        """For people, and as they came: in JSON, in msgpack."""
        text = self.run_client("--human", message=GTUBE).text
        self.assertRegex(text, r"^15\.00/.*,action=0:reject,spam=1,skipped=0\n")
        self.assertRegex(text, r"\n +0\.0 GTUBE +\w")
        found = json.loads(self.run_client("--raw-reply", message=GTUBE).out)
        self.assertNotIn("filename", found)
        octets = self.run_client("--raw-reply", "--msgpack", message=GTUBE).out
        self.assertEqual(msgspec.msgpack.decode(octets.removesuffix(b"\n"))["action"], "reject")
        self.assertEqual(self.read("--msgpack", message=GTUBE)["action"], "reject")

    def test_sorted(self) -> None:
        """Symbols by name."""
        message = wish([("Symbol", "FORCE_TWO 1"), ("Symbol", "FORCE_ONE 3")])
        text = self.run_client("--sort", "name", message=message).text
        self.assertLess(text.index("FORCE_ONE"), text.index("FORCE_TWO"))

    def test_terminal(self) -> None:
        """For people: with colours unless they are not wanted, nothing of the mail but text."""
        message = GTUBE.replace(b"Message-ID: <", b"Message-ID: <\x1b]0;title\x07\x9b1m")
        where = ("-h", f"127.0.0.1:{self.filter.http}", "-t", "60")
        for environment, has_colours in (({}, True), ({"NO_COLOR": "1"}, False)):
            ran = on_terminal(*where, message=message, environment=environment)
            self.assertEqual(ran.code, 0, ran)
            self.assertIn(b"GTUBE", ran.out)
            self.assertNotRegex(ran.out, rb"\x1b\]0|\x07|\x9b")
            self.assertEqual(bool(_COLOUR.search(ran.out)), has_colours, ran)

    def test_lines(self) -> None:
        """What mail says cannot put lines of its own into the output."""
        message = GTUBE.replace(b"Message-ID: <", b"Message-ID: <\rAction:_no\r\n Action:_no")
        text = self.run_client(message=message).text
        self.assertEqual(re.findall(r"^Action: .*", text, re.M), ["Action: reject"])


class FilesTests(ClientCase):
    """Where messages come from."""

    def names(self, *arguments: str, cwd: str = ".") -> list[str]:
        """Names in the order in which they are printed."""
        text = self.run_client(*arguments).text
        return re.findall(r"^Results for file: (.*) \([\d.]+ seconds\)$", text, re.M)

    def test_several(self) -> None:
        """Files, several at a time."""
        folder = self.folder(**{f"{number}.eml": HAM for number in range(30)})
        paths = [str(folder / f"{number}.eml") for number in range(30)]
        for parallel in ("1", "4", "50"):
            self.assertEqual(sorted(self.names("-n", parallel, *paths)), sorted(paths))
        self.assertEqual(len(self.filter.records(self.mark)), 90)

    def test_folders(self) -> None:
        """A folder with folders; what is left out."""
        folder = self.folder(a=HAM, b=HAM)
        (folder / "deeper").mkdir()
        (folder / "deeper/c").write_bytes(HAM)
        found = {str(Path(name).relative_to(folder)) for name in self.names(str(folder))}
        self.assertEqual(found, {"a", "b", "deeper/c"})
        found = {Path(name).name for name in self.names("--exclude", "*a", str(folder))}
        self.assertEqual(found, {"b", "c"})

    def test_lists(self) -> None:
        """Names of files in a file."""
        folder = self.folder(a=HAM, b=HAM)
        listed = folder / "list"
        listed.write_text(f"{folder}/a\n{folder}/b\n")
        found = sorted(self.names("--files-list", str(listed)))
        self.assertEqual(found, [f"{folder}/a", f"{folder}/b"])

    def test_mailboxes(self) -> None:
        """An mbox, and a Maildir without what is not delivered yet."""
        text = HAM.replace(b"\r\n", b"\n")
        box = self.folder(mbox=b"From a@example.org Sun Nov 22 10:15:00 2026\n%s\n" % text * 3)
        self.assertEqual(len(self.names(str(box / "mbox"))), 3)
        for part in ("cur", "new", "tmp"):
            (box / "Maildir" / part).mkdir(parents=True)
            (box / "Maildir" / part / f"1.{part}").write_bytes(HAM)
        found = {Path(name).name for name in self.names(str(box / "Maildir"))}
        self.assertEqual(found, {"1.cur", "1.new"})

    def test_missing(self) -> None:
        """One that is not there does not stop the others."""
        path = self.folder(a=HAM) / "a"
        ran = self.run_client("/nonexistent/file", str(path), code=1)
        self.assertIn("/nonexistent/file", ran.told)

    def test_empty(self) -> None:
        """Without any input, if that is meant."""
        text = self.run_client("--empty", "symbols").text
        self.assertIn("Results for file", text)


class ServerTests(ClientCase):
    """Where the filter is."""

    def make_filter(self) -> Filter:
        """One with a unix socket for HTTP."""
        return _with_socket()

    def test_addresses(self) -> None:
        """All ways to write it."""
        port = self.filter.http
        for server in (
            f"127.0.0.1:{port}",
            f"localhost:{port}",
            f"http://127.0.0.1:{port}",
            f"http://localhost:{port}/",
            str(self.filter.home / "http.sock"),
            f"unix:{self.filter.home / 'http.sock'}",
        ):
            text = self.run_client(message=GTUBE, server=server).text
            self.assertIn("\nAction: reject\n", text)

    def test_dead(self) -> None:
        """Nobody listens, at a port or a socket."""
        for server in (f"127.0.0.1:{free_port()}", "/nonexistent/socket", "unix:/nonexistent"):
            ran = self.run_client(message=HAM, code=1, server=server)
            self.assertIn("Results for file: stdin", ran.text)

    def test_slow(self) -> None:
        """The time limit is kept."""
        server = f"127.0.0.1:{self.filter.http}"
        message = wish([("Delay", "2.5")])
        ran = mailfilterc("-h", server, "-t", "0.5", message=message)
        self.assertEqual(ran.code, 1, ran)
        self.assertNotIn("Action:", ran.text)

    def test_wrong(self) -> None:
        """What cannot be meant is refused with the reason."""
        for server in ("127.0.0.1:0", "127.0.0.1:x", "ftp://127.0.0.1", "[::1"):
            ran = self.run_client(message=HAM, code=2, server=server)
            self.assertTrue(ran.told, ran)


def _with_socket() -> Filter:
    if not _made:
        made = Filter(start=False)
        path = made.home / "http.sock"
        made.configure(
            f'[listeners.socket]\nprotocol = "http"\nendpoint = "unix:{path}:mode=666"\n'
        )
        made.start()
        _made.append(made)
    return _made[0]


_made: list[Filter] = []


class CommandLineTests(ClientCase):
    """What needs no server."""

    def test_help(self) -> None:
        """Options and commands."""
        for flag in ("--help", "-?"):
            text = mailfilterc(flag).text
            for option in ("--connect", "--mime", "--on-error", "--max-requests", "--ca"):
                self.assertIn(option, text)
        self.assertIn(__version__, mailfilterc("--version").text)
        text = mailfilterc("--commands").text
        for command in COMMANDS:
            self.assertIn(command, text)

    def test_refused(self) -> None:
        """What there is not, or not yet, is refused with a reason."""
        for arguments in (
            ("--no-such-option",),
            ("--key", "abc"),
            ("add_symbol",),
            ("add_action",),
            ("neural_learn:spam",),
            ("--on-error", "maybe"),
        ):
            ran = self.run_client(*arguments, message=HAM, code=2)
            self.assertTrue(ran.told, arguments)
            self.assertEqual(ran.out, b"", arguments)
