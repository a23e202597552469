"""What a check is, and what it may return.

A check answers one question about a message. It is one file in `mailfilter.checks` (or an
operator's directory, or a third party's entry point), is made once per configuration, gets what
it needs in `Given`, and returns findings; it never writes into the task.
"""

from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from ..auth.signing_keys import SigningKeys
from ..classifier.shared import Shared
from ..maps import Maps
from .verdict import Action, AuthResult, Edit, LastFields, Url

if TYPE_CHECKING:
    from ..config.model import Scan
    from .task import Task


class Stage(StrEnum):
    """When a check runs. A stage starts when the one before it has ended."""

    PRE = "pre"
    MAIN = "main"
    CLASSIFY = "classify"
    POST = "post"


@dataclass(frozen=True, slots=True)
class Symbol:
    """Declaration of a symbol: default score, group, and a description for people."""

    score: float
    group: str
    description: str
    one_shot: bool = True
    """Only the first hit counts; options of later ones are kept."""


class Hit(Struct, frozen=True, gc=False):
    """The symbol fires; its score is multiplied by `weight`.

    As other things that are made many times for each message it is no dataclass, which costs ten
    times as much.
    """

    symbol: str
    weight: float = 1.0
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Force:
    """Decide the action whatever the score says.

    Of several the highest `priority` wins, then the one that came first; but those with `is_least`
    give way to others of their priority, and of them the harshest wins.
    """

    action: Action
    message: str | None = None
    """Text for the SMTP reply."""
    score: float | None = None
    """The verdict's score; `None` leaves the sum of the symbols."""
    subject: str | None = None
    """The new subject for `rewrite subject`; `None` uses the configured template."""
    final: bool = False
    """Later stages need not run (they do if the client asks for all with `pass_all`)."""
    priority: int = 0
    is_least: bool = False
    """The score may still give a harsher action."""


class Note(Struct, frozen=True, gc=False):
    """A line for the trace."""

    text: str


Finding = Hit | Force | Edit | Note | AuthResult | Url | LastFields
Findings = Iterable[Finding]


@dataclass(frozen=True, slots=True)
class Given:
    """What a check is given when it is made."""

    scan: "Scan"
    """The `[scan]` table of the configuration."""
    options: Mapping[str, object] = field(default_factory=dict)
    """The check's own table, `[checks.NAME.options]`."""
    maps: Maps = field(default_factory=lambda: Maps({}))
    """The `[maps]` of the configuration by name. They change while a check lives: what is looked
    up is what the map has then. An unknown name raises an error that says so."""
    keys: SigningKeys = field(default_factory=SigningKeys)
    """The keys by which we sign. They change while a check lives, as maps do."""
    timeout: float = inf
    """Seconds that the check may take; if it waits longer, it is ended without an answer."""
    authserv_id: str = ""
    """Our name in Authentication-Results, if the configuration gives one."""
    classifier: Shared = field(default_factory=Shared)
    """What has been learned. Another table may take its place while a check lives."""


class Check:
    """Base class of all checks: override the class variables and `run`.

    `run` is a plain `def` if it never waits, an `async def` if it does.
    """

    name: ClassVar[str]
    """Lower case, unique; the key of the check's table in the configuration."""
    stage: ClassVar[Stage] = Stage.MAIN
    after: ClassVar[tuple[str, ...]] = ()
    """Names of checks (of this stage or an earlier one) whose hits this one reads."""
    kept_queries: int = 0
    """Questions to DNS, out of those of a message, that other checks leave to this one: for checks
    whose answer must not depend on what a sender has others ask."""
    symbols: ClassVar[Mapping[str, Symbol]] = {}
    options: ClassVar[tuple[str, ...]] = ()
    """Keys that `[checks.NAME.options]` may have; `__init__` reads and checks their values."""

    def __init__(self, given: Given) -> None:
        self.given = given

    def run(self, task: "Task") -> Findings | Coroutine[Any, Any, Findings]:
        """Look at the task and return what was found."""
        raise NotImplementedError
