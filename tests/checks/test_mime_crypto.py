"""Forms of OpenPGP and S/MIME."""

from mailfilter.checks.mime_crypto import MimeCrypto

from .mime_case import alone, mixed, part
from .url_case import UrlCase

PGP = mixed(part("application/pgp-encrypted"), part("application/octet-stream"), kind="encrypted")


class MimeCryptoTests(UrlCase):
    check = MimeCrypto

    def test_symbols(self) -> None:
        self.compare(
            {
                "BOGUS_ENCRYPTED_AND_TEXT": (
                    [
                        mixed(
                            part("application/pgp-encrypted"), part("text/html"), kind="encrypted"
                        ),
                        mixed(part("text/plain"), kind="encrypted"),
                    ],
                    [PGP, mixed(part("text/plain")), b""],
                ),
                "ENCRYPTED_PGP": (
                    [PGP],
                    [
                        mixed(part("application/pgp-encrypted"), kind="encrypted"),
                        mixed(part("text/plain"), kind="encrypted"),
                        mixed(
                            part("application/pgp-encrypted"), part("text/plain"), kind="encrypted"
                        ),
                        mixed(part("application/pgp-encrypted"), part("application/octet-stream")),
                    ],
                ),
                "ENCRYPTED_SMIME": (
                    [
                        alone("application/pkcs7-mime; smime-type=enveloped-data"),
                        alone("application/x-pkcs7-mime; smime-type=Enveloped-Data"),
                    ],
                    [
                        alone("application/pkcs7-mime; smime-type=signed-data"),
                        alone("application/pkcs7-mime"),
                        mixed(part("application/pkcs7-mime; smime-type=enveloped-data")),
                    ],
                ),
                "SIGNED_PGP": (
                    [mixed(part("text/plain"), part("application/pgp-signature"), kind="signed")],
                    [
                        mixed(part("text/plain"), part("application/pgp-signature")),
                        mixed(part("application/pgp-signature"), part("text/plain"), kind="signed"),
                        mixed(part("text/plain"), kind="signed"),
                    ],
                ),
                "SIGNED_SMIME": (
                    [
                        mixed(
                            part("text/plain"), part("application/pkcs7-signature"), kind="signed"
                        ),
                        mixed(
                            part("text/plain"), part("application/x-pkcs7-signature"), kind="signed"
                        ),
                        alone("application/pkcs7-mime; smime-type=signed-data"),
                    ],
                    [
                        mixed(part("text/plain"), part("application/pgp-signature"), kind="signed"),
                        alone("application/pkcs7-mime; smime-type=enveloped-data"),
                        mixed(part("application/pkcs7-signature")),
                    ],
                ),
            }
        )
