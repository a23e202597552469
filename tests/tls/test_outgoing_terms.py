"""Whom we believe when we connect: those who were named, and nobody beside them."""

import os

from mailfilter.config.model import Redis
from mailfilter.tls.outgoing import Outgoing, Terms
from mailfilter.tls.redis import terms_of
from tests.authority import Authority

from .outgoing_case import OutgoingCase

NAME = "mx.example.org"


class AuthoritiesTests(OutgoingCase):
    def setUp(self) -> None:
        """The system believes an authority, too."""
        super().setUp()
        self.system = Authority(self.folder, "system")
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = str(self.system.file)
        self.addCleanup(self.restore, before)
        self.files = self.system.issue(NAME)

    def restore(self, before: str | None) -> None:
        if before is None:
            del os.environ["SSL_CERT_FILE"]
        else:
            os.environ["SSL_CERT_FILE"] = before

    def test_of_the_system(self) -> None:
        self.connects(self.files, authorities="")

    def test_ours_alone(self) -> None:
        """With a file of authorities those of the system count no more."""
        text = self.refuses(self.files)
        self.assertIn("an authority that is not trusted: CN=system", text)


class RedisTests(OutgoingCase):
    def test_all_that_is_set(self) -> None:
        """Nothing that an administrator asks for is left out."""
        redis = Redis(
            tls=True,
            tls_ca="/ca",
            tls_crl=("/one", "/two"),
            tls_pins=("0" * 64,),
            tls_certificate="/own",
            tls_key="/key",
        )
        expected = Terms(
            authorities="/ca",
            revoked=("/one", "/two"),
            pins=("0" * 64,),
            certificate="/own",
            key="/key",
        )
        self.assertEqual(terms_of(redis), expected)


class CipherTests(OutgoingCase):
    def test_offered(self) -> None:
        """Each with forward secrecy, and without padding."""
        offered = Outgoing(self.terms()).connection(NAME).get_cipher_list()
        self.assertGreater(len(offered), 5)
        for cipher in offered:
            is_right = cipher.startswith(("TLS_", "ECDHE-", "DHE-"))
            self.assertTrue(is_right and ("GCM" in cipher or "CHACHA20" in cipher), cipher)
