"""mailfilterc asks Debian's rspamd, and prints what Debian's rspamc prints."""

import base64
import functools
import json
import re
from pathlib import Path

from .both_case import HAM, BothCase, live
from .delivered import values
from .harness import body_of
from .mailfilterc import Ran, mailfilterc, masked
from .processes import free_port
from .rspamd import LOOK, shared_rspamd
from .stunnel import Stunnel
from .tls import papers

_LENGTH = re.compile(rb"^Content-Length: [0-9]+", re.MULTILINE)
"""Of a packed reply that depends on the time in it."""


class ScanTests(BothCase):
    """The command `symbols`."""

    def test_actions(self) -> None:
        """All actions, with a new subject, a text for the sender, letters that are not of ASCII."""
        for message, action in (
            (HAM, "no action"),
            (live(Score="5"), "greylist"),
            (live(Score="7"), "add header"),
            (live(Score="12", Latin="1"), "rewrite subject"),
            (live(Score="20"), "reject"),
            (live(Soft="wait, 100%"), "soft reject"),
        ):
            text = self.check_same(message=message).decode()
            self.assertIn(f"\nAction: {action}\n", text)
        self.check_same("symbols", "-v", message=live(Latin="1"))

    def test_forms(self) -> None:
        """JSON and UCL, the fields of HTTP, packed requests and replies."""
        message = live(Score="12.25", Latin="1")
        for arguments in (
            ("--json",),
            ("--compact",),
            ("--ucl",),
            ("-z",),
            ("-z", "--json"),
            ("--raw",),
            ("--extended-urls", "--profile", "-p"),
        ):
            ours = self.ours(*arguments, message=message).out
            theirs = self.theirs(*arguments, message=message).out
            # What is no mail gets another id each time.
            hidden = re.compile(rb"(?<=Message-ID: )\S+@localhost\S*")
            self.assertEqual(hidden.sub(b"", masked(ours)), hidden.sub(b"", masked(theirs)))

    def test_headers(self) -> None:
        """The fields of HTTP, of which Debian's rspamc changes the order."""
        for arguments in (("--headers",), ("-z", "--headers")):
            ours, theirs = (
                sorted(
                    _LENGTH.sub(b"LENGTH", masked(run(*arguments, message=HAM).out)).splitlines()
                )
                for run in (self.ours, self.theirs)
            )
            self.assertEqual(ours, theirs)
            self.assertIn(b"Server: rspamd/3.4", ours)

    def test_sorted(self) -> None:
        """Symbols by name, by score, and by what there is not, which leaves them as they came."""
        for order in ("name", "name:asc", "name:desc", "score", "score:asc", "weight", "bogus"):
            self.check_same("--sort", order, message=live(Score="7", Latin="1"))

    def test_envelope(self) -> None:
        """Client, sender, recipients and the rest; a field of one's own."""
        arguments = (
            *("-i", "192.0.2.7", "-F", "a@example.org", "-r", "b@sink.test", "-r", "c@sink.test"),
            *("-u", "alice", "-d", "bob", "--helo", "h.test", "--hostname", "host.test"),
            *("--header", "Queue-Id=4XyZ", "--header", "X-Own: of our own"),
        )
        ours, theirs = (
            json.loads(run("--json", *arguments, message=HAM).out)["symbols"]["LIVE_ENVELOPE"]
            for run in (self.ours, self.theirs)
        )
        self.assertEqual(ours, theirs)
        for told in ("from=a@example.org", "rcpt=b@sink.test", "rcpt=c@sink.test", "helo=h.test"):
            self.assertIn(told, ours["options"])
        for told in ("hostname=host.test", "ip=192.0.2.7", "user=alice", "queue=4XyZ"):
            self.assertIn(told, ours["options"])

    def test_socket(self) -> None:
        """Over a unix socket."""
        self.check_same(server=str(self.rspamd.socket))

    def test_files(self) -> None:
        """Several files and a folder; one after the other, so that their order is known."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        for number in range(3):
            (folder / f"{number}.eml").write_bytes(live(Score=str(number)))
        paths = [str(folder / f"{number}.eml") for number in (2, 0, 1)]
        self.check_same("-n", "1", *paths)
        self.check_same("-n", "1", "symbols", paths[0])
        ours, theirs = (run("-n", "4", str(folder)).out for run in (self.ours, self.theirs))
        self.assertEqual(_blocks(ours), _blocks(theirs))

    def test_failed(self) -> None:
        """Nobody listens; a file that is not there."""
        server = f"127.0.0.1:{free_port()}"
        self.assertIn(b"refused", self.ours(message=HAM, code=1, server=server).out)
        self.assertIn("/nonexistent/file", self.ours("/nonexistent/file", code=1).told)


def _blocks(output: bytes) -> list[bytes]:
    return sorted(masked(output).split(b"Results for "))


class MimeTests(BothCase):
    """Messages with what has been found."""

    def test_same(self) -> None:
        """As by rspamc, whatever the line ends."""
        for message in (HAM, live(Score="7"), live(Score="7", Latin="1"), live(Score="20")):
            for octets in (message, message.replace(b"\r\n", b"\n")):
                ours = self.ours("--mime", message=octets).out
                theirs = self.theirs("--mime", message=octets).out
                self.assertEqual(masked(ours), masked(theirs))

    def test_subject(self) -> None:
        """The new subject is set: by Debian's rspamc it is not."""
        message = live(Score="12")
        ours, theirs = (run("--mime", message=message).out for run in (self.ours, self.theirs))
        self.assertEqual(masked(ours).replace(b"[spam] ", b"", 1), masked(theirs))
        self.assertEqual(values(ours, "Subject"), ["[spam] The boat and the rope"])

    def test_soft_reject(self) -> None:
        """Mail that is to come again is not marked as spam: by rspamc it is."""
        message = live(Soft="wait")
        ours, theirs = (run("--mime", message=message).out for run in (self.ours, self.theirs))
        self.assertEqual(masked(ours), masked(theirs).replace(b"X-Spam: yes\r\n", b""))
        self.assertEqual(values(theirs, "X-Spam"), ["yes"])

    def test_forged(self) -> None:
        """What the message said of itself is gone."""
        forged = b"X-Spam: no\r\nX-Spam-Action: no action\r\n" + live(Score="20")
        marked = self.ours("--mime", message=forged).out
        self.assertEqual(values(marked, "X-Spam-Action"), ["reject"])
        self.assertEqual(values(marked, "X-Spam"), ["yes"])

    def test_result(self) -> None:
        """The whole reply in a field."""
        for form in ("--json", "--compact", "--ucl"):
            ours, theirs = (
                run("--mime", form, message=HAM).out for run in (self.ours, self.theirs)
            )
            self.assertEqual(_result(ours), _result(theirs))
            self.assertIn(b"LIVE_ANY", _result(ours))

    def test_exec(self) -> None:
        """Handed to a program, whose status is ours."""
        path = Path(self.mktemp()).absolute()
        message = live(Score="20")
        self.ours("--mime", "--exec", f"sh -c 'cat > {path}; exit 3'", message=message, code=3)
        marked = path.read_bytes()
        self.assertEqual(values(marked, "X-Spam-Action"), ["reject"])
        self.assertEqual(body_of(marked), body_of(message))


def _result(marked: bytes) -> bytes:
    (value,) = values(marked, "X-Spam-Result")
    return masked(base64.b64decode(value))


class SealedTests(BothCase):
    """Rspamd behind a stunnel, over HTTPS."""

    def sealed(self, name: str, *arguments: str, code: int = 0, is_control: bool = False) -> Ran:
        """Ask for what must have that name."""
        port = tunnels()[is_control]
        trust = ("--ca", str(papers().root.file), "-t", "60")
        ran = mailfilterc(
            "-h",
            f"https://{name}:{port}",
            *trust,
            *arguments,
            message=HAM,
        )
        self.assertEqual(ran.code, code, ran)
        return ran

    def test_scan(self) -> None:
        """A verdict, and figures of the controller."""
        self.assertIn("LIVE_ANY", self.sealed("localhost").text)
        text = self.sealed("localhost", "-P", LOOK, "stat", is_control=True).text
        self.assertIn("Messages scanned", text)

    def test_name(self) -> None:
        """A name that is not in its certificate."""
        self.assertNotIn("LIVE_ANY", self.sealed("127.0.0.1", code=1).text)


@functools.cache
def tunnels() -> tuple[int, int]:
    """Ports of HTTPS before the normal worker and the controller."""
    rspamd = shared_rspamd()
    chain, key = papers().middle.issue("localhost", usage="server", chain=[papers().middle])
    ports = free_port(), free_port()
    text = f"cert = {chain}\nkey = {key}\n"
    for name, port, behind in (
        ("scan", ports[0], rspamd.scan),
        ("controller", ports[1], rspamd.controller),
    ):
        text += f"[{name}]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{behind}\n"
    Stunnel(text, ports)
    return ports
