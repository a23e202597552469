"""maddy asks the filter, and reads what it says."""

from dataclasses import replace

from mailfilter.scan.verdict import Action

from .client_case import MAIL
from .every_case import BAD_REQUESTS, CLASSIC, EveryCase, EveryTests
from .maddy import FILE_CHUNK, Maddy
from .outcome import Fate
from .verdicts import PLAIN

FATES: dict[str, Fate] = {
    "no action": "accepted",
    "greylist": "accepted",
    "add header": "quarantined",
    "rewrite subject": "quarantined",
    "soft reject": "deferred",
    "reject": "refused",
    "discard": "accepted",
    "quarantine": "accepted",
}

REQUEST = (
    b"POST /checkv2 HTTP/1.1\r\n"
    b"Host: 127.0.0.1:11333\r\n"
    b"User-Agent: maddy\r\n"
    b"Transfer-Encoding: chunked\r\n"
    b"From: \r\n"
    b"Helo: \r\n"
    b"Hostname: h\r\n"
    b"Ip: 192.0.2.1\r\n"
    b"Mta-Name: mx\r\n"
    b"Mta-Tag: maddy\r\n"
    b"Pass: all\r\n"
    b"Queue-Id: id1\r\n"
    b"Rcpt: b@c\r\n"
    b"Rcpt: d@e\r\n"
    b"Tls-Cipher: TLS_AES_128_GCM_SHA256\r\n"
    b"Tls-Version: 1.3\r\n"
    b"User: u\r\n"
    b"Accept-Encoding: gzip\r\n"
    b"\r\n"
    b"d\r\nFrom: a@b\r\n\r\n\r\n6\r\nbody\r\n\r\n0\r\n\r\n"
)
"""As recorded, with a cipher in place of a letter."""


class MaddyTests(EveryTests, EveryCase):
    client = Maddy()
    fates = FATES

    def test_request(self) -> None:
        """The emulator sends what maddy sends; an empty From is the null sender."""
        mail = replace(
            MAIL,
            raw=b"From: a@b\r\n\r\nbody\r\n",
            sender="",
            recipients=("b@c", "d@e"),
            helo="",
            hostname="h",
            user="u",
            queue_id="id1",
        )
        self.assertEqual(Maddy(hostname="mx").requests(mail), [REQUEST])
        self.tell(PLAIN)
        self.client.outcome(self.ask(REQUEST))
        envelope, raw = self.asked()
        self.assertEqual(raw, mail.raw)
        self.assertEqual(
            ("", None, "h", "192.0.2.1", "mx", "maddy", "id1", "u"),
            (
                envelope.sender,
                envelope.helo,
                envelope.hostname,
                str(envelope.client_ip),
                envelope.mta_name,
                envelope.mta_tag,
                envelope.queue_id,
                envelope.user,
            ),
        )
        self.assertEqual(envelope.flags, {"pass_all"})
        assert envelope.tls is not None
        self.assertEqual(envelope.tls.version, "1.3")
        self.assertEqual([one.address for one in envelope.recipients], ["b@c", "d@e"])

    def test_large_bodies_come_by_the_file(self) -> None:
        mail = replace(MAIL, raw=b"A: b\r\n\r\n" + b"x" * 2**20)
        (request,) = self.client.requests(mail)
        self.assertEqual(request.count(b"\r\n%x\r\n" % FILE_CHUNK), 32)
        self.tell(PLAIN)
        self.client.outcome(self.ask(request))
        self.assertEqual(self.asked()[1], mail.raw)

    def test_profile(self) -> None:
        self.outcome(PLAIN, client=Maddy(settings_id="strict"))
        self.assertEqual(self.asked()[0].settings_id, "strict")

    def test_errors_by_its_settings(self) -> None:
        """By error_resp_action; without a reply by io_error_action."""
        client = Maddy(error_resp_action="reject", io_error_action="quarantine")
        for request in BAD_REQUESTS:
            self.tell(PLAIN)
            self.assertEqual(client.outcome(self.ask(request)).fate, "deferred")
        self.assertEqual(client.without().fate, "quarantined")
        self.assertEqual(self.client.without().fate, "error")

    def test_actions_by_its_settings(self) -> None:
        client = Maddy(add_header_action="ignore", rewrite_subj_action="reject")
        verdict = replace(PLAIN, action=Action.ADD_HEADER, score=7.126)
        outcome = self.outcome(verdict, client=client)
        self.assertEqual(outcome.fate, "marked")
        self.assertEqual(outcome.added, (("X-Spam-Flag", "Yes"), ("X-Spam-Score", "7.13")))
        verdict = replace(PLAIN, action=Action.REWRITE_SUBJECT)
        self.assertEqual(self.outcome(verdict, client=client).fate, "deferred")

    def test_unknown_actions(self) -> None:
        """It lets such mail in; with classic_actions there are none."""
        self.settings = CLASSIC
        for action, fate in ((Action.DISCARD, "refused"), (Action.QUARANTINE, "quarantined")):
            self.assertEqual(self.outcome(replace(PLAIN, action=action)).fate, fate)
