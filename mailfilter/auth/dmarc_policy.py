"""Where the policy for a domain is published, and which domains belong together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..codec.dns_answer import Answer, DnsError, Kind, Question
from ..codec.dns_name import BadName, name_to_wire
from ..mail.public_suffix import organizational_domain
from .dmarc_record import Record, RecordError, is_record, read_record
from .drive import Evaluation


class BadPolicy(ValueError):
    """A domain publishes a policy that nobody can follow."""

    def __init__(self, domain: str, problem: str) -> None:
        super().__init__(problem)
        self.domain = domain


@dataclass(frozen=True, slots=True)
class Published:
    """A record, and the domain that has it."""

    domain: str
    record: Record


class Discovery(Protocol):
    """A way to find policies and organizations; made for one author's domain."""

    author: str
    """As `dns_name.normal_name` makes it."""

    def policy(self) -> Evaluation[Published | None]:
        """The record for the author's domain, if there is one.

        Raises:
            DnsError: nobody knows.
            BadPolicy: there is one, and nothing can be done by it.
        """
        ...

    def is_aligned(self, domain: str) -> Evaluation[bool]:
        """Whether a domain belongs to the author's organization; asked after `policy`.

        Raises DnsError.
        """
        ...


def published_at(domain: str, records: Iterable[bytes]) -> Published | None:
    """What the records of DMARC of a domain come to. Raises BadPolicy."""
    found = tuple(records)
    if not found:
        return None
    if len(found) > 1:
        raise BadPolicy(domain, "Multiple policies defined in DNS")
    try:
        return Published(domain, read_record(found[0]))
    except RecordError as error:
        raise BadPolicy(domain, str(error)) from None


def look_up(domains: Iterable[str]) -> Evaluation[Mapping[str, tuple[bytes, ...] | DnsError]]:
    """The records of DMARC that some domains have, all asked at once; errors are values."""
    questions = {domain: Question(f"_dmarc.{domain}", Kind.TXT) for domain in domains}
    # A domain may be so long that nothing can be below it.
    asked = {domain: item for domain, item in questions.items() if _is_name(item.name)}
    answers = yield tuple(asked.values())
    found: dict[str, tuple[bytes, ...] | DnsError] = dict.fromkeys(questions, ())
    found.update(zip(asked, map(_records, answers), strict=True))
    return found


def exists(domain: str) -> Evaluation[bool]:
    """Whether a domain is there for mail (RFC 9091 2.7); so it is if nobody knows.

    If one of the answers is that there is no such name, no other one is needed (RFC 8020).
    """
    answers = yield tuple(Question(domain, kind) for kind in (Kind.MX, Kind.A, Kind.AAAA))
    told = [answer.status for answer in answers if isinstance(answer, Answer)]
    return "found" in told or ("nxdomain" not in told and len(told) < len(answers))


def _is_name(name: str) -> bool:
    try:
        name_to_wire(name)
    except BadName:
        return False
    return True


def _records(answer: Answer | DnsError) -> tuple[bytes, ...] | DnsError:
    if isinstance(answer, DnsError):
        return answer
    records: tuple[Any, ...] = answer.records
    return tuple(record for record in records if is_record(record))


class BySuffixes:
    """By the Public Suffix List: the author's domain, then its organizational domain (RFC 7489)."""

    def __init__(self, author: str) -> None:
        self.author = author
        self._organization = organizational_domain(author)

    def policy(self) -> Evaluation[Published | None]:
        """See `Discovery`."""
        domains = [self.author]
        if self._organization not in (None, self.author):
            domains.append(str(self._organization))
        found = yield from look_up(domains)
        for domain in domains:
            records = found[domain]
            if isinstance(records, DnsError):
                raise records
            if records:
                return published_at(domain, records)
        return None

    def is_aligned(self, domain: str) -> Evaluation[bool]:
        """See `Discovery`."""
        if domain == self.author:
            return True
        return self._organization is not None and organizational_domain(domain) == (
            self._organization
        )
        yield
