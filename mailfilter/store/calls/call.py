"""What all calls have in common."""

from typing import ClassVar, Generic, TypeVar

R_co = TypeVar("R_co", covariant=True)


class Call(Generic[R_co]):
    """Base of all calls; R_co is the type of the answer."""

    __slots__ = ()

    is_write: ClassVar[bool] = True
    """Whether it changes anything."""
    is_slow: ClassVar[bool] = False
    """Whether it may look at much of what there is: such calls do not hold up others."""
    is_durable: ClassVar[bool] = False
    """Whether, once answered, it survives a loss of power, too (where the store can say so)."""

    @property
    def octets(self) -> int:
        """Of the values to store, which bound how many calls may wait; cheap to tell."""
        return 0
