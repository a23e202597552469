"""The fields that LDA mode writes into a message: their names, and values as rspamc writes them.

Where rspamc would write what is no header, or ends itself, here is what was meant.

Sources: lda-client.md 5.3; runs of rspamc 3.4 against canned replies.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from ... import __version__
from ...report.headers import MAX_VALUE
from ...scan.verdict import TOLD_AS_SPAM, AddHeader
from .exchange import Reply, Unanswered
from .options import Options
from .scan_text import action_of
from .values import elements, members, number, text

SCANNER = f"mailfilterc {__version__}"

MAX_LEVEL = 32
"""Stars of X-Spam-Level."""

MAX_SIGNATURES = 64
"""Fields of DKIM; signers make one or two."""

RESULT_COLUMNS = 60
"""Characters of a line of X-Spam-Result."""

_SPAM = frozenset(action.value for action in TOLD_AS_SPAM)
"""Not soft reject, other than rspamc has it: greylisted mail is no spam."""

_REST_OF_NAMES = ("", "-scanner", "-scan-time", "-action", "-score", "-level", "-symbols")
OWN = frozenset(f"x-spam{rest}" for rest in (*_REST_OF_NAMES, "-result", "-error"))
"""Names in lower case. A reply that brings such a field cannot speak for us."""


def verdict_fields(reply: Reply) -> Iterator[AddHeader]:
    """The verdict, in rspamc's order; X-Spam-Result comes last of all fields.

    Raises Unanswered for a reply that wants too many.
    """
    fields = reply.fields
    score, required = number(fields.get("score")), number(fields.get("required_score"))
    yield AddHeader("X-Spam-Scanner", SCANNER)
    yield AddHeader("X-Spam-Scan-Time", f"{reply.seconds:.3g}")
    if action_of(fields) in _SPAM:
        yield AddHeader("X-Spam", "yes")
    yield AddHeader("X-Spam-Action", text(fields.get("action")))
    yield AddHeader("X-Spam-Score", f"{score:.2f} / {required:.2f}")
    yield AddHeader("X-Spam-Level", "*" * ceil(max(0, min(score, MAX_LEVEL))))
    yield AddHeader("X-Spam-Symbols", _symbols(fields))
    found = fields.get("dkim-signature")
    signatures = [found] if isinstance(found, str) else list(elements(found))
    if len(signatures) > MAX_SIGNATURES:
        raise Unanswered(f"its answer has more than {MAX_SIGNATURES} signatures")
    for value in signatures:
        if isinstance(value, str) and value:
            yield AddHeader("DKIM-Signature", value)


def result_fields(reply: Reply, options: Options) -> Iterator[AddHeader]:
    """The reply itself, if that is wanted; none of one too large or too deep for a header."""
    match options.output:
        case "json" | "compact":
            from . import json_text

            is_pretty = options.output == "json"
            write = json_text.write_pretty if is_pretty else json_text.write_compact
        case "ucl":
            from . import ucl_text

            write = ucl_text.write
        case _:
            return
    shown = _Bounded(MAX_VALUE)
    try:
        write(reply.document, shown.put)
    except (RecursionError, OverflowError):
        return
    octets = b64encode("".join(shown.parts).encode("utf-8", "surrogatepass")).decode("ascii")
    value = "\n\t".join(
        octets[at : at + RESULT_COLUMNS] for at in range(0, len(octets), RESULT_COLUMNS)
    )
    if len(value) <= MAX_VALUE:
        yield AddHeader("X-Spam-Result", value)


class _Bounded:
    """Takes parts of a text until they are too many: nobody writes all of what does not fit."""

    def __init__(self, limit: int) -> None:
        self.parts: list[str] = []
        self._left = limit

    def put(self, part: str) -> None:
        """Take one. Raises OverflowError."""
        self._left -= len(part)
        if self._left < 0:
            raise OverflowError
        self.parts.append(part)


def error_fields(reason: str) -> Iterator[AddHeader]:
    """Why there is no verdict."""
    yield AddHeader("X-Spam-Scanner", SCANNER)
    yield AddHeader("X-Spam-Scan-Time", "0.000")
    yield AddHeader("X-Spam-Error", reason)


def _symbols(fields: Mapping[str, Any]) -> str:
    """Names, each on a line of its own; of very many, those that fit."""
    found = members(fields.get("symbols")).items()
    names = ",".join(text(name) for name, symbol in found if isinstance(symbol, dict))
    value = names.replace(",", ",\n\t")
    return value if len(value) <= MAX_VALUE else value[: value.rfind("\n", 0, MAX_VALUE)]
