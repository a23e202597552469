"""What a server asks for when somebody says what a message is."""

from typing import Literal, NamedTuple, Protocol

Label = Literal["spam", "ham"]

Kind = Literal["learned", "forgotten", "known", "refused"]


class Taught(NamedTuple):
    """What came of it."""

    kind: Kind
    """`known`: it is of that class already, or was not learned at all; `refused`: `text` says
    why."""
    text: str = ""


class Learned(NamedTuple):
    """Messages that have been learned."""

    spam: int = 0
    ham: int = 0


class Teacher(Protocol):
    """Learns messages. Calls raise a StoreError if the store does not take what is to be learned;
    whatever was answered before is learned for good."""

    async def learn(
        self, raw: bytes, label: Label, by: str, *, source: str = "", is_human: bool = True
    ) -> Taught:
        """A message is of a class.

        `by` is who says so. `source` is as much of it as is known for sure, if that is less.
        """
        ...

    async def forget(self, raw: bytes, by: str, *, source: str = "") -> Taught:
        """A message is of no class, as if it had never been learned."""
        ...
