"""One rule, one message: does it fire?"""

from ..mail import parse
from ..rules.python import PythonRule
from ..rules.ruleset import compiled, read_rules
from ..scan.envelope import Envelope
from .checks import ENVELOPE, make_task


def run_rule(
    rule: PythonRule | str, raw: bytes, envelope: Envelope = ENVELOPE
) -> tuple[str, ...] | None:
    """The options with which a rule fires, or `None` if it does not.

    A rule is a function with the decorator, or the TOML of one rule. Raises what the function
    raises, and AssertionError if something is wrong with the TOML, its examples among that.
    """
    if isinstance(rule, PythonRule):
        hit = rule.hit(make_task(raw, envelope))
        return None if hit is None else hit.options
    found = compiled(read_rules((), [("rule", rule.encode())]))
    if found.troubles or found.matcher is None or len(found.rules) != 1:
        raise AssertionError("\n".join(found.troubles) or "expected one rule")
    return () if found.matcher.run(parse(raw)).rules else None
