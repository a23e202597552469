"""The proxy of Rspamd asks the filter, and reads what it says."""

from dataclasses import replace

from mailfilter.scan.verdict import ReplaceBody

from .client_case import MAIL
from .every_case import EveryCase, EveryTests
from .outcome import Fate
from .proxy import Proxy
from .verdicts import PLAIN, SHAPES, SIGNATURE

FATES: dict[str, Fate] = {
    "no action": "accepted",
    "greylist": "accepted",
    "add header": "marked",
    "rewrite subject": "marked",
    "soft reject": "deferred",
    "reject": "refused",
    "discard": "refused",
    "quarantine": "quarantined",
}


class ProxyTests(EveryTests, EveryCase):
    client = Proxy()
    fates = FATES

    def test_flags(self) -> None:
        self.outcome(PLAIN, client=Proxy(settings_id="strict"))
        envelope = self.asked()[0]
        self.assertEqual(envelope.flags, {"milter", "body_block"})
        self.assertEqual(envelope.settings_id, "strict")

    def test_all_edits(self) -> None:
        """Reach it, with the places of what is removed."""
        (request,) = self.client.requests(MAIL)
        self.tell(SHAPES["forged results"])
        found, _ = self.client.read(self.ask(request))
        assert found is not None
        self.assertEqual(
            found["milter"]["remove_headers"], {"Authentication-Results": [1, 3], "X-Spam": 0}
        )
        self.tell(SHAPES["every edit"])
        found, body = self.client.read(self.ask(request))
        assert found is not None
        milter = found["milter"]
        self.assertEqual(milter["change_from"], "z@example.org SIZE=1")
        self.assertEqual(milter["add_rcpt"], ["y@example.org"])
        self.assertEqual(milter["del_rcpt"], ["b@example.net"])
        self.assertEqual(body, b"new\r\n")

    def test_signature(self) -> None:
        """Its folds are LF, as milter wants them."""
        self.tell(SHAPES["one signature"])
        found, _ = self.client.read(self.ask(self.client.requests(MAIL)[0]))
        assert found is not None
        self.assertEqual(found["dkim-signature"], SIGNATURE)

    def test_packed(self) -> None:
        """With a new body, whose offset is that before packing."""
        verdict = replace(PLAIN, edits=(ReplaceBody(b"new\r\n" * 1000),))
        client = Proxy(zstd=True)
        self.tell(verdict)
        found, body = client.read(self.ask(client.requests(MAIL)[0]))
        assert found is not None
        self.assertEqual((found["action"], body), ("no action", b"new\r\n" * 1000))


class PackedTests(EveryTests, EveryCase):
    client = Proxy(zstd=True)
    fates = FATES
