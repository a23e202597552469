"""Reports that go by Postfix are signed by our filter, as the mail of its host."""

import gzip
from email import message_from_bytes, policy
from typing import ClassVar

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest

from mailfilter.config.model import StoreSettings
from mailfilter.store import make_store
from mailfilter.store.base import Store

from . import peers
from .dmarc_reports_case import ReportCase
from .harness import shared_sink
from .postfix import Postfix
from .postfix_cf import Smtpd
from .signing import DOMAIN, signing_filter, verified

TO = "dmarc-signed@sink.test"


class SignedReportTests(ReportCase):
    needs: ClassVar = ("master",)
    address = f"reports@{DOMAIN}"

    async def open_store(self) -> Store:
        """A file in the state directory."""
        store = make_store(reactor, StoreSettings(), str(self.home), self.fail, self.fail)
        store.open()
        return store

    async def test_signed(self) -> None:
        """From here to whom it is for nothing breaks the signature."""
        if missing := peers.why_missing(*self.needs):
            raise SkipTest(missing)
        signing = signing_filter((DOMAIN, "rsa"))
        self.addCleanup(signing.stop)
        postfix = Postfix({"in": Smtpd(f"inet:127.0.0.1:{signing.milter}")}, shared_sink().port)
        self.addCleanup(postfix.stop)
        await self.add("sink.test", f"mailto:{TO}")
        self.configure(port=postfix.ports["in"])
        self.assertEqual(await self.run_it(), (0, [(TO, "sent")]))
        (taken,) = await deferToThread(shared_sink().wait_to, TO)
        self.assertEqual(verified(taken.message), [True])
        message = message_from_bytes(taken.message, policy=policy.default)
        self.assertIn(f"d={DOMAIN};", message["DKIM-Signature"])
        _text, attached = message.iter_parts()
        self.assertIn(b"<domain>sink.test</domain>", gzip.decompress(attached.get_content()))
