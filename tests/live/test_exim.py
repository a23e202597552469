"""A real Exim asks the filter, with variant=rspamd and the documented ACL."""

import json
import re

from .delivered import header_lines, values
from .exim import DOMAIN, PASSWORD, USER
from .exim_case import GTUBE, SUBMISSION, EximCase
from .harness import SENDER, body_of, message_file, wish
from .processes import wait_until
from .told import told

HAM = message_file("ham.eml")
SPAM_FIELDS = ("X-Spam", "X-Spam-Status", "X-Spam-Score", "X-Spam-Bar", "X-Spam-Report")


class EximActionTests(EximCase):
    """What becomes of a message, by the action that the filter names."""

    def arrive(self, message: bytes) -> bytes:
        """Send a message; what arrives."""
        self.assertEqual(self.send(message).code, 250)
        return self.wait_delivered()

    def marks(self, message: bytes) -> dict[str, list[str]]:
        """The fields about spam in what arrives of a message."""
        delivered = self.arrive(message)
        found = {name: values(delivered, name) for name in SPAM_FIELDS}
        return {name: texts for name, texts in found.items() if texts}

    def refuse(self, message: bytes) -> tuple[int, str]:
        """Send a message that is refused; how. Nothing arrives."""
        reply = self.send(message)
        self.check_arrived(0)
        return reply.code, reply.text

    def test_ham(self) -> None:
        """Header and body are as they were sent, and nobody's mark is on it."""
        delivered = self.arrive(b"X-Spam-Status: Yes\r\nX-Spam: Yes\r\n" + HAM)
        self.assertEqual(body_of(delivered), body_of(HAM))
        fields = [line for line in header_lines(delivered) if not line.startswith(b"Received:")]
        self.assertEqual(fields, header_lines(HAM))

    def test_gtube_reject(self) -> None:
        """Refused, with the text that the filter gives."""
        self.assertEqual(self.refuse(GTUBE), (550, "Gtube pattern"))

    def test_gtube_add_header(self) -> None:
        """Marked by Exim, with score and report."""
        marks = self.marks(message_file("gtube-add-header.eml"))
        self.assertEqual((marks["X-Spam"], marks["X-Spam-Status"]), (["Yes"], ["Yes"]))
        (report,) = marks["X-Spam-Report"]
        self.assertTrue(report.startswith("Action: add header"), report)
        self.assertIn("Symbol: GTUBE(", report)

    def test_gtube_rewrite_subject(self) -> None:
        """Marked too, with a new subject."""
        delivered = self.arrive(message_file("gtube-rewrite-subject.eml"))
        self.assertEqual(values(delivered, "Subject"), ["*** SPAM *** Test of the filter"])
        self.assertEqual(values(delivered, "X-Spam-Status"), ["Yes"])

    def test_gtube_no_action(self) -> None:
        """Not marked."""
        self.assertEqual(self.marks(message_file("gtube-no-action.eml")), {})

    def test_score(self) -> None:
        """Score, its bar, and symbols with their options and descriptions."""
        message = wish([("Symbol", "FORCE_ONE 4.25 a b"), ("Symbol", "FORCE_TWO 3")])
        marks = self.marks(message)
        self.assertRegex(marks["X-Spam-Score"][0], r"^7\.[0-9] \(\+{7}\)$")
        self.assertEqual(marks["X-Spam-Bar"], ["+" * 7])
        report = re.sub(r"\s+", " ", marks["X-Spam-Report"][0])
        self.assertIn("Symbol: FORCE_ONE(4.25)", report)
        self.assertIn("FORCE_ONE(4.25); asked for by the test message [a, b]", report)

    def test_bar(self) -> None:
        """A bar alone for a message that is a little suspicious."""
        self.assertEqual(self.marks(wish({"Symbol": "FORCE_ONE 3.5"})), {"X-Spam-Bar": ["+++"]})

    def test_score_reject(self) -> None:
        """Enough score refuses; the text is Exim's own, or the filter's."""
        code, text = self.refuse(wish({"Symbol": "FORCE_ONE 20"}))
        self.assertEqual((code, text), (550, "Spam message rejected"))

    def test_soft_reject(self) -> None:
        """Deferred, with a text."""
        code, _ = self.refuse(wish({"Action": "soft reject"}))
        self.assertEqual(code, 451)

    def test_texts(self) -> None:
        """The check's own text; what Exim would expand, or take for a line of its own, is text."""
        text = "100% sure, $spam_score ${run{/bin/false}} \\N"
        message = wish([("Action", "soft reject"), ("Message", text)])
        self.assertEqual(self.refuse(message), (451, text))
        field = "=?utf-8?Q?one=0D=0AAction=3A_no_action=0D=0A250_two?="
        code, text = self.refuse(wish([("Action", "reject"), ("Message", field)]))
        self.assertEqual(code, 550)
        self.assertTrue(text.startswith("one"), text)

    def test_discard(self) -> None:
        """Accepted, and gone."""
        self.assertEqual(self.send(wish({"Action": "discard"})).code, 250)
        self.check_arrived(0)

    def test_quarantine(self) -> None:
        """Accepted, and held."""
        self.assertEqual(self.send(wish({"Action": "quarantine"})).code, 250)
        (held,) = self.exim.queued()
        self.assertIn(self.box, held.read_text())
        self.exim.run("-Mrm", held.name.removesuffix("-H"))
        self.check_arrived(0)

    def test_greylist(self) -> None:
        """Delays nothing by itself, and marks nothing."""
        self.assertEqual(self.marks(wish({"Action": "greylist"})), {})

    def test_removed_fields(self) -> None:
        """All of a name go; of several one cannot."""
        wishes = [("Remove", "X-Tab"), ("Remove", "X-Twice @2"), ("Change", "X-New: a")]
        delivered = self.arrive(wish(wishes, "folded.eml"))
        self.assertEqual(values(delivered, "X-Tab"), [])
        self.assertEqual(values(delivered, "X-Twice"), ["first", "second", "third"])
        self.assertEqual(values(delivered, "X-New"), ["a"])

    def test_fields(self) -> None:
        """Fields that checks add; their line breaks are blanks on the way."""
        delivered = self.arrive(
            wish(
                [
                    ("Add", "X-One: first; [2]: x"),
                    ("Add", "X-Top: second @0"),
                    ("Add", "=?utf-8?Q?X-Fold=3A_one=0A_two?="),
                ]
            )
        )
        self.assertEqual(values(delivered, "X-One"), ["first; [2]: x"])
        self.assertEqual(values(delivered, "X-Top"), ["second"])
        self.assertEqual(len(values(delivered, "X-Fold")), 1)
        self.assertEqual(values(delivered, "X-Fold")[0].split(), ["one", "two"])


class EximEnvelopeTests(EximCase):
    """What the filter learns of message and client."""

    def test_facts(self) -> None:
        """Queue id, client, names and addresses; in the log line, too."""
        client = self.connect(source="127.0.0.5")
        client.envelope(SENDER, self.box)
        queue_id = client.data_octets(HAM).text.removeprefix("OK id=")
        envelope = told(self.filter, self.box).envelope
        self.assertEqual(envelope["queue_id"], queue_id)
        self.assertEqual(envelope["client_ip"], "127.0.0.5")
        self.assertEqual(envelope["helo"], "client.live.test")
        self.assertEqual((envelope["sender"], envelope["user"]), (SENDER, None))
        record = self.filter.wait_record(self.mark, queue_id=queue_id)
        self.assertEqual((record["ip"], record["recipients"]), ("127.0.0.5", [self.box]))
        self.assertEqual((record["sender"], record["user"]), (SENDER, None))
        wait_until(lambda: self.history(queue_id) != "", "a row in the history")
        row = json.loads(self.history(queue_id))
        self.assertEqual((row["sender_smtp"], row["ip"]), (SENDER, "127.0.0.5"))
        self.assertEqual(row["rcpt_smtp"], [self.box])

    def history(self, queue_id: str) -> str:
        """What is remembered of a message."""
        return self.filter.adm("history", "--json", "--queue-id", queue_id).stdout

    def test_user(self) -> None:
        """Who logs in at port 25 is told, and scanned; not the next one."""
        client = self.connect()
        client.login(USER, PASSWORD)
        client.envelope(SENDER, self.box)
        self.assertEqual(client.data_octets(HAM).code, 250)
        self.assertEqual(told(self.filter, self.box).envelope["user"], USER)
        self.filter.wait_record(self.mark, user=USER)
        client.envelope(SENDER, self.box)
        self.assertEqual(client.data_octets(GTUBE).code, 550)
        self.send(HAM)
        self.assertIsNone(told(self.filter, self.box).envelope["user"])

    def test_unscanned(self) -> None:
        """Not asked about: mail of relay hosts, and of users at the submission port."""
        self.check_unscanned()
        self.assertEqual(self.send(GTUBE, service=SUBMISSION).code, 550)

    def test_recipients(self) -> None:
        """Three; one that Exim refuses is not shown."""
        boxes = [self.box, self.address("second"), self.address("third")]
        client = self.connect()
        client.envelope(SENDER, *boxes[:2], f"refused@{DOMAIN}", boxes[2])
        self.assertEqual(client.data_octets(HAM).code, 250)
        self.exim.wait_idle()
        self.assertEqual([len(self.sink.to(box)) for box in boxes], [1, 1, 1])
        self.assertEqual(told(self.filter, self.box).recipients, boxes)
        (record,) = self.filter.records(self.mark)
        self.assertEqual(record["recipients"], boxes)

    def test_null_sender(self) -> None:
        """A bounce comes from nobody."""
        self.assertEqual(self.send(message_file("bounce.eml"), sender="").code, 250)
        self.assertEqual(self.sink.wait_to(self.box)[0].sender, "")
        record = self.filter.wait_record(self.mark, message_id="bounce-1@example.org")
        self.assertEqual((record["sender"], record["recipients"]), ("", [self.box]))
        self.assertEqual(told(self.filter, self.box).envelope["sender"], "")
