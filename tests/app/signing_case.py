"""Keys by which mail is signed, in the forms in which files have them."""

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

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
