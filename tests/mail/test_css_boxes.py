"""Boxes of which nothing is seen."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.css import MAX_ESCAPES, read_style

RECT = "position:absolute;clip:rect"

HIDDEN = {
    f"{RECT}(0,0,0,0)": "clipped",
    f"{RECT}(0 0 0 0)": "clipped",
    f"{RECT}(1px, 1px, 1px, 1px)": "clipped",
    f"{RECT}(0,0,50px,0)": "clipped",
    f"{RECT}(0,50px,50px,0)": "",
    f"{RECT}(auto,auto,auto,auto)": "",
    f"{RECT}(0)": "",
    f"{RECT}": "",
    "clip:rect(0,0,0,0)": "",
    "position:absolute;clip:auto": "",
    "clip-path:inset(50%)": "clipped",
    "clip-path:inset(100%)": "clipped",
    "clip-path:inset(10%)": "",
    "clip-path:circle(0)": "clipped",
    "clip-path:circle(0 at 50% 50%)": "clipped",
    "clip-path:circle(50%)": "",
    "clip-path:circle()": "",
    "clip-path:polygon(0 0,0 0,0 0)": "clipped",
    "clip-path:polygon(0 0,100% 0,0 100%)": "",
    "clip-path:none": "",
    "transform:scale(0)": "zero_size",
    "transform:rotate(9deg) scale(0, 0)": "zero_size",
    "transform:scaleX(0)": "zero_size",
    "transform:scale(0.5)": "",
    "transform:translateX(-9999px)": "off_screen",
    "transform:translate(-50%,-50%)": "",
    "transform:" + "scale(" * 999: "",
    "scale:0": "zero_size",
    "scale:1": "",
    "margin-left:-5000px": "off_screen",
    "margin-top:-100in": "off_screen",
    "margin:-9999px": "off_screen",
    "margin:0 0 0 -9999px": "off_screen",
    "margin:0 -9999px 0 0": "",
    "margin:0 auto": "",
    "margin:-20px -20px": "",
    "margin-left:-20px": "",
    "position:absolute;left:-999em": "off_screen",
    "position:absolute;top:-100vh": "off_screen",
    "position:absolute;left:-1em": "",
    "position:absolute;left:-99lightyears": "",
    "position:absolute;left:50%;margin-left:-1200px": "",
}

WRITTEN = {
    "visi\\62ility:hidden": "hidden",
    "visi\\000062ility:hidden": "hidden",
    "visi\\62 ility:hidden": "hidden",
    "visibility:h\\69 dden": "hidden",
    "\\visibility:hidden": "hidden",
    "visibility:/**/hidden": "hidden",
    "/*x*/visibility:hidden": "hidden",
    'content:"\\3b visibility:hidden"': "",
    "\\110000:x;\\": "",
    "\\d800:x;visibility:hidden": "hidden",
    "\\61" * (MAX_ESCAPES + 1) + ":x;visibility:hidden": "hidden",
}


class Boxes(SynchronousTestCase):
    def test_hidden(self) -> None:
        for text, why in HIDDEN.items():
            with self.subTest(text=text):
                self.assertEqual(read_style(text).hidden, why)

    def test_written(self) -> None:
        """Escapes and comments are read as browsers do (CSS Syntax 4.3.7)."""
        for text, visibility in WRITTEN.items():
            with self.subTest(text=text):
                self.assertEqual(read_style(text).visibility, visibility)
        self.assertEqual(read_style("font\\-size:1px").size, 1)
        self.assertEqual(read_style("display:n\\6f ne").hidden, "display")
