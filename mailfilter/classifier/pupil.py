"""A model that follows the log."""

from collections.abc import Iterable

from .event import Event, Learn
from .ledger import Deed, Ledger
from .model import Model, probability

MAX_STEPS = 5
"""Times that a message is taught in a row whose class was another."""

ENOUGH = 0.3
"""Error below which a message counts as believed."""


class Pupil:
    """A model, and the ledger of what it has learned."""

    def __init__(self, model: Model, ledger: Ledger) -> None:
        self.model = model
        self.ledger = ledger

    def take(self, position: int, event: Event) -> Deed:
        """Learn what an event says. Raises ValueError for an event that is damaged, which is then
        noted, but not learned."""
        deed = self.ledger.take(position, event)
        if isinstance(event, Learn):
            _teach(self.model, deed, event)
        return deed


def made_anew(
    model: Model, before: Ledger, after: Ledger, events: Iterable[tuple[int, Event]]
) -> Pupil:
    """Teach a model that knows what `before` knows those events that still hold in `after`.

    `events` are all that lie between the two, in their order. Raises ValueError as `Pupil.take`.
    """
    for position, event in events:
        if isinstance(event, Learn) and after.holds(position, event):
            is_new = event.digest not in before.known
            _teach(model, Deed.LEARN if is_new else Deed.RELEARN, event)
    return Pupil(model, after)


def _teach(model: Model, deed: Deed, event: Learn) -> None:
    if deed not in (Deed.LEARN, Deed.RELEARN):
        return
    features, is_spam = event.features, event.label == "spam"
    model.learn(features, is_spam)
    if deed is Deed.LEARN:
        return
    for _ in range(MAX_STEPS - 1):
        said = probability(model.combined(model.logits(features)))
        if abs(said - is_spam) < ENOUGH:
            break
        model.learn(features, is_spam)
