"""All that is made to hurt: shapes of HTML, of texts with URLs, and of whole messages."""

from collections.abc import Iterator

from . import html_shapes, shapes, url_shapes


def hostile_messages(size: int) -> Iterator[tuple[str, bytes]]:
    """Name and octets of messages of about a size."""
    for name, make in html_shapes.SHAPES.items():
        source = make(size).encode("utf-8", "replace")
        yield f"HTML {name}", b"Content-Type: text/html; charset=utf-8\n\n" + source
    for name, make_text in url_shapes.MAKERS.items():
        yield f"URLs {name}", make_text(size)
    for name, make_mail in shapes.SHAPES.items():
        yield f"mail {name}", make_mail(size)
