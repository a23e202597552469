"""A client that goes on by hand after a handshake, and sends what libraries do not.

Its handshake is that of pyOpenSSL, whose secrets are then used (RFC 8446 section 7; RFC 5246
sections 5, 6.3; RFC 5288 section 3).
"""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from OpenSSL import SSL

from .tls import NAME, dial, papers
from .tls_bytes import HANDSHAKE, TLS12, record

OLD, NEW = SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION


class Sealed:
    """A connection on which any record can be sent; nothing is read."""

    def __init__(self, port: int, version: int, source: str) -> None:
        self._lines: list[bytes] = []
        self._secret = b""
        self.socket = dial(port, source)
        self._number = 0
        self._is_new = version == NEW
        connection = SSL.Connection(self._context(version))
        connection.set_tlsext_host_name(NAME.encode())
        connection.set_connect_state()
        self._shake_hands(connection)
        if self._is_new:
            self._take_secret()
        else:
            self._take_keys(connection)
            self._number = 1

    def send(self, kind: int, content: bytes, count: int = 1) -> None:
        """Send so many records of that content."""
        self.socket.sendall(b"".join(self.seal(kind, content) for _ in range(count)))

    def seal(self, kind: int, content: bytes) -> bytes:
        """A record, which is to be sent before any that is made later."""
        number = struct.pack(">Q", self._number)
        self._number += 1
        if not self._is_new:
            head = number + struct.pack(">BHH", kind, TLS12, len(content))
            return record(kind, number + self._cipher.encrypt(self._salt + number, content, head))
        nonce = bytes(a ^ b for a, b in zip(self._salt, bytes(4) + number, strict=True))
        head = struct.pack(">BHH", 23, TLS12, len(content) + 1 + 16)
        return head + self._cipher.encrypt(nonce, content + bytes([kind]), head)

    def update_keys(self, *, both: bool = True) -> None:
        """Send KeyUpdate, and use the new key (RFC 8446 section 4.6.3)."""
        self.socket.sendall(self.key_update(both=both))

    def key_update(self, *, both: bool = True) -> bytes:
        """Its record."""
        octets = self.seal(HANDSHAKE, b"\x18\0\0\1" + bytes([both]))
        self._secret = _expand(self._secret, b"traffic upd", 32)
        self._derive()
        return octets

    def _context(self, version: int) -> SSL.Context:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
        context.set_cipher_list(b"ECDHE-ECDSA-AES128-GCM-SHA256")
        context.set_tls13_ciphersuites(b"TLS_AES_128_GCM_SHA256")
        context.load_verify_locations(str(papers().root.file))
        context.set_verify(SSL.VERIFY_PEER)
        context.set_keylog_callback(lambda _, line: self._lines.append(line))
        return context

    def _shake_hands(self, connection: SSL.Connection) -> None:
        while True:
            try:
                connection.do_handshake()
            except SSL.WantReadError:
                self._flush(connection)
                octets = self.socket.recv(65536)
                if not octets:
                    raise ConnectionError("closed within the handshake") from None
                connection.bio_write(octets)
                continue
            self._flush(connection)
            return

    def _flush(self, connection: SSL.Connection) -> None:
        try:
            self.socket.sendall(connection.bio_read(65536))
        except SSL.WantReadError:
            return

    def _take_secret(self) -> None:
        (line,) = (x for x in self._lines if x.startswith(b"CLIENT_TRAFFIC_SECRET_0"))
        self._secret = bytes.fromhex(line.split()[2].decode())
        self._derive()

    def _derive(self) -> None:
        self._cipher = AESGCM(_expand(self._secret, b"key", 16))
        self._salt = _expand(self._secret, b"iv", 12)
        self._number = 0

    def _take_keys(self, connection: SSL.Connection) -> None:
        ours, theirs = connection.client_random(), connection.server_random()
        secret = connection.master_key()
        assert ours is not None and theirs is not None and secret is not None
        block = _prf(secret, b"key expansion" + theirs + ours, 40)
        self._cipher = AESGCM(block[:16])
        self._salt = block[32:36]


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    name = b"tls13 " + label
    info = struct.pack(">HB", length, len(name)) + name + b"\0"
    return HKDFExpand(SHA256(), length, info).derive(secret)


def _prf(secret: bytes, seed: bytes, length: int) -> bytes:
    octets, step = b"", seed
    while len(octets) < length:
        step = hmac.digest(secret, step, hashlib.sha256)
        octets += hmac.digest(secret, step + seed, hashlib.sha256)
    return octets[:length]
