"""The text of documents as lexbor has it, which cuts and nests them exactly as browsers do."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from unittest.mock import patch

from selectolax.lexbor import LexborHTMLParser
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.mail import parse
from mailfilter.mail.css import NOTHING, Style
from mailfilter.mail.html_budget import HtmlBudget
from mailfilter.mail.html_elements import UNSEEN_WITHIN
from mailfilter.mail.html_walk import _Walk, read_html

UNSEEN = "script, style, title, template, iframe, noembed, noframes, datalist"
MIB = 1024 * 1024

EVERY = 12
"""One of so many messages is compared."""

DOCUMENTS = (
    "a < b <c> d </c >",
    "<p title='a>b'>c</p x='>'>d",
    "<p title=a'b>c",
    "<p a=b=c>d<p =a>e",
    "<p/a/b=c/>d",
    '<p ="a>b">c',
    "<a href=x/>y",
    "a<!-->b--><!--->c--><!-- d --!>e<!-- f -- > --><!g>h<?i?>j</ k>l<![CDATA[m]]>",
    "a<!--b",
    "<style>a</b></style x>c<style><!--</style>-->d",
    "<script>a</scriptx></script>b<SCRIPT>c</Script >d",
    "<textarea>a<b>&lt;</textarea>c",
    "<title>a</title>b<xmp>c<d>&lt;</xmp>",
    "<iframe>a<b></iframe>c<noembed>d</noembed>e",
    "<template>a<b>c</template>d",
    "<b>a<i>b</b>c</i>d",
    "a&nbsp;b&amp;lt;c&#65;&#x42&#0;&notit;&amp&copy2;&;&#;&#x;&#99999999999;&bogus;",
    "<html><head><title>a</title>b<body>c</body>d</html>e",
    "<select><option>a<option>b</select>c",
    "a\x00b",
)


NAMES = (
    *("p", "div", "span", "b", "font", "a", "i", "table", "tr", "td", "li", "ul", "h1"),
    *("center", "tbody"),
)

SOUPS = 1000
"""Random documents that are compared."""


def joined(text: str) -> str:
    """Text without white space, which is no matter of the parser, and without zero octets."""
    return re.sub(r"[\s\x00\ufffd]+", "", text)


def by_lexbor(source: str) -> str:
    """The text that lexbor has, without elements that are not shown."""
    parser = LexborHTMLParser(source)
    for node in parser.css(UNSEEN):
        node.decompose()
    return joined(parser.root.text(deep=True)) if parser.root is not None else ""


def by_us(source: str) -> str:
    """The text that we have if no style hides any."""
    with patch.object(_Walk, "_style", _no_style):
        return joined(read_html(source, HtmlBudget(MIB, MIB)).text)


def _no_style(walk: _Walk, name: str, attributes: str) -> Style:
    return Style(hidden="template") if name in UNSEEN_WITHIN else NOTHING


def documents(folder: str) -> Iterator[str]:
    """The HTML parts of the mail in a folder of the corpus."""
    if not (top := os.environ.get("MAILFILTER_CORPUS")):
        raise SkipTest("MAILFILTER_CORPUS is not set")
    paths = sorted((Path(top) / folder).rglob("*.eml"))
    if not paths:
        raise SkipTest(f"no messages in {top}/{folder}")
    for path in paths[::EVERY]:
        for part in parse(path.read_bytes()).text_parts:
            if part.type == "text/html" and len(part.text) < MIB // 4:
                yield part.text


def soup(random: Random) -> str:
    """A small document of start tags, end tags and letters."""
    pieces = []
    for letter in "abcdefg"[: random.randint(2, 7)]:
        kind, name = random.random(), random.choice(NAMES)
        if kind < 0.5:
            pieces.append(f"<{name} hidden>" if random.random() < 0.4 else f"<{name}>")
        elif kind < 0.85:
            pieces.append(f"</{name}>")
        pieces.append(letter)
    return "".join(pieces)


class LexborTests(SynchronousTestCase):
    """The same text."""

    def test_odd(self) -> None:
        """Documents that are odd in one way each."""
        for source in DOCUMENTS:
            with self.subTest(source=source):
                self.assertEqual(by_us(source), by_lexbor(source))

    def test_soup(self) -> None:
        """Tags at random, of which some hide: in one of a hundred documents another text is seen.

        Nearly all of those have formatting that crosses tables.
        """
        random = Random(7)
        different = []
        for _ in range(SOUPS):
            source = soup(random)
            parser = LexborHTMLParser(source)
            for node in parser.css("[hidden]"):
                node.decompose()
            assert parser.root is not None
            theirs = joined(parser.root.text(deep=True))
            ours = joined(read_html(source, HtmlBudget(MIB, MIB)).text)
            if sorted(ours) != sorted(theirs):
                different.append((source, ours, theirs))
        self.assertLess(len(different), SOUPS / 100, different)

    def test_mail(self) -> None:
        """Ordinary mail, but for the order of text that stands between cells of tables."""
        for source in documents("dev"):
            with self.subTest(start=source[:200]):
                self.assertEqual(Counter(by_us(source)), Counter(by_lexbor(source)))
