"""Does HTML have little to read beside its pictures, or less than it hides?"""

from collections.abc import Iterator

from ..mail.html import HtmlView
from ..mail.message import Message
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task

FEW = 20
SOME = 60
"""Words of a message: fewer are few, and some."""

MAX_CENTERED = 600
"""Characters of text beside pictures in the middle of a page."""

MIN_HIDDEN = 100
"""Characters that nobody sees, at least, to outweigh what is seen."""

_UNSEEN = ("visibility", "opacity")


class HtmlFewWords(Check):
    """Looks at each HTML part of a message that is no answer; hidden text counts in answers too."""

    name = "html_few_words"
    symbols = {
        "PICTURE_FEW_WORDS": Symbol(1.5, "structure", "picture in a link, and under 20 words"),
        "PICTURE_SOME_WORDS": Symbol(1.0, "structure", "picture in a link, and 20 to 60 words"),
        "PICTURE_CENTERED": Symbol(2.0, "structure", "pictures in the middle, and little text"),
        "PIXEL_FEW_WORDS": Symbol(1.5, "structure", "picture of a pixel, and under 60 words"),
        "HIDDEN_OUTWEIGHS": Symbol(2.0, "structure", "more hidden text than text to be seen"),
        "HIDDEN_UNSEEN": Symbol(1.5, "structure", "text made invisible, though it takes room"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        views = [part.html for part in message.text_parts]
        shown = [view for view in views if view is not None]
        symbols: dict[str, None] = {}
        for view in shown:
            symbols |= dict.fromkeys(_hidden(view))
        if any(view.images for view in shown) and not _is_answer(message):
            words = len(message.text.words)
            for view in shown:
                symbols |= dict.fromkeys(_pictures(view, words))
        return [Hit(symbol) for symbol in symbols]


def _is_answer(message: Message) -> bool:
    return "in-reply-to" in message.headers or "references" in message.headers


def _hidden(view: HtmlView) -> Iterator[str]:
    if not view.hidden:
        return
    unseen = [one for one in view.hidden if one.why != "comment"]
    if sum(len(one.text) for one in unseen) > max(len(view.text), MIN_HIDDEN):
        yield "HIDDEN_OUTWEIGHS"
    if any(one.why in _UNSEEN for one in unseen):
        yield "HIDDEN_UNSEEN"


def _pictures(view: HtmlView, words: int) -> Iterator[str]:
    if "linked_image" in view.traits and words < SOME:
        yield "PICTURE_FEW_WORDS" if words < FEW else "PICTURE_SOME_WORDS"
    if "tiny_image" in view.traits and words < SOME:
        yield "PIXEL_FEW_WORDS"
    if view.images and "center" in view.tags and len(view.text) < MAX_CENTERED:
        yield "PICTURE_CENTERED"
