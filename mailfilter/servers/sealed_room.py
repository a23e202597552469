"""How much of sealed requests may be in memory before it is known who sends them."""

SMALL = 64 * 1024
"""Octets of a body that are let in anyway: so much is read of plain requests, too."""

MESSAGES = 4
"""Messages of the largest size for which there is room."""


class Room:
    """That of all connections of a listener."""

    def __init__(self, octets: int) -> None:
        """One body is let in always, however large."""
        self._octets = octets
        self.taken = 0

    def take(self, size: int) -> bool:
        """Keep so many octets for a body that is to come; whether there was room for it."""
        if self.taken and self.taken + size > self._octets:
            return False
        self.taken += size
        return True

    def leave(self, size: int) -> None:
        """They are not needed any more."""
        self.taken -= size
