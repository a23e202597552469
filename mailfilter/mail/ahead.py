"""The dear parts of reading a message, one after the other."""

from collections.abc import Iterator

from .message import Message


def read_ahead(message: Message) -> Iterator[None]:
    """Work out the text and the URLs of a message, so that it is done when they are asked for.

    Yields behind each piece. One takes some milliseconds, of a hostile message 30.
    """
    for part in message.text_parts:
        _ = part.text
        yield
        _ = part.html
        yield
    text = message.text
    _ = (text.plain, text.html)
    yield
    _ = text.plain_words
    yield
    _ = text.html_words
    yield
    _ = (text.words, text.visible)
    yield
    yield from message.url_search.steps()
    _ = message.urls
