"""URLs by chance: nothing raises, and what was read once is read the same again."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.url_find import find_urls
from mailfilter.mail.url_host import parse_host
from mailfilter.mail.url_parse import MAX_URL, PORTS, parse_url
from mailfilter.mail.url_shown import shown_url

PIECES = (
    *(
        "http:",
        "https:",
        "ftp:",
        "file:",
        "mailto:",
        "x:",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "?",
        "#",
        ".",
    ),
    *("..", "/../", "/./", "%2e", "%", "%00", "%c3%bc", "[", "]", "::1", "0x7f", "256", "09", "80"),
    *("a", "www.", "example", ".com", ".co.uk", "xn--", "bcher-kva", "ü", "я", "例", "☃", "\u00df"),
    *("\u00ad", "\u200b", "\u3002", "\uff0e", "\u202e", "\u0301", "\u05d0", "\ufffd", "\ud800"),
    *("\t", "\n", " ", "(", ")", "<", ">", '"', "'", ",", "hxxp://", "[.]", "=", "&", "\x00"),
)
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join) | st.text(max_size=40)
STARTS = st.sampled_from(("", "http://", "https:\\\\", "http://u@", "file://", "http://a.com/"))

BOUNDED = settings(
    max_examples=500,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class FuzzTests(SynchronousTestCase):
    @BOUNDED
    @given(STARTS, TEXTS)
    def test_parse(self, start: str, text: str) -> None:
        """The text of a URL is a URL with that text, and its parts are what they are said to be."""
        url = parse_url(start + text)
        if url is None:
            return
        self.assertTrue(url.host.isascii())
        self.assertEqual(url.host, url.host.lower())
        self.assertTrue(url.host.endswith(url.domain))
        self.assertLessEqual(len(url.raw), MAX_URL)
        if url.scheme not in PORTS:
            return
        again = parse_url(url.text)
        assert again is not None, url.text
        self.assertEqual(again.text, url.text)
        self.assertEqual((again.host, again.port, again.domain), (url.host, url.port, url.domain))

    @BOUNDED
    @given(TEXTS)
    def test_host(self, text: str) -> None:
        """The name of a host is a host with that name."""
        host = parse_host(text)
        if host is None:
            return
        name = f"[{host.name}]" if ":" in host.name else host.name
        again = parse_host(name)
        assert again is not None, name
        self.assertEqual((again.name, again.domain), (host.name, host.domain))

    @BOUNDED
    @given(TEXTS)
    def test_find(self, text: str) -> None:
        """What is found in a text stands in it, in that order."""
        at = 0
        for url in find_urls(text):
            at = text.index(url.raw, at) + len(url.raw)
        shown_url(text)
