"""What is known of HTML's elements: which end lines, which end others, which hold addresses."""

from collections.abc import Mapping, Sequence

BREAK = 1
"""Begins and ends a line."""
SPECIAL = 2
"""Tags of inline elements do not end it (HTML, 13.2.4.2)."""
VOID = 4
"""Has no content and no end tag."""
ADDRESS = 8
"""Has addresses in its attributes."""
ENDS = 16
"""Its start ends an open element of those in `ENDED_BY`."""
ENDS_P = 32
"""Its start ends a paragraph."""
HEAD = 64
"""Says something of the whole document."""
CELL = 128
"""Stands apart from its neighbours in a line."""
FORMATTING = 256
"""Goes on behind the end of an element that it was left open in (HTML, 13.2.4.3)."""
SCOPE = 512
"""No end tag within ends anything around it."""
BACKGROUND = 1024
"""May have the address of an image as its background."""
ROOT = 2048
"""Open from the first to the last character, whatever its tags say."""
FIELD = 4096
"""Belongs to a form, even without attributes."""

_BLOCKS = (
    "address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption"
    " figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li listing main menu nav ol p plaintext"
    " pre search section summary table ul xmp"
)
"""Elements that end lines and paragraphs."""

_KINDS = (
    (BREAK | SPECIAL | ENDS_P, _BLOCKS),
    (BREAK | SPECIAL, "caption tbody tfoot thead tr optgroup option legend"),
    (BREAK, "br"),
    (SPECIAL | CELL, "td th"),
    (SPECIAL, "applet button col colgroup frame frameset img input marquee object select template"),
    (SCOPE, "applet caption table td th marquee object template button"),
    (VOID, "area base basefont bgsound br col embed frame hr img input keygen link meta param"),
    (VOID, "source track wbr"),
    (ADDRESS, "a area form button input img iframe embed object link video audio source"),
    (BACKGROUND, "body table td th tr"),
    (ENDS, "a option optgroup li dd dt td th tr tbody thead tfoot caption button nobr"),
    (HEAD, "base meta link"),
    (FORMATTING, "a b big code em font i nobr s small strike strong tt u"),
    (FIELD, "form input"),
    (ROOT, "html head body"),
)


def _kinds() -> dict[str, int]:
    found: dict[str, int] = {}
    for kind, names in _KINDS:
        for name in names.split():
            found[name] = found.get(name, 0) | kind
    return found


KINDS: Mapping[str, int] = _kinds()
"""Element -> its kinds, added up; 0 for all others."""

UNSEEN_WITHIN = frozenset(("template", "datalist"))
"""Elements whose content is not shown."""

QUIRKS: Mapping[str, int] = {**KINDS, "table": KINDS["table"] & ~ENDS_P}
"""The same in a document without a type, where tables do not end paragraphs."""

_ROW = ("td", "th", "tr")
_GROUP = (*_ROW, "tbody", "thead", "tfoot", "caption")

FOSTERED = frozenset(("table", "tbody", "thead", "tfoot", "tr"))
"""Elements of tables that are no cells."""

OF_TABLES = frozenset(_GROUP)
"""Elements whose tags mean nothing outside of tables."""

ENDED_BY: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    name: (frozenset(ended), frozenset((*within, "template")))
    for names, ended, within in (
        (("a",), ("a",), ("td", "th", "table", "object", "caption")),
        (("nobr",), ("nobr",), ("td", "th", "table", "object", "caption")),
        (("button",), ("button",), ("td", "th", "table", "object", "caption")),
        (("option",), ("option",), ("select", "optgroup", "table", "td")),
        (("optgroup",), ("option", "optgroup"), ("select", "table", "td")),
        (("li",), ("li",), ("ul", "ol", "menu", "dir", "table", "td", "th")),
        (("dd", "dt"), ("dd", "dt"), ("dl", "table", "td", "th")),
        (("td", "th"), ("td", "th", "caption"), ("table",)),
        (("tr",), (*_ROW, "caption"), ("table",)),
        (("tbody", "thead", "tfoot", "caption"), _GROUP, ("table",)),
    )
    for name in names
}
"""Element -> open elements that its start ends, and what hides them from it."""

FITS: Mapping[str, Sequence[str]] = {
    "td": ("tr",),
    "th": ("tr",),
    "tr": ("tbody", "table"),
    "tbody": ("table",),
    "li": ("ul", "ol"),
}
"""Element -> where it mostly begins, without an end of anything."""

STOPS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_GROUP, frozenset(("table", "template"))),
    **dict.fromkeys(("table", "template", "object", "applet", "marquee"), frozenset(("template",))),
}
"""Element -> open elements that its end tag ends nothing around; for others see `SCOPE`."""

ADDRESSES: Mapping[str, Sequence[str]] = {
    "a": ("href",),
    "area": ("href",),
    "form": ("action",),
    "button": ("formaction",),
    "input": ("formaction", "src"),
    "img": ("src",),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "link": ("href",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "source": ("src",),
    "body": ("background",),
    "table": ("background",),
    "td": ("background",),
    "th": ("background",),
    "tr": ("background",),
}
"""Element -> attributes that hold addresses."""
