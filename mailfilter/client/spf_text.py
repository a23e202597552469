"""An evaluation of SPF, for people and for programs."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..auth.spf_record import is_spf
from ..auth.spf_values import Asked, Limits, SpfResult, Step
from ..codec.dns_answer import Answer, DnsError, Kind, Mx
from ..report.escape import escape
from .tls_text import table

MAX_RECORDS = 20
"""Of one answer that are shown."""
NOTHING = {"nodata": "no such record", "nxdomain": "no such name"}


def evaluation_lines(asked: Asked, found: SpfResult, limits: Limits) -> Iterator[str]:
    """Everything that was done, and what it came to."""
    for step in found.steps:
        indent = "  " * (step.depth - 1)
        yield f"{indent}{escape(str(step.what))}: {escape(_outcome(step))}"
    if found.steps:
        yield ""
    yield from table([(name, escape(value)) for name, value in _rows(asked, found, limits)])


def plain_evaluation(asked: Asked, found: SpfResult) -> Mapping[str, Any]:
    """The same, for programs."""
    return {
        "result": found.result,
        "ip": str(asked.ip),
        "identity": asked.identity,
        "sender": asked.sender,
        "helo": asked.helo,
        "mechanism": found.mechanism,
        "include": found.include,
        "domain": found.domain,
        "problem": found.problem,
        "explanation": found.explanation,
        "is_plus_all": found.is_plus_all,
        "lookups": found.lookups,
        "void": found.void,
        "steps": [
            {
                "depth": step.depth,
                "domain": step.domain,
                "what": str(step.what),
                "outcome": _outcome(step),
            }
            for step in found.steps
        ],
    }


def _rows(asked: Asked, found: SpfResult, limits: Limits) -> Iterator[tuple[str, str]]:
    who = f"MAIL FROM {asked.sender}" if asked.sender else f"HELO {asked.helo}"
    yield "client", f"{asked.ip}, {who}"
    yield "result", found.result
    if found.mechanism:
        through = f", through {found.include}" if found.include else ""
        yield "decided by", f"{found.mechanism} of {found.domain}{through}"
    if found.problem:
        where = f" ({found.domain})" if found.domain else ""
        yield "reason", f"{found.problem}{where}"
    if found.explanation:
        yield "explanation", found.explanation
    if found.is_plus_all:
        yield "beware", "anybody passes"
    yield "terms", f"{found.lookups} of {limits.lookups} asked DNS"
    yield "", f"{found.void} of {limits.void} had no answer"


def _outcome(step: Step) -> str:
    if isinstance(step.outcome, str):
        return step.outcome
    if isinstance(step.outcome, DnsError):
        return step.outcome.reason
    return _answer(step.outcome)


def _answer(answer: Answer) -> str:
    records = answer.records
    if not records:
        return NOTHING.get(answer.status, "nothing")
    if answer.question.kind == Kind.TXT:
        # Domains have many texts that are for others.
        records = tuple(filter(is_spf, records)) or records
    texts = [_record(record) for record in records[:MAX_RECORDS]]
    if left := len(answer.records) - len(texts):
        texts.append(f"{left} more")
    alias = f" (of {answer.name})" if answer.name not in ("", answer.question.name) else ""
    return ", ".join(texts) + alias


def _record(record: Any) -> str:
    if isinstance(record, bytes):
        return f'"{record.decode("latin-1")}"'
    if isinstance(record, Mx):
        return f"{record.preference} {record.host or '.'}"
    return str(record)
