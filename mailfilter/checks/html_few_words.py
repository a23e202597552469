"""Does HTML have little to read beside its pictures, or less than it hides?"""

from collections.abc import Iterator

from ..mail.html import HtmlView
from ..mail.message import Message
from ..scan.check import Findings, Hit, Symbol
from ..scan.task import Task
from ._answers import names_answered
from ._mailing import is_own_mailing
from ._people import OwnerCheck

FEW = 20
SOME = 60
"""Words of a message: fewer are few, and some."""

MAX_CENTERED = 600
"""Characters of text beside pictures in the middle of a page."""

MIN_HIDDEN = 100
"""Characters that nobody sees, at least, to outweigh what is seen."""

_STRONGEST = ("PICTURE_FEW_WORDS", "PIXEL_FEW_WORDS", "PICTURE_SOME_WORDS")
_UNSEEN = ("visibility", "opacity")


class HtmlFewWords(OwnerCheck):
    """Looks at each HTML part of a message that is no answer, and no mailing that its author stands
    to; hidden text counts in those too.

    Of pictures and pixels beside few words only the strongest is said: they are in one letter.
    """

    name = "html_few_words"
    symbols = {
        "PICTURE_FEW_WORDS": Symbol(1.0, "structure", "picture in a link, and under 20 words"),
        "PICTURE_SOME_WORDS": Symbol(0.7, "structure", "picture in a link, and 20 to 60 words"),
        "PICTURE_CENTERED": Symbol(1.4, "structure", "pictures in the middle, and little text"),
        "PIXEL_FEW_WORDS": Symbol(1.0, "structure", "picture of a pixel, and under 60 words"),
        "HIDDEN_OUTWEIGHS": Symbol(1.4, "structure", "more hidden text than text to be seen"),
        "HIDDEN_UNSEEN": Symbol(1.0, "structure", "text made invisible, though it takes room"),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        views = [part.html for part in message.text_parts]
        shown = [view for view in views if view is not None]
        symbols: dict[str, None] = {}
        for view in shown:
            symbols |= dict.fromkeys(_hidden(view))
        if any(view.images for view in shown) and not _is_spared(message):
            words = len(message.text.words)
            found = {symbol for view in shown for symbol in _pictures(view, words)}
            symbols |= dict.fromkeys([name for name in _STRONGEST if name in found][:1])
            symbols |= dict.fromkeys(found & {"PICTURE_CENTERED"})
        return [Hit(symbol) for symbol in symbols]


def _is_spared(message: Message) -> bool:
    return names_answered(message) or is_own_mailing(message)


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
