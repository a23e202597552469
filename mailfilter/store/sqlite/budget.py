"""How much may be removed in one step, while others wait for their turn."""

from dataclasses import dataclass

STEP_ITEMS = 1000
"""Values, rows, entries: what is small in itself costs a few microseconds each."""
STEP_OCTETS = 2**22
"""SQLite visits each page that it frees: nearly 10 ms for each MiB."""


@dataclass(slots=True)
class Budget:
    """What may go still in this step; the last thing may be more than that."""

    items: int = STEP_ITEMS
    octets: int = STEP_OCTETS

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may go."""
        return self.items <= 0 or self.octets <= 0

    def spend(self, items: int, octets: int) -> None:
        """So much has gone."""
        self.items -= items
        self.octets -= octets
