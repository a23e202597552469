"""What the files of a configuration hold that TLS needs, read as the master would at its start."""

from collections.abc import Sequence
from time import time
from typing import Any

from ..config import Problem, load
from ..config.model import Config
from ..tls.errors import TlsError
from ..tls.outgoing import Outgoing
from ..tls.redis import terms_of
from .certificate_status import expired_sets, tls_page
from .certificates import NOTHING, take


def page_of_files(path: str | None) -> dict[str, Any]:
    """The plain values of the live status, and those of what we connect to; blocks.

    `path` is that of the configuration, `None` the built-in defaults. Raises ConfigError if the
    configuration itself is wrong.
    """
    loaded, now = load(path), time()
    taken = take(loaded, NOTHING, now)
    page = tls_page(loaded.config, taken.held, now, taken.refused)
    tables = ("certificates", "keypairs", "signing_keys")
    for item in (item for table in tables for item in page[table].values()):
        # Nobody uses it.
        item.pop("loaded", None)
    refused = taken.refused.get(("store", "redis"))
    expired = expired_sets(taken.held, now).get(("store", "redis"), [])
    return {**page, "connects": _connects(loaded.config, refused, expired)}


def _connects(config: Config, refused: Problem | None, expired: Sequence[str]) -> dict[str, Any]:
    redis = config.store.redis
    if config.store.kind != "redis" or not redis.tls:
        return {}
    trouble = "" if refused is None else str(refused)
    try:
        Outgoing(terms_of(redis)).context()
    except TlsError as error:
        trouble = trouble or str(error)
    return {
        "store.redis": {
            "file": redis.tls_ca or "(the authorities of the system)",
            "certificate": redis.tls_certificate or "(none)",
            "trouble": trouble,
            "expired": list(expired),
        }
    }
