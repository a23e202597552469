"""Seals mail that is passed on (ARC, RFC 8617), as the signing of Rspamd's arc."""

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import cast, get_args

from ..auth.arc_fields import Validation
from ..auth.arc_seal import FORM, Place, UnsealableError, new_set, place_in
from ..auth.arc_set import SHORT_NAMES, value_of
from ..auth.results_text import Result, said_by
from ..auth.sign_names import DEFAULT_NAMES
from ..auth.signing_keys import SigningKey
from ..mail.field_text import FOLD, is_field_text
from ..scan.auth_results import auth_results, authserv_id, field_value
from ..scan.check import Check, Findings, Given, Hit, Note, Stage, Symbol
from ..scan.envelope import Envelope
from ..scan.leaving import GOES_NOWHERE, Leaving
from ..scan.task import Task
from ..scan.verdict import BELOW_RECEIVED, AddHeader, LastFields
from ..syntax import MAX_HOST_NAME
from ._options import read_flag
from ._signing import OPTIONS, NotSignedError, SigningRules
from ._signing_form import SigningForm, digest_at_once, is_slow

NAMES = f"{DEFAULT_NAMES}:dkim-signature"
"""Of the fields that are signed, as `sign_headers`; RFC 8617 4.1.2 wants those of DKIM there."""

MAX_READ = 20
"""Fields Authentication-Results that are read, the topmost first."""

READ_AT_ONCE = 32_768
"""Octets of them between pauses: of the worst that takes 30 ms."""

_FLAGS = {
    "sign_authenticated": False,
    "sign_local": False,
    "sign_inbound": True,
    "allow_hdrfrom_mismatch": True,
    "allow_username_mismatch": True,
}
"""Other than those of dkim_signing: what is sealed is the mail of others."""


class ArcSealing(Check):
    """Adds a set with a key of the domain by which a message is passed on."""

    name = "arc_sealing"
    stage = Stage.POST
    after = ("dkim_signing",)
    symbols = {
        "ARC_SIGNED": Symbol(0.0, "ungrouped", "ARC: the message leaves with a seal of ours")
    }
    options = (*OPTIONS, "sign_headers", "selector", "reuse_auth_results")
    clock: Callable[[], float] = staticmethod(time.time)
    """Seconds since 1970."""

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        options = {"use_domain": "recipient", **given.options}
        self._rules = SigningRules(replace(given, options=options), _FLAGS)
        self._form = SigningForm(given.options, NAMES)
        for name, _ in self._form.names:
            if name.startswith(b"arc-") or name == b"authentication-results":
                raise ValueError(f"sign_headers: RFC 8617 4.1.2 forbids {name.decode()}")
        self._selector = _read_selector(given)
        self._reuses = read_flag(given.options, "reuse_auth_results", False)
        self._host = socket.gethostname()[:MAX_HOST_NAME] or "localhost"

    async def run(self, task: Task) -> Findings:
        if not len(self.given.keys) or not task.message.is_mail:
            return ()
        message = task.message.canonical
        try:
            key = self._key(self._rules.keys(task))
            self._form.check(task.message, task.envelope)
            told = await self._told(task)
            place = place_in(message, _validation(task, told))
        except (NotSignedError, UnsealableError) as error:
            return [Note(f"not sealed: {error}")]
        # Who makes the fields then finds the digest, however large the body is.
        for _ in message.body.digest(FORM):
            await task.pause()
        # Two signatures.
        fields = LastFields(partial(self._set, key, task, place, told), is_slow((key, key)))
        if task.action in GOES_NOWHERE:
            return [Note(f"not sealed, unless that changes: its action is {task.action}"), fields]
        name = f"{key.domain}:s={key.selector}:i={place.instance}"
        return [Hit("ARC_SIGNED", options=(name,)), fields]

    def _key(self, keys: Sequence[SigningKey]) -> SigningKey:
        """The one that seals: of a set there is one. RSA, which all know, comes first."""
        found = [key for key in keys if self._selector in ("", key.selector)]
        if not found:
            raise NotSignedError(f"{keys[0].domain} has no key {self._selector}")
        return min(found, key=lambda key: key.algorithm != "rsa-sha256")

    def _set(
        self,
        key: SigningKey,
        task: Task,
        place: Place,
        told: Sequence[Result],
        leaving: Leaving,
    ) -> Sequence[AddHeader]:
        message, came = leaving.message, task.message.canonical
        if any(message.named(name) != came.named(name) for name in SHORT_NAMES):
            raise UnsealableError("fields of ARC are removed or added")
        _, names = self._form.covered(leaving)
        made = new_set(
            key,
            message,
            place,
            results=self._results(told, leaving),
            names=names,
            digest=digest_at_once(message.body, FORM),
            time=int(self.clock()),
        )
        return [
            AddHeader("ARC-Seal", made.seal, BELOW_RECEIVED),
            AddHeader("ARC-Message-Signature", made.signature, BELOW_RECEIVED),
            AddHeader("ARC-Authentication-Results", made.results, BELOW_RECEIVED),
        ]

    async def _told(self, task: Task) -> Sequence[Result]:
        """With `reuse_auth_results`, what fields of our name say that are there already."""
        if not self._reuses:
            return ()
        fields = task.message.canonical.named(b"authentication-results")[:MAX_READ]
        name = self._name(task.envelope)
        found: list[Result] = []
        octets = 0
        for value in map(value_of, fields):
            octets += len(value)
            if octets > READ_AT_ONCE:
                octets = len(value)
                await task.pause()
            found += said_by(name, value)
        return found

    def _results(self, told: Sequence[Result], leaving: Leaving) -> str:
        """What our Authentication-Results says, if nothing has been told before."""
        name = self._name(leaving.envelope)
        text = f";{FOLD}".join([name, *(result.text for result in told)])
        if told and is_field_text(text):
            return text
        return field_value(name, auth_results(leaving.envelope, leaving.verdict))

    def _name(self, envelope: Envelope) -> str:
        return authserv_id(self.given.authserv_id, envelope, self._host)


def _validation(task: Task, told: Sequence[Result]) -> Validation:
    """What has been found of the chain: before the message was changed, if that is told.

    Raises NotSignedError.
    """
    before = [result.result for result in told if result.method == "arc"]
    found = [result.result for result in task.auth_results if result.method == "arc"]
    for results in before, found:
        if len(results) == 1 and results[0] in get_args(Validation):
            return cast("Validation", results[0])
    if any(map(task.message.canonical.named, SHORT_NAMES)):
        raise NotSignedError("its chain has not been verified")
    return "none"


def _read_selector(given: Given) -> str:
    value = given.options.get("selector", "")
    if not isinstance(value, str):
        raise ValueError(f"selector: expected a text, got {value!r}")
    return value
