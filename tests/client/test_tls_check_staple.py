"""What `mailfilteradm tls check` tells of answers of OCSP that servers staple."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp

from mailfilter.client.tls_staple import staple_words
from tests.authority import Authority, load
from tests.tls.outgoing_case import server_context

from .tls_check_case import CheckCase
from .tls_server import with_tls


class StapleTests(CheckCase):
    """Answers of OCSP."""

    def staple(self, answer: bytes, *options: str) -> str:
        """What is told of one."""
        context = server_context(*self.files)
        context.set_ocsp_server_callback(lambda connection, data: answer)
        result = self.check(with_tls(context), *options)
        rows = [line for line in result.stdout.splitlines() if line.startswith("  OCSP")]
        return rows[0].removeprefix("  OCSP").strip()

    def setUp(self) -> None:
        """A certificate to vouch for."""
        super().setUp()
        self.files = self.authority.issue("127.0.0.1")

    def vouch(self, **options: Any) -> bytes:
        """An answer about it."""
        return self.authority.vouch(self.files[0], **options).read_bytes()

    def test_good(self) -> None:
        """Until when."""
        self.assertRegex(self.staple(self.vouch(), *self.ca()), r"^stapled and good until 2\d{3}-")

    def test_not_good(self) -> None:
        """Out of date, not yet, revoked, damaged, of somebody else."""
        other = Authority(self.folder, "wrong")
        cases = {
            "out of date since": self.vouch(days=(-9, -1)),
            "does not hold before": self.vouch(days=(1, 9)),
            "revoked": self.vouch(is_good=False),
            "not good: ": other.vouch(self.files[0]).read_bytes(),
        }
        for words, answer in cases.items():
            self.assertIn(words, self.staple(answer, *self.ca()))

    def test_damaged(self) -> None:
        """OpenSSL sends none, others may."""
        chain = [load(self.files[0]), self.authority.certificate]
        for data in (b"x", self.vouch()[:-9], bytes(2000)):
            self.assertIn("stapled, but not good: not an", staple_words(data, chain, 0.0))

    def test_forged(self) -> None:
        """One about the right certificate that is signed with another key than the authority's."""
        forger = Authority(self.folder, "forger")
        now = datetime.now(UTC)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=load(self.files[0]),
            issuer=self.authority.certificate,
            algorithm=SHA256(),
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=now - timedelta(days=1),
            next_update=now + timedelta(days=1),
            revocation_time=None,
            revocation_reason=None,
        )
        named = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, forger.certificate)
        key = load_pem_private_key(forger.own_key().read_bytes(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        for shown in ((), (forger.certificate,)):
            made = named.certificates(shown) if shown else named
            answer = made.sign(key, SHA256()).public_bytes(Encoding.DER)
            told = self.staple(answer, *self.ca())
            self.assertEqual(told, "stapled, but not good: its authority has not signed it")

    def test_unknown_authority(self) -> None:
        """Whose answer nobody can verify."""
        self.assertIn("cannot be verified", self.staple(self.vouch()))
