"""The published suites of SPF: that of RFC 7208 whole, that of RFC 4408 but for what changed.

They are read from `suites/spf` in the directory that `MAILFILTER_CORPUS` names.
"""

import os
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.auth.spf import DEFAULTS
from mailfilter.auth.spf_values import Asked, Limits

from .spf_zone import make_zone, run

VOID = "more than two terms whose question has no answer are a permerror (RFC 7208 4.6.4)"
CHANGED: Mapping[str, str] = {
    "mx-limit": "more than 10 hosts of an mx are a permerror, not a neutral or a pass (4.6.4)",
    "mech-at-limit": VOID,
    "include-at-limit": VOID,
}
"""Cases of RFC 4408 with another result in RFC 7208, and why."""


class Case(NamedTuple):
    """A case of a suite with its zone."""

    name: str
    test: Mapping[str, Any]
    zone: Mapping[str, Any]


def cases(name: str) -> Iterator[Case]:
    """All cases of a suite."""
    if not (corpus := os.environ.get("MAILFILTER_CORPUS")):
        raise SkipTest("MAILFILTER_CORPUS is not set")
    path = Path(corpus, "suites/spf", name)
    if not path.exists():
        raise SkipTest("MAILFILTER_CORPUS has no suites of SPF")
    for scenario in yaml.safe_load_all(path.read_text("utf-8")):
        if not scenario:
            continue
        for title, test in scenario["tests"].items():
            yield Case(title, test, scenario["zonedata"])


def differs(case: Case, limits: Limits = DEFAULTS) -> str:
    """What a case comes to that it must not; empty if all is well."""
    test = case.test
    helo = str(test.get("helo") or "")
    asked = Asked(ip_address(test["host"]), test["mailfrom"], helo)
    found = run(asked, make_zone(case.zone), limits)
    wanted = test["result"]
    if found.result not in ([wanted] if isinstance(wanted, str) else wanted):
        return f"{case.name}: {found.result} ({found.problem}), not {wanted}"
    explanation = test.get("explanation")
    if explanation and (found.explanation or "DEFAULT") != explanation:
        return f"{case.name}: {found.explanation!r}, not {explanation!r}"
    return ""


class SuiteTests(SynchronousTestCase):
    """The suites."""

    def test_rfc7208(self) -> None:
        """Every case."""
        found = list(cases("pyspf/rfc7208-tests.yml"))
        self.assertGreater(len(found), 150)
        self.assertEqual([text for case in found if (text := differs(case))], [])

    def test_rfc4408(self) -> None:
        """Every case but those that the newer RFC changed, and these indeed differ.

        The newest of its copies has the newer results already.
        """
        for name, changed in (("pyspf", {}), ("jspf", CHANGED), ("mail-spf", CHANGED)):
            found = list(cases(f"{name}/rfc4408-tests.yml"))
            self.assertGreater(len(found), 130)
            other = {case.name for case in found if differs(case)}
            self.assertEqual(other, set(changed), name)

    def test_rfc4408_void(self) -> None:
        """With as many of those as it likes, the older suite has its way."""
        case = {case.name: case for case in cases("jspf/rfc4408-tests.yml")}
        for name, why in CHANGED.items():
            if why == VOID:
                self.assertEqual(differs(case[name], Limits(void=10)), "")
