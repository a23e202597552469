"""The one producer of header fields, for every protocol: Rspamd's milter_headers by name.

It says what is to be removed and added; the protocols render it. Fields with the names of ours
that others have put there are removed wherever a routine is in use, also for mail that gets none
of its own: whoever reads such a field may believe it.
"""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..config.model import HeaderName, HeaderSettings
from ..mail import Message
from ..scan.auth_results import auth_results, authserv_id, field_value
from ..scan.envelope import Envelope
from ..scan.networks import Networks
from ..scan.verdict import BELOW_RECEIVED, AddHeader, Edit, RemoveHeader, Verdict
from ..syntax import MAX_HOST_NAME
from .authentication_results import is_of, same_name
from .header_values import VALUES, Value
from .headers import clean_header_value
from .received_spf import received_spf

MAX_COUNTED = 50
"""Fields of one name that are told apart: honest mail has some few. Of more, all are removed."""

SKIPPED_FIELD = "X-Spam-Skipped"
"""Says why a message was not scanned."""

OWN_FIELDS: dict[HeaderName, str] = {
    "authentication-results": "Authentication-Results",
    "received-spf": "Received-SPF",
    "remove-spam-flag": "X-Spam",
    "x-rspamd-server": "X-Rspamd-Server",
    **{routine: name for routine, (name, _) in VALUES.items()},
}
"""The usual names of the fields of the routines that have one."""


@dataclass(frozen=True, slots=True)
class _Writer:
    name: str
    value: Value
    order: int


class HeaderProducer:
    """Says which fields of a message are to be removed and added; `Scanner` calls it last.

    `host` is this machine's name, by default as the system tells it, without asking DNS.
    """

    def __init__(self, settings: HeaderSettings, local: Networks, host: str | None = None) -> None:
        self._settings = settings
        self._local = local
        self._host = (socket.gethostname() if host is None else host)[:MAX_HOST_NAME] or "localhost"
        routines = settings.routines()
        self._removals = tuple(self._find_removals(routines))
        self._writers = {
            (is_local, is_user): tuple(self._find_writers(routines, is_local, is_user))
            for is_local in (False, True)
            for is_user in (False, True)
        }
        self._auth = "authentication-results" in routines
        self._auth_name = self._name("authentication-results")
        self._removes_auth = self._auth and "authentication-results" not in settings.keep
        self._only_removes = not self._auth and not any(self._writers.values())

    def __call__(self, envelope: Envelope, message: Message, verdict: Verdict) -> Sequence[Edit]:
        """All edits for a message that got this verdict: removals, then fields in order.

        What is not scanned gets no fields but one that says why.
        """
        removals = self._removals
        if self._removes_auth:
            removals = (*removals, *self._forged(message, self._authserv_id(envelope)))
        if verdict.unscanned is not None:
            why = AddHeader(SKIPPED_FIELD, verdict.unscanned)
            return (*removals, RemoveHeader(SKIPPED_FIELD), why)
        if verdict.is_skipped or self._only_removes:
            return removals
        return (*removals, *self._written(envelope, verdict))

    def _written(self, envelope: Envelope, verdict: Verdict) -> Iterator[AddHeader]:
        settings = self._settings
        is_local = settings.skip_local and envelope.client_ip in self._local
        is_user = settings.skip_authenticated and envelope.user is not None
        if self._auth and self._runs("authentication-results", is_local, is_user):
            value = field_value(self._authserv_id(envelope), auth_results(envelope, verdict))
            yield AddHeader(self._auth_name, value, BELOW_RECEIVED)
        for writer in self._writers[is_local, is_user]:
            written = writer.value(settings, envelope, verdict)
            if written:
                yield AddHeader(writer.name, written, writer.order)

    def _find_removals(self, routines: Sequence[HeaderName]) -> Iterator[RemoveHeader]:
        settings = self._settings
        if "remove-header" in routines or "remove-headers" in routines:
            for name, occurrence in settings.remove.items():
                yield RemoveHeader(name, occurrence)
        for routine in routines:
            if routine in settings.keep or routine == "authentication-results":
                continue
            if routine in OWN_FIELDS:
                yield RemoveHeader(self._name(routine))
            elif routine == "add-headers":
                yield from map(RemoveHeader, settings.add)

    def _find_writers(
        self, routines: Sequence[HeaderName], is_local: bool, is_user: bool
    ) -> Iterator[_Writer]:
        settings = self._settings
        order = BELOW_RECEIVED if settings.position == "top" else -1
        for routine in routines:
            if not self._runs(routine, is_local, is_user):
                continue
            if routine == "received-spf":
                yield _Writer(self._name(routine), self._received_spf, BELOW_RECEIVED)
            elif routine in VALUES:
                yield _Writer(self._name(routine), VALUES[routine][1], order)
            elif routine == "x-rspamd-server":
                server = settings.server_name or self._host
                yield _Writer(self._name(routine), _constant(server), order)
            elif routine == "add-headers":
                for name, value in settings.add.items():
                    yield _Writer(name, _constant(value), order)

    def _runs(self, routine: HeaderName, is_local: bool, is_user: bool) -> bool:
        """Whether a routine writes for mail of our networks, or of a client that has logged in."""
        settings = self._settings
        return (not is_local or routine in settings.local_headers) and (
            not is_user or routine in settings.authenticated_headers
        )

    def _name(self, routine: HeaderName) -> str:
        return self._settings.names.get(routine) or OWN_FIELDS[routine]

    def _authserv_id(self, envelope: Envelope) -> str:
        return authserv_id(self._settings.authserv_id, envelope, self._host)

    def _received_spf(
        self, _settings: HeaderSettings, envelope: Envelope, verdict: Verdict
    ) -> str | None:
        return received_spf(verdict, self._authserv_id(envelope))

    def _forged(self, message: Message, authserv_id: str) -> Iterator[RemoveHeader]:
        """Fields that others wrote in our name, the last first: right however MTAs count
        (bad-input.md row 16)."""
        headers = message.headers
        fields = headers.all(self._auth_name)
        if headers.is_cut or len(fields) > MAX_COUNTED:
            yield RemoveHeader(self._auth_name)
            return
        ours = same_name(authserv_id)
        for occurrence in range(len(fields), 0, -1):
            if is_of(fields[occurrence - 1], ours):
                yield RemoveHeader(self._auth_name, occurrence)


def _constant(text: str) -> Value:
    value = clean_header_value(text)
    return lambda _settings, _envelope, _verdict: value
