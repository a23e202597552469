"""What of a document is seen, and why the rest is not."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import HtmlView
from mailfilter.mail.css import MAX_RULES, MAX_SHEET
from mailfilter.mail.html_budget import HtmlBudget
from mailfilter.mail.html_walk import MAX_DEPTH, read_html
from mailfilter.mail.limits import Limits

from .html_shapes import SHAPES


def view(source: str) -> HtmlView:
    """The view of a document."""
    return read_html(source, HtmlBudget(Limits().html_total, Limits().html_tags))


class Seen(SynchronousTestCase):
    """Visible text, `|` in the tables for a line end."""

    def check(self, table: dict[str, str]) -> None:
        """Compare the visible text."""
        for source, text in table.items():
            with self.subTest(source=source):
                self.assertEqual(view(source).text.replace("\n", "|"), text)

    def test_lines(self) -> None:
        """Blocks end lines, white space is one blank."""
        self.check(
            {
                "a\n b\t<b>c</b>d": "a b cd",
                "a<br>b<br/>c</br>d": "a|b|c|d",
                "<p>a<p>b</p>c": "a|b|c",
                "<div><div>a</div></div><div>b": "a|b",
                "<ul><li>a<li>b</ul>c": "a|b|c",
                "<table><tr><td>a<td>b<tr><td>c</table>d": "a b|c|d",
                "a<!-- b -->c<?d?>e": "ace",
                "a&nbsp;&nbsp;b&#10;c": "a b c",
                "a\x1fb": "a|b",
                "<TABLE><TR><TD>a</TD></TR></TABLE>b": "a|b",
            }
        )

    def test_references(self) -> None:
        """Character references, of which none is too long."""
        self.check(
            {
                "&lt;b&gt; &amp;amp; &eacute;&#233;&#xe9": "<b> &amp; \u00e9\u00e9\u00e9",
                "&#" + "1" * 9999 + ";": "\ufffd",
                "&#0000000000065;&#x00000000000041;": "AA",
                "&#xd800;&#1114112;": "\ufffd\ufffd",
                "&unknown; & &": "&unknown; & &",
            }
        )

    def test_visible(self) -> None:
        """Looks like hidden, but is not."""
        self.check(
            {
                "<style>@media (max-width:9px){.a{display:none}}</style><p class=a>a": "a",
                "<p style='color:#fff;background:#000'>a": "a",
                "<table bgcolor=#000><td><font color=#ffffff>a": "a",
                "<p style='font-size:0'><span style='font-size:12px'>a": "a",
                "<p style='visibility:hidden'><b style='visibility:visible'>a": "a",
                "<p title='display:none'>a": "a",
                "<td hidden>a<tr hidden>b": "a|b",
                "<table hidden>a<tr hidden>b<td>c</td><b>d": "a|b|d",
                "<table hidden><table>a": "a",
                "<br hidden>a<img hidden src=x>b": "ab",
                "<div style='background:url(x)'><p style='color:#111'>a": "a",
                "<div style='background:url(x)'><p style='color:#fff'>a": "a",
                "<body bgcolor=#fff background=x><table><td><font color=#ffffff>a": "a",
                "<table><td background=x><b style='color:#fff'>a": "a",
            }
        )


class Unseen(SynchronousTestCase):
    """Hidden text."""

    def test_why(self) -> None:
        """The reasons."""
        table = {
            "<p style='display:none'>a": "display",
            "<p hidden>a": "display",
            "<p HIDDEN=x STYLE=x>a": "display",
            "<style>.a{display:none}</style><p class='b a'>a": "display",
            "<p class=a>a<style>.a{display:none}</style>": "display",
            "<style>p{display:none}</style><p>a": "display",
            "<style>#i{display:none}</style><p id=i>a": "display",
            "<p style='visibility:hidden'>a": "visibility",
            "<p style='font-size:0'>a": "zero_size",
            "<p style='font-size:1px'>a": "zero_size",
            "<p style='font-size:10%'><b style='font-size:50%'>a": "zero_size",
            "<p style='color:#fff'>a": "same_colour",
            "<font color=white>a": "same_colour",
            "<body text=#fefefe>a": "same_colour",
            "<table><td bgcolor=#000000><font color=#010101>a": "same_colour",
            "<p style='color:rgba(1,1,1,0)'>a": "same_colour",
            "<p style='opacity:0'><b style='opacity:1'>a": "opacity",
            "<p style='position:absolute;left:-9999px'>a": "off_screen",
            "<p style='max-height:0;overflow:hidden'>a": "zero_size",
            "<p style='displ&#97;y:none'>a": "display",
            "<template>a": "template",
            "<!--a-->": "comment",
            "<textarea hidden>a</textarea>": "display",
        }
        for source, why in table.items():
            with self.subTest(source=source):
                found = view(source)
                self.assertEqual((found.text, found.hidden), ("", (("a", why),)))

    def test_where_it_ends(self) -> None:
        """Ends that are left out or cross each other; `s` is seen, `h` is hidden."""
        hidden = "style=display:none"
        for source in (
            f"<p {hidden}>h<p>s",
            f"<p {hidden}>h<div>s",
            f"<!DOCTYPE html><p {hidden}>h<table><td>s",
            f"<p {hidden}>h<table><td>h</table><p>s",
            f"<p {hidden}><span>h</p>s",
            f"<p><span {hidden}>h</span>s",
            f"<li {hidden}>h<li>s",
            f"<table><td {hidden}>h<td>s",
            f"<table><tr {hidden}><td>h<tr><td>s",
            f"<table><tr><td {hidden}>h</tr></table>s",
            f"<table {hidden}><tr><td>h<b>h</table>s",
            f"<b {hidden}>h<p>h</b>s",
            f"<div><b {hidden}>h</div>h</b>s",
            f"<p><b {hidden}>h<p>h</b>s",
            f"<div {hidden}><span>h</b></i></div>s",
            f"<span {hidden}>h</span></span>s",
            f"<table><td {hidden}><b>h<td>s",
            f"<a {hidden} href=x>h<a href=y>s",
            f"<div {hidden}>h<table><td>h</div>h</table></div>s",
            f"s</div><p {hidden}>h</p>",
            f"<option {hidden}>h<option>s",
        ):
            with self.subTest(source=source):
                found = view(source)
                self.assertEqual(found.text, "s")
                self.assertEqual(set("".join(one.text for one in found.hidden)) - {" "}, {"h"})

    def test_pieces(self) -> None:
        """Hidden text of several elements is one piece if nothing visible is between."""
        found = view("<b hidden>a</b> <b hidden>b</b>c<b hidden>d</b>")
        self.assertEqual([one.text for one in found.hidden], ["a b", "d"])

    def test_conditions(self) -> None:
        """Comments that Outlook reads are no hidden text."""
        self.assertEqual(view("<!--[if mso]><p>a<![endif]--><![if !mso]>b<![endif]>").hidden, ())


class Hostile(SynchronousTestCase):
    """Documents made to hurt."""

    def test_shapes(self) -> None:
        """All of them are read within the budget, and give text that can be encoded."""
        for name, shape in SHAPES.items():
            with self.subTest(shape=name):
                found = view(shape(30_000))
                found.text.encode()
                self.assertLessEqual(len(found.text), 30_000)

    def test_budget(self) -> None:
        """What each counter bounds."""
        table = {
            "attributes": "<a b=%d c>x</a>",
            "references": "&lt;<b>",
            "styles": "<p style=color:%d>",
            "repairs": "<b><p></b></p>",
        }
        for counter, unit in table.items():
            budget = HtmlBudget(100_000, 1000)
            setattr(budget, counter, 10)
            with self.subTest(counter=counter):
                source = "".join(unit % n if "%" in unit else unit for n in range(20))
                self.assertTrue(read_html(source, budget).is_cut)
                self.assertFalse(view(source).is_cut)

    def test_sheets(self) -> None:
        """Style sheets that are too long, or have too many rules, are told of."""
        rules = "".join(f".a{number}{{display:none}}" for number in range(MAX_RULES))
        self.assertTrue(view(f"<style>{rules}</style>").is_cut)
        self.assertTrue(view("<style>" + " " * MAX_SHEET + ".a{}</style>").is_cut)
        self.assertFalse(view("<style>.a{display:none}</style>").is_cut)

    def test_depth(self) -> None:
        """Elements deeper than the cap are told of."""
        self.assertFalse(view("<div>" * (MAX_DEPTH - 1) + "x").is_cut)
        found = view("<div>" * (MAX_DEPTH + 1) + "x")
        self.assertEqual((found.text, found.is_cut), ("x", True))
