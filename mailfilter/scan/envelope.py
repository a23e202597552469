"""The envelope: what the MTA told about a message, beside the message itself.

Every protocol builds the same value, so that nothing behind it can tell which protocol it was.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from .request_settings import RequestSettings

IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What the MTA said about TLS between it and its client; text as the MTA spells it."""

    version: str | None = None
    cipher: str | None = None
    cert_subject: str | None = None
    cert_issuer: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One SMTP recipient: address without angle brackets, and its ESMTP arguments."""

    address: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """Facts about one SMTP transaction. Absent is `None`, never an invented value.

    Text is decoded from UTF-8 with invalid octets replaced; it may hold control characters,
    since it comes from strangers: whatever prints it must escape it.
    """

    listener: str
    client_ip: IPAddress | None = None
    helo: str | None = None
    hostname: str | None = None
    """Reverse name of the client, `None` when the MTA found none."""
    sender: str | None = None
    """MAIL FROM without angle brackets; `""` is the null sender, `None` is not told."""
    rewritten_sender: str | None = None
    """The sender that the MTA makes of it and hands the message on with, if it is another."""
    lacks_sender: bool = False
    """A sender was told that cannot be read as an address."""
    sender_args: tuple[str, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    lacks_recipients: bool = False
    """Some were told that are not here: they cannot be read as addresses, or are too many."""
    user: str | None = None
    """Login name of an authenticated client."""
    queue_id: str | None = None
    mta_name: str | None = None
    mta_host: str | None = None
    """Host name of the MTA, by which it signs what it says of a message."""
    mta_tag: str | None = None
    rewrites_addresses: bool = False
    """The MTA hands the message on with address fields in a form of its own, as Sendmail does
    (`mail.sendmail`)."""
    tls: TlsFacts | None = None
    deliver_to: str | None = None
    settings_id: str | None = None
    """Name of the profile that the client asks for."""
    settings: RequestSettings | None = None
    """What the client wants for this message alone."""
    log_tag: str | None = None
    """What the client calls the message, for the log."""
    filename: str | None = None
    """Where the client has it from, for the log."""
    subject: str | None = None
    """The subject of a message that is no mail (flag `raw`)."""
    flags: frozenset[str] = frozenset()
    """Request flags by Rspamd's names: `pass_all`, `no_log`, `skip`, `groups`, `trace`, ..."""
    identity: str | None = None
    """Name in [identities] of the other side, which has shown its certificate, or its key."""
    by_key: bool = False
    """Whether that was a key of HTTPCrypt."""
    passed_on: str | None = None
    """What a proxy says of the other side's connection that it has passed on, in words."""
    is_trusted: bool = True
    """Whether the other side is believed, see `networks.distrusted`."""
    knows_client: bool = True
    """Whether address and host name of the client are taken even from a side that is not believed:
    a milter could not be used without."""
    notes: tuple[str, ...] = ()
    """For the trace: what had to be done to have message and settings as they were meant."""
