"""The published suite of ARC: all of its cases of validation, but for one, and of sealing."""

from collections.abc import Mapping

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.arc import ArcResult, verify
from mailfilter.auth.drive import Evaluation
from mailfilter.mail import parse

from .arc_suite import Case, cases

NOW = 1_500_000_000

OTHER: Mapping[str, str] = {
    "ams_fields_c_na": (
        "signed relaxed/relaxed without c=, but RFC 8617 4.1.2 has the field with the syntax and"
        ' semantics of DKIM-Signature, and there c= is "OPTIONAL, default is simple/simple"'
        " (RFC 6376 3.5)"
    )
}
"""Cases with another result, and why."""


def validated(case: Case) -> ArcResult:
    """What comes of the message of a case."""
    work: Evaluation[ArcResult] = verify(parse(case.raw).canonical, NOW)
    try:
        asks = next(work)
        while True:
            asks = work.send(case.answers(asks) if asks else ())
    except StopIteration as stop:
        found: ArcResult = stop.value
        return found


class ValidationTests(SynchronousTestCase):
    def test_all(self) -> None:
        """Where the suite leaves the result open (a chain that says of itself that it failed) it
        is a failure (RFC 8617 5.2 step 2)."""
        found = list(cases("validation"))
        self.assertGreater(len(found), 160)
        wrong = {}
        for case in found:
            result = validated(case)
            status = "fail" if result.status == "invalid" else result.status
            wanted = str(case.test["cv"]).lower() or "fail"
            if status != wanted:
                wrong[case.name] = f"{status} ({result.reason}), not {wanted}"
        self.assertEqual(set(wrong), set(OTHER), wrong)
