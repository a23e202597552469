"""What the store needs to speak TLS with Redis.

The store reads these files by itself, in each worker. Here it is asked who else may read or change
them, and when our certificate expires.
"""

from cryptography import x509

from ..config.model import Config
from ..tls.errors import TlsError
from ..tls.pair import MAX_CHAIN
from ..tls.pem import certificates
from .credential_files import Desk, Setting


def redis_settings(config: Config) -> list[Setting]:
    """The settings that name files; none where Redis is not spoken to by TLS."""
    redis = config.store.redis
    if config.store.kind != "redis" or not redis.tls:
        return []
    parts = {"tls_ca": redis.tls_ca, "tls_certificate": redis.tls_certificate}
    if redis.tls_certificate:
        parts["tls_key"] = redis.tls_key
    lists = [Setting(("store", "redis", "tls_crl"), path) for path in redis.tls_crl]
    found = [Setting(("store", "redis", part), path) for part, path in parts.items() if path]
    return [*found, *lists]


def take_redis(desk: Desk) -> x509.Certificate | None:
    """The certificate that we show to Redis, if any. Raises Refused for files that may not be used.

    What is wrong with a certificate is told by the store.
    """
    shown = b""
    for setting in redis_settings(desk.loaded.config):
        data = desk.read(setting)
        if setting.key[-1] == "tls_certificate":
            shown = data
    try:
        return certificates(shown, MAX_CHAIN)[0]
    except TlsError:
        return None
