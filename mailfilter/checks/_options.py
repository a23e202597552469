"""Options of checks, read from `Given.options`; what is wrong raises ValueError with the reason."""

from collections.abc import Mapping, Sequence


def read_flag(options: Mapping[str, object], key: str, default: bool) -> bool:
    """True or false."""
    value = options.get(key, default)
    if not isinstance(value, bool):
        raise ValueError(f"{key}: expected true or false, got {value!r}")
    return value


def read_number(
    options: Mapping[str, object], key: str, default: int, least: int, most: int
) -> int:
    """A whole number from `least` to `most`."""
    value = options.get(key, default)
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{key}: expected a number from {least} to {most}, got {value!r}")
    return value


def read_word(options: Mapping[str, object], key: str, words: Sequence[str], name: str = "") -> str:
    """One of some words, by default the first; errors call the option `name`."""
    value = options.get(key, words[0])
    if value not in words:
        raise ValueError(f"{name or key}: expected {', '.join(words)}, got {value!r}")
    return str(value)


def read_texts(
    options: Mapping[str, object], key: str, default: Sequence[str] = ()
) -> tuple[str, ...]:
    """A list of texts."""
    value = options.get(key, default)
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"{key}: expected a list of texts, got {value!r}")
    return tuple(value)
