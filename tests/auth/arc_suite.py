"""The published suite of ARC, in `suites/arc` of the directory that `MAILFILTER_CORPUS` names."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]
from twisted.trial.unittest import SkipTest

from mailfilter.codec.dns_answer import Answer, DnsError, Question


class Case(NamedTuple):
    """A case of the suite with what goes for all of its scenario."""

    name: str
    test: Mapping[str, Any]
    scenario: Mapping[str, Any]

    @property
    def raw(self) -> bytes:
        """The message as it comes over the wire."""
        text: str = self.test["message"] or ""
        return text.replace("\n", "\r\n").encode()

    def answers(self, asks: tuple[Question, ...]) -> tuple[Answer | DnsError, ...]:
        """What DNS says of the keys of the scenario."""
        records = self.scenario["txt-records"]
        return tuple([_answer(question, records) for question in asks])


def _answer(question: Question, records: Mapping[str, str]) -> Answer:
    text = records.get(question.name)
    if text is None:
        return Answer(question, "nxdomain")
    return Answer(question, "found", ("".join(text.splitlines()).encode(),))


def cases(name: str) -> Iterator[Case]:
    """All cases of a file of the suite."""
    if not (corpus := os.environ.get("MAILFILTER_CORPUS")):
        raise SkipTest("MAILFILTER_CORPUS is not set")
    path = Path(corpus, "suites/arc/valimail/tests", f"arc-draft-{name}-tests.yml")
    if not path.exists():
        raise SkipTest("MAILFILTER_CORPUS has no suite of ARC")
    for scenario in yaml.safe_load_all(path.read_text("utf-8")):
        if not scenario:
            continue
        for title, test in scenario["tests"].items():
            yield Case(title, test, scenario)
