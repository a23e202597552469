"""Answers, whose subjects are those of others."""

import re

from ..mail import Message

_PREFIXES = re.compile(r"(?:(?:re|fwd?|aw|wg|sv|tr)\s*:\s*){1,8}", re.IGNORECASE)


def bare_subject(subject: str) -> str:
    """A subject without the prefixes of answers and forwarded messages."""
    found = _PREFIXES.match(subject)
    return subject[found.end() :] if found else subject


def names_answered(message: Message) -> bool:
    """Whether a message names another that it answers."""
    return "In-Reply-To" in message.headers or "References" in message.headers


def is_answer(message: Message) -> bool:
    """Whether a message names another that it answers, and has its subject with a prefix."""
    return names_answered(message) and bool(_PREFIXES.match(message.subject or ""))
