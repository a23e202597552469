"""A configuration with a keypair of HTTPCrypt, in a file that the test replaces."""

from mailfilter.codec.httpcrypt import Keypair
from mailfilter.codec.httpcrypt_text import render_toml

FRONT = """\
[keypairs.front]
file = "front.key"

[listeners.scan]
protocol = "http"
endpoint = "tcp:0:interface=127.0.0.1"
keypairs = ["front"]
"""
BACK = '[keypairs.back]\nfile = "back.key"\n'
BOTH = FRONT.replace('["front"]', '["front", "back"]') + BACK
FIRST, SECOND = Keypair.of(bytes(range(32))), Keypair.of(bytes(range(1, 33)))


def text_of(pair: Keypair) -> bytes:
    """A file with it."""
    return render_toml(pair).encode()
