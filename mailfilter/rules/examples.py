"""The examples of rules, which must do what they say."""

from collections.abc import Iterable

from ..mail import Message, parse
from .match import Matcher
from .model import Rule, Trouble

MAX_SHOWN = 60
"""Characters of an example in a message."""

_HTML = "Content-Type: text/html; charset=utf-8\n\n"
_TEXT = "Content-Type: text/plain; charset=utf-8\n\n"


def wrong_examples(matcher: Matcher) -> list[Trouble]:
    """The examples of all rules that do not what they say."""
    return [trouble for rule in matcher.rules for trouble in _wrong(matcher, rule)]


def example(rule: Rule, text: str) -> Message:
    """The message that an example stands for.

    With a blank line it is a whole message; else it is the header, for rules that look at nothing
    else, or the text.
    """
    if "\n\n" in text:
        whole = text
    elif all(pattern.target.is_header for pattern in rule.patterns):
        whole = f"{text}\n\n"
    else:
        is_html = any(pattern.target.kind == "html" for pattern in rule.patterns)
        whole = f"{_HTML if is_html else _TEXT}{text}"
    return parse(whole.encode("utf-8", "replace"))


def _wrong(matcher: Matcher, rule: Rule) -> Iterable[Trouble]:
    for texts, expected in ((rule.hits, True), (rule.misses, False)):
        for text in texts:
            fired = any(one is rule for one in matcher.run(example(rule, text)).rules)
            if fired != expected:
                what = "does not match" if expected else "matches"
                key = "match" if expected else "no_match"
                shown = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
                yield Trouble(rule.place, f"{rule.symbol}: {what} its {key} example {shown!r}")
