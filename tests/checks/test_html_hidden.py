"""Text that is there and not seen."""

from mailfilter.checks.html_hidden import HtmlHidden

from .url_case import UrlCase, html, plain

WORDS = "word " * 25


class HtmlHiddenTests(UrlCase):
    check = HtmlHidden

    def test_symbols(self) -> None:
        self.compare(
            {
                "HIDDEN_TEXT": (
                    [
                        html(f'<div style="display:none">{WORDS}</div>hi'),
                        html(f"<div hidden>{WORDS}</div>hi"),
                        html(f"<template>{WORDS}</template>hi"),
                        html(f"<style>.x{{display:none}}</style><p class=x>{WORDS}</p>hi"),
                        html(f'<div style="text-indent:-9999px">{WORDS}</div>hi'),
                        html(f'<div style="clip-path:inset(50%)">{WORDS}</div>hi'),
                        html('<div style="display:none">a b c d e</div><p>hi</p>' * 5),
                    ],
                    [
                        html(f'<div style="display:none">{"word " * 24}</div>hi'),
                        html(f'<div style="display:none">hello{" &zwnj;&nbsp;" * 99}</div>hi'),
                        html(f"<!-- {WORDS} -->hi"),
                        html(f"<p>{WORDS}</p>"),
                        plain("hi"),
                    ],
                ),
                "MANY_INVISIBLE_PARTS": (
                    [html("<p>hi</p>" + '<div style="display:none">a</div><p>b</p>' * 10)],
                    [
                        html('<div style="display:none">a</div><p>hi</p>'),
                        html("<p>hi</p>" * 20),
                        plain("hi"),
                    ],
                ),
                "R_WHITE_ON_WHITE": (
                    [
                        html('<p style="color:#fff">one two three</p><p>hi'),
                        html(
                            '<table><td background="x" ><p style="background:#fff;color:#fff">1 2 a'
                        ),
                        html('<table><td background=""><p style="color:#fff">one two three</p>'),
                        html('<body bgcolor="#000"><font color="#010101">one two three</font>'),
                    ],
                    [
                        html('<p style="color:#fff">one two</p>'),
                        html('<p style="color:#fff">one | two | - | *</p>'),
                        html('<table><td background="x"><p style="color:#fff">one two three</p>'),
                        html('<p style="background:url(x);color:#fff">one two three</p>'),
                        html('<p style="color:#fff;background:#000">one two three</p>'),
                        plain("hi"),
                    ],
                ),
                "ZERO_FONT": (
                    [html('<p style="font-size:0">one two three</p><p>hi')],
                    [
                        html('<p style="font-size:0">one</p>'),
                        html('<p style="font-size:12px">one two three</p>'),
                        plain("hi"),
                        b"",
                    ],
                ),
            }
        )
