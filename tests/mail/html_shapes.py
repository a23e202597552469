"""HTML documents made to hurt whoever reads them, each at any size."""

from collections.abc import Callable

Shape = Callable[[int], str]


def repeated(head: str, unit: str, tail: str = "") -> Shape:
    """A shape of so many characters: head, as many units as fit, tail."""
    return lambda size: (head + unit * (size // len(unit)))[: size - len(tail)] + tail


def numbered(head: str, unit: str, tail: str = "") -> Shape:
    """A shape whose units are all different: `%d` in them is a number."""
    return lambda size: (
        head + "".join([unit % number for number in range(size // len(unit))]) + tail
    )


def both(first: str, second: str) -> Shape:
    """The first half of one unit, the second half of another."""
    return lambda size: first * (size // 2 // len(first)) + second * (size // 2 // len(second))


def after(head: str, count: int, unit: str) -> Shape:
    """Many heads, then units."""
    return lambda size: (head * count + unit * (size // len(unit)))[:size]


SHAPES: dict[str, Shape] = {
    "text": repeated("", "word "),
    "one word": repeated("", "x"),
    "white space": repeated("", " "),
    "less than": repeated("", "<"),
    "less than and space": repeated("", "< "),
    "open tag": repeated("<a", "<a"),
    "open tag and space": repeated("", "<a "),
    "open tag and attributes": repeated("", "<a ="),
    "open quote": repeated("", '<a x="'),
    "quotes in turn": repeated("", '<a x=\'">"'),
    "open end tag": repeated("", "</a "),
    "slashes": repeated("<a", "/"),
    "equal signs": repeated("<a", "="),
    "attributes": numbered("<a ", "a%d=1 ", ">"),
    "one attribute": repeated('<a href="', "x", '">'),
    "references in an attribute": repeated('<a href="', "&amp", '">'),
    "white space in a tag": repeated("<a", " "),
    "bang": repeated("", "<!"),
    "comments": repeated("", "<!-->"),
    "comments of text": repeated("", "<!--x-->"),
    "open comment": repeated("<!--", "x"),
    "open comments": repeated("", "<!--"),
    "dashes": repeated("<!--", "-"),
    "dashes and bangs": repeated("<!--", "--!"),
    "references": repeated("", "&amp;"),
    "numbers": repeated("", "&#1;"),
    "ampersands": repeated("", "&"),
    "long number": repeated("&#", "1"),
    "nested div": repeated("", "<div>"),
    "nested b": repeated("", "<b>"),
    "nested a": repeated("", "<a href=x>"),
    "links with text": numbered("", "<a href=%d>x</a>"),
    "images": numbered("", "<img src=%d>"),
    "nested font": repeated("", "<font color=red>"),
    "nested font of colours": numbered("", "<font color=%06d>"),
    "escapes": numbered("", "<p style='%d:" + "\\61" * 20 + "'>"),
    "escapes in a sheet": numbered("<style>", "a{a:%d\\61\\61}"),
    "calls in styles": numbered("", "<p style='x:%d;transform:" + "scale(" * 20 + "'>"),
    "hidden words": repeated("<p style='display:none'>", "x "),
    "hidden signs": repeated("<p style='display:none'>", "-"),
    "links of unseen letters": numbered("", "<a href=//a.com/%d>" + "\u200b.\u0301" * 20 + "</a>"),
    "nested tables": repeated("", "<table><tr><td>"),
    "nested lists": repeated("", "<ul><li>"),
    "nested select": repeated("", "<select><option>"),
    "foreign": repeated("", "<svg><g>"),
    "formatting in paragraphs": repeated("", "<p><b>"),
    "paragraphs crossed": repeated("", "<b><p></b></p>"),
    "formatting crossed": repeated("", "<b><i></b></i>"),
    "div crossed": repeated("", "<b><div></b>"),
    "cells of formatting": after("<b>", 900, "<td>x"),
    "open, then others end": after("<i>", 900, "</u>"),
    "open, then paragraphs": after("<i>", 900, "<p>x"),
    "open, then list items": after("<ul>" + "<i>", 300, "<li>x"),
    "open, then links": after("<b>", 900, "<a href=x>x"),
    "open, then blocks end": after("<div><i>", 450, "</div><div>"),
    "opened and ended": both("<a><b>", "</b></a>"),
    "ended only": repeated("", "</div>"),
    "small elements": repeated("", "<i>x</i>"),
    "style attributes": repeated("", '<p style="color:red;font-size:1px">x</p>'),
    "different styles": numbered("", '<p style="color:#%06d;font-size:1px">x'),
    "different styles, nested": numbered("", "<b style=color:#%06d>x"),
    "one style": repeated('<p style="', "color:red;", '">x'),
    "hidden in turn": repeated("", "<b hidden>x</b>y"),
    "hidden elements": repeated("<p hidden>", "<i>x</i>"),
    "classes": numbered("<style>.a{color:red}</style><p class='", "a a%d ", "'>"),
    "elements of classes": repeated(
        "<style>.a{color:red}.b{font-size:1px}</style>", "<p class='a b c d'>x"
    ),
    "elements of different classes": numbered("<style>.a{color:red}</style>", "<p class='%d a'>x"),
    "rules": numbered("<style>", ".a%d{display:none}", "</style>"),
    "rules of different styles": numbered("<style>", ".a{color:#%06d}", "</style>"),
    "open braces": repeated("<style>", "{"),
    "closed braces": repeated("<style>", "}"),
    "selectors": repeated("<style>", "a,", "{display:none}</style>"),
    "open comments of styles": repeated("<style>", "/*"),
    "declarations": repeated("<style>a{", "color:red;", "}</style>"),
    "colons": repeated("<style>a{", ":", "}</style>"),
    "style sheets": repeated("", "<style>.a{color:red}</style>"),
    "different style sheets": numbered("", "<style>.a%d{color:red}</style>"),
    "imports": numbered("<style>", "@import url(%d);", "</style>"),
    "open styles": repeated("", "<style>"),
    "open scripts": repeated("", "<script></scrip"),
    "titles": repeated("", "<title>x</title>"),
    "text areas": repeated("", "<textarea>&lt;</textarea>"),
    "forms": repeated("", "<form><input>"),
    "base": repeated("<base href=http://a.example/b/>", "<a href=x>x"),
    "refresh": repeated("", "<meta http-equiv=refresh content='0;url=x'>"),
    "marks": repeated("a", "\u0316\u0301"),
    "expanding": repeated("", "\ufdfa"),
    "many scripts": lambda size: "".join([chr(0x400 + at % 0x8000) for at in range(size)]),
    "apostrophes": repeated("", "a'"),
}
