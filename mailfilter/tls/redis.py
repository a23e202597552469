"""Terms of connections to Redis; apart from `outgoing`, which need not load the configuration."""

from ..config.model import Redis
from .outgoing import Terms


def terms_of(redis: Redis) -> Terms:
    """Those of a Redis server."""
    return Terms(
        authorities=redis.tls_ca,
        revoked=redis.tls_crl,
        pins=redis.tls_pins,
        certificate=redis.tls_certificate,
        key=redis.tls_key,
    )
