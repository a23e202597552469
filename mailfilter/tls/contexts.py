"""How listeners speak TLS: versions, ciphers, certificates by name, who is asked for one."""

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from cryptography import x509
from OpenSSL import SSL
from OpenSSL.crypto import X509StoreFlags

from ..codec.control import Credentials
from ..config.model import Config, Listener
from .accepting import Accepting, choose_protocol, verify
from .asking import AskingContext
from .book import Book
from .context_parts import prepare, show, trust_in
from .errors import TlsError
from .pair import Shown, read_pair
from .trust import Verifying, list_expires, read_trust
from .words import openssl_reason

CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"
"""Of TLS 1.2; those of TLS 1.3 are all good."""

NO_AUTO_CHAIN = 0x8
"""SSL_MODE_NO_AUTO_CHAIN of ssl.h: what is shown is what is in the file, and no authority that we
believe others by is added to it."""

MAX_NAMED = 100
"""Authorities that are told to clients, to choose their certificate by; if there are more, or
some certificates need none, they choose themselves."""

SESSION_SECONDS = 3600
"""For which a client may resume a session."""

SESSIONS = b"mailfilter"
"""Without any, OpenSSL resumes no session with a certificate. Tickets of another listener, or from
before a change, cannot be read, whatever they are called."""

HTTP = (b"http/1.1", b"http/1.0")
"""What is spoken there by ALPN, the better first; milter and the line protocols have no names."""
_SPEAK_HTTP = ("http", "scan", "controller")


class ServerSide:
    """One listener; made anew whenever anything of it changes."""

    def __init__(
        self,
        listener: Listener,
        shown: Sequence[Shown],
        names: Mapping[str, Sequence[str]],
        verifying: Verifying | None,
        book: Book,
        now: float,
    ) -> None:
        """`names` are those by which each certificate is asked for, if not those in it, `now` is
        Unix time.

        Raises TlsError if OpenSSL does not take a certificate.
        """
        self.book = book
        self.asks = listener.client_auth != "off"
        self.requires = listener.client_auth == "required"
        self.usage_is_strict = listener.client_usage == "strict"
        self._verifying = verifying
        self.authorities = frozenset(verifying.authorities if verifying else ())
        self.ends = _ends(verifying, now)
        self.protocols: Sequence[bytes] = HTTP if listener.protocol in _SPEAK_HTTP else ()
        self._by_name: dict[bytes, SSL.Context] = {}
        contexts = []
        for item in shown:
            context = self._context(item)
            contexts.append(context)
            for name in names.get(item.name) or _dns_names(item):
                self._by_name.setdefault(name.lower().rstrip(".").encode("utf-8"), context)
        self._first = contexts[0]

    def connection(self, now: float) -> Accepting:
        """For somebody who has come at a Unix time.

        Whatever has gone out of date since sessions were begun, they cannot be resumed then.
        """
        connection = Accepting(self._first, self)
        if now >= self.ends:
            connection.set_options(SSL.OP_NO_TICKET)
        return connection

    def _context(self, shown: Shown) -> AskingContext:
        context = AskingContext(SSL.TLS_SERVER_METHOD)
        prepare(context)
        context.set_options(SSL.OP_CIPHER_SERVER_PREFERENCE)
        context.set_mode(NO_AUTO_CHAIN)
        context.set_cipher_list(CIPHERS)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_session_id(SESSIONS)
        context.set_timeout(SESSION_SECONDS)
        context.set_tlsext_servername_callback(self._choose)
        context.set_alpn_select_callback(choose_protocol)
        if shown.ocsp:
            context.set_ocsp_server_callback(_staple, shown)
        self._ask(context)
        try:
            show(context, shown)
        except SSL.Error as error:
            raise TlsError(f"certificates.{shown.name}: {openssl_reason(error)}") from None
        return context

    def _ask(self, context: AskingContext) -> None:
        """Ask clients for their certificates, if they may show any."""
        if not self.asks:
            return
        mode = SSL.VERIFY_PEER
        if self.requires:
            mode |= SSL.VERIFY_FAIL_IF_NO_PEER_CERT
        context.ask(mode, verify)
        if self._verifying is None:
            return
        store = context.get_cert_store()
        assert store is not None
        # An authority that is listed need not be a root.
        store.set_flags(X509StoreFlags.PARTIAL_CHAIN)
        trust_in(context, self._verifying.authorities, self._verifying.revoked)
        if not self.book.has_pins and len(self._verifying.authorities) <= MAX_NAMED:
            for authority in self._verifying.authorities:
                context.add_client_ca(authority)

    def _choose(self, connection: SSL.Connection) -> None:
        """Show the certificate of the name that a client asks for; the first to all others."""
        asked = connection.get_servername()
        if not asked:
            return
        name = asked.lower().rstrip(b".")
        label, _, rest = name.partition(b".")
        found = self._by_name.get(name) or (self._by_name.get(b"*." + rest) if label else None)
        if found is not None and found is not self._first:
            connection.set_context(found)


def _ends(verifying: Verifying | None, now: float) -> float:
    """Unix time at which the next thing goes out of date that others are verified by."""
    if verifying is None:
        return math.inf
    dates = [item.not_valid_after_utc.timestamp() for item in verifying.authorities]
    dates += [due for item in verifying.revoked if (due := list_expires(item)) is not None]
    return min((date for date in dates if date > now), default=math.inf)


def _dns_names(shown: Shown) -> Iterator[str]:
    try:
        names = shown.chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return
    yield from names.value.get_values_for_type(x509.DNSName)


def _staple(_: SSL.Connection, shown: Shown | None) -> bytes:
    """What is shown to those who ask for an answer of OCSP: none that does not hold now."""
    return shown.ocsp if shown is not None and shown.has_answer(time.time()) else b""


def build_sides(
    config: Config, credentials: Credentials, now: float | None = None
) -> Mapping[str, ServerSide]:
    """Those of all listeners that speak TLS, by name, at a Unix time. Raises TlsError."""
    now = time.time() if now is None else now
    listeners = {
        name: listener
        for name, listener in config.listeners.items()
        if listener.enabled and listener.certificates
    }
    shown = _read_pairs(listeners.values(), credentials)
    trusts: dict[str, Verifying] = {}
    for trust in credentials.trusts:
        if trust.listener in listeners:
            with _of(f"listeners.{trust.listener}"):
                trusts[trust.listener] = read_trust(trust)
    names = {name: item.names for name, item in config.certificates.items()}
    return {
        name: ServerSide(
            listener,
            [shown[certificate] for certificate in listener.certificates],
            names,
            trusts.get(name),
            Book(config.identities, listener.identities),
            now,
        )
        for name, listener in listeners.items()
    }


def _read_pairs(listeners: Iterable[Listener], credentials: Credentials) -> Mapping[str, Shown]:
    wanted = {name for listener in listeners for name in listener.certificates}
    shown: dict[str, Shown] = {}
    for pair in credentials.pairs:
        if pair.name in wanted:
            with _of(f"certificates.{pair.name}"):
                shown[pair.name] = read_pair(pair)
    if missing := wanted - shown.keys():
        raise TlsError(f"certificates.{min(missing)}: its files were not read")
    return shown


@contextmanager
def _of(what: str) -> Iterator[None]:
    """Say whose trouble it is."""
    try:
        yield
    except TlsError as error:
        raise TlsError(f"{what}: {error}") from None
