"""LDA mode of mailfilterc and of Debian's rspamc: the same message from the same reply.

What differs on purpose has tests of its own.
"""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from . import peers
from .canned import Canned
from .delivered import values
from .mailfilterc import Ran, mailfilterc, rspamc
from .processes import free_port

MESSAGE = b"From: a@example.org\nTo: b@example.org\nSubject: hello\n\nhello\n\nthere\n"
VERDICT = {
    "is_skipped": False,
    "score": 7.5,
    "required_score": 15.0,
    "action": "add header",
    "symbols": {"AAA": {"name": "AAA", "score": 5.0, "options": ["o"]}, "BBB": {"score": 2.5}},
    "messages": {},
    "message-id": "x@example.org",
    "time_real": 0.02,
}
SCORES = (0, 0.0, -1, -0.001, 0.004, 0.5, 1, 1.2, 7.125, 7.135, 31.5, 32, 33, 1000, 1e20)
ACTIONS = ("reject", "rewrite subject", "add header", "greylist", "no action", "Add Header", "odd")
MESSAGES = (
    MESSAGE,
    MESSAGE.replace(b"\n", b"\r\n"),
    MESSAGE.replace(b"\n", b"\r"),
    b"From a@example.org Thu Jan  1 00:00:00 1970\n" + MESSAGE,
    b"Subject: x\n folded\n\tagain\n\n",
    b"Subject: x\n\n\n\n",
    b"Subject: \xff\xfe\n\n\xff\n",
    b"A: b\n\n" + b"0123456789abcdef" * 2**17,
    b"A: b\n" * 1000 + b"\nbody",
)
_CHANGING = re.compile(rb"(?<=X-Spam-Scanner: )[^\r\n]+|(?<=X-Spam-Scan-Time: )[^\r\n]+")


def _masked(octets: bytes) -> bytes:
    """Without the name of the program, and how long it took."""
    return _CHANGING.sub(b"...", octets)


class MimeCase(SynchronousTestCase):
    """Runs both programs, one after the other."""

    def setUp(self) -> None:
        """A server with one reply."""
        if peers.find("rspamc") is None:
            raise SkipTest("needs Debian's rspamc: make peers")
        self.server = Canned()
        self.addCleanup(self.server.close)
        self.answer()

    def answer(self, body: bytes = b"", **members: Any) -> None:
        """Have a verdict with some other members, and perhaps a message."""
        self.answer_with(members, body)

    def answer_with(self, members: Mapping[str, Any], body: bytes = b"") -> None:
        """The same by any names; None leaves one out."""
        found = {name: value for name, value in {**VERDICT, **members}.items() if value is not None}
        document = json.dumps(found, ensure_ascii=False).encode()
        self.server.headers = (f"Message-Offset: {len(document)}",) if body else ()
        self.server.bodies = [document + body]

    def both(self, *words: str, message: bytes = MESSAGE) -> tuple[Ran, Ran]:
        """What each did, ours first."""
        given = ("-h", self.server.address, "-t", "60", "--mime", *words)
        return mailfilterc(*given, message=message), rspamc(*given, message=message)

    def check(self, *words: str, message: bytes = MESSAGE) -> bytes:
        """Both put out the same; what that is."""
        ours, theirs = self.both(*words, message=message)
        self.assertEqual((ours.code, theirs.code, ours.err), (0, 0, b""))
        self.assertTrue(theirs.out)
        if len(message) < 10_000:
            self.assertEqual(_masked(ours.out), _masked(theirs.out))
        self.assertTrue(_masked(ours.out) == _masked(theirs.out))
        return ours.out


class SameTests(MimeCase):
    """What both put out."""

    def check_each(self, name: str, found: Iterable[Any]) -> None:
        """The same for each of some values of a member."""
        for value in found:
            self.answer_with({name: value})
            self.check()

    def test_messages(self) -> None:
        """Messages of all shapes, but for those of which rspamc prints nothing."""
        for message in MESSAGES:
            self.check(message=message)

    def test_scores(self) -> None:
        """Numbers, and what is none."""
        self.check_each("score", (*SCORES, None, "7.5", True))
        self.check_each("required_score", (0, -3, 3.14159, None, "x"))

    def test_actions(self) -> None:
        """What is spam."""
        self.check_each("action", ACTIONS)

    def test_symbols(self) -> None:
        """Their names and lines."""
        one: dict[str, Any] = {"A": {"name": "OTHER", "score": 1}}
        many = {f"SYMBOL_{number}": {"score": 0.1} for number in range(100)}
        several: Iterable[Any] = ({}, None, one, many, {"A,B": {}, "C D": {}}, {"A": 1, "B": {}})
        for symbols in several:
            self.answer(symbols=symbols)
            for words in ((), ("--sort", "name"), ("--sort", "weight")):
                self.check(*words)

    def test_signatures(self) -> None:
        """Signatures, folded as they are."""
        folded = "v=1; a=rsa-sha256;\n\th=From:To;\n\tb=abc"
        for signature in (folded, [folded, "v=1; b=def"], []):
            self.answer_with({"dkim-signature": signature})
            self.check()
        self.answer_with({"dkim-signature": folded.replace("\n", "\r\n")})
        self.check(message=MESSAGE.replace(b"\n", b"\r\n"))

    def test_result(self) -> None:
        """The reply in the header; rspamc leaves an empty fold behind a full line."""
        for form in ("--json", "--compact", "--ucl"):
            for filler in ("", "x", "xx", "ä", "x" * 500, '"\\\n\t\x01'):
                self.answer(filler=filler)
                for message in (MESSAGE, MESSAGE.replace(b"\n", b"\r\n")):
                    ours, theirs = self.both(form, message=message)
                    their_out = re.sub(rb"\r?\n\t(?=\r?\n)", b"", theirs.out)
                    self.assertEqual(_masked(ours.out), _masked(their_out))

    def test_others(self) -> None:
        """Options that make no difference here."""
        for words in (("--headers",), ("-v",), ("--raw",), ("-n", "1"), ("-p",)):
            self.check(*words)

    def test_new_message(self) -> None:
        """One that the server made."""
        for body in (b"New: 1\n\nnew\n", b"New: 1\r\n\r\nnew", b"A: b\n" * 100 + b"\nx\n"):
            self.answer(body)
            ours, theirs = self.both()
            self.assertEqual(ours.code, 0)
            # Rspamc 3.4 at times reads on behind the end of it.
            self.assertEqual(_masked(ours.out), _masked(theirs.out)[: len(_masked(ours.out))])

    def test_command(self) -> None:
        """A command gets the same."""
        found = []
        for run in (mailfilterc, rspamc):
            path = Path(self.mktemp()).absolute()
            command = f"sh -c 'cat > {path}; exit 3'"
            words = ("-h", self.server.address, "--mime", "--exec", command)
            self.assertEqual(run(*words, message=MESSAGE).code, 3)
            found.append(_masked(path.read_bytes()))
        self.assertEqual(found[0], found[1])

    def test_failure(self) -> None:
        """Without a verdict: the same fields, but the mail is delivered, which is no failure."""
        for status, text in (("403 Forbidden", "HTTP error: 403, Forbidden"), ("500 x", "500, x")):
            self.server.status = status
            ours, theirs = self.both()
            self.assertEqual((ours.code, theirs.code, ours.err), (0, 1, b""))
            self.assertEqual(_masked(ours.out), _masked(theirs.out))
            self.assertIn(text, values(ours.out, "X-Spam-Error")[0])
        where = ("-h", f"127.0.0.1:{free_port()}", "--mime")
        outs = [run(*where, message=MESSAGE).out for run in (mailfilterc, rspamc)]
        for out in outs:
            self.assertIn("refused", values(out, "X-Spam-Error")[0])
        ours_out, theirs_out = (re.sub(rb"(?<=X-Spam-Error: )[^\n]+", b"", out) for out in outs)
        self.assertEqual(_masked(ours_out), _masked(theirs_out))


class DifferenceTests(MimeCase):
    """What differs on purpose; `docs/mta/lda.md` tells of it."""

    def headers(self, name: str, message: bytes = MESSAGE) -> tuple[list[str], list[str]]:
        """Values of a field in what each puts out, ours first."""
        ours, theirs = self.both(message=message)
        return values(ours.out, name), values(theirs.out, name)

    def test_soft_reject(self) -> None:
        """It is no spam."""
        self.answer(action="soft reject")
        self.assertEqual(self.headers("X-Spam"), ([], ["yes"]))
        self.assertEqual(self.headers("X-Spam-Action"), (["soft reject"], ["soft reject"]))

    def test_stronger(self) -> None:
        """These are, which rspamc does not know."""
        for action in ("discard", "quarantine"):
            self.answer(action=action)
            self.assertEqual(self.headers("X-Spam"), (["yes"], []))

    def test_forged(self) -> None:
        """Marks that the message came with."""
        self.answer(action="no action")
        message = b"X-Spam: yes\nX-Spam-Flag: YES\n" + MESSAGE
        self.assertEqual(self.headers("X-Spam", message), ([], ["yes"]))
        self.assertEqual(self.headers("X-Spam-Flag", message), ([], ["YES"]))

    def test_edits(self) -> None:
        """What the server wants changed."""
        milter = {"add_headers": {"X-New": "1"}, "remove_headers": {"To": 0}}
        self.answer(milter=milter, action="rewrite subject", subject="new")
        self.assertEqual(self.headers("X-New"), (["1"], []))
        self.assertEqual(self.headers("To"), ([], ["b@example.org"]))
        self.assertEqual(self.headers("Subject"), (["new"], ["hello"]))

    def test_no_header(self) -> None:
        """Messages of which rspamc leaves nothing."""
        for message in (b"", b"\nbody\n", b"From: a@example.org\n", b"hello"):
            ours, theirs = self.both(message=message)
            self.assertEqual((ours.code, theirs.code, theirs.out), (0, 0, b""))
            self.assertEqual(values(ours.out, "X-Spam"), ["yes"])

    def test_nul(self) -> None:
        """What is behind a NUL in the body."""
        ours, theirs = self.both(message=b"A: b\n\nx\0y\n")
        self.assertTrue(ours.out.endswith(b"\n\nx\0y\n"))
        self.assertTrue(theirs.out.endswith(b"\n\nx"))

    def test_no_verdict(self) -> None:
        """Replies that rspamc takes for those of good mail."""
        for document in (b"{}", b'{"error":"no more workers"}', b'{"score":1}'):
            self.server.bodies = [document]
            ours, theirs = self.both()
            self.assertEqual((ours.code, theirs.code), (0, 0))
            self.assertEqual(values(theirs.out, "X-Spam-Action"), ["no action"])
            self.assertEqual(values(ours.out, "X-Spam-Action"), [])
            self.assertEqual(len(values(ours.out, "X-Spam-Error")), 1)

    def test_no_mime(self) -> None:
        """A command gets a message also without --mime; from rspamc it gets a report."""
        found = []
        for run in (mailfilterc, rspamc):
            path = Path(self.mktemp()).absolute()
            words = ("-h", self.server.address, "--exec", f"sh -c 'cat > {path}'")
            self.assertEqual(run(*words, message=MESSAGE).code, 0)
            found.append(path.read_bytes())
        self.assertTrue(found[0].endswith(b"\n\nhello\n\nthere\n"))
        self.assertTrue(found[1].startswith(b"[Metric: default]\n"))
