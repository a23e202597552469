"""Keys of ours by which mail is signed: what is wrong with their names, and where it is said."""

from mailfilter.config.problem import Unfit
from mailfilter.config.signing_rules import check_domain, check_selector
from tests.config.case import ConfigCase


def key(domain: str = "example.org", selector: str = "2026", name: str = "a") -> str:
    """A table with a key, of four lines."""
    lines = (f"[signing_keys.{name}]", f'domain = "{domain}"', f'selector = "{selector}"')
    return "\n".join((*lines, f"file = '/{name}.key'", ""))


class RuleTests(ConfigCase):
    def test_usual(self) -> None:
        self.load(
            key()
            + key(selector="2027", name="b")
            + key("example.com", name="c")
            + key("XN--bcher-kva.example", "a.b_c-d", name="d")
            + "[signing]\nfolders = ['/dkim', '/more']\nmaps = ['/dkim']\n"
        )

    def test_domain(self) -> None:
        expected = "expected a domain such as example.org"
        for text in ("", ".", "example..org", "*.example.org", "192.0.2.1", "a b", "-a.org", "a-."):
            self.assertEqual(
                self.problems(key(text)),
                [f'm.toml:2: signing_keys.a.domain = "{text}": {expected}'],
            )
        self.assertEqual(
            self.problems(key("bücher.example")),
            [
                'm.toml:2: signing_keys.a.domain = "bücher.example": expected a domain in ASCII:'
                " xn-- and so on for others"
            ],
        )

    def test_selector(self) -> None:
        expected = "expected a selector of letters, digits and hyphens, such as 2026"
        for text in ("", "a b", "a.", ".", "a;b", "é", "*", "-", "a" * 64):
            self.assertEqual(
                self.problems(key(selector=text)),
                [f'm.toml:3: signing_keys.a.selector = "{text}": {expected}'],
            )

    def test_too_long(self) -> None:
        """Each part may be a name, and both of them not."""
        domain = ".".join(["a" * 60] * 4)
        check_domain(domain)
        with self.assertRaises(Unfit) as caught:
            check_selector("2026", domain)
        self.assertEqual(
            caught.exception.expected,
            "expected SELECTOR._domainkey.DOMAIN to have at most 253 characters",
        )

    def test_twice(self) -> None:
        """Names in DNS know no upper case."""
        self.assertEqual(
            self.problems(key(selector="s") + key("EXAMPLE.org", "S", name="b")),
            [
                'm.toml:7: signing_keys.b.selector = "S": signing_keys.a has the same selector and'
                " domain"
            ],
        )

    def test_same_paths(self) -> None:
        text = "[signing]\nfolders = ['/a', '/b', '/a']\nmaps = ['/m', '/m']\n"
        self.assertEqual(
            self.problems(text),
            [
                'm.toml:2: signing.folders[2] = "/a": stands there before',
                'm.toml:3: signing.maps[1] = "/m": stands there before',
            ],
        )

    def test_said_once(self) -> None:
        """What has the wrong type is told for that alone."""
        text = key().replace('"2026"', "2026")
        self.assertEqual(len(self.problems(text)), 1)
