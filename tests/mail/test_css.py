"""Styles, as far as they hide text."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.css import (
    PICTURE,
    TRANSPARENT,
    Rgb,
    read_colour,
    read_sheet,
    read_size,
    read_style,
)


class Declarations(SynchronousTestCase):
    """`read_style`."""

    def test_hidden(self) -> None:
        """Why all in an element is hidden."""
        table = {
            "display:none": "display",
            "DISPLAY : None !important": "display",
            ";;display:none;": "display",
            "display:block": "",
            "opacity:0": "opacity",
            "opacity:.01": "opacity",
            "opacity:0.5": "",
            "max-height:0;overflow:hidden": "zero_size",
            "height:0px;overflow:clip": "zero_size",
            "width:1px;overflow:hidden": "zero_size",
            "max-height:0": "",
            "height:100%;overflow:hidden": "",
            "position:absolute;left:-9999px": "off_screen",
            "position:fixed;top:-1000px": "off_screen",
            "position:absolute;left:-50px": "",
            "left:-9999px": "",
            "text-indent:-9999px": "off_screen",
            "text-indent:-1em": "",
            "color:transparent": "same_colour",
            "color:rgba(0,0,0,0)": "same_colour",
            "mso-hide:all": "",
            "display": "",
            ":none": "",
            "": "",
        }
        for text, why in table.items():
            with self.subTest(text=text):
                self.assertEqual(read_style(text).hidden, why)

    def test_long(self) -> None:
        """Nothing hides behind many declarations, or in a long value."""
        self.assertEqual(read_style("a:b;" * 9999 + "display:none").hidden, "display")
        self.assertEqual(read_style("color:#fff" + " " * 9999 + "!important").colour, (255,) * 3)

    def test_values(self) -> None:
        """Sizes and colours; the last of several of one name counts."""
        style = read_style(
            "font-size:1px;color:red;color:#FFF;background:#eee url; visibility:Hidden"
        )
        self.assertEqual(style.size, 1)
        self.assertEqual(style.colour, (255, 255, 255))
        self.assertEqual(style.background, (238, 238, 238))
        self.assertEqual(style.visibility, "hidden")

    def test_pictures(self) -> None:
        """Nobody knows what is in a picture, whatever colour is behind it."""
        for text in (
            "background:#fff url(x.png)",
            "background:url(x.png);background-color:#fff",
            "background-color:#fff;background-image:URL('x.png')",
            "background-image:linear-gradient(#000,#111)",
        ):
            self.assertEqual(read_style(text).background, PICTURE, text)
        for text in ("background-color:#fff;background-image:none", "background:#fff"):
            self.assertEqual(read_style(text).background, (255, 255, 255), text)

    def test_sizes(self) -> None:
        """Sizes in pixels, relative ones below 0."""
        table = {
            "0": 0.0,
            "12px": 12.0,
            "3pt": 4.0,
            "1.5em": -1.5,
            "50%": -0.5,
            ".5em": -0.5,
            "small": None,
            "": None,
            "px": None,
            "1lightyear": None,
        }
        for text, size in table.items():
            with self.subTest(text=text):
                self.assertEqual(read_size(text), size)

    def test_colours(self) -> None:
        """Colours in all forms."""
        table: dict[str, Rgb | None] = {
            "White": (255, 255, 255),
            "#fff": (255, 255, 255),
            "#FEFEFE": (254, 254, 254),
            "fefefe": (254, 254, 254),
            "#ffff": (255, 255, 255),
            "#01020380": (1, 2, 3),
            "rgb(1, 2, 3)": (1, 2, 3),
            "rgb(1 2 3)": (1, 2, 3),
            "rgb(999,2,3)": (255, 2, 3),
            "rgba(1,2,3,0.5)": (1, 2, 3),
            "rgba(1,2,3,0)": TRANSPARENT,
            "transparent": TRANSPARENT,
            "windowtext": None,
            "#ggg": None,
            "#12": None,
            "\u0661\u0661\u0661": None,
            "": None,
        }
        for text, colour in table.items():
            with self.subTest(text=text):
                self.assertEqual(read_colour(text), colour)


class Sheets(SynchronousTestCase):
    """`read_sheet`."""

    def test_selectors(self) -> None:
        """Which rules are kept."""
        table: dict[str, set[str]] = {
            ".a{display:none}": {".a"},
            "p , #b,p.c\n{ display:none }": {"p", "#b", "p.c"},
            ".a .b{display:none}": set(),
            ".a:hover{display:none}": set(),
            ".a{margin:0}": set(),
            "/* .a{display:none} */.b{display:none}": {".b"},
            "<!-- .a{display:none} -->": {".a"},
            "@media (max-width:9px){.a{display:none}}.b{display:none}": {".b"},
            "@media screen{.a{display:none}}": {".a"},
            "@font-face{font-family:x;src:url(y)}.b{display:none}": {".b"},
            "@import url(x);.b{display:none}": {".b"},
            "}.b{display:none}": {".b"},
            ".a{display:none": set(),
            "{": set(),
            "": set(),
        }
        for text, selectors in table.items():
            with self.subTest(text=text):
                self.assertEqual(set(read_sheet(text)), selectors)

    def test_later(self) -> None:
        """Rules of one selector are added up."""
        sheet = read_sheet(".a{color:red;font-size:1px}.a{color:#fff}")
        self.assertEqual((sheet[".a"].colour, sheet[".a"].size), ((255, 255, 255), 1))
