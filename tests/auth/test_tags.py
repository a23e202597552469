"""Lists of tags, good and bad."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.tags import MAX_LENGTH, MAX_TAGS, TagError, parse_tags, shown

EXAMPLES = settings(derandomize=True, max_examples=200, deadline=None, database=None)

GOOD: tuple[tuple[bytes, dict[str, bytes]], ...] = (
    (b"", {}),
    (b" \t", {}),
    (b"v=1", {"v": b"1"}),
    (b" v = 1 ; a=b ; ", {"v": b"1", "a": b"b"}),
    (b"v=1;\r\n\ta=b\r\n", {"v": b"1", "a": b"b"}),
    (b"v=1;\n\ta=b\n", {"v": b"1", "a": b"b"}),
    (b"v\r\n =\r\n 1", {"v": b"1"}),
    (b"v=;a=", {"v": b"", "a": b""}),
    (b"v=1;V=2", {"v": b"1", "V": b"2"}),
    (b"p=QQ==;x_1=a=b", {"p": b"QQ==", "x_1": b"a=b"}),
    (b"b=ab\r\n cd \n\te", {"b": b"ab cd \te"}),
    ("d=bücher.example".encode(), {"d": "bücher.example".encode()}),
    (b"d=\x80\xff", {"d": b"\x80\xff"}),
)
BAD = (
    (b";", '"" instead'),
    (b"v=1;;", '"" instead'),
    (b"v=1;;a=b", '"" instead'),
    (b";v=1", '"" instead'),
    (b"v", '"v" instead'),
    (b"v=1;a", '"a" instead'),
    (b"=1", 'named ""'),
    (b"v=1;==", 'named ""'),
    (b"1=a", 'named "1"'),
    (b"a-b=a", 'named "a-b"'),
    (b"a b=a", 'named "a b"'),
    ("ä=a".encode(), "named"),
    (b"v=1;v=1", '"v" twice'),
    (b"v=1;a=b; v =2", '"v" twice'),
    (b"v=\x001", "control"),
    (b"v=1\ra", "control"),
    (b"v=1\na=b", "control"),
    (b"v=1;\x0ba=b", "control"),
    (b"v=\x7f", "control"),
    (b"v=".ljust(MAX_LENGTH + 1, b"1"), f"more than {MAX_LENGTH}"),
    (b";".join(b"a%d=" % number for number in range(MAX_TAGS + 1)), f"{MAX_TAGS + 1} tags"),
)


class TagsTests(SynchronousTestCase):
    """RFC 6376 3.2."""

    def test_good(self) -> None:
        for value, wanted in GOOD:
            self.assertEqual(parse_tags(value), wanted, value)
        most = b";".join(b"a%d=" % number for number in range(MAX_TAGS))
        self.assertEqual(len(parse_tags(most + b";")), MAX_TAGS)
        longest = b"v=".ljust(MAX_LENGTH, b"1")
        self.assertEqual(parse_tags(longest), {"v": longest[2:]})

    def test_bad(self) -> None:
        for value, words in BAD:
            error = self.assertRaises(TagError, parse_tags, value)
            self.assertIn(words, str(error))

    @EXAMPLES
    @given(
        st.binary(max_size=60) | st.lists(st.sampled_from([b"a", b"=", b";", b" "])).map(b"".join)
    )
    def test_any_octets(self, value: bytes) -> None:
        try:
            tags = parse_tags(value)
        except TagError as error:
            self.assertTrue(str(error).isprintable())
            self.assertLess(len(str(error)), 250)
        else:
            written = b";".join(name.encode() + b"=" + text for name, text in tags.items())
            self.assertEqual(parse_tags(written), tags)

    def test_shown(self) -> None:
        self.assertEqual(shown(b"a\0\xff"), '"a?\\xff"')
        self.assertEqual(shown(b"a" * 40), f'"{"a" * 40}"')
        self.assertEqual(shown(b"a" * 41), f'"{"a" * 40}..."')
