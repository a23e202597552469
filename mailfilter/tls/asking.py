"""How OpenSSL asks about the certificates of others, and by which alert they are refused.

It makes the alert of the error that it has found itself. pyOpenSSL does not offer to name one where
OpenSSL has found none, or was told to go on; the other side would get `internal error` then.
"""

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.bindings.openssl.binding import Binding
from OpenSSL import SSL
from OpenSSL.crypto import X509

Judge = Callable[[SSL.Connection, X509, int, int], int]
"""Connection, certificate, error of X509_verify_cert(3) or 0, depth -> the error to refuse by, or
0 to go on. It is asked about each certificate of a chain, and about each error."""

UNSPECIFIED = 1
"""X509_V_ERR_UNSPECIFIED."""

_lib, _ffi = Binding.lib, Binding.ffi


class AskingContext(SSL.Context):
    """Must live as long as connections that were made with it."""

    _asks: object = None
    """What OpenSSL calls."""

    def ask(self, mode: int, judge: Judge) -> None:
        """Have OpenSSL ask about certificates."""
        refused = UNSPECIFIED

        def verify(
            connection: SSL.Connection, certificate: X509, number: int, depth: int, is_right: int
        ) -> bool:
            nonlocal refused
            refused = UNSPECIFIED
            refused = judge(
                connection, certificate, 0 if is_right else number or UNSPECIFIED, depth
            )
            return not refused

        self.set_verify(mode, verify)
        inner: Any = self._verify_callback

        def outer(is_right: int, store: object) -> int:
            if inner(is_right, store):
                return 1
            _lib.X509_STORE_CTX_set_error(store, refused)
            return 0

        self._asks = _ffi.callback("int (*)(int, X509_STORE_CTX *)", outer)
        _lib.SSL_CTX_set_verify(self._context, mode, self._asks)
