"""All generations that there are at a moment: who serves, who is coming, who leaves."""

from collections.abc import Sequence

from ..codec.control import Report
from .hub import Serves, ToAll
from .retired import Retired
from .status import WorkerStatus


class Generations:
    """Those of a master."""

    def __init__(self) -> None:
        self.current: Serves | None = None
        self.candidate: Serves | None = None
        self.retired = Retired()

    @property
    def number(self) -> int:
        """That of the generation that serves, 0 if none does."""
        return self.current.number if self.current else 0

    def all(self) -> list[Serves]:
        """All that have workers."""
        found = [self.current, self.candidate, *self.retired.generations]
        return [generation for generation in found if generation is not None]

    def tell(self, message: ToAll, but: object = None) -> None:
        """See `Serves.tell`, for all of them."""
        for generation in self.all():
            generation.tell(message, but=but)

    def status(self) -> Sequence[WorkerStatus]:
        """How all workers are."""
        return [item for found in self.all() for item in found.status()]

    def reports(self) -> Sequence[Report]:
        """The last figures of all workers that live."""
        return [item for found in self.all() for item in found.reports()]
