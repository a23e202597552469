"""What must hold of composites."""

from collections.abc import Iterator

from .complaint import Doubt, Place
from .model import Config
from .problem import Problem
from .toml_text import key_text


def composite_problems(config: Config, place: Place, is_doubtful: Doubt) -> Iterator[Problem]:
    """Those without an expression; one that is only switched off needs none."""
    for name, item in config.composites.items():
        path = ("composites", name)
        if item.expression or not item.enabled or is_doubtful((*path, "expression")):
            continue
        origin = place(path)
        text = "is missing; expected a text in quotes"
        yield Problem(origin.file, origin.line, key_text((*path, "expression")), None, text)
