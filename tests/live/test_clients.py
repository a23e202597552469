"""Real clients: Debian's rspamc by HTTP, swaks through Postfix; curl is in test_curl.py."""

import json
import re
import subprocess
from collections.abc import Sequence
from typing import ClassVar

from . import peers
from .harness import MESSAGES, SENDER, LiveCase, PostfixCase, body_of, message_file

SECONDS = 60.0
GTUBE_ACTIONS = {
    "gtube-reject": "reject",
    "gtube-add-header": "add header",
    "gtube-rewrite-subject": "rewrite subject",
    "gtube-no-action": "no action",
}


def run(
    program: str, *arguments: str, stdin: bytes = b"", interpreter: Sequence[str] = ()
) -> subprocess.CompletedProcess[bytes]:
    """Run one of the peers to its end."""
    return subprocess.run(
        [*interpreter, str(peers.find(program)), *arguments],
        input=stdin,
        env=peers.environment(),
        capture_output=True,
        timeout=SECONDS,
    )


class RspamcTests(LiveCase):
    """Rspamd's own client."""

    needs = ("rspamc",)

    def rspamc(self, *arguments: str, stdin: bytes = b"") -> str:
        """What it prints about messages."""
        done = run("rspamc", "-h", f"127.0.0.1:{self.filter.http}", *arguments, stdin=stdin)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def test_ham(self) -> None:
        """An ordinary message: action, score and the symbols that fired."""
        text = self.rspamc("symbols", str(MESSAGES / "ham-html.eml"))
        self.assertIn("Action: no action\n", text)
        self.assertIn("Spam: false\n", text)
        record = self.filter.wait_record(self.mark, message_id="ham-2@example.org")
        printed = dict(re.findall(r"^Symbol: (\w+) \((-?[\d.]+)\)", text, re.MULTILINE))
        logged = {item["name"]: f"{item['score']:.2f}" for item in record["symbols"]}
        self.assertEqual(printed, logged)
        self.assertIn(f"Score: {record['score']:.2f} / 15.00\n", text)

    def test_gtube(self) -> None:
        """Every pattern in every encoding."""
        for name, action in GTUBE_ACTIONS.items():
            for form in ("", "-base64", "-qp"):
                text = self.rspamc("symbols", str(MESSAGES / f"{name}{form}.eml"))
                self.assertIn(f"Action: {action}\n", text)

    def test_gtube_details(self) -> None:
        """Score and symbol of the pattern that rejects."""
        text = self.rspamc(str(MESSAGES / "gtube-reject.eml"))
        self.assertIn("Spam: true\n", text)
        self.assertIn("Score: 15.00 / 15.00\n", text)
        self.assertIn("Symbol: GTUBE (0.00)", text)

    def test_forced_symbols(self) -> None:
        """Options are printed."""
        top = b"X-Test-Symbol: FORCE_ONE 2.5 red blue\r\n"
        text = self.rspamc("symbols", stdin=top + message_file("ham.eml"))
        self.assertIn("Symbol: FORCE_ONE (2.50)[red, blue]", text)

    def test_options(self) -> None:
        """The envelope as options of the command line."""
        options = ["-i", "192.0.2.44", "-F", SENDER, "-r", "a@box.test", "-r", "b@box.test"]
        options += ["--helo", "h.example.net", "-u", "alice"]
        self.rspamc(*options, "symbols", str(MESSAGES / "ham.eml"))
        record = self.filter.wait_record(self.mark, sender=SENDER)
        self.assertEqual(record["recipients"], ["a@box.test", "b@box.test"])
        self.assertEqual((record["ip"], record["helo"]), ("192.0.2.44", "h.example.net"))
        self.assertEqual(record["user"], "alice")

    def test_many_files(self) -> None:
        """Several files at the same time."""
        names = sorted(MESSAGES.glob("gtube-reject*.eml"))
        text = self.rspamc("symbols", *map(str, names))
        self.assertEqual(text.count("Action: reject\n"), len(names))

    def test_json(self) -> None:
        """The reply as it came."""
        text = self.rspamc("--json", "symbols", str(MESSAGES / "gtube-add-header.eml"))
        self.assertEqual(json.loads(text[text.index("{") :])["action"], "add header")


class SwaksTests(PostfixCase):
    """swaks sends through Postfix."""

    needs: ClassVar[Sequence[str]] = ("master", "swaks", "perl")

    def swaks(self, name: str, service: str = "tcp") -> tuple[int, str]:
        """Exit status and transcript."""
        arguments = ["--server", "127.0.0.1", "--port", str(self.postfix.ports[service])]
        arguments += ["--from", SENDER, "--to", self.box, "--helo", "swaks.live.test"]
        arguments += ["--data", str(MESSAGES / name)]
        done = run("swaks", *arguments, interpreter=[str(peers.find("perl"))])
        return done.returncode, done.stdout.decode()

    def test_ham(self) -> None:
        """Delivered over TCP and the unix socket."""
        for service in ("tcp", "unix"):
            status, text = self.swaks("ham-html.eml", service)
            self.assertEqual(status, 0, text)
        delivered = self.postfix.wait_mailbox(self.box, 2)
        body = body_of(message_file("ham-html.eml"))
        self.assertEqual([body_of(text).rstrip() for text in delivered], [body.rstrip()] * 2)

    def test_gtube(self) -> None:
        """Refused."""
        for service in ("tcp", "unix"):
            status, text = self.swaks("gtube-reject.eml", service)
            self.assertNotEqual(status, 0)
            self.assertRegex(text, r"<\*\* 5\d\d .*Gtube pattern")
        self.postfix.wait_idle()
        self.assertEqual(self.postfix.mailbox(self.box), [])

    def test_marked(self) -> None:
        """Marked, and with another subject."""
        for name in ("gtube-add-header.eml", "gtube-rewrite-subject.eml"):
            self.assertEqual(self.swaks(name)[0], 0)
        marked, rewritten = sorted(
            self.postfix.wait_mailbox(self.box, 2), key=lambda text: b"*** SPAM ***" in text
        )
        self.assertIn(b"\nX-Spam: Yes\n", marked)
        self.assertIn(b"\nSubject: *** SPAM *** Test of the filter\n", rewritten)
