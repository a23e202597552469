"""The command line: words to a command, options and files."""

import os
import re
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import click
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc import command_options, secret
from mailfilter.client.rspamc.command_line import COMMAND, Call, read_command_line
from mailfilter.client.rspamc.commands import COMMANDS, EXPLAIN, SYMBOLS
from mailfilter.client.rspamc.exchange import Misused
from mailfilter.client.rspamc.main import may_deliver
from mailfilter.client.rspamc.options import Options, Trust
from mailfilter.client.rspamc.words import DAY

PIN = "ab" * 32
KEY = "jj8fufndqpusiz6hx451tzweos5d5phj7jq36f8c7xasxydie49y"

# words: what differs from `Options()`
OPTIONS: dict[str, dict[str, object]] = {
    "": {},
    "-h mx.test": {"connect": "mx.test"},
    "--connect=[::1]:7": {"connect": "[::1]:7"},
    "-hmx.test": {"connect": "mx.test"},
    "-P secret": {"password": "secret"},
    "-Psecret": {"password": "secret"},
    "--password secret": {"password": "secret"},
    "--password=secret": {"password": "secret"},
    "--password=": {"password": ""},
    "-c bayes": {"classifier": "bayes"},
    "-w 5 -f 7": {"weight": 5, "flag": 7},
    "-w -5 -f 0x10": {"weight": -5, "flag": 16},
    "-p": {"pass_all": True},
    "-v": {"is_verbose": True},
    "-i 192.0.2.1": {"ip": "192.0.2.1"},
    "-u alice -d bob": {"user": "alice", "deliver": "bob"},
    "-F a@b.test": {"sender": "a@b.test"},
    "--from=": {"sender": ""},
    "-r a@b.test --rcpt=c@d.test": {"recipients": ("a@b.test", "c@d.test")},
    "--helo h --hostname n": {"helo": "h", "hostname": "n"},
    "-t 0.5": {"timeout": 0.5},
    "-t 0": {"timeout": DAY},
    "-t -1": {"timeout": DAY},
    "-t 1e300": {"timeout": DAY},
    "-b 127.0.0.1": {"bind": "127.0.0.1"},
    "-R": {"is_human": True},
    "-j": {"output": "json"},
    "--compact": {"output": "compact"},
    "--ucl": {"output": "ucl"},
    "--ucl -j": {"output": "json"},
    "--compact -j --ucl": {"output": "compact"},
    "--raw-reply": {"output": "raw"},
    "--raw": {"is_raw_input": True},
    "--headers": {"shows_headers": True},
    "-n 3": {"parallel": 3},
    "--extended-urls": {"extended_urls": True},
    "--header A=b --header C:d=e --header F": {
        "headers": (("A", "b"), ("C", "d=e"), ("F", "")),
    },
    "--metadata-header A=b": {"metadata_headers": (("A", "b"),)},
    "--exclude *.a --exclude b": {"exclude": ("*.a", "b")},
    "--sort name": {"sort": "name"},
    "-E": {"takes_nothing": True},
    "-S SYM": {"fuzzy_symbol": "SYM"},
    "-z": {"is_compressed": True},
    "-D /file": {"dictionary": "/file"},
    "-z -D /file": {"is_compressed": True, "dictionary": "/file"},
    "--profile": {"is_profiled": True},
    "--skip-images --skip-attachments": {"skip_images": True, "skip_attachments": True},
    "--protocol-v3 --msgpack": {"is_v3": True, "is_msgpack": True},
    "-U me": {"user_agent": "me"},
    "--user-agent=": {"user_agent": ""},
    "--files-list list": {"files_list": "list"},
    "--queue-id q --log-tag t": {"queue_id": "q", "log_tag": "t"},
    "--settings {}": {"settings": "{}"},
    "--output-body": {"with_body": True},
    "learn_spam --resume": {"resumes": True},
    "--trace": {"is_traced": True},
    "-m": {"is_mime": True},
    "--mime --keep-headers": {"is_mime": True, "keeps_marks": True},
    "-e cat --on-error tempfail": {"execute": "cat", "on_error": "tempfail"},
    "-pvj": {"pass_all": True, "is_verbose": True, "output": "json"},
    "-pFa@b.test": {"pass_all": True, "sender": "a@b.test"},
    "--tls": {"is_tls": True},
    f"--key {KEY} --keypair a": {"key": KEY, "keypair": "a"},
    f"-h https://a.test --ca a --crl b --cert c --cert-key d --pin {PIN}": {
        "connect": "https://a.test",
        "trust": Trust(authorities="a", revoked="b", certificate="c", key="d", pins=(PIN,)),
    },
}

# words: command, arguments, files
COMMAND_WORDS = {
    "": ("symbols", (), ()),
    "a b": ("symbols", (), ("a", "b")),
    "symbols a": ("symbols", (), ("a",)),
    "SYMBOLS": ("symbols", (), ()),
    "check a": ("symbols", (), ("a",)),
    "report": ("symbols", (), ()),
    "scan": ("symbols", (), ()),
    "a symbols": ("symbols", (), ("a", "symbols")),
    "symbols:x": ("symbols", (), ("symbols:x",)),
    "add_symbol:x": ("symbols", (), ("add_symbol:x",)),
    "-p learn_spam -v a": ("learn_spam", (), ("a",)),
    "a -- -b": ("symbols", (), ("a", "-b")),
    "learn_class:junk a b": ("learn_class", ("junk",), ("a", "b")),
    "learn_class:a:b": ("learn_class", ("a:b",), ()),
    "fuzzy_delhash a b": ("fuzzy_delhash", ("a", "b"), ()),
    "stat": ("stat", (), ()),
    "explain a": ("explain", ("a",), ()),
}

# words that are refused: what is said
REFUSED = {
    "--no-such-option": "No such option",
    "--hea": "No such option",
    "-h": "requires an argument",
    "-t never": "no number of seconds",
    "-t nan": "no number of seconds",
    "-n many": "no whole number",
    "-f 0x": "no whole number",
    "-f 99999999999": "outside of 32 bits",
    f"-f {'9' * 5000}": "no whole number",
    "--on-error maybe": "is not one of",
    "--header =b": "not a header that can be sent",
    "--header Host=b": "not a header that can be sent",
    "--header a\nb=c": "not a header that can be sent",
    "--key abc": "--key: it has 2 octets, not 32",
    f"--key {KEY.upper()}": "not of its alphabet",
    "--key=": "there is no key in it",
    f"--key {KEY} --keypair=": "there is no name of a file in it",
    "--keypair a": "needs --key",
    "add_symbol": "scores are in the configuration",
    "add_action x": "thresholds are in the configuration",
    "neural_learn:spam": "no neural network",
    "learn_class": "expected learn_class:NAME",
    "learn_class:": "expected learn_class:NAME",
    "fuzzy_delhash": "expected hashes",
    "explain": "expected ids",
    "stat a": "takes no files",
    "stat --files-list a": "takes no files",
    "-h 127.0.0.1:0": "a port is a number",
    "-h http://a.test --tls": "TLS was asked for",
    "-h http://a.test --ca a": "need TLS",
    "--ca a": "need TLS",
    "--tls --cert-key a": "needs --cert",
    "--tls --pin abc": "expected SHA-256",
    "-b name": "expected an address",
    "learn_spam --mime": "are for scans",
    "stat --exec cat": "are for scans",
    "--exec=": "there is no command in it",
    "-m -e ": "there is no command in it",
    "-m a b": "take one message",
    "-m --files-list a": "take one message",
    "-m --trace": "does not go with",
    "stat --trace": "is for scans",
    "--resume": "is for learning",
    "stat_reset --resume": "is for learning",
    "-P /nonexistent/password": "cannot read the file: No such file",
    "-P .": "cannot read the file",
}


def read(words: str) -> Call:
    """Read words that blanks part."""
    return read_command_line(words.split(" ") if words else [])


class CommandLineTests(SynchronousTestCase):
    """Words that are in order, and others."""

    def test_options(self) -> None:
        """Every option does what it says, and nothing else."""
        for words, changes in OPTIONS.items():
            expected = replace(Options(), **changes)  # type: ignore[arg-type]
            self.assertEqual(read(words).options, expected, words)

    def test_all_options(self) -> None:
        """The table has all there are."""
        words = [word.split("=")[0] for line in OPTIONS for word in line.split(" ")]
        names = {name for name in words if name.startswith("--")}
        names |= {word[:2] for word in words if word.startswith("-") and word[1:2] != "-"}
        for option in COMMAND.params:
            known = {"commands", "version"}
            if isinstance(option, click.Option) and option.name not in known:
                self.assertTrue(names & set(option.opts), option.opts)

    def test_commands(self) -> None:
        """The first word is a command, if it is one."""
        for words, expected in COMMAND_WORDS.items():
            call = read(words)
            self.assertEqual((call.command.name, call.arguments, call.files), expected, words)
        for command in COMMANDS:
            argument = " x" if command is EXPLAIN or command.argument == "Hash" else ""
            name = f"{command.name}:x" if command.argument == "Class" else command.name
            self.assertIs(read(name + argument).command, command)

    def test_refused(self) -> None:
        """What cannot be done is said, and what was expected."""
        for words, text in REFUSED.items():
            with self.assertRaises((Misused, click.UsageError)) as caught:
                read(words)
            error = caught.exception
            told = error.format_message() if isinstance(error, click.UsageError) else str(error)
            self.assertIn(text, told, words)

    def test_help(self) -> None:
        """Every option is there, once, below what it is about."""
        text = COMMAND.get_help(click.Context(COMMAND))
        self.assertEqual(
            [line[:-1] for line in text.split("\n") if re.fullmatch(r"[A-Z][a-z ]+:", line)],
            list(command_options.OPTIONS),
        )
        for option in COMMAND.get_params(click.Context(COMMAND)):
            if isinstance(option, click.Option):
                shown = re.escape(", ".join(option.opts)) + r"(?![a-z-])"
                self.assertEqual(len(re.findall(rf"^  {shown}", text, re.MULTILINE)), 1, shown)

    def test_octets(self) -> None:
        """Words need not be UTF-8."""
        word = os.fsdecode(b"a\xff")
        call = read_command_line(["-F", word, word])
        self.assertEqual((call.options.sender, call.files), (word, (word,)))

    def test_texts(self) -> None:
        """Some options only print something."""
        for words in ("--help", "-?", "--commands", "--version", "--commands --mime"):
            with (
                redirect_stdout(StringIO()) as out,
                self.assertRaises(click.exceptions.Exit) as caught,
            ):
                read(words)
            self.assertEqual(caught.exception.exit_code, 0)
            self.assertTrue(out.getvalue().endswith("\n"))

    def test_default(self) -> None:
        """Nothing said: standard input is scanned."""
        self.assertEqual(read(""), Call(SYMBOLS, Options()))


class MayDeliverTests(SynchronousTestCase):
    """LDA mode is known before the words are understood."""

    def test_words(self) -> None:
        """All ways to ask for it, wrong as the rest may be."""
        for line in (
            *("-m", "--mime", "-e cat", "-ecat", "--exec cat", "--exec=cat", "--exec", "-e"),
            *("-pm", "-jme", "--no-such --mime", "-pe cat", "a -m", "-?m"),
        ):
            self.assertTrue(may_deliver(line.split(" ")), line)
        for line in ("", "-j", "m", "-Fme", "-pFme", "--message", "-tm", "--exclude=-m", "-"):
            self.assertFalse(may_deliver(line.split(" ")), line)

    def test_agreement(self) -> None:
        """Whatever is read as LDA mode was known as such."""
        for words in OPTIONS:
            if read(words).options.is_lda:
                self.assertTrue(may_deliver(words.split(" ")), words)

    def test_letters(self) -> None:
        """Letters with values are known as such."""
        for option in COMMAND.params:
            if not isinstance(option, click.Option):
                continue
            for name in option.opts:
                if len(name) == 2 and name not in ("-m", "-e"):
                    takes_value = not option.is_flag and not option.count
                    self.assertEqual(may_deliver([f"{name}m"]), not takes_value, name)


class PasswordTests(SynchronousTestCase):
    """Where the password is from."""

    def read(self, octets: bytes) -> str | None:
        """From a file with these octets."""
        path = Path(self.mktemp()).absolute()
        path.write_bytes(octets)
        return read_command_line(["-P", str(path)]).options.password

    def test_file(self) -> None:
        """The first line, whatever ends it."""
        for octets in (b"secret", b"secret\n", b"secret\r\n", b"secret\nmore\n"):
            self.assertEqual(self.read(octets), "secret")
        self.assertEqual(self.read(b" s \n"), " s ")
        self.assertEqual(self.read(b"\xff\n"), os.fsdecode(b"\xff"))
        self.assertEqual(self.read(b"x" * secret.MAX_PASSWORD), "x" * secret.MAX_PASSWORD)

    def test_no_password(self) -> None:
        """A file that has none."""
        for octets in (b"", b"\n", b"\r\nsecret", b"x" * (secret.MAX_PASSWORD + 1)):
            self.assertRaises(Misused, self.read, octets)

    def test_input(self) -> None:
        """A message is not read for a password."""
        with self.assertRaises(Misused):
            read_command_line(["--mime", "-P", "/dev/stdin"])

    def test_asked(self) -> None:
        """It is asked for if there is no word for it."""
        self.patch(secret, "ask_password", lambda: "typed")
        for words in ("-P", "-P -v", "-vP", "--password", "--password -P", "-P -- a"):
            self.assertEqual(read(words).options.password, "typed", words)
        self.assertEqual(read("stat -P x").options.password, "x")
