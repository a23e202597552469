"""Apache James asks the filter, and reads what it says."""

from dataclasses import replace

from mailfilter.scan.verdict import Action, SymbolResult

from .client_case import MAIL, MESSAGE
from .every_case import CLASSIC, NONE, EveryCase, EveryTests
from .james import CHUNK, James
from .outcome import Fate
from .verdicts import ACTIONS, PLAIN
from .wire import Broken, read_reply

FATES: dict[str, Fate] = {
    "no action": "accepted",
    "greylist": "accepted",
    "add header": "marked",
    "rewrite subject": "marked",
    "soft reject": "accepted",
    "reject": "refused",
    "discard": "refused",
    "quarantine": "marked",
}

REQUEST = (
    b"POST /checkV2 HTTP/1.1\r\n"
    b"Password: \r\n"
    b"Deliver-To: b@c.example\r\n"
    b"IP: 192.0.2.1\r\n"
    b"HELO: h\r\n"
    b"From: a@b.example\r\n"
    b"Rcpt: b@c.example\r\n"
    b"user-agent: ReactorNetty/1.1.20\r\n"
    b"host: 127.0.0.1:11333\r\n"
    b"accept: */*\r\n"
    b"transfer-encoding: chunked\r\n"
    b"\r\n"
    b"4000\r\n" + b"x" * CHUNK + b"\r\n5\r\nend\r\n\r\n0\r\n\r\n"
)
"""As recorded."""


class JamesTests(EveryTests, EveryCase):
    client = James(reject_processor="spam")
    fates = FATES
    settings = CLASSIC

    def test_request(self) -> None:
        """The emulator sends what James sends."""
        mail = replace(
            MAIL,
            raw=b"x" * CHUNK + b"end\r\n",
            sender="a@b.example",
            recipients=("b@c.example",),
            ip="192.0.2.1",
            helo="h",
        )
        self.assertEqual(James(per_user_bayes=True).requests(mail), [REQUEST])
        self.tell(PLAIN)
        self.client.outcome(self.ask(REQUEST))
        envelope, raw = self.asked()
        self.assertEqual(raw, mail.raw)
        self.assertEqual(
            ("a@b.example", "192.0.2.1", "h", "b@c.example"),
            (envelope.sender, str(envelope.client_ip), envelope.helo, envelope.deliver_to),
        )

    def test_health(self) -> None:
        """Any answer is healthy to James; ours is pong, with the empty password it sends."""
        reply = read_reply(self.ask(self.client.ping()))
        self.assertEqual((reply.status, reply.body), (200, b"pong\r\n"))
        self.assertFalse(self.transport.disconnecting)

    def test_one_request_for_each_recipient(self) -> None:
        """With perUserBayes; all recipients are told each time."""
        self.tell(PLAIN)
        for request in James(per_user_bayes=True).requests(MAIL):
            self.client.outcome(self.ask(request))
        told = [envelope for envelope, _ in self.scanner.calls]
        self.assertEqual([one.deliver_to for one in told], list(MAIL.recipients))
        for one in told:
            self.assertEqual([rcpt.address for rcpt in one.recipients], list(MAIL.recipients))

    def test_null_sender(self) -> None:
        """It tells of none, in a request that has all else of a transaction."""
        self.outcome(PLAIN, replace(MAIL, sender=""))
        self.assertEqual("", self.asked()[0].sender)

    def test_login(self) -> None:
        self.outcome(PLAIN, replace(MAIL, user="someone"))
        self.assertEqual(self.asked()[0].user, "someone")

    def test_other_actions_break_it(self) -> None:
        """Without classic_actions."""
        self.settings = NONE
        for action in ("discard", "quarantine"):
            self.assertRaises(Broken, self.outcome, ACTIONS[action])

    def test_headers(self) -> None:
        outcome = self.outcome(replace(PLAIN, action=Action.ADD_HEADER, score=7.0))
        self.assertEqual(outcome.values("org.apache.james.rspamd.flag"), ["YES"])
        self.assertEqual(
            outcome.values("org.apache.james.rspamd.status"),
            ["Yes, actions=add header score=7.0 requiredScore=15.0"],
        )

    def test_subject(self) -> None:
        verdict = replace(PLAIN, action=Action.REWRITE_SUBJECT, subject="[spam] hi")
        client = James(rewrite_subject=True)
        self.assertEqual(self.outcome(verdict, client=client).subject, "[spam] hi")
        self.assertIsNone(self.outcome(verdict).subject)

    def test_virus(self) -> None:
        """A symbol of that name is all that says so."""
        client = James(virus_processor="virus")
        verdict = replace(PLAIN, symbols=(SymbolResult("CLAM_VIRUS", 0.0, 0.0),))
        self.assertEqual(self.outcome(verdict, client=client).text, "virus")
        self.assertEqual(self.outcome(PLAIN, client=client).text, "")

    def test_learning(self) -> None:
        """There is none on such a listener; James logs the error."""
        self.tell(PLAIN)
        for path in ("/learnspam", "/learnham"):
            reply = read_reply(self.ask(self.client.learn(path, MESSAGE)))
            self.assertEqual((reply.status, reply.body), (404, b'{"error":"invalid command"}'))
