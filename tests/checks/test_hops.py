"""The way of a message."""

from dataclasses import replace
from ipaddress import ip_address

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.checks._hops import Hop, hops_of, is_live
from mailfilter.scan.envelope import Envelope, TlsFacts
from mailfilter.testing.checks import ENVELOPE, make_task

LIVE = Envelope(listener="test", client_ip=ip_address("192.0.2.1"))


def hop(text: str) -> Hop:
    (found,) = hops_of(make_task(f"Received: {text}\n\n".encode()))
    return found


class HopTests(SynchronousTestCase):
    def test_tls(self) -> None:
        for text in (
            "from a by b with ESMTPS id 1",
            "from a by b with esmtpsa (Exim 4.9) id 1",
            "from a by b with UTF8SMTPS id 1",
            "from a by b with HTTPS",
            "from a ([192.0.2.1]) (using TLSv1.3 with cipher X) by b with ESMTP id 1",
            "from a by b (version=TLS1_2 cipher=X) with SMTP id 1",
        ):
            self.assertTrue(hop(text).has_tls, text)
        for text in (
            "from a by b with ESMTP id 1",
            "from a by b with ESMTPA id 1",
            "from a by b",
            "from TLS.example by b with SMTP",
        ):
            self.assertFalse(hop(text).has_tls, text)

    def test_login(self) -> None:
        for text in (
            "from a by b with ESMTPA id 1",
            "from a by b with ESMTPSA id 1",
            "from a (b [192.0.2.1]) (Authenticated sender: x) by b with ESMTP",
        ):
            self.assertTrue(hop(text).has_login, text)
        for text in ("from a by b with ESMTPS id 1", "from authenticated by b with SMTP"):
            self.assertFalse(hop(text).has_login, text)

    def test_live(self) -> None:
        """The hop to us is that of the envelope, unless the MTA has told of it already."""
        theirs = b"Received: from a (a.example [192.0.2.9]) by b with ESMTPS\n\n"
        ours = b"Received: from a (a.example [192.0.2.1]) by b with ESMTPSA\n\n"
        live = replace(LIVE, tls=TlsFacts("TLSv1.3"), user="ann")
        self.assertEqual(hops_of(make_task(theirs, LIVE)), [Hop(False, False), Hop(True, False)])
        self.assertEqual(hops_of(make_task(b"X: y\n\n", live)), [Hop(True, True)])
        self.assertEqual(hops_of(make_task(ours, LIVE)), [Hop(True, True)])
        self.assertFalse(is_live(make_task(theirs, ENVELOPE)))
