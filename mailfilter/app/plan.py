"""From a loaded configuration to the plan of checks."""

from collections.abc import Sequence

from ..config import ConfigError, Loaded
from ..config.problem import Problem
from ..scan.check import Check
from ..scan.plan import Plan, PlanError, build_plan
from .checks import CheckLoadError, load_checks


def load_plan(loaded: Loaded) -> Plan:
    """Load the checks and make the plan.

    Raises ConfigError with everything that does not fit together, each with file and line.
    """
    try:
        return build_plan(loaded.config, _checks(loaded.config.scan.check_dir))
    except PlanError as error:
        problems = [loaded.problem(item.key, None, item.text, item.hint) for item in error.problems]
        raise ConfigError(problems) from None


def _checks(directory: str) -> Sequence[type[Check]]:
    try:
        return load_checks(directory or None)
    except CheckLoadError as error:
        raise ConfigError([Problem(None, None, "", None, str(error))]) from None
