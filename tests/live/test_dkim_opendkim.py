"""OpenDKIM verifies what we sign, and we verify what it signs, each as Postfix's milter."""

import functools
import re
from typing import ClassVar

from . import opendkim, signing_case
from .harness import Filter, shared_sink
from .opendkim import AUTHSERV, OpenDkim
from .postfix import Postfix
from .postfix_cf import Smtpd
from .postfix_keys import PASSWORD, SASL_OPTIONS, USER
from .signing import DOMAIN, PEER, fields_of, pem, verified
from .signing_case import BOTH, every_shape
from .smtp import Client
from .test_dkim_postfix import own_filter

SIGNERS = {
    "simple": ("rsa", "simple/simple"),
    "mixed": ("rsa", "relaxed/simple"),
    "relaxed": ("ed", "relaxed/relaxed"),
}
"""Selector and form by service."""


OF_OTHERS = frozenset({"no-header", "nothing", "begins-with-blank"})
"""Shapes without From: Postfix makes one."""


@functools.cache
def own_verifier() -> OpenDkim:
    """An OpenDKIM that verifies."""
    return OpenDkim()


@functools.cache
def own_postfix() -> Postfix:
    """Postfix with us, or with OpenDKIM."""
    ours = f"inet:127.0.0.1:{own_filter().milter}"
    services = {
        "sasl": Smtpd(ours, options=SASL_OPTIONS),
        "in": Smtpd(ours),
        "verify": Smtpd(own_verifier().milter),
        **{name: Smtpd(OpenDkim(*signer).milter) for name, signer in SIGNERS.items()},
    }
    return Postfix(services, shared_sink().port)


class OpenDkimTests(signing_case.SignedMailCase):
    """Over mail of every shape."""

    needs: ClassVar = ("master", "saslpasswd2", "opendkim", "opendkim-testkey")
    author = f"{USER}@{DOMAIN}"

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return own_filter()

    def setUp(self) -> None:
        """See `LiveCase.setUp`."""
        super().setUp()
        self.sink = shared_sink()
        self.out = f"opendkim-{self._testMethodName}@sink.test".lower()

    def connect(self, service: str = "") -> Client:
        """See `SignedMailCase`."""
        client = Client(own_postfix().ports[service or "sasl"])
        self.addCleanup(client.close)
        if not service:
            client.login(USER, PASSWORD)
        return client

    def test_ours(self) -> None:
        """It finds both signatures of ours good."""
        signed = self.pass_all("", every_shape(self.author), "signed")
        for shape, message in signed.items():
            self.assertEqual(verified(message), BOTH, shape)
        seen = self.pass_all("verify", signed)
        self.assertEqual(seen.keys(), signed.keys())
        for shape, message in seen.items():
            results = b"".join(fields_of(message, b"authentication-results"))
            self.assertTrue(results.startswith(f"Authentication-Results: {AUTHSERV};".encode()))
            found = sorted(re.findall(rb"dkim=(\w+)|header\.a=([\w-]+)", results))
            expected = [
                (b"", b"ed25519-sha256"),
                (b"", b"rsa-sha256"),
                (b"pass", b""),
                (b"pass", b""),
            ]
            self.assertEqual(found, expected, f"{shape}: {results!r}")

    def test_theirs(self) -> None:
        """We find its signatures good, in all forms."""
        for service in SIGNERS:
            signed = self.pass_all(service, every_shape(f"bob@{PEER}"))
            seen = self.pass_all("in", signed, f"in-{service}")
            self.assertEqual(seen.keys(), signed.keys())
            for shape, message in seen.items():
                (results,) = fields_of(message, b"authentication-results")
                expected = b"dkim=none" if shape in OF_OTHERS else b"dkim=pass header.d=peer.test"
                self.assertIn(expected, results, f"{service}: {shape}")

    def test_keys(self) -> None:
        """What we publish fits the private key; the program compares keys of RSA alone."""
        verifier = own_verifier()
        self.assertIn("key OK", verifier.check_key(DOMAIN, "rsa"))
        patch = self.patch(opendkim, "pem", lambda domain, selector: pem(PEER, selector))
        self.assertNotIn("key OK", verifier.check_key(DOMAIN, "rsa"))
        patch.restore()
