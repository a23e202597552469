"""Signs mail of ours (DKIM, RFC 6376, RFC 8463), as Rspamd's dkim_signing."""

import time
from collections.abc import Sequence
from functools import partial

from ..auth.signature_writer import dkim_field
from ..auth.signing_keys import SigningKey
from ..scan.check import Check, Findings, Given, Hit, Note, Stage, Symbol
from ..scan.leaving import GOES_NOWHERE, Leaving
from ..scan.task import Task
from ..scan.verdict import BELOW_RECEIVED, AddHeader, LastFields
from ._options import read_number
from ._signing import OPTIONS, NotSignedError, SigningRules
from ._signing_form import FORM_OPTIONS, SigningForm, digest_at_once, is_slow

MAX_EXPIRE = 10 * 365 * 86400
"""Seconds."""


class DkimSigning(Check):
    """Signs by all keys that the domain has."""

    name = "dkim_signing"
    stage = Stage.POST
    symbols = {
        "DKIM_SIGNED": Symbol(0.0, "ungrouped", "DKIM: the message leaves with a signature of ours")
    }
    options = (*OPTIONS, *FORM_OPTIONS, "expire")
    now = staticmethod(time.time)
    """Unix time."""

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self._rules = SigningRules(given)
        self._form = SigningForm(given.options)
        self._expire = read_number(given.options, "expire", 0, 0, MAX_EXPIRE)

    async def run(self, task: Task) -> Findings:
        if not len(self.given.keys) or not task.message.is_mail:
            return ()
        try:
            keys = self._rules.keys(task)
            self._form.check(task.message, task.envelope)
        except NotSignedError as error:
            return [Note(f"not signed: {error}")]
        # Who makes the fields then finds the digest, however large the body is.
        for _ in task.message.canonical.body.digest(self._form.body):
            await task.pause()
        fields = LastFields(partial(self._signatures, keys), is_slow(keys))
        if task.action in GOES_NOWHERE:
            return [Note(f"not signed, unless that changes: its action is {task.action}"), fields]
        names = tuple(f"{key.domain}:s={key.selector}" for key in keys)
        return [Hit("DKIM_SIGNED", options=names), fields]

    def _signatures(self, keys: Sequence[SigningKey], leaving: Leaving) -> Sequence[AddHeader]:
        now = int(self.now())
        header_form, names = self._form.covered(leaving)
        sign = partial(
            dkim_field,
            message=leaving.message,
            names=names,
            header_form=header_form,
            body_form=self._form.body,
            digest=digest_at_once(leaving.message.body, self._form.body),
            time=now,
            expires=now + self._expire if self._expire else None,
        )
        return [AddHeader("DKIM-Signature", sign(key), BELOW_RECEIVED) for key in keys]
