"""Is a message put together as mail programs do not?"""

import re

from ..mail.message import Message
from ..mail.part import Part
from ..scan.check import Check, Findings, Hit, Symbol
from ..scan.task import Task
from ._answers import names_answered

_ENCODINGS = ("base64", "quoted-printable")

FEW_WORDS = 60
"""Words of a text beside a PDF file; fewer are few."""

MAX_HEAD = 4096
"""Characters of HTML in which a charset is looked for."""

_CHARSET = re.compile(r"<meta\s[^<>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([a-z0-9_-]{1,30})", re.I)
_SAME = {"utf8": "utf-8", "iso-8859-1": "windows-1252"}
"""Charset -> the one that browsers take it for."""

_ASCII = ("us-ascii", "ascii")
"""Text in it is text in others as well."""


class MimeBuild(Check):
    """Looks at the kinds and encodings of parts, and at what they hold beside each other."""

    name = "mime_build"
    symbols = {
        "MIME_CONTAINER_ENCODED": Symbol(1.4, "structure", "container with an encoding of its own"),
        "MIME_MIXED_HTML_ALONE": Symbol(0.7, "structure", "multipart/mixed of nothing but HTML"),
        "PDF_FEW_WORDS": Symbol(0.55, "structure", "PDF file beside under 60 words, no answer"),
        "HTML_CHARSET_DIFFERS": Symbol(
            0.55, "structure", "HTML names another charset than its part"
        ),
    }

    def run(self, task: Task) -> Findings:
        message = task.message
        symbols: dict[str, None] = {}
        for part in message.parts:
            if part.children:
                if part.encoding in _ENCODINGS:
                    symbols["MIME_CONTAINER_ENCODED"] = None
            elif part.type == "text/html" and not part.is_attachment and _differs(part):
                symbols["HTML_CHARSET_DIFFERS"] = None
        if _is_html_in_mixed(message.root):
            symbols["MIME_MIXED_HTML_ALONE"] = None
        if _is_bare_pdf(message):
            symbols["PDF_FEW_WORDS"] = None
        return [Hit(symbol) for symbol in symbols]


def _differs(part: Part) -> bool:
    told = part.charset
    if told is None or told in _ASCII:
        return False
    found = _CHARSET.search(part.text, 0, MAX_HEAD)
    if found is None:
        return False
    own = found[1].lower()
    return _SAME.get(own, own) != _SAME.get(told, told)


def _is_html_in_mixed(root: Part) -> bool:
    children = root.children
    return root.type == "multipart/mixed" and [part.type for part in children] == ["text/html"]


def _is_bare_pdf(message: Message) -> bool:
    if names_answered(message):
        return False
    if all(part.type != "application/pdf" for part in message.leaves):
        return False
    return len(message.text.words) < FEW_WORDS
