"""What SPF is asked, within which limits, and what comes out (RFC 7208 2.6, 4.1, 4.6.4)."""

from ipaddress import IPv4Address, IPv6Address
from typing import Literal, NamedTuple

from ..codec.dns_answer import Answer, DnsError, Question

Result = Literal["none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"]

MAX_PART = 256
"""Characters of a HELO, local part or domain that are looked at; SMTP has no more."""

DEFAULT_LOCAL_PART = "postmaster"
"""Of senders without one (4.3)."""


class Asked(NamedTuple):
    """May this client send for this sender?"""

    ip: IPv4Address | IPv6Address
    """The client; an IPv4 address in an IPv6 one counts as what it is."""
    sender: str = ""
    """The address of MAIL FROM without brackets; of a null sender, and to ask for the HELO
    identity alone, empty: then it is `postmaster` of the HELO."""
    helo: str = ""
    domain: str = ""
    """The domain that must allow it; empty: that of the sender, or the HELO."""
    receiver: str = "unknown"
    """Name of this host, for explanations."""
    time: float = 0.0
    """Seconds since 1970, for explanations."""

    @property
    def identity(self) -> Literal["mailfrom", "helo"]:
        """Which of the names of the client is asked for (RFC 7208 2.3, 2.4)."""
        return "mailfrom" if self.sender else "helo"

    @property
    def sender_parts(self) -> tuple[str, str]:
        """Local part and domain of the sender, with what stands for them if they lack.

        HELO stands for no sender, not for one without a domain.
        """
        local, _, domain = self.sender.rpartition("@")
        return local[:MAX_PART] or DEFAULT_LOCAL_PART, (domain if self.sender else self.helo)[
            :MAX_PART
        ]


class Limits(NamedTuple):
    """What one evaluation may cost."""

    lookups: int = 10
    """Terms that ask DNS, over all records; one more is a permerror."""
    void: int = 2
    """Terms whose question has no answer; one more is a permerror."""
    names: int = 10
    """Hosts of an `mx`, beyond which it is a permerror, and of a client, which are not looked at
    beyond."""
    has_explanation: bool = True
    """Look up what the domain has to say to those that fail."""
    has_terms: bool = False
    """Keep as steps not only the questions but every term that was tried."""


class Step(NamedTuple):
    """One thing that was done."""

    depth: int
    """Which record in the chain of those that lead to it, from 1."""
    domain: str
    """Whose record it is."""
    what: str | Question
    """A term as it is written, or what was asked."""
    outcome: str | Answer | DnsError
    """Of a term: whether it matches; else what came back."""


class SpfResult(NamedTuple):
    """What came out."""

    result: Result
    mechanism: str = ""
    """What decided, with its qualifier: `-all`, `+ip4:192.0.2.0/24`; inside an `include` the one
    that matched there. Empty if nothing did."""
    include: str = ""
    """The `include` of the first record that it was found through, if so."""
    domain: str = ""
    """Whose record has the mechanism, or the error."""
    explanation: str = ""
    """Of a fail, what the domain says about it: its words, printable ASCII, bounded."""
    problem: str = ""
    """Of an error or a none, what is the matter: printable ASCII, bounded."""
    is_plus_all: bool = False
    """It passes because anybody does."""
    lookups: int = 0
    """Terms that asked DNS."""
    void: int = 0
    """Those without an answer."""
    steps: tuple[Step, ...] = ()


class SpfStop(Exception):
    """The evaluation ends here, whatever comes behind."""

    def __init__(self, result: Result, problem: str) -> None:
        super().__init__(problem)
        self.result = result
        self.problem = problem


def shown(text: str, size: int = 80) -> str:
    """Text of others for a log line: printable ASCII, at most so many characters."""
    if len(text) <= size and text.isascii() and text.isprintable():
        return text
    printable = "".join(c if " " <= c <= "~" else "?" for c in text[:size])
    return printable if len(text) <= size else f"{printable}..."
