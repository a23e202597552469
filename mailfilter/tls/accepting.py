"""A connection of OpenSSL whose other side has come to us, and who that is.

Twisted reads and writes it. Nothing that the other side does is raised from here but what Twisted
knows how to take.
"""

from collections.abc import Sequence
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.bindings.openssl.binding import Binding
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL
from OpenSSL.crypto import X509

from .asking import UNSPECIFIED
from .book import Book
from .chain_words import NO_LIST
from .facts import facts
from .known import Known
from .words import (
    NONE_SHOWN,
    OUTLIVED,
    UNREADABLE,
    UNSAID_USE,
    UNVERIFIED,
    Refusal,
    broken,
    fault,
    nobody,
    unspoken,
    unverified,
)

_CHAIN_FAULTS = frozenset({2, 3, 8, 11, 12, 18, 19, 20, 21, 27, 33})
"""Errors of X509_verify_cert(3) that say no more than that there is no trusted authority, or no
list of it that is good: a certificate that is listed itself needs none. What an old list has on it
counts all the same."""

_lib = Binding.lib
"""What pyOpenSSL calls: it does not offer to tell whether a session is resumed."""


class Terms(Protocol):
    """On which terms a listener takes others."""

    book: Book
    protocols: Sequence[bytes]
    """What is spoken, as ALPN calls it, the best first."""
    asks: bool
    """Others are asked for a certificate."""
    requires: bool
    """Nobody is taken without."""
    usage_is_strict: bool
    authorities: frozenset[x509.Certificate]
    ends: float
    """Unix time from which a chain that has been verified may not verify any more."""


class Owner(Protocol):
    """What is told how a connection goes."""

    def handshake_failed(self, refusal: Refusal) -> None: ...
    def peer_ended(self) -> None: ...
    def peer_broke(self, reason: str) -> None: ...


class Accepting(SSL.Connection):
    """See the module. The terms hold the contexts, whose callbacks OpenSSL needs to the end."""

    def __init__(self, context: SSL.Context, terms: Terms) -> None:
        super().__init__(context, None)
        self._terms = terms
        self.owner: Owner | None = None
        self.known: Known | None = None
        """Who is there, once the handshake is complete."""
        self.is_paused = False
        """Nothing is read; then `is_held` tells that somebody tried."""
        self.is_held = False
        self._has_ended = False
        self._refusal: Refusal | None = None
        self._doubt: Refusal | None = None
        """What is wrong with the chain, if the certificate is not pinned."""
        self._is_decided = False
        self._is_pinned = False
        self.set_accept_state()

    # What Twisted calls.

    def do_handshake(self) -> None:
        """As OpenSSL's; where that fails, the owner is told and nothing more is wanted."""
        if self._has_ended:
            raise SSL.WantReadError
        try:
            super().do_handshake()
        except SSL.WantReadError:
            raise
        except Exception as error:
            self._has_ended = True
            refusal = self._refusal or broken(error)
            if self.owner is not None:
                self.owner.handshake_failed(refusal)
            raise SSL.WantReadError from None

    def recv(self, bufsiz: int, flags: int | None = None) -> bytes:
        """As OpenSSL's, but that the end of what the other side sends is no end of ours."""
        if self.is_paused:
            self.is_held = True
            raise SSL.WantReadError
        try:
            return super().recv(bufsiz, flags)
        except SSL.WantReadError:
            raise
        except SSL.ZeroReturnError:
            self._end()
            raise SSL.WantReadError from None
        except SSL.Error as error:
            # Not for Twisted: its failure would hold all this in a circle.
            if not self._has_ended and self.owner is not None:
                self._has_ended = True
                self.owner.peer_broke(fault(error))
            raise SSL.WantReadError from None

    def bio_read(self, bufsiz: int) -> bytes:
        """All there is: Twisted asks once, and a flight with a long chain may be larger."""
        data = super().bio_read(bufsiz)
        if len(data) < bufsiz:
            return data
        try:
            return data + self.bio_read(bufsiz)
        except SSL.WantReadError:
            return data

    def _end(self) -> None:
        if not self._has_ended and self.owner is not None:
            self._has_ended = True
            self.owner.peer_ended()

    @property
    def has_ended(self) -> bool:
        """Nothing more is read of the other side."""
        return self._has_ended

    @property
    def is_resumed(self) -> bool:
        """Whether the session of an earlier connection goes on."""
        return bool(_lib.SSL_session_reused(self._ssl))

    def choose(self, offered: Sequence[bytes]) -> bytes:
        """Of the protocols that the other side offers (RFC 7301).

        Raises SSL.Error if it is none of ours: nobody is let in who takes us for somebody else.
        """
        for protocol in self._terms.protocols:
            if protocol in offered:
                return protocol
        self._refusal = unspoken(offered, self._terms.protocols)
        raise SSL.Error

    # Who it is.

    def settle(self, now: float) -> Refusal | None:
        """Say why the other side is not taken although the handshake is complete (Unix time).

        It has been verified, but for one that resumes a session: what it has shown then may be
        out of date.
        """
        terms = self._terms
        if not terms.asks or self._is_decided:
            return None
        certificate = self.get_peer_certificate(as_cryptography=True)
        if certificate is None:
            return NONE_SHOWN if terms.requires else None
        if not self.is_resumed:
            return UNVERIFIED
        if now >= terms.ends:
            return OUTLIVED
        try:
            if not facts(certificate).holds(now):
                return unverified(10, 0, certificate)
            self.known = terms.book.find(certificate)
        except Exception:
            return UNREADABLE
        return nobody(certificate) if self.known is None and terms.requires else None

    def judge(self, certificate: X509, number: int, depth: int) -> Refusal | None:
        """What OpenSSL asks for each certificate of the chain, the other side's own at last.

        `number` is the error that it has found, 0 for none.
        """
        if not number and depth:
            return None
        try:
            refusal = self._why_not(certificate.to_cryptography(), number, depth)
        except Exception:
            refusal = UNREADABLE
        self._refusal = self._refusal or refusal
        return refusal

    def _why_not(self, certificate: x509.Certificate, number: int, depth: int) -> Refusal | None:
        if not number:
            return self._decide(certificate)
        terms = self._terms
        if number == NO_LIST and certificate in terms.authorities:
            # Ours to trust, whoever is above it.
            return None
        refusal = unverified(number, depth, certificate)
        if depth and terms.book.has_pins:
            # It may be pinned: what is wrong above it does not matter then.
            self._doubt = self._doubt or refusal
            return refusal if self._is_decided and not self._is_pinned else None
        if not terms.book.pinned(certificate):
            return self._doubt or refusal
        return None if number in _CHAIN_FAULTS else refusal

    def _decide(self, certificate: x509.Certificate) -> Refusal | None:
        """The other side's own certificate, when its chain is as it should be."""
        terms = self._terms
        self._is_decided = True
        self._is_pinned = terms.book.pinned(certificate)
        if self._doubt is not None and not self._is_pinned:
            return self._doubt
        if terms.usage_is_strict and not _is_for_clients(certificate):
            return UNSAID_USE
        self.known = terms.book.find(certificate)
        return nobody(certificate) if self.known is None and terms.requires else None


def verify(connection: SSL.Connection, certificate: X509, number: int, depth: int) -> int:
    """The judge of contexts that make `Accepting` connections: see `ask`."""
    if not isinstance(connection, Accepting):
        return UNSPECIFIED
    refusal = connection.judge(certificate, number, depth)
    return 0 if refusal is None else refusal.error


def choose_protocol(connection: SSL.Connection, offered: list[bytes]) -> bytes:
    """What OpenSSL asks for `Accepting` connections whose other side offers any by ALPN."""
    if not isinstance(connection, Accepting):
        raise SSL.Error
    return connection.choose(offered)


def _is_for_clients(certificate: x509.Certificate) -> bool:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.CLIENT_AUTH in usages.value
