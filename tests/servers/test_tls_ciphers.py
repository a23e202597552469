"""Ciphers of TLS 1.2, with a key of RSA, by which more of them could be spoken."""

from OpenSSL import SSL

from .tls_case import NAME, TlsCase

GOOD = (
    b"ECDHE-RSA-AES128-GCM-SHA256",
    b"ECDHE-RSA-AES256-GCM-SHA384",
    b"ECDHE-RSA-CHACHA20-POLY1305",
)
BAD = (
    b"AES128-GCM-SHA256",
    b"AES256-GCM-SHA384",
    b"AES128-SHA256",
    b"AES256-SHA",
    b"ECDHE-RSA-AES128-SHA",
    b"ECDHE-RSA-AES256-SHA384",
    b"DHE-RSA-AES128-GCM-SHA256",
    b"DHE-RSA-AES256-SHA",
)
"""Without forward secrecy, with padding, or with a group that is the server's choice."""


class RsaTests(TlsCase):
    def setUp(self) -> None:
        super().setUp()
        self.pair = self.authority.issue(NAME, key="rsa")
        self.serve()

    def test_ciphers(self) -> None:
        for ciphers, is_spoken in ((GOOD, True), (BAD, False)):
            for cipher in ciphers:
                context = self.context(SSL.TLS1_2_VERSION)
                context.set_cipher_list(cipher + b":@SECLEVEL=0")
                client = self.client(context=context)
                self.assertEqual(client.is_up, is_spoken, cipher)
                if not is_spoken:
                    self.assertIn("alert handshake failure", client.error)
        self.refused("protocol", "no cipher in common", len(BAD))
