"""URLs in plain text."""

from time import process_time

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.url_budget import UrlBudget
from mailfilter.mail.url_find import find_urls

FOUND: tuple[tuple[str, list[str]], ...] = (
    ("", []),
    ("no link: a/b, 1:2, x@y", []),
    # What belongs to the sentence is no part of it.
    ("See http://example.com/a.", ["http://example.com/a"]),
    ("(http://example.com/a_(b)), and so on", ["http://example.com/a_(b)"]),
    ("<https://example.com/?a=b>;", ["https://example.com/?a=b"]),
    ('"http://example.com"!', ["http://example.com"]),
    ("*http://example.com/*", ["http://example.com/"]),
    ("[http://example.com/]]]", ["http://example.com/"]),
    ("“http://example.com/”…", ["http://example.com/"]),
    # As programs make links of it, though it is written oddly.
    ("HTTP://EXAMPLE.COM", ["HTTP://EXAMPLE.COM"]),
    ("http:\\\\example.com", ["http:\\\\example.com"]),
    ("https:/example.com", ["https:/example.com"]),
    ("xhttp://example.com", ["http://example.com"]),
    ("http://a.example/http://b.example", ["http://a.example/http://b.example"]),
    ("ftp://example.com file:///c:/x", ["ftp://example.com", "file:///c:/x"]),
    ("http://user@example.com", ["http://user@example.com"]),
    ("http://999.999.999.999/ http:// gopher://example.org/", []),
    # Text without spaces.
    ("访问http://example.com查看", ["http://example.com"]),
    ("http://例え.jp、そして", ["http://例え.jp"]),
    ("http://例え.テスト/道", ["http://例え.テスト/道"]),
    ("www.example.com。", ["www.example.com"]),
    ("访问example.com/路径", ["example.com/路径"]),
    # Without a scheme.
    ("www.example.name and WWW.EXAMPLE.COM:8080/x", ["www.example.name", "WWW.EXAMPLE.COM:8080/x"]),
    ("bit.ly/xyz, example.com", ["bit.ly/xyz", "example.com"]),
    ("Ends with example.com.Then", ["example.com"]),
    ("x.example.com.br", ["x.example.com.br"]),
    ("bücher.com", ["bücher.com"]),
    ("url=example.com", ["example.com"]),
    # Names that are none of sites.
    ("README.md self.name foo.py x.to a.b/c v1.2/x www.x", []),
    ("/usr/lib/foo.com/x a\\b.com %2Efoo.com &b.com", []),
    ("foo_bar.com -.br a..com", []),
    # Addresses.
    ("Bob <bob@example.com>, mailto:joe@example.org.", ["bob@example.com", "joe@example.org"]),
    ("example.com@example.org", ["example.com@example.org"]),
    ("bob@host bob@example.nosuchsuffix @example.com", []),
)


def raws(text: str) -> list[str]:
    return [url.raw for url in find_urls(text)]


class FindTests(SynchronousTestCase):
    def test_found(self) -> None:
        for text, expected in FOUND:
            self.assertEqual(raws(text), expected, text)

    def test_read(self) -> None:
        """A scheme is added where there is none, and that is told."""
        url, address = find_urls("www.Example.com/a Bob@Example.org")
        self.assertEqual(url.text, "http://www.example.com/a")
        self.assertEqual(url.traits, {"no_scheme"})
        self.assertEqual(address.text, "mailto:Bob@example.org")

    def test_order(self) -> None:
        self.assertEqual(
            raws("www.a.com http://b.com c@d.com e.com http://f.com"),
            ["www.a.com", "http://b.com", "c@d.com", "e.com", "http://f.com"],
        )


class CapTests(SynchronousTestCase):
    def test_urls(self) -> None:
        """A million URLs: as many as are allowed."""
        budget = UrlBudget()
        self.assertEqual(len(find_urls("http://a.com " * 1_000_000, budget)), 10_240)
        self.assertTrue(budget.is_spent)
        budget = UrlBudget(urls=3)
        text = "http://a.com www.b.com c@d.com"
        self.assertEqual(len(find_urls(text, budget)), 3)
        self.assertFalse(budget.is_spent)
        self.assertEqual(find_urls(text, budget), ())
        self.assertTrue(budget.is_spent)

    def test_hosts(self) -> None:
        text = "http://a.com http://b.com http://a.com/x http://c.com"
        for hosts, count, is_spent in ((3, 4, False), (2, 3, True), (1, 1, True)):
            budget = UrlBudget(hosts=hosts)
            self.assertEqual(len(find_urls(text, budget)), count, hosts)
            self.assertEqual(budget.is_spent, is_spent)

    def test_different(self) -> None:
        """The same again is not counted as another."""
        text = "http://a.com/1 http://a.com/2 http://a.com/1 http://a.com/3"
        for different, count, is_spent in ((3, 4, False), (2, 3, True)):
            budget = UrlBudget(different=different)
            self.assertEqual(len(find_urls(text, budget)), count, different)
            self.assertEqual(budget.is_spent, is_spent)

    def test_odd_hosts(self) -> None:
        """Hosts that cost more are counted by their characters; others are still read."""
        budget = UrlBudget(odd_characters=20)
        text = "http://жжжжж.com http://xn--abc.com http://яяяяя.com http://a.com"
        self.assertEqual(
            [url.raw for url in find_urls(text, budget)],
            ["http://жжжжж.com", "http://xn--abc.com", "http://a.com"],
        )
        self.assertTrue(budget.is_spent)

    def test_misses(self) -> None:
        for text in ("http://1.2.3.4.5 ", "a@b.zz ", "x.zz/ "):
            budget = UrlBudget(misses=2)
            self.assertEqual(len(find_urls(text * 2 + "http://a.com", budget)), 1, text)
            self.assertFalse(budget.is_spent)
            find_urls(text, budget)
            self.assertTrue(budget.is_spent, text)

    def test_mailboxes(self) -> None:
        budget = UrlBudget(mailboxes=1)
        self.assertEqual(len(find_urls("a@example.com b@example.com www.example.com", budget)), 2)
        self.assertTrue(budget.is_spent)


SHAPES = (
    ":/",
    "http:/",
    "http://",
    "http://a@",
    "@",
    "a@",
    "a@b.com",
    ".com",
    "www.",
    "a.com/",
    ")",
    "http://a.com/)",
    "../",
    "例.com",
    "http://\u00ad",
    "http://%61",
    "http://xn--",
    "a" * 300 + ".com ",
)


class LinearTests(SynchronousTestCase):
    def test_linear(self) -> None:
        """Four times the text takes about four times as long, not sixteen."""
        for shape in SHAPES:
            small, large = (shape * (size // len(shape)) for size in (40_000, 160_000))
            seconds = min(self.seconds(small) for _ in range(3))
            self.assertLess(
                min(self.seconds(large) for _ in range(3)), 9 * seconds + 0.05, shape[:9]
            )

    @staticmethod
    def seconds(text: str) -> float:
        start = process_time()
        find_urls(text)
        return process_time() - start
