"""What a milter session agrees on at its start (milter.md 3): always a part of what was offered."""

from collections.abc import Mapping
from dataclasses import dataclass

from .milter import Edits, Negotiate, Steps
from .milter_replies import negotiated

VERSION = 6
OLDEST_VERSION = 2

WANTED_EDITS = (
    Edits.ADD_HEADER
    | Edits.CHANGE_BODY
    | Edits.ADD_RECIPIENT
    | Edits.REMOVE_RECIPIENT
    | Edits.CHANGE_HEADER
    | Edits.QUARANTINE
    | Edits.CHANGE_SENDER
    | Edits.SET_MACROS
)

WANTED_STEPS = (
    Steps.NR_HEADER
    | Steps.NR_CONNECT
    | Steps.NR_HELO
    | Steps.NR_MAIL
    | Steps.NR_RCPT
    | Steps.NR_DATA
    | Steps.NR_UNKNOWN
    | Steps.NR_END_OF_HEADERS
    | Steps.NR_BODY
    | Steps.LEADING_SPACE
)

WANTED_MACROS: Mapping[int, str] = {
    0: "j v {daemon_name} {client_addr} {client_name} {client_ptr}",
    1: "{tls_version} {cipher} {cert_subject} {cert_issuer} {verify}",
    2: "i {auth_type} {auth_authen} {mail_addr}",
    3: "i {rcpt_mailer}",
    5: "i",
}
"""Names wanted with connect, HELO, MAIL, RCPT and end of message (milter.md 3.3).

They replace what the MTA's administrator configured for the stage, so only stages with names that
we read are listed. The queue id comes with MAIL from Sendmail, at the end from Postfix; Sendmail
8.17 heeds the list for the end of a message only beside one for the end of headers.
"""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides agreed on, and how the MTA takes replies."""

    version: int
    edits: int
    steps: int
    is_verbatim: bool = False
    """The MTA passes texts on as they are, as Stalwart does: percent signs are not to be doubled,
    folds are CRLF, a reply has one line, and a sender comes with arguments or none at all."""

    @property
    def has_macro_list(self) -> bool:
        """The MTA sends the macros that we want, whatever it is configured to send."""
        return bool(self.edits & Edits.SET_MACROS)

    @property
    def has_leading_space(self) -> bool:
        """Header values carry the blanks after the colon, in both directions."""
        return bool(self.steps & Steps.LEADING_SPACE)


def agree(offer: Negotiate) -> Agreement | None:
    """Work out what to use of an offer; `None` if its version is not spoken here."""
    if offer.version < OLDEST_VERSION:
        return None
    version = min(offer.version, VERSION)
    edits = offer.actions & WANTED_EDITS
    if version < VERSION:
        edits &= ~Edits.SET_MACROS
    return Agreement(version, edits, offer.steps & WANTED_STEPS)


def encode_agreement(agreement: Agreement) -> bytes:
    """The negotiation reply, with the macros wanted if the MTA takes such lists."""
    macros = WANTED_MACROS if agreement.has_macro_list else None
    return negotiated(agreement.version, agreement.edits, agreement.steps, macros)
