"""A real Exim asks the filter as it would ask SpamAssassin, with the documented ACL."""

import re

from .delivered import header_lines, values
from .exim import Exim
from .exim_case import GTUBE, EximCase, documented, spamd_exim
from .harness import SENDER, body_of, message_file, shared_sink, wish
from .lines import lines_filter
from .processes import free_port
from .shapes import DATED
from .threads import Threads

HAM = message_file("ham.eml")
LARGE = DATED + b"\r\n" + b"0123456789 abcdefghijklmnopqrstuvwxyz, and on it goes.\r\n" * 190_000
"""10 MB."""
KINDS: tuple[tuple[bytes, int, list[str] | None], ...] = (
    (HAM, 250, []),
    (GTUBE, 550, None),
    (wish({"Symbol": "FORCE_ONE 7"}), 250, ["Yes"]),
    (wish({"Symbol": "FORCE_ONE 16"}), 550, None),
)
"""Messages, the replies to them, and the X-Spam-Status of what arrives."""
MESSAGES = 200
CLIENTS = 20


class EximSpamdTests(EximCase):
    """Score, threshold and report are all that Exim learns."""

    def make_exim(self) -> Exim:
        """See `EximCase`."""
        return spamd_exim()

    def arrive(self, message: bytes, sender: str = SENDER) -> bytes:
        """Send a message; what arrives."""
        self.assertEqual(self.send(message, sender=sender).code, 250)
        return self.wait_delivered()

    def test_ham(self) -> None:
        """Header and body are as they were sent."""
        delivered = self.arrive(b"X-Spam-Status: Yes\r\n" + HAM)
        self.assertEqual(body_of(delivered), body_of(HAM))
        fields = [line for line in header_lines(delivered) if not line.startswith(b"Received:")]
        self.assertEqual(fields, header_lines(HAM))

    def test_gtube(self) -> None:
        """Refused by the score."""
        reply = self.send(GTUBE)
        self.assertEqual((reply.code, reply.text), (550, "Spam message rejected"))
        self.check_arrived(0)

    def test_forced(self) -> None:
        """The score agrees with the action, whatever the true one is."""
        self.assertEqual(self.send(wish({"Action": "reject"})).code, 550)
        self.assertEqual(self.send(wish({"Action": "discard"})).code, 550)
        self.check_arrived(0)
        others = ("no action", "greylist", "add header", "rewrite subject", "quarantine")
        for action in (*others, "soft reject"):
            message = wish([("Action", action), ("Symbol", "FORCE_ONE 20")])
            self.assertEqual(self.send(message).code, 250, action)
        self.check_arrived(len(others) + 1)
        for delivered in self.delivered():
            self.assertEqual(values(delivered, "X-Spam-Score"), [f"14.9 ({'+' * 14})"])

    def test_report(self) -> None:
        """Score, bar, and a report with the true score and the symbols."""
        delivered = self.arrive(wish([("Symbol", "FORCE_ONE 4.25 a b"), ("Symbol", "FORCE_TWO 3")]))
        self.assertEqual(values(delivered, "X-Spam-Status"), ["Yes"])
        self.assertRegex(values(delivered, "X-Spam-Score")[0], r"^7\.[0-9] \(\+{7}\)$")
        self.assertEqual(values(delivered, "X-Spam-Bar"), ["+" * 7])
        (report,) = values(delivered, "X-Spam-Report")
        for word in ("FORCE_ONE", "FORCE_TWO", "asked for by the test message"):
            self.assertIn(word, report)
        self.assertNotIn("Content-length", report)

    def test_little(self) -> None:
        """A bar alone for a message that is a little suspicious."""
        delivered = self.arrive(wish({"Symbol": "FORCE_ONE 3.5"}))
        self.assertEqual(values(delivered, "X-Spam-Bar"), ["+++"])
        self.assertEqual(values(delivered, "X-Spam-Score"), [])

    def test_record(self) -> None:
        """No envelope is known; the name in the ACL is no login."""
        self.arrive(HAM.replace(b"Message-ID: <", b"Message-ID: <sa-"))
        (record,) = self.filter.records(self.mark)
        self.assertRegex(record["message_id"], r"^sa-")
        self.assertEqual((record["user"], record["recipients"]), (None, []))

    def test_unscanned(self) -> None:
        """Not asked about: mail of relay hosts, and of users at the submission port."""
        self.check_unscanned()

    def test_content(self) -> None:
        """8-bit, dots, a bounce, and 10 MB."""
        names = ("eight-bit.eml", "latin-1.eml", "dots.eml", "bounce.eml")
        for message in (*map(message_file, names), LARGE):
            self.box = self.address(f"content-{len(message)}")
            self.assertEqual(body_of(self.arrive(message, "")), body_of(message))
        self.assertEqual(len(self.filter.records(self.mark)), len(names) + 1)

    def test_load(self) -> None:
        """200 messages of four kinds, 20 at the same time: each has its own verdict."""

        def run(client: int) -> None:
            for number in range(client, MESSAGES, CLIENTS):
                text, code, _ = KINDS[number % len(KINDS)]
                reply = self.send(b"X-Number: %d\r\n" % number + text)
                assert reply.code == code, (number, reply)

        Threads(CLIENTS, run).join()
        self.exim.wait_idle()
        arrived = self.delivered()
        marks = {values(text, "X-Number")[0]: values(text, "X-Spam-Status") for text in arrived}
        expected = {str(n): KINDS[n % len(KINDS)][2] for n in range(MESSAGES)}
        self.assertEqual(marks, {n: mark for n, mark in expected.items() if mark is not None})
        self.assertEqual(len(arrived), len(marks))
        self.assertEqual(len(self.filter.records(self.mark)), MESSAGES)

    def test_other_servers(self) -> None:
        """A unix socket, the port of both kinds, and two servers, of which one is down."""
        scan = f"127.0.0.1 {self.filter.http}"
        for server in (lines_filter().lines, scan, f"127.0.0.1 {free_port()} : {scan}"):
            self.exim = Exim(documented(server, "spamd"), shared_sink().port)
            self.addCleanup(self.exim.stop)
            for _ in range(3):
                self.assertEqual(self.send(HAM).code, 250)
                self.assertEqual(self.send(GTUBE).code, 550)

    def test_user(self) -> None:
        """The name in the ACL, and others that Exim may put there."""
        for name in ("nobody", "alice@example.org", "true"):
            text = documented(f"127.0.0.1 {self.filter.spamd}", "spamd")
            exim = Exim(re.sub(r"spam = nobody:", f"spam = {name}:", text), shared_sink().port)
            self.exim = exim
            self.addCleanup(exim.stop)
            self.assertEqual(self.send(HAM).code, 250)
        self.assertEqual({record["user"] for record in self.filter.records(self.mark)}, {None})
