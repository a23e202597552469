"""What is asked of DNS and what comes back: values, for those who ask.

Source: RFC 1035 3.2, 3.3; RFC 3596 (AAAA). Names are texts as `dns_name` describes them.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal, NamedTuple

Status = Literal["found", "nodata", "nxdomain"]
"""There are records; the name is there, without such records; there is no such name."""


class Kind(IntEnum):
    """The kinds of records that are asked for; the value is the number in a packet."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    MX = 15
    TXT = 16
    AAAA = 28


class Question(NamedTuple):
    """One name and what is to be known of it."""

    name: str
    """As `dns_name.normal_name` makes it: names are compared letter by letter."""
    kind: Kind

    def __str__(self) -> str:
        """As people write it: `example.com MX`."""
        return f"{self.name or '.'} {self.kind.name}"


class Mx(NamedTuple):
    """A host that takes mail."""

    preference: int
    host: str
    """Empty: the domain takes no mail (RFC 7505)."""


class Soa(NamedTuple):
    """The start of a zone; times in seconds."""

    primary: str
    mailbox: str
    serial: int
    refresh: int
    retry: int
    expire: int
    minimum: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What DNS says to a question, with certainty: that there is nothing is an answer, too."""

    question: Question
    status: Status
    records: tuple[Any, ...] = ()
    """Each once, in the order of the reply. A: `IPv4Address`; AAAA: `IPv6Address`; MX: `Mx`; SOA:
    `Soa`; TXT: `bytes`, the strings of a record joined; CNAME, NS and PTR: a name."""
    ttl: float = 0.0
    """Seconds that it is still good for."""
    is_authentic: bool = False
    """The resolver says that DNSSEC proves it: worth what the way to the resolver is worth."""
    name: str = ""
    """Whose the records are: the name of the question, or where its CNAMEs lead."""


class DnsError(Exception):
    """No answer, and so nothing is known of the name."""

    def __init__(self, question: Question, reason: str = "") -> None:
        """`reason`: what happened, in some words; empty: the words of the class."""
        self.question = question
        self.reason = reason or self.REASON
        super().__init__(f"{question}: {self.reason}")

    REASON = "no answer"


class DnsTimeout(DnsError):
    """No server has answered in time."""

    REASON = "no answer in time"


class DnsFailure(DnsError):
    """The servers say that they cannot tell, or what they say makes no sense.

    The reason begins with the code of the reply (`SERVFAIL`, `REFUSED`, ...) if that is it.
    """

    REASON = "failure"


class DnsBudgetSpent(DnsError):
    """Not asked: the message or the check has asked all that it may."""

    REASON = "budget of questions spent"


class DnsTooMany(DnsBudgetSpent):
    """Not asked, because of the number of questions: whoever sends a message has chosen that."""


class DnsBusy(DnsError):
    """Not asked: too many questions wait already."""

    REASON = "too many questions at once"
