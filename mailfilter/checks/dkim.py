"""DKIM: which domains have signed a message, and do their signatures verify (RFC 6376)?"""

import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from ..auth.dkim import verify
from ..auth.dkim_values import DkimResult, Limits, Result
from ..auth.drive import Answers, Asks, run
from ..codec.dns_name import BadName, normal_name
from ..scan.check import Check, Finding, Findings, Given, Hit, Note, Symbol
from ..scan.task import Task
from ..scan.together import with_work
from ..scan.verdict import AuthResult
from ._options import read_number
from ._own_clients import OwnClients
from ._time import PART_TO_WAIT, PART_TO_WORK, late_after

_USUAL = Limits()

_SYMBOLS: Mapping[Result, tuple[str, str]] = {
    "pass": ("R_DKIM_ALLOW", "+"),
    "fail": ("R_DKIM_REJECT", "-"),
    "temperror": ("R_DKIM_TEMPFAIL", "?"),
    "permerror": ("R_DKIM_PERMFAIL", "~"),
    "policy": ("R_DKIM_PERMFAIL", "~"),
    # As if there were none (RFC 6376 3.6.1, t=y).
    "neutral": ("R_DKIM_NA", "~"),
}
"""Symbol, and the sign in DKIM_TRACE."""

_COMMENTS = {"testing": "key is for testing", "l=": "l= is all of the body"}


class Dkim(Check):
    """Verifies the signatures of DKIM."""

    name = "dkim"
    symbols = {
        "R_DKIM_ALLOW": Symbol(-0.2, "policies", "DKIM: a signature verifies"),
        "R_DKIM_REJECT": Symbol(1.0, "policies", "DKIM: a signature does not verify"),
        "R_DKIM_TEMPFAIL": Symbol(0.0, "policies", "DKIM: DNS gave no answer about a key"),
        "R_DKIM_PERMFAIL": Symbol(0.0, "policies", "DKIM: a signature or its key is no good"),
        "R_DKIM_NA": Symbol(0.0, "policies", "DKIM: there is no signature"),
        "DKIM_TRACE": Symbol(0.0, "policies", "DKIM: domains that sign, and what came of it"),
    }
    options = ("skip_local", "skip_authenticated", "max_signatures", "time_jitter")
    clock: Callable[[], float] = staticmethod(time.time)
    """Seconds since 1970, for `t=` and `x=` of signatures."""

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self._own_clients = OwnClients(given)
        self._limits = Limits(
            read_number(given.options, "max_signatures", _USUAL.signatures, 1, 50),
            read_number(given.options, "time_jitter", _USUAL.jitter, 0, 10**9),
        )
        self.kept_queries = self._limits.signatures

    async def run(self, task: Task) -> Findings:
        if not task.message.is_mail:
            return ()
        origin, message = task.origin, task.message.canonical
        if why := self._own_clients.why(origin):
            return [Note(f"not verified: {why}")]
        fields = message.named(b"dkim-signature")
        if not fields:
            return [Hit("R_DKIM_NA"), AuthResult("dkim", "none")]
        # Addresses are only read if there is a choice to be made.
        author = _author(task) if len(fields) > 1 else ""
        seconds = min(self.given.timeout, task.remaining())
        is_late = late_after(task, seconds * PART_TO_WORK)
        dns = task.lookups.for_check(self.name, self._limits.signatures, seconds * PART_TO_WAIT)

        async def ask_all(questions: Asks) -> Answers:
            asking, work = dns.ask_all(questions), message.body.work()
            return await with_work(asking, work, task.pause, is_late)

        evaluation = verify(message, self.clock(), self._limits, author)
        found = await run(evaluation, ask_all, task.pause, is_late)
        looked_at = [one for one in found if not one.is_skipped]
        return [*_findings(looked_at), *_note(len(fields) - len(looked_at))]


def _author(task: Task) -> str:
    """The domain for which signatures are most useful, if they are many; as they name it."""
    for address in task.message.from_[:1]:
        with suppress(BadName):
            # A backslash is no escape in mail.
            return normal_name(address.domain.replace("\\", "\\\\"))
    return ""


def _findings(found: Sequence[DkimResult]) -> Iterator[Finding]:
    hits: dict[str, dict[str, None]] = {}
    for one in found:
        symbol, sign = _SYMBOLS[one.result]
        options = hits.setdefault(symbol, {})
        whose = "a field"
        if one.signature is not None:
            whose = f"{one.signature.domain}:s={one.signature.selector}"
            options[whose] = None
            hits.setdefault("DKIM_TRACE", {})[f"{one.signature.domain}:{sign}"] = None
        if one.reason:
            yield Note(f"{whose}: {one.reason}")
    if len(hits) > 2:
        # A message with a signature that counts is not one without.
        hits.pop("R_DKIM_NA", None)
    for symbol, options in hits.items():
        yield Hit(symbol, options=tuple(options))
    yield from map(_auth_result, found)


def _note(skipped: int) -> Iterator[Note]:
    if skipped:
        yield Note(f"{skipped} more signatures are not looked at")


def _auth_result(found: DkimResult) -> AuthResult:
    """For Authentication-Results (RFC 8601 2.7.1)."""
    # Of any other result the reason says enough.
    flags = found.flags if found.result in ("pass", "neutral") else ()
    comment = ", ".join([_COMMENTS[flag] for flag in flags])
    signature = found.signature
    if signature is None:
        return AuthResult("dkim", found.result, found.reason, comment)
    properties = (
        ("header.d", signature.domain),
        ("header.i", signature.identity),
        ("header.s", signature.selector),
        ("header.a", signature.algorithm),
        # Tells one signature from another (RFC 6008).
        ("header.b", b64encode(signature.signature[:6]).decode("ascii")),
    )
    return AuthResult("dkim", found.result, found.reason, comment, properties)
