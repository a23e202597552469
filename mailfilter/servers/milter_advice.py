"""Which macros an MTA does not send that would be of use, what that costs, and what mends it.

Told once for each kind of session: an MTA sends the same macros with every message.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..codec.milter_agreement import Agreement
from ..config.model import Listener

MAX_KINDS = 64
"""Kinds of sessions of which is told: their names come from the other side."""

MAX_SOFTWARE = 64
"""Octets kept of what the MTA calls itself."""


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro that we read: what it costs to be without, and how MTAs are told to send it."""

    name: bytes
    cost: str
    postfix: str
    sendmail: str
    is_constant: bool = False
    """Every message has it; others have it only if there is a login, TLS or a certificate."""

    def mend(self, software: bytes) -> str:
        """The setting for an MTA of that name; both where it has none."""
        if software.startswith(b"Postfix"):
            return self.postfix
        if software.startswith(b"Stalwart"):
            return "it has no setting for that"
        return f"Postfix: {self.postfix}; Sendmail: {self.sendmail}"


_QUEUE_ID = Macro(
    b"i",
    "log and history do not have its queue id",
    "add i to milter_end_of_data_macros",
    "add i to confMILTER_MACROS_EOM",
    is_constant=True,
)
_HOST = Macro(
    b"j",
    "Authentication-Results cannot bear its name",
    "add j to milter_connect_macros",
    "add j to confMILTER_MACROS_CONNECT",
    is_constant=True,
)
_LOGIN = Macro(
    b"auth_authen",
    "if users log in there, their mail is taken for mail from outside",
    "add {auth_authen} to milter_mail_macros",
    "add {auth_authen} to confMILTER_MACROS_ENVFROM",
)
_TLS = Macro(
    b"tls_version",
    "if it offers TLS, whether mail came encrypted is unknown",
    "add {tls_version} to milter_helo_macros",
    "add {tls_version} to confMILTER_MACROS_HELO",
)
_ISSUER = Macro(
    b"cert_issuer",
    "certificates of clients do not count as a login",
    "add {cert_subject} {cert_issuer} to milter_helo_macros",
    "add {cert_subject}, {cert_issuer}, {verify} to confMILTER_MACROS_HELO",
)
_VERIFY = Macro(
    b"verify",
    "certificates of clients do not count as a login, since they may not be verified",
    "add v to milter_connect_macros, and have milter_macro_v begin with Postfix",
    "add {verify} to confMILTER_MACROS_HELO",
)


class Advisor:
    """Looks at the macros of messages that came by one listener."""

    def __init__(self, listener: Listener) -> None:
        self._wanted = [_QUEUE_ID, _HOST, _LOGIN, _TLS]
        self._reads_certificates = bool(listener.cert_issuer)
        if self._reads_certificates:
            self._wanted.append(_ISSUER)
        self._told: set[tuple[bytes, bool, tuple[bytes, ...]]] = set()
        self._seen: set[tuple[bytes, bytes]] = set()

    def advise(self, agreement: Agreement, macros: Mapping[bytes, bytes]) -> str | None:
        """What to say of the kind of session that a message came by, if it is a new one.

        An MTA that takes a list sends what it has. Of one that takes none nobody can tell whether
        it would send a login, so that is said until there was one.
        """
        software = (macros.get(b"v") or macros.get(b"daemon_name") or b"")[:MAX_SOFTWARE]
        takes_list = agreement.has_macro_list
        missing = tuple(self._missing(software, takes_list, macros))
        kind = software, takes_list, tuple(macro.name for macro in missing)
        if not missing or kind in self._told or len(self._told) >= MAX_KINDS:
            return None
        self._told.add(kind)
        name = repr(software.decode("utf-8", "replace")) if software else "of unknown name"
        return f"the MTA {name} {'; '.join(_sentence(macro, software) for macro in missing)}"

    def _missing(
        self, software: bytes, takes_list: bool, macros: Mapping[bytes, bytes]
    ) -> Iterator[Macro]:
        for macro in self._wanted:
            if macros.get(macro.name):
                if not macro.is_constant and len(self._seen) < MAX_KINDS:
                    self._seen.add((software, macro.name))
            elif macro.is_constant or not (takes_list or (software, macro.name) in self._seen):
                yield macro
        is_certified = self._reads_certificates and bool(macros.get(b"cert_issuer"))
        if is_certified and b"verify" not in macros and not software.startswith(b"Postfix"):
            yield _VERIFY


def _sentence(macro: Macro, software: bytes) -> str:
    name, mend = macro.name.decode(), macro.mend(software)
    if macro.is_constant:
        return f"does not send the macro {name}: {macro.cost} ({mend})"
    return f"has not sent the macro {name} so far: {macro.cost} ({mend}, unless it is there)"
