"""Keys by which mail is signed, in the forms in which files have them."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailfilter.app.certificates import Held
from mailfilter.app.credential_signing import read_signing_keys
from mailfilter.codec.control import SigningFile
from tests.app.credential_case import CredentialCase

TABLE = """\
[signing_keys.ours]
domain = "Example.org"
selector = "2026"
file = "ours.key"
"""
FOLDER = '[signing]\nfolders = ["dkim"]\n'
MAP = '[signing]\nmaps = ["dkim.map"]\n'


def key(number: int) -> Ed25519PrivateKey:
    """The same for the same number."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


def pem(number: int) -> bytes:
    """A file with it."""
    return key(number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def seed(number: int) -> str:
    """The same in one word."""
    return base64.b64encode(bytes([number]) * 32).decode()


class SigningCase(CredentialCase):
    """An empty folder `dkim`, and one with a map's keys, `keys`."""

    def setUp(self) -> None:
        super().setUp()
        (self.folder / "dkim").mkdir(0o700)
        (self.folder / "keys").mkdir(0o700)

    def found(self, held: Held) -> list[tuple[str, str, int]]:
        """Domain, selector, and the number of the key."""
        return [
            (item.parsed.domain, item.parsed.selector, self.number_of(item.files))
            for item in held.signing.values()
        ]

    def number_of(self, files: SigningFile) -> int:
        (made, _) = read_signing_keys([files], {})
        octets = made[files].private.private_bytes_raw()  # type: ignore[union-attr]
        return int(octets[0])

    def wrong(self, text: str) -> list[str]:
        return self.texts(self.taken(text))
