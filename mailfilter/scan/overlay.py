"""What holds for one message when its client has wishes of its own."""

from dataclasses import replace

from .plan import Plan
from .profiles import Settings, ordered_thresholds
from .request_settings import RequestSettings


def with_request(settings: Settings, asked: RequestSettings, plan: Plan) -> Settings:
    """Lay what a client asked for over what its profiles say.

    Checks none of whose symbols counts do not run.
    """
    changed = dict(settings.thresholds)
    for action, threshold in asked.thresholds.items():
        if threshold is None:
            changed.pop(action, None)
        else:
            changed[action] = threshold
    settings = replace(
        settings,
        thresholds=ordered_thresholds(changed),
        symbols={**settings.symbols, **asked.scores},
        subject=settings.subject if asked.subject is None else asked.subject,
    )
    if not asked.selects:
        return settings
    idle = {
        step.name
        for step in plan.steps
        if step.check.symbols
        and not any(asked.counts(name, plan.symbols[name].group) for name in step.check.symbols)
    }
    return replace(settings, disabled=settings.disabled | idle, counts=asked.counts)
