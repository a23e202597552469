"""What is said of those who are refused."""

from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from OpenSSL import SSL
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.tls.outgoing_words import handshake_words
from mailfilter.tls.words import broken, fault, unverified
from tests.authority import Authority, load


def error(*reasons: str) -> SSL.Error:
    return SSL.Error([("SSL routines", "", reason) for reason in reasons])


class UnverifiedTests(SynchronousTestCase):
    def setUp(self) -> None:
        folder = Path(mkdtemp())
        self.addCleanup(rmtree, folder)
        self.authority = Authority(folder, "ours")
        self.own = load(self.authority.issue("mx1.example.net")[0])

    def test_use(self) -> None:
        """Of the certificate itself, and of an authority that may not sign for clients."""
        for depth, certificate, whose in (
            (0, self.own, "its certificate"),
            (1, self.authority.certificate, "the certificate of its authority CN=ours"),
        ):
            refusal = unverified(26, depth, certificate)
            text = f"{whose} is not for clients (extended key usage clientAuth)"
            self.assertEqual(refusal, ("certificate", text, 26))

    def test_key_that_mends_it(self) -> None:
        refusal = unverified(12, 0, self.own)
        text = "the list of revoked certificates of CN=ours is out of date (client_crl)"
        self.assertEqual(refusal, ("certificate", text, 12))


class BrokenTests(SynchronousTestCase):
    def test_unknown_alert(self) -> None:
        """OpenSSL has no words for it."""
        for words in (broken(error("")).text, handshake_words(error(""), ["TLS 1.3"], False, "a")):
            self.assertRegex(
                words, "^it ended the (handshake|connection): an alert that is not kno"
            )
        self.assertEqual(broken(error("")).reason, "gone")
        words = handshake_words(SSL.Error(), ["TLS 1.3"], False, "a")
        self.assertEqual(words, "what it said is not right: Error")


class FaultTests(SynchronousTestCase):
    def test_after_the_handshake(self) -> None:
        for reason, said in (
            ("bad record mac", "what it said is not right: bad record mac"),
            ("tlsv1 alert decode error", "it ended the connection: decode error"),
            ("a\x1bb", "what it said is not right: a\\x1bb"),
            (
                "sslv3 alert handshake failure",
                "it ended the connection: handshake failure (a new handshake is not to be had)",
            ),
            ("", "it ended the connection: an alert that is not known"),
        ):
            self.assertEqual(fault(error(reason)), said)
        self.assertEqual(fault(SSL.Error()), "what it said is not right: unknown error")
