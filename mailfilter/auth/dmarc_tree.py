"""The walk up the tree of DNS in place of a list of suffixes (RFC 9989 4.10)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..codec.dns_answer import DnsError
from .dmarc_policy import BadPolicy, Published, look_up, published_at
from .drive import Evaluation

MAX_LABELS = 7
"""A name of more of them is followed by its end of so many: one walk asks eight questions."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A domain that has one record of DMARC."""

    domain: str
    published: Published | BadPolicy

    @property
    def is_suffix(self) -> bool | None:
        """What it says of itself."""
        found = self.published
        return None if isinstance(found, BadPolicy) else found.record.is_suffix


class ByTree:
    """By records alone: that of the author's domain, its organization's, that of a suffix."""

    def __init__(self, author: str) -> None:
        self.author = author
        self._organization = author
        self._seen: dict[str, tuple[bytes, ...] | DnsError] = {}

    def policy(self) -> Evaluation[Published | None]:
        """See `Discovery`."""
        steps = {step.domain: step for step in (yield from self._walk(self.author))}
        self._organization = _organization(self.author, steps)
        for domain in (self.author, self._organization):
            if domain in steps:
                return _published(steps[domain])
        suffixes = [step for step in steps.values() if step.is_suffix]
        return _published(suffixes[0]) if suffixes else None

    def is_aligned(self, domain: str) -> Evaluation[bool]:
        """See `Discovery`."""
        if domain == self.author:
            return True
        own = self._organization
        if "\\" in domain or not f".{domain}".endswith(f".{own}"):
            return False
        steps = yield from self._walk(domain)
        return _organization(domain, {step.domain: step for step in steps}) == own

    def _walk(self, start: str) -> Evaluation[list[_Step]]:
        """The records from a domain upwards, up to one that says what it is. Raises DnsError."""
        domains = list(walked(start))
        unseen = [domain for domain in domains if domain not in self._seen]
        if unseen:
            self._seen.update((yield from look_up(unseen)))
        steps: list[_Step] = []
        for domain in domains:
            records = self._seen[domain]
            if isinstance(records, DnsError):
                raise records
            # Of several records none counts.
            if len(records) == 1:
                steps.append(_Step(domain, _read(domain, records)))
                if steps[-1].is_suffix is not None:
                    break
        return steps


def walked(start: str) -> Iterator[str]:
    """The domains that are asked, the longest first."""
    yield start
    labels = start.split(".")
    for first in range(max(1, len(labels) - MAX_LABELS), len(labels)):
        yield ".".join(labels[first:])


def _read(domain: str, records: tuple[bytes, ...]) -> Published | BadPolicy:
    try:
        found = published_at(domain, records)
    except BadPolicy as error:
        return error
    assert found is not None
    return found


def _published(step: _Step) -> Published:
    if isinstance(step.published, BadPolicy):
        raise step.published
    return step.published


def _organization(start: str, steps: Mapping[str, _Step]) -> str:
    """The organizational domain of one, by the steps up from there (RFC 9989 4.10.2)."""
    found = start
    for step in steps.values():
        found = step.domain
        if step.is_suffix is False:
            break
        if step.is_suffix and step.domain != start:
            return _below(start, step.domain)
    return found


def _below(start: str, suffix: str) -> str:
    """The domain one label below a suffix, on the way from where the walk began."""
    labels = start.split(".")
    return ".".join(labels[-suffix.count(".") - 2 :])
