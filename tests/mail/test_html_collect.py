"""Links, images, forms and traits of documents."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import HtmlImage
from mailfilter.mail.html_budget import HtmlBudget
from mailfilter.mail.html_collect import MAX_ADDRESS, MAX_BASE, MAX_DATA, MAX_FIELDS, MAX_LINKS
from mailfilter.mail.html_traits import TRAITS
from mailfilter.mail.html_walk import read_html


class Links(SynchronousTestCase):
    """`HtmlView.links`."""

    def links(self, source: str) -> list[tuple[str, str]]:
        """Addresses and texts."""
        view = read_html(source, HtmlBudget(1_000_000, 100_000))
        return [(link.href, link.text) for link in view.links]

    def test_texts(self) -> None:
        """The visible text within."""
        table = {
            "<a href=x> a <b>b</b>\n c</a>d": [("x", "a b c")],
            "<a href=x>a<a href=y>b": [("x", "a"), ("y", "b")],
            "<a href=x>a": [("x", "a")],
            "<a href=x>a<p>b</p></a>": [("x", "a b")],
            "<a href=x>a<b hidden>b</b></a>": [("x", "a")],
            "<a name=x>a</a><a>b</a><a href=''>c</a>": [],
            "<a href=x><img src=y>b</a>": [("x", "b"), ("y", "")],
            "<a href=' x\n'>a</a>": [("x", "a")],
            "<a href=x>&lt;a&gt;</a>": [("x", "<a>")],
            "<td background=x><body background=y>": [("y", "")],
            "<table><td background=x><iframe src=y><a href=z></iframe>": [("x", ""), ("y", "")],
            "<map><area href=x></map>": [("x", "")],
            "<meta http-equiv=Refresh content='0; URL=http://a'>": [("http://a", "")],
            "<meta http-equiv=refresh content='5'><meta content='a=b'>": [],
            "<!--<a href=x>-->": [],
        }
        for source, links in table.items():
            with self.subTest(source=source):
                self.assertEqual(self.links(source), links)

    def test_long_addresses(self) -> None:
        """A very long user name hides no host; data is cut earlier."""
        user = "x" * 9999
        address = f"http://{user}@example.com/"
        self.assertEqual(self.links(f"<a href={address}>"), [(address, "")])
        based = self.links(f"<base href={address}{user}/><a href=a>b</a><a href=/c>d</a>")
        self.assertEqual(based[1], ("http://example.com/c", "d"))
        self.assertTrue(based[0][0].startswith("http://example.com/xxx"))
        self.assertLess(len(based[0][0]), 2 * MAX_BASE)
        self.assertEqual(self.links(f"<img src=data:{user}>")[0][0], f"data:{user}"[:MAX_DATA])

    def test_base(self) -> None:
        """Relative addresses are joined with the base, wherever it stands; the first counts."""
        table = {
            "x": "https://h.example/a/x",
            "/x": "https://h.example/x",
            "\\x": "https://h.example\\x",
            "//i.example/": "https://i.example/",
            "http:x": "http:x",
            "mailto:x": "mailto:x",
            "#x": "#x",
            "?x": "https://h.example/a/?x",
        }
        base = "<base href=https://h.example/a/b?c><base href=//z>"
        for href, joined in table.items():
            with self.subTest(href=href):
                self.assertEqual(self.links(f"<a href='{href}'></a>{base}"), [(joined, "")])
        for base in ("", "<base>", "<base href=a/b>", "<base href='https://'>"):
            self.assertEqual(self.links(f"{base}<a href=x>"), [("x", "")])

    def test_caps(self) -> None:
        """Only so many, each only so long."""
        view = read_html("<a href=x>" * (MAX_LINKS + 1), HtmlBudget(1_000_000, 100_000))
        self.assertEqual((len(view.links), view.is_cut), (MAX_LINKS, True))
        self.assertEqual(self.links("<a href=" + "x" * 99_999), [("x" * MAX_ADDRESS, "")])


class Traits(SynchronousTestCase):
    """Images, forms and traits."""

    def test_images(self) -> None:
        """Sizes in pixels."""
        table = {
            "width=1 height=' 2px '": (1, 2),
            "width=50% height=1.5": (None, None),
            "width=-1 height=\u0661": (None, None),
            "width=9999999 height=''": (None, None),
        }
        for text, (width, height) in table.items():
            with self.subTest(text=text):
                view = read_html(f"<img src=x alt=y {text}>", HtmlBudget(1000, 10))
                self.assertEqual(view.images, (HtmlImage("x", width, height, "y"),))

    def test_fields(self) -> None:
        """Fields of all forms are bounded."""
        view = read_html("<form><input type=Text><input>" * 99, HtmlBudget(100_000, 1000))
        self.assertEqual(view.forms[0], ("", "get", ("text", "text")))
        self.assertEqual(sum(1 + len(form.fields) for form in view.forms), MAX_FIELDS)

    def test_stylesheets(self) -> None:
        """Style sheets elsewhere."""
        source = "<link rel='Alternate Stylesheet' href=x><link rel=icon href=y>"
        source += "<style>@import url('z'); @IMPORT \"w\";</style>"
        self.assertEqual(read_html(source, HtmlBudget(1000, 10)).stylesheets, ("z", "w", "x"))

    def test_traits(self) -> None:
        """A document for each trait, and one without any."""
        table = {
            "form": "<form>",
            "password": "<input type=PASSWORD>",
            "script": "<script></script>",
            "iframe": "<iframe>",
            "object": "<embed>",
            "base": "<base>",
            "refresh": "<meta http-equiv=refresh content='0;url=x'>",
            "stylesheet": "<link rel=stylesheet href=x>",
            "style": "<style></style>",
            "svg": "<svg>",
            "math": "<math>",
            "table": "<table>",
            "map": "<map>",
            "marquee": "<blink>",
            "data_uri": "<a href=' DATA:,x'>",
            "hidden": "<p hidden>x",
            "linked_image": "<a href=x><img src=y>",
            "tiny_image": "<img src=x width=1 height=50>",
            "remote_image": "<img src=HTTPS://x>",
        }
        self.assertEqual(table.keys(), TRAITS.keys())
        for trait, source in table.items():
            with self.subTest(trait=trait):
                self.assertEqual(read_html(source, HtmlBudget(1000, 10)).traits, {trait})
        source = "<p>a<!-- b --><b>c</b><a href=x>d</a><img src=cid:x><img src=cid:y width=0px>"
        self.assertEqual(read_html(source, HtmlBudget(1000, 100)).traits, {"tiny_image"})
