"""The commands of `mailfilterc` (lda-client.md 5.2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    name: str
    path: str
    help: str
    is_control: bool = False
    """Asked of the controller, whose default port differs."""
    takes_input: bool = True
    """Done for each message; else once."""
    changes: bool = False
    """Needs the right to change things at the controller."""
    aliases: tuple[str, ...] = ()
    argument: str = ""
    """The header that its arguments are sent in; empty if it has none."""

    @property
    def keeps_journal(self) -> bool:
        """Whether what it has done of many messages is noted, to go on there (`--resume`)."""
        return self.changes and self.takes_input


SYMBOLS = Command("symbols", "/checkv2", "Scan messages", aliases=("check", "report", "scan"))
"""The default."""

LEARN_CLASS = Command(
    *("learn_class", "/learnclass", "Learn messages as of a class", True),
    changes=True,
    argument="Class",
)
"""Written `learn_class:NAME`."""

FUZZY_DELHASH = Command(
    *("fuzzy_delhash", "/fuzzydelhash", "Delete fuzzy hashes", True, False, True),
    argument="Hash",
)

EXPLAIN = Command("explain", "/api/trace", "Show how a verdict came about", True, False)

COMMANDS = (
    SYMBOLS,
    Command("learn_spam", "/learnspam", "Learn messages as spam", True, changes=True),
    Command("learn_ham", "/learnham", "Learn messages as ham", True, changes=True),
    LEARN_CLASS,
    Command("fuzzy_add", "/fuzzyadd", "Add messages to a fuzzy storage", True, changes=True),
    Command("fuzzy_del", "/fuzzydel", "Delete messages from a fuzzy storage", True, changes=True),
    FUZZY_DELHASH,
    Command("stat", "/stat", "Show statistics", True, False),
    Command("stat_reset", "/statreset", "Show statistics, and begin anew", True, False, True),
    Command("counters", "/counters", "Show hits and costs of symbols", True, False),
    Command("uptime", "/auth", "Show how long the server has been running", True, False),
    EXPLAIN,
)
