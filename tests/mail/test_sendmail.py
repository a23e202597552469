"""Address fields as Sendmail writes them: what Sendmail 8.17.1.9 of Debian 12 was seen to write."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.canon import Field, canonical_field
from mailfilter.mail.sendmail import MAX_VALUE, as_written

SAME = (
    "",
    "a@example.org",
    "<a@example.org>",
    "Alice <a@example.org>",
    "Alice<a@example.org>",
    "Alice   Example\t<A@Example.ORG>",
    "Alice\r\n Example <a@example.org>",
    '"Example, Alice" <a@example.org>',
    '"A. B." <a@example.org>',
    '"A \\"B\\" C" <a@example.org>, b@example.org',
    '"" <a@example.org>',
    "a@example.org (Alice  Example)",
    "a@example.org (x), b@example.org",
    "A <a@example.org> (x)",
    '"a b"@example.org, b@example.org',
    '<"a b"@example.org>',
    "a..b@example.org, b@example.org",
    "A/B #$%&*+-=?^_`{|}~ ! <a@example.org>",
    "J\u00fcrgen \u00c4 <a@example.org>",
    "\u00fc@example.org, b@example.org",
    "=?utf-8?q?J=C3=BCrgen?= <a@example.org>",
    "a@example.org,\r\n b@example.org,\r\n\tc@example.org",
    "undisclosed-recipients:;",
    "a_b@ex_ample.org, c@x",
)
CHANGED = (
    ("a@example.org,b@example.org", "a@example.org, b@example.org"),
    ("A <a@example.org> , B. C <b@example.org>", 'A <a@example.org>, "B. C" <b@example.org>'),
    ("a@example.org (x),b@example.org (y. z)", "a@example.org (x), b@example.org (y. z)"),
    ("John Q. Public <a@example.org>", '"John Q. Public" <a@example.org>'),
    ("John\r\n Q. Public\r\n <a@example.org>", '"John Q. Public" <a@example.org>'),
    ("J.R.R. Tolkien <a@example.org>", '"J.R.R. Tolkien" <a@example.org>'),
    ("A. B<a@example.org>,C<c@example.org>", '"A. B"<a@example.org>, C<c@example.org>'),
    ("Pat O'Brien <a@example.org>", '"Pat O\'Brien" <a@example.org>'),
    ("A [B] <a@example.org>", '"A [B]" <a@example.org>'),
    ("A; x <a@example.org>", '"A; x" <a@example.org>'),
    ("joe@x.org via List <a@example.org>", '"joe@x.org via List" <a@example.org>'),
    ("J\u00fcrgen K. <a@example.org>", '"J\u00fcrgen K." <a@example.org>'),
    ("=?utf-8?Q?A.B?= <a@example.org>", '"=?utf-8?Q?A.B?=" <a@example.org>'),
    ("A\tB.  C <a@example.org>", '"A B. C" <a@example.org>'),
)
ODD = (
    "alice",
    "A <a>, b@example.org",
    "A < a@example.org >",
    "A <a @example.org>",
    "a@example.org.",
    "<@relay.example:a@example.org>",
    "a@example.org ; b@example.org",
    "a@example.org,",
    "a@example.org,, b@example.org",
    ",a@example.org",
    'A"B <a@example.org>',
    '"A, B" C. <a@example.org>',
    "A. (x) <a@example.org>",
    "A\\B <a@example.org>",
    "A: x <a@example.org>",
    "x: a@example.org,b@example.org;",
    "a%b@example.org",
    "example.org!a@example.org",
    "a@[192.0.2.1]",
    "A\x01B <a@example.org>",
    "A <a@b@example.org>",
    "A <a@example.org> B <b@example.org>",
    "a@example.org b@example.org",
    "x" * MAX_VALUE + "@example.org",
)


def field(value: str, name: str = "To") -> Field:
    return Field(name.lower().encode(), f"{name}: {value}\r\n".encode())


class WrittenTests(SynchronousTestCase):
    def assert_written(self, value: str, expected: str) -> None:
        found = as_written(field(value))
        assert found is not None, value
        self.assertEqual(
            canonical_field(found, "relaxed"), canonical_field(field(expected), "relaxed")
        )

    def test_same(self) -> None:
        for value in SAME:
            self.assert_written(value, value)

    def test_changed(self) -> None:
        """What comes out stays as it is when another Sendmail gets it."""
        for value, expected in CHANGED:
            self.assert_written(value, expected)
            self.assert_written(expected, expected)

    def test_odd(self) -> None:
        """Of what is no plain list nobody can tell."""
        for value in ODD:
            self.assertIsNone(as_written(field(value)), value)

    def test_other_fields(self) -> None:
        for value in (*ODD, *SAME):
            other = field(value, "Subject")
            self.assertIs(as_written(other), other)

    def test_line_ends(self) -> None:
        found = as_written(Field(b"cc", b"Cc : a@b.c,\n\td@e.f"))
        self.assertEqual(found, (b"cc", b"cc: a@b.c, d@e.f\r\n"))

    def test_linear(self) -> None:
        """Hostile values take no longer than others: this would take hours."""
        for part in ('"', "(", "<", " ", "a", "a ", "\\", '"\\', ",", "@", ".", "a@b,", "''"):
            as_written(field(part * (MAX_VALUE // len(part) - 10)))
            as_written(field("a" + part * 8000 + "<"))
