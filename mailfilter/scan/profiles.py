"""Profiles: settings for some messages, by what their envelope says.

Matching runs once per message and looks only at the envelope; what a set of profiles comes to
is worked out once per set and kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..config.model import Actions, Config, Profile, Texts
from .envelope import Envelope
from .networks import Networks
from .verdict import BY_SCORE, Action

NO_THRESHOLDS_SCORE = 999.0
"""`required_score` where no action has a threshold: clients need a number that is not reached."""

MAX_COMBINATIONS = 1024
"""Sets of profiles kept; configurations have a handful, this only bounds memory."""

_ACTIONS = {action.value.replace(" ", "_"): action for action in BY_SCORE}
"""Key of the configuration -> action, the strongest first."""

_TEXTS = {
    "reject": Action.REJECT,
    "soft_reject": Action.SOFT_REJECT,
    "quarantine": Action.QUARANTINE,
}
"""Key of the texts -> action of which it is said."""

_USUAL_TEXTS = Texts()


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for one message."""

    names: tuple[str, ...]
    """The profiles that apply."""
    thresholds: tuple[tuple[Action, float], ...]
    """High to low."""
    subject: str
    texts: Mapping[Action, str]
    """What is said of a message that gets an action, where that is not the usual text."""
    symbols: Mapping[str, float]
    """Scores that profiles changed."""
    disabled: frozenset[str]
    """Checks that do not run."""
    disabled_groups: frozenset[str]
    skip: bool
    counts: Callable[[str, str], bool] | None = None
    """Whether a symbol of a group counts, where the client says which do."""

    @property
    def required_score(self) -> float:
        """The highest threshold."""
        return self.thresholds[0][1] if self.thresholds else NO_THRESHOLDS_SCORE

    def action(self, score: float) -> Action:
        """The strongest action whose threshold a score reaches."""
        for action in BY_SCORE:
            threshold = self.threshold(action)
            if threshold is not None and score >= threshold:
                return action
        return Action.NO_ACTION

    def threshold(self, action: Action) -> float | None:
        """The threshold of an action, `None` if it has none."""
        return next((value for name, value in self.thresholds if name is action), None)


Condition = Callable[[Envelope], bool]


class Profiles:
    """All profiles of a configuration.

    Raises ValueError when a network cannot be read.
    """

    def __init__(self, config: Config) -> None:
        self._actions = config.actions
        self._texts = config.texts
        ordered = sorted(config.profiles.items(), key=lambda item: (item[1].priority, item[0]))
        self._profiles = dict(ordered)
        self._conditions = [(name, _conditions(profile)) for name, profile in ordered]
        self._of_identity: Mapping[str | None, str] = {
            name: identity.profile for name, identity in config.identities.items()
        }
        self._known: dict[tuple[str, ...], Settings] = {}

    @property
    def thresholds(self) -> Mapping[Action, float]:
        """Those that hold where no profile has others."""
        return _thresholds(self._actions)

    def match(self, envelope: Envelope) -> tuple[str, ...]:
        """Names of the profiles that apply to an envelope, the one with the last word last.

        A client may ask for one without conditions, and an identity has one of them; conditions
        are not for clients to set aside.
        """
        named = (envelope.settings_id, self._of_identity.get(envelope.identity))
        return tuple(
            name
            for name, conditions in self._conditions
            if (all(holds(envelope) for holds in conditions) if conditions else name in named)
        )

    def lacks(self, name: str | None) -> bool:
        """Whether a name that a client asks for is that of no profile."""
        return name is not None and name not in self._profiles

    def settings(self, envelope: Envelope) -> Settings:
        """What holds for a message with this envelope."""
        names = self.match(envelope)
        settings = self._known.get(names)
        if settings is not None:
            return settings
        if len(self._known) >= MAX_COMBINATIONS:
            self._known.clear()
        settings = self._known[names] = self._combine(names)
        return settings

    def _combine(self, names: tuple[str, ...]) -> Settings:
        thresholds = _thresholds(self._actions)
        symbols: dict[str, float] = {}
        disabled: set[str] = set()
        disabled_groups: set[str] = set()
        texts = {key: getattr(self._texts, key) for key in _TEXTS}
        skip = False
        for name in names:
            profile = self._profiles[name]
            for key, action in _ACTIONS.items():
                value = getattr(profile.actions, key)
                if value is not None:
                    thresholds[action] = value
                if key in profile.actions.off:
                    thresholds.pop(action, None)
            for key in _TEXTS:
                text = getattr(profile.texts, key)
                texts[key] = texts[key] if text is None else text
            symbols.update(profile.symbols)
            disabled.update(profile.disable)
            disabled_groups.update(profile.disable_groups)
            skip = skip or profile.skip
        return Settings(
            names=names,
            thresholds=ordered_thresholds(thresholds),
            subject=self._actions.subject,
            texts={
                action: texts[key]
                for key, action in _TEXTS.items()
                if texts[key] != getattr(_USUAL_TEXTS, key)
            },
            symbols=symbols,
            disabled=frozenset(disabled),
            disabled_groups=frozenset(disabled_groups),
            skip=skip,
        )


def ordered_thresholds(thresholds: Mapping[Action, float]) -> tuple[tuple[Action, float], ...]:
    """Actions and their thresholds, high to low; of equal ones the strongest action is first."""
    strongest_first = [item for item in BY_SCORE if item in thresholds]
    ordered = sorted(strongest_first, key=thresholds.__getitem__, reverse=True)
    return tuple((action, thresholds[action]) for action in ordered)


def _thresholds(actions: Actions) -> dict[Action, float]:
    values = {action: getattr(actions, key) for key, action in _ACTIONS.items()}
    return {action: value for action, value in values.items() if value is not None}


def _conditions(profile: Profile) -> list[Condition]:
    """The conditions of a profile, cheapest first."""
    conditions: list[Condition] = []
    if profile.listeners:
        listeners = frozenset(profile.listeners)
        conditions.append(lambda envelope: envelope.listener in listeners)
    if profile.identities:
        identities = frozenset(profile.identities)
        conditions.append(lambda envelope: envelope.identity in identities)
    if profile.authenticated is not None:
        wanted = profile.authenticated
        conditions.append(lambda envelope: bool(envelope.user) is wanted)
    if profile.users:
        users = frozenset(profile.users)
        conditions.append(lambda envelope: envelope.user in users)
    if profile.mta_tags:
        tags = frozenset(profile.mta_tags)
        conditions.append(lambda envelope: envelope.mta_tag in tags)
    if profile.senders:
        senders = frozenset(text.lower() for text in profile.senders)
        conditions.append(
            lambda envelope: envelope.sender is not None and _address_in(envelope.sender, senders)
        )
    if profile.recipients:
        recipients = frozenset(text.lower() for text in profile.recipients)
        conditions.append(lambda envelope: _all_in(_delivered_to(envelope), recipients))
    if profile.networks:
        networks = Networks(profile.networks)
        conditions.append(lambda envelope: envelope.client_ip in networks)
    return conditions


def _delivered_to(envelope: Envelope) -> Sequence[str]:
    """The mailboxes that a message is for: those of the envelope, or the one that is told.

    None if there are others that are not known: what is meant for some must not hold for these.
    """
    if envelope.deliver_to is not None:
        return (envelope.deliver_to,)
    if envelope.lacks_recipients:
        return ()
    return [item.address for item in envelope.recipients]


def _all_in(addresses: Sequence[str], patterns: frozenset[str]) -> bool:
    return bool(addresses) and all(_address_in(address, patterns) for address in addresses)


def _address_in(address: str, patterns: frozenset[str]) -> bool:
    lower = address.lower()
    return lower in patterns or lower[lower.rfind("@") :] in patterns
