"""The table by which messages are judged: another one takes its place while scans go on."""

from .model import Model
from .table import State, Table

NOTHING = State(0, 0, 0)


class Shared:
    """A place for a table, which may be empty."""

    def __init__(self) -> None:
        self.table: Table | None = None

    def model(self) -> Model | None:
        """The model as it is now, if there is one."""
        return None if self.table is None else self.table.model()

    def state(self) -> State:
        """How much it has learned."""
        return NOTHING if self.table is None else self.table.state()
