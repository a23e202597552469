"""Signs mail of ours (DKIM, RFC 6376, RFC 8463), as Rspamd's dkim_signing."""

import time
from collections.abc import Sequence
from functools import partial

from ..auth.sign_names import signed_names
from ..auth.signature_writer import dkim_field
from ..auth.signing_keys import SigningKey
from ..scan.check import Check, Findings, Given, Hit, Note, Stage, Symbol
from ..scan.leaving import Leaving
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
        if not len(self.given.keys):
            return ()
        try:
            keys = self._rules.keys(task)
            self._form.check(task.message)
        except NotSignedError as error:
            return [Note(f"not signed: {error}")]
        # Who makes the fields then finds the digest, however large the body is.
        for _ in task.message.canonical.body.digest(self._form.body):
            await task.pause()
        return [
            Hit("DKIM_SIGNED", options=tuple(f"{key.domain}:s={key.selector}" for key in keys)),
            LastFields(partial(self._signatures, keys), is_slow(keys)),
        ]

    def _signatures(self, keys: Sequence[SigningKey], leaving: Leaving) -> Sequence[AddHeader]:
        form, message, now = self._form, leaving.message, int(self.now())
        unsure = leaving.edited if form.header == "simple" else leaving.unsure
        names = signed_names(form.names, message, unsure)
        digest = digest_at_once(message.body, form.body)
        sign = partial(
            dkim_field,
            message=message,
            names=names,
            header_form=form.header,
            body_form=form.body,
            digest=digest,
            time=now,
            expires=now + self._expire if self._expire else None,
        )
        return [AddHeader("DKIM-Signature", sign(key), BELOW_RECEIVED) for key in keys]
