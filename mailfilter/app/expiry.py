"""What is about to expire of what TLS is served with, and when to say so."""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

from ..config import Loaded, Problem
from ..config.toml_text import KeyPath, key_text
from ..syntax import moment
from ..tls.pair import Shown
from ..tls.trust import list_expires
from .certificates import Held

DAY = 86400.0
"""Seconds after which the same is said again."""

SHORT_LIFE = 4
"""What lives for days, as lists and answers do, is spoken of in the last fourth of its life."""


@dataclass(frozen=True, slots=True)
class Life:
    """How long something holds."""

    key: KeyPath
    """Of the configuration, whose file it is in."""
    what: str
    begins: float
    """Unix time."""
    expires: float
    """Unix time."""
    then: str
    """What comes of it."""
    is_short: bool = False
    """It is made anew by programs, every few days."""

    @property
    def owner(self) -> tuple[str, str]:
        """Table and name of the set that it is in."""
        return str(self.key[0]), str(self.key[1])

    def trouble(self, now: float, warn_before: float) -> tuple[str, str]:
        """Its state at this Unix time, and what to say of it; empty if all is well."""
        if now < self.begins:
            return "early", f"{self.what} does not hold before {moment(self.begins)}: {self.then}"
        if now > self.expires:
            return "late", f"{self.what} has expired at {moment(self.expires)}: {self.then}"
        if self.is_short:
            warn_before = min(warn_before, (self.expires - self.begins) / SHORT_LIFE)
        left = self.expires - now
        if left > warn_before:
            return "", ""
        return "soon", f"{self.what} expires in {_amount(left)}, at {moment(self.expires)}"


def _amount(seconds: float) -> str:
    if seconds >= DAY:
        return f"{seconds / DAY:.1f} days"
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


class Reminders:
    """What has been said, and when."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, ...], float] = {}

    def is_news(self, now: float, *what: str) -> bool:
        """Whether to say something at this Unix time; once a day."""
        if self._is_recent(self._said.get(what), now):
            return False
        self._said[what] = now
        return True

    @staticmethod
    def _is_recent(said: float | None, now: float) -> bool:
        """What was said later than now was said by a clock that has been set since."""
        return said is not None and 0 <= now - said < DAY

    def due(self, held: Held, now: float, warn_before: float) -> list[str]:
        """What is to be said of what expires within so many seconds."""
        self._said = {what: at for what, at in self._said.items() if self._is_recent(at, now)}
        found = []
        for life in lives(held):
            state, text = life.trouble(now, warn_before)
            if state and self.is_news(now, state, life.what, str(life.expires)):
                found.append(text)
        return found


def expiring(loaded: Loaded, held: Held, now: float) -> Iterator[Problem]:
    """What has expired at this Unix time, or soon will, as warnings about the configuration."""
    for life in lives(held):
        state, text = life.trouble(now, loaded.config.tls.warn_before)
        if state:
            yield loaded.problem(key_text(life.key), None, text)


def lives(held: Held) -> Iterator[Life]:
    """Everything that expires."""
    for name, pair in held.pairs.items():
        yield from _of_pair(name, pair.parsed)
    for name, trust in held.trusts.items():
        table = ("listeners", name)
        for authority in trust.parsed.authorities:
            subject = authority.subject.rfc4514_string()
            what = f"listener {name}: the authority {subject}"
            yield _of_certificate(
                (*table, "client_ca"), what, authority, "its certificates are refused"
            )
        for revoked in trust.parsed.newest():
            expires = list_expires(revoked)
            if expires is not None:
                issuer = revoked.issuer.rfc4514_string()
                what = f"listener {name}: the list of revoked certificates of {issuer}"
                begins = revoked.last_update_utc.timestamp()
                then = "all certificates of that authority are refused"
                yield Life((*table, "client_crl"), what, begins, expires, then, is_short=True)
    if held.to_redis is not None:
        key = ("store", "redis", "tls_certificate")
        yield _of_certificate(
            key, "our certificate for Redis", held.to_redis, "Redis will refuse it"
        )


def _of_pair(name: str, shown: Shown) -> Iterator[Life]:
    what, table = f"certificate {name}", ("certificates", name)
    key = (*table, "chain")
    yield _of_certificate(key, what, shown.chain[0], "those who connect will refuse it")
    for above in shown.chain[1:]:
        subject = above.subject.rfc4514_string()
        yield _of_certificate(key, f"{what}: {subject} in its chain", above, "it may be refused")
    if shown.ocsp_begins is not None and shown.ocsp_expires is not None:
        what, ends = f"{what}: the answer of OCSP about it", shown.ocsp_expires
        yield Life(
            (*table, "ocsp"), what, shown.ocsp_begins, ends, "it is not shown", is_short=True
        )


def _of_certificate(key: KeyPath, what: str, certificate: x509.Certificate, then: str) -> Life:
    begins = certificate.not_valid_before_utc.timestamp()
    return Life(key, what, begins, certificate.not_valid_after_utc.timestamp(), then)
