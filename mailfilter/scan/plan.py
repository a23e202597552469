"""The plan: which checks run, in which order. Made once per configuration."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from inspect import iscoroutinefunction

from ..auth.signing_keys import SigningKeys
from ..classifier.shared import Shared
from ..config.model import CheckSettings, Composite, Config, default_groups
from ..maps import Maps
from .check import Check, Given, Stage
from .composites import (
    NO_COMPOSITES,
    Composites,
    Unknown,
    make_composites,
    near_hint,
    usable_composites,
)
from .profiles import Profiles
from .symbols import SymbolInfo, fail_symbol, shipped_symbols, symbol_table

MAX_HINTS = 50
"""Names of one table for which a near one is looked for."""


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """One thing that does not fit."""

    key: tuple[str, ...]
    """Path of the key in the configuration; empty if none is to blame."""
    text: str
    hint: str = ""
    unknown: Unknown | None = None
    """The kind of thing that nothing is, if that is the matter."""


class PlanError(ValueError):
    """The configuration and the checks do not fit together; `problems` is all there is."""

    def __init__(self, problems: Sequence[PlanProblem]) -> None:
        super().__init__("\n".join(f"{'.'.join(item.key)}: {item.text}" for item in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Step:
    """One check in the plan."""

    check: Check
    name: str
    stage: Stage
    waits: bool
    """Whether `run` is an `async def`."""
    timeout: float
    """Seconds it may take."""
    fail_symbol: str


@dataclass(frozen=True, slots=True)
class Wave:
    """Checks of one stage that need not wait for each other's answers.

    The synchronous ones run in order, the others together beside them.
    """

    waiting: tuple[Step, ...]
    direct: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a scanner needs to know of a configuration."""

    stages: Mapping[Stage, tuple[Wave, ...]]
    symbols: Mapping[str, SymbolInfo]
    composites: Composites
    profiles: Profiles
    group_caps: Mapping[str, float]
    steps: tuple[Step, ...]
    maps: Maps
    """What the checks look things up in."""
    keys: SigningKeys
    """By which they sign."""
    classifier: Shared
    """What has been learned."""
    kept_queries: Mapping[str, int]
    """Check -> questions to DNS of a message that others leave to it."""


def build_plan(
    config: Config,
    checks: Iterable[type[Check]],
    maps: Maps | None = None,
    keys: SigningKeys | None = None,
    shipped: Mapping[str, Composite] = NO_COMPOSITES,
) -> Plan:
    """Sort the checks and work out symbols, composites and profiles.

    Composites that the package has `shipped` give way to those of the configuration. Without
    `maps` those of the configuration are empty; without `keys` there are none.
    Raises PlanError with every problem found.
    """
    maps = Maps(config.maps) if maps is None else maps
    keys = SigningKeys() if keys is None else keys
    classifier = Shared()
    classes = list(checks)
    problems = _duplicate_names(classes) + _unknown_after(classes)
    symbols, found = symbol_table(config, classes)
    problems += [PlanProblem(key, text) for key, text in found]
    shipped = usable_composites(shipped, {name: info.group for name, info in symbols.items()})
    symbols |= shipped_symbols(config, shipped)
    problems += _unknown_names(config, [check.name for check in classes], symbols)
    groups = {name: info.group for name, info in symbols.items()}
    composites, errors = make_composites(config.composites, groups, shipped)
    problems += [
        PlanProblem(("composites", item.name, "expression"), item.text, item.hint, item.unknown)
        for item in errors
    ]
    steps, step_problems = _steps(config, classes, maps, keys, classifier)
    problems += step_problems
    waves: dict[Stage, tuple[Wave, ...]] = {}
    try:
        waves = {stage: _waves(stage, steps) for stage in Stage}
    except PlanError as error:
        problems += error.problems
    if problems:
        raise PlanError(problems)
    caps = {name: group.max_score for name, group in config.groups.items()}
    return Plan(
        stages=waves,
        symbols=symbols,
        composites=composites,
        profiles=Profiles(config),
        group_caps={name: cap for name, cap in caps.items() if cap is not None},
        steps=tuple(steps),
        maps=maps,
        keys=keys,
        classifier=classifier,
        kept_queries={
            step.name: step.check.kept_queries for step in steps if step.check.kept_queries
        },
    )


def _duplicate_names(classes: Sequence[type[Check]]) -> list[PlanProblem]:
    seen: set[str] = set()
    problems = []
    for check in classes:
        if check.name in seen:
            text = f"two checks are named {check.name}: the second is in {_file_of(check)}"
            problems.append(PlanProblem((), text))
        seen.add(check.name)
    return problems


def _unknown_after(classes: Sequence[type[Check]]) -> list[PlanProblem]:
    names = [check.name for check in classes]
    return [
        PlanProblem(
            (),
            f"check {check.name} comes after {name}, and no check is named so",
            unknown="check",
        )
        for check in classes
        for name in check.after
        if name not in names
    ]


def _file_of(check: type[Check]) -> str:
    return check.run.__code__.co_filename


def _unknown_names(
    config: Config, checks: Sequence[str], symbols: Mapping[str, SymbolInfo]
) -> list[PlanProblem]:
    groups = {info.group for info in symbols.values()}
    problems = _unknown_keys(("checks",), config.checks, checks, "check")
    capped = groups.union(default_groups())
    problems += _unknown_keys(("groups",), config.groups, capped, "group")
    problems += _unknown_keys(("symbols",), config.symbols, symbols, "symbol")
    for name, profile in config.profiles.items():
        key = ("profiles", name)
        found = _unknown_keys((), profile.disable, checks, "check")
        problems += [replace(problem, key=(*key, "disable")) for problem in found]
        found = _unknown_keys((), profile.disable_groups, groups, "group")
        problems += [replace(problem, key=(*key, "disable_groups")) for problem in found]
        problems += _unknown_keys((*key, "symbols"), profile.symbols, symbols, "symbol")
    return problems


def _unknown_keys(
    table: tuple[str, ...], names: Iterable[str], known: Iterable[str], kind: Unknown
) -> list[PlanProblem]:
    """The names of a table that nothing has."""
    known = dict.fromkeys(known)
    problems: list[PlanProblem] = []
    for name in names:
        if name not in known:
            # To look for near names is dear, and nobody reads so many.
            hint = near_hint(name, known) if len(problems) < MAX_HINTS else ""
            text = f"no {kind} is named {name}"
            problems.append(PlanProblem((*table, name), text, hint, kind))
    return problems


def _steps(
    config: Config,
    classes: Iterable[type[Check]],
    maps: Maps,
    keys: SigningKeys,
    classifier: Shared,
) -> tuple[list[Step], list[PlanProblem]]:
    steps = []
    problems = []
    for check in classes:
        settings = config.checks.get(check.name, CheckSettings())
        if not settings.enabled:
            continue
        key = ("checks", check.name, "options")
        unknown = _unknown_keys(key, settings.options, check.options, "option")
        if unknown:
            problems += unknown
            continue
        timeout = settings.timeout or config.scan.check_timeout
        try:
            name, options = config.headers.authserv_id, settings.options
            given = Given(config.scan, options, maps, keys, timeout, name, classifier)
            made = check(given)
        except Exception as error:
            # A third party's code: whatever it raises, it is this check that cannot be made.
            problems.append(PlanProblem(key, str(error) or type(error).__name__))
            continue
        steps.append(
            Step(
                check=made,
                name=check.name,
                stage=Stage(check.stage),
                waits=iscoroutinefunction(made.run),
                timeout=timeout,
                fail_symbol=fail_symbol(check.name),
            )
        )
    return steps, problems


def _waves(stage: Stage, steps: Sequence[Step]) -> tuple[Wave, ...]:
    """Group the checks of a stage so that each finds the answers it reads.

    A check that is switched off may still be named in `after`; it is then simply not waited for.
    """
    mine = {step.name: step for step in steps if step.stage is stage}
    order = list(Stage)
    later = {step.name for step in steps if order.index(step.stage) > order.index(stage)}
    graph = {}
    for step in mine.values():
        for name in step.check.after:
            if name in later:
                raise PlanError(
                    [PlanProblem((), f"check {step.name}: {name} runs in a later stage")]
                )
        graph[step.name] = [name for name in step.check.after if name in mine]
    try:
        ordered = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        text = f"checks wait for each other: {' -> '.join(error.args[1])}"
        raise PlanError([PlanProblem((), text)]) from None
    levels: dict[str, int] = {}
    for name in ordered:
        step = mine[name]
        levels[name] = max(
            (levels[other] + (step.waits or mine[other].waits) for other in graph[name]), default=0
        )
    waves = []
    for level in range(max(levels.values(), default=-1) + 1):
        members = [mine[name] for name in ordered if levels[name] == level]
        waves.append(
            Wave(
                waiting=tuple(step for step in members if step.waits),
                direct=tuple(step for step in members if not step.waits),
            )
        )
    return tuple(waves)
