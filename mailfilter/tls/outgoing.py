"""Connections that we make by name: the other side is always verified, by authority and by name.

Everything that connects somewhere with TLS takes what it needs from `Outgoing`: programs that block
by `connection`, Twisted's clients by `creator` of `outgoing_twisted`, which stands apart so that
the others need not load Twisted. What does not verify ends with `Refused`, which says why. There is
no way to leave the verification out.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography import x509
from OpenSSL import SSL

from ..codec.control import Pair
from .context_parts import prepare, show, trust_in
from .errors import TlsError
from .pair import PairError, Shown, read_pair
from .pem import MAX_FILE, MAX_LIST, certificates
from .reading import Stamp, read_file, stamp
from .trust import MAX_AUTHORITIES, read_lists
from .verified import Demands, Verified, verify

CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:@SECLEVEL=2"
"""Of TLS 1.2: forward secrecy and no padding. Those of 1.3 are all right."""
SYSTEM_SECONDS = 600.0
"""After this time the system's authorities are read again: they are in many files."""

Authorities = tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms we connect; paths of files, empty where there is none."""

    authorities: str = ""
    """PEM; empty is those of the system."""
    revoked: tuple[str, ...] = ()
    """Lists of revoked certificates. With any, no certificate is believed without one of whoever
    has signed it, but for those that are in `authorities`."""
    pins: tuple[str, ...] = ()
    """SHA-256 of certificates or of public keys, in hexadecimal digits in lower case: the other
    side's must be one of these, in addition to all else."""
    certificate: str = ""
    """That we show, with those that have signed it; PEM."""
    key: str = ""
    """Empty is the file of the certificate."""

    def files(self) -> tuple[str, ...]:
        """All files."""
        found = (self.authorities, *self.revoked, self.certificate, self.key)
        return tuple(path for path in found if path)


class Outgoing:
    """Makes connections on the same terms; files that have changed are read again."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._made: Made | None = None

    def connection(self, name: str) -> Verified:
        """For a connection to a DNS name or an IP address, over BIOs in memory; blocks a little.

        Raises TlsError if a file cannot be used, or the name can be in no certificate.
        """
        return self.ready().connection(name)

    def context(self) -> SSL.Context:
        """With the files as they are now; blocks. Raises TlsError."""
        return self.ready().context

    def ready(self) -> "Made":
        """What connections are made of, with the files as they are now; blocks. Raises TlsError."""
        made, now = self._made, time.monotonic()
        if made is None or not made.holds(now):
            made = self._made = _make(self._terms, now)
        return made


@dataclass(frozen=True, slots=True)
class Made:
    """What connections are made of."""

    context: SSL.Context
    demands: Demands
    stamps: Mapping[str, Stamp | None]
    until: float

    def connection(self, name: str) -> Verified:
        """As `Outgoing.connection`, of no other files."""
        return Verified(self.context, name, self.demands)

    def holds(self, now: float) -> bool:
        """Whether all files are still what they were."""
        return now < self.until and all(stamp(path) == it for path, it in self.stamps.items())


def _make(terms: Terms, now: float) -> Made:
    stamps = {path: stamp(path) for path in terms.files()}
    contents = {path: read_file(path, _most(terms, path)) for path in terms.files()}
    authorities = _authorities(terms, contents)
    return Made(
        context=_context(terms, contents, authorities),
        demands=Demands(frozenset(terms.pins), frozenset(authorities), bool(terms.certificate)),
        stamps=stamps,
        until=float("inf") if terms.authorities else now + SYSTEM_SECONDS,
    )


def _most(terms: Terms, path: str) -> int:
    """Octets that a file may have."""
    return MAX_LIST if path in terms.revoked else MAX_FILE


def _authorities(terms: Terms, contents: Mapping[str, bytes]) -> Authorities:
    if not terms.authorities:
        return ()
    with _about(terms.authorities):
        return certificates(contents[terms.authorities], MAX_AUTHORITIES)


def _context(terms: Terms, contents: Mapping[str, bytes], authorities: Authorities) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    prepare(context)
    context.set_cipher_list(CIPHERS)
    context.set_verify(SSL.VERIFY_PEER, verify)
    _trust(context, terms, contents, authorities)
    if terms.certificate:
        _show(context, _pair(terms, contents))
    return context


def _trust(
    context: SSL.Context, terms: Terms, contents: Mapping[str, bytes], authorities: Authorities
) -> None:
    if not terms.authorities:
        context.set_default_verify_paths()
    lists: list[x509.CertificateRevocationList] = []
    for path in terms.revoked:
        with _about(path):
            lists += read_lists(contents[path], authorities)
    trust_in(context, authorities, lists)


def _show(context: SSL.Context, shown: Shown) -> None:
    try:
        show(context, shown)
    except SSL.Error as error:
        raise TlsError(f"the certificate that we show cannot be used: {error}") from None


def _pair(terms: Terms, contents: Mapping[str, bytes]) -> Shown:
    key = contents[terms.key] if terms.key else b""
    try:
        return read_pair(Pair(name="", chain=contents[terms.certificate], key=key))
    except PairError as error:
        path = terms.key if error.part == "key" and terms.key else terms.certificate
        raise TlsError(f"{path}: {error}") from None


@contextmanager
def _about(path: str) -> Iterator[None]:
    """Have errors name the file."""
    try:
        yield
    except TlsError as error:
        raise TlsError(f"{path}: {error}") from None
