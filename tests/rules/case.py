"""What tests of rules have in common."""

from mailfilter.mail import parse
from mailfilter.rules.load import load_rules
from mailfilter.rules.match import Matcher, make_matcher
from mailfilter.rules.model import Rule

HEAD = '[[rule]]\nscore = 1\ngroup = "test"\ndescription = "a test"\n'


def rules_of(*texts: str) -> tuple[Rule, ...]:
    """Rules by the keys that matter: each is a symbol, a blank, and lines of TOML."""
    parts = [text.partition(" ") for text in texts]
    text = "".join(f'{HEAD}symbol = "{symbol}"\n{rest}\n' for symbol, _, rest in parts)
    loaded = load_rules("r.toml", text.encode())
    if loaded.problems:
        raise AssertionError(loaded.problems)
    return loaded.rules


def fired(matcher: Matcher, message: bytes | str) -> list[str]:
    """The symbols that fire for a message."""
    raw = message.encode() if isinstance(message, str) else message
    return [rule.symbol for rule in matcher.run(parse(raw)).rules]


def finds(message: bytes | str, *texts: str) -> list[str]:
    """The symbols of some rules that fire for a message."""
    matcher = make_matcher(rules_of(*texts))
    if matcher.troubles:
        raise AssertionError(matcher.troubles)
    return fired(matcher, message)
