"""What is about to expire of what TLS is served with, and when to say so."""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

from ..tls.pair import Shown
from ..tls.trust import list_expires
from .certificates import Held
from .credential_sets import moment

DAY = 86400.0
"""Seconds after which the same is said again."""

SHORT_LIFE = 4
"""What lives for days, as lists and answers do, is spoken of in the last fourth of its life."""


@dataclass(frozen=True, slots=True)
class Life:
    """How long something holds."""

    what: str
    begins: float
    """Unix time."""
    expires: float
    """Unix time."""
    then: str
    """What comes of it."""
    is_short: bool = False
    """It is made anew by programs, every few days."""

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
        amount = f"{left / DAY:.1f} days" if left >= DAY else f"{left / 3600:.1f} hours"
        return "soon", f"{self.what} expires in {amount}, at {moment(self.expires)}"


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


def lives(held: Held) -> Iterator[Life]:
    """Everything that expires."""
    for name, pair in held.pairs.items():
        yield from _of_pair(f"certificate {name}", pair.parsed)
    for name, trust in held.trusts.items():
        for authority in trust.parsed.authorities:
            subject = authority.subject.rfc4514_string()
            what = f"listener {name}: the authority {subject}"
            yield _of_certificate(what, authority, "its certificates are refused")
        for revoked in trust.parsed.newest():
            expires = list_expires(revoked)
            if expires is not None:
                issuer = revoked.issuer.rfc4514_string()
                what = f"listener {name}: the list of revoked certificates of {issuer}"
                begins = revoked.last_update_utc.timestamp()
                then = "all certificates of that authority are refused"
                yield Life(what, begins, expires, then, is_short=True)


def _of_pair(what: str, shown: Shown) -> Iterator[Life]:
    yield _of_certificate(what, shown.chain[0], "those who connect will refuse it")
    for above in shown.chain[1:]:
        subject = above.subject.rfc4514_string()
        yield _of_certificate(f"{what}: {subject} in its chain", above, "it may be refused")
    if shown.ocsp_begins is not None and shown.ocsp_expires is not None:
        what = f"{what}: the answer of OCSP about it"
        yield Life(what, shown.ocsp_begins, shown.ocsp_expires, "it is not shown", is_short=True)


def _of_certificate(what: str, certificate: x509.Certificate, then: str) -> Life:
    begins = certificate.not_valid_before_utc.timestamp()
    return Life(what, begins, certificate.not_valid_after_utc.timestamp(), then)
