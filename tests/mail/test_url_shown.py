"""Texts that say they are a URL."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.url_shown import MAX_TEXT, shown_url

SHOWN = (
    ("http://example.com/a", "http://example.com/a"),
    (" <https://Example.com>. ", "https://example.com/"),
    ("“www.example.com”", "http://www.example.com/"),
    ("example.com", "http://example.com/"),
    ("example.com/a b", None),
    ("http:\\\\example.com\\a", "http://example.com/a"),
    ("example\u3002com", None),
    ("http://example\u3002com", "http://example.com/"),
    ("https://bücher.com:8080/x?y", "https://xn--bcher-kva.com:8080/x?y"),
    ("\u200bhttp://example.com/\u200b", "http://example.com/"),
    ("exam\u200bple.com", "http://example.com/"),
    ("exam\u00adple\u200d.c\u2060om", "http://example.com/"),
    ("\u202aexample\u202c.com", "http://example.com/"),
    ("ｅｘａｍｐｌｅ．ｃｏｍ", "http://example.com/"),
    ("example\u2024com/A", "http://example.com/A"),
    ("http\ufeff://exa\u200cmple.com/", "http://example.com/"),
    ("e\u200b" + "\u200b" * MAX_TEXT + "xample.com", "http://example.com/"),
    ("", None),
    ("Bank", None),
    ("click example.com", None),
    ("click http://example.com/ now", "http://example.com/"),
    ("http://a.example.com http://b.example.com", "http://a.example.com/"),
    ("http://example.com http://example.org", None),
    ("at http://192.0.2.1/ there", None),
    ("http://example.com bob@example.org", "http://example.com/"),
    ("bob@example.com", None),
    ("http://bob@example.com", "http://example.com/"),
    ("http://example.nosuchsuffix", None),
    ("http://192.0.2.1/", None),
    ("setup.py", None),
    ("a_b.com", None),
    ("v1.2", None),
    ("Wait... what?", None),
    ("." * MAX_TEXT, None),
    ("a." * MAX_TEXT, None),
)


class ShownTests(SynchronousTestCase):
    def test_shown(self) -> None:
        for text, expected in SHOWN:
            url = shown_url(text)
            self.assertEqual(url and url.text, expected, text[:60])

    def test_scheme(self) -> None:
        for text, expected in (("http://example.com", False), ("www.example.com", True)):
            url = shown_url(text)
            assert url is not None
            self.assertIs("no_scheme" in url.traits, expected, text)
