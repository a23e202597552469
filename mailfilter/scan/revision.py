"""A plan with other scores and thresholds, while the filter runs."""

from collections.abc import Mapping
from dataclasses import replace

from ..config.model import Config
from .plan import Plan
from .profiles import Profiles


def revised(
    plan: Plan,
    config: Config,
    actions: Mapping[str, float | None],
    symbols: Mapping[str, float],
) -> Plan:
    """The same plan with thresholds by key of [actions] and scores by symbol in place of its own.

    `plan` is that of `config`, not one that was revised before. Profiles have the last word on
    both, as they have on what is configured. Symbols that there are not change nothing.
    """
    scored = {
        name: replace(plan.symbols[name], score=score)
        for name, score in symbols.items()
        if name in plan.symbols
    }
    thresholds = replace(config.actions, **actions)  # type: ignore[arg-type]
    return replace(
        plan,
        symbols={**plan.symbols, **scored},
        profiles=Profiles(replace(config, actions=thresholds)),
    )
