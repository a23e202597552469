"""Chains of ours and of dkimpy, each read by both."""

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from dkim import arc_sign, arc_verify  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from .arc_case import OTHER, ZONE, ChainCase, sealed
from .dkim_signer import OTHER_RSA, RSA, record

bounded = settings(derandomize=True, max_examples=60, deadline=None, database=None)
RECORDS = {
    b"rsa._domainkey.list.test.": record(RSA).encode(),
    b"rsa._domainkey.other.test.": record(OTHER_RSA).encode(),
}
PEM = RSA.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
SERVER = b"mx.list.test"

words = st.text(st.sampled_from("abc \t:;=<>@."), min_size=1, max_size=30).map(str.strip)
lines = st.lists(st.text(st.sampled_from("ab \t.-"), max_size=20), max_size=6)
# Bodies end with a line: of white space alone behind the last, dkimpy makes one more line.
messages = st.builds(
    lambda subject, gap, name, body: (
        f"Authentication-Results: mx.list.test; spf=pass smtp.mailfrom=a@author.test\r\n"
        f"{name}:{gap}Bob <bob@author.test>\r\nSubject: {subject}\r\n x\r\nTo: l@list.test\r\n"
        f"Message-ID: <1@author.test>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n\r\n"
        + "".join(f"{line}\r\n" for line in body)
    ).encode(),
    words,
    st.sampled_from(["", " ", "  ", "\r\n\t", "\t "]),
    st.sampled_from(["From", "FROM", "from"]),
    lines,
)


def key_of(name: bytes, timeout: int = 5) -> bytes | None:
    """What DNS has for dkimpy."""
    return RECORDS.get(name)


def theirs(raw: bytes) -> bytes:
    """With a set of dkimpy's on top."""
    fields: list[bytes] = arc_sign(raw, b"rsa", b"list.test", PEM, SERVER)
    return b"".join(fields) + raw


class PeerTests(ChainCase):
    def both(self, raw: bytes) -> tuple[str, str]:
        """The status that we find, and what dkimpy finds."""
        verdict, _, _ = arc_verify(raw, dnsfunc=key_of)
        ours = self.verify(raw, now=4e9).status
        return ours, verdict.decode()

    def assert_both(self, raw: bytes, status: str) -> None:
        self.assertEqual(self.both(raw), (status, status), raw)

    @bounded
    @given(messages)
    def test_ours(self, raw: bytes) -> None:
        """dkimpy believes a chain of ours, with as many hops as there are."""
        self.setUp()
        once = sealed(raw)
        self.assert_both(once, "pass")
        self.assert_both(sealed(once, OTHER), "pass")
        self.assert_both(sealed(sealed(once, OTHER)), "pass")

    @bounded
    @given(messages)
    def test_theirs(self, raw: bytes) -> None:
        """We believe a chain of dkimpy's, also with sets of ours in between."""
        self.setUp()
        once = theirs(raw)
        self.assert_both(once, "pass")
        self.assert_both(sealed(once, OTHER), "pass")
        self.assert_both(theirs(sealed(once, OTHER)), "pass")

    @bounded
    @given(messages, st.integers(0, 3000), st.integers(1, 255))
    def test_changed(self, raw: bytes, at: int, bit: int) -> None:
        """Of an octet that has changed somewhere, nothing passes that dkimpy fails."""
        self.setUp()
        whole = bytearray(sealed(sealed(raw), OTHER))
        whole[at % len(whole)] ^= bit
        try:
            ours, peer = self.both(bytes(whole))
        except Exception:
            # dkimpy raises what it likes for what it cannot read.
            return
        if ours == "pass":
            self.assertEqual(peer, "pass", bytes(whole))

    def test_zone(self) -> None:
        """Both have the same keys."""
        for text in RECORDS.values():
            self.assertIn(text.decode(), ZONE)
