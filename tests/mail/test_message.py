"""An ordinary message through the whole interface."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import parse

ORDINARY = (
    b"Received: from helo.example (rdns.example [192.0.2.1])\r\n"
    b"\tby mx.example (Postfix) with ESMTP id ABC\r\n"
    b"\tfor <a@example.net>; Fri, 21 Nov 1997 09:55:06 -0600\r\n"
    b"From: =?utf-8?q?J=C3=B6rg?= <joerg@Example.COM>\r\n"
    b"To: a@example.net\r\n"
    b"Subject: =?utf-8?B?w6k=?=\r\n =?utf-8?B?w6k=?= x\r\n"
    b"Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
    b"Message-ID: <1@example.com>\r\n"
    b'Content-Type: multipart/mixed; boundary="x"\r\n'
    b"\r\n"
    b"preamble\r\n"
    b"--x\r\n\r\nhello\r\n"
    b"--x\r\nContent-Type: application/pdf; name*=utf-8''%e2%82%ac.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8=\r\n"
    b"--x--\r\n"
)


class Ordinary(SynchronousTestCase):
    """Nothing is odd about this one."""

    def test_header(self) -> None:
        """Fields are decoded, unfolded and parsed."""
        message = parse(ORDINARY)
        self.assertEqual(message.subject, "éé x")
        self.assertEqual(message.message_id, "1@example.com")
        self.assertEqual([a.address for a in message.from_], ["joerg@Example.COM"])
        self.assertEqual(message.from_[0].domain, "example.com")
        self.assertEqual(message.from_[0].name, "Jörg")
        self.assertEqual(message.received[0].helo, "helo.example")
        self.assertEqual(str(message.received[0].from_ip), "192.0.2.1")
        assert message.date is not None
        self.assertEqual(message.date.isoformat(), "1997-11-21T09:55:06-06:00")

    def test_parts(self) -> None:
        """The tree, its text, its attachment."""
        message = parse(ORDINARY)
        self.assertEqual(
            [part.type for part in message.parts],
            ["multipart/mixed", "text/plain", "application/pdf"],
        )
        self.assertEqual([part.text for part in message.text_parts], ["hello"])
        attachment = message.leaves[1]
        self.assertTrue(attachment.is_attachment)
        self.assertEqual(attachment.filename, "€.pdf")
        self.assertEqual(attachment.decoded, b"Hello")
        self.assertEqual(message.anomalies, ())
