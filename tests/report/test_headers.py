"""Text from strangers must never become a line of its own."""

import re
from email.header import decode_header, make_header

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.report.headers import (
    MAX_LINE,
    MAX_REPLY_LINES,
    MAX_TEXT,
    MAX_VALUE,
    MAX_WORD,
    clean_header_name,
    clean_header_value,
    clean_reply_text,
    encode_header_text,
)
from mailfilter.syntax import MAX_FIELD_NAME, MAX_REPLY_LINE

ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\r\n\t\0 =?_:aZ%é\u2028\x85\ud800😀"),
    ),
    max_size=300,
)
bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)


def decoded(encoded: str) -> str:
    """What a mail reader shows, by the standard library."""
    return str(make_header(decode_header(encoded)))


class EncodeHeaderTextTests(SynchronousTestCase):
    def test_places_of_templates(self) -> None:
        """Haraka's plugin fills the old subject into a `%s`: there must be none left."""
        encoded = encode_header_text("50% off %s now")
        self.assertEqual("50% off =?utf-8?q?=25s_now?=", encoded)
        self.assertEqual("50% off", encode_header_text("50% off"))

    def test_long_lines(self) -> None:
        """No line is beyond RFC 5322 2.1.1, whatever the subject is made of; readers get it all."""
        for text in ("x" * 3000, "word " * 600 + "end", "word " * 400 + "x" * 900, "ü " * 900):
            value = encode_header_text(text)
            self.assertLess(max(map(len, value.split("\n"))), 998 - len("Subject: "))
            self.assertTrue(all(line[:1] == " " for line in value.split("\n")[1:]))
            parts = decode_header(value.replace("\n", ""))
            found = "".join(
                part.decode(charset or "ascii") if isinstance(part, bytes) else part
                for part, charset in parts
            )
            self.assertEqual(found, text)

    def test_plain_text_stays(self) -> None:
        for text in ("", "Hello, world", "  two  blanks ", "100% =ok? a=b", "x" * 500):
            self.assertEqual(encode_header_text(text), text)

    def test_table(self) -> None:
        for text, expected in {
            "Grüße": "=?utf-8?b?R3LDvMOfZQ==?=",
            "Grüße aus Wien": "=?utf-8?q?Gr=C3=BC=C3=9Fe_aus_Wien?=",
            "*** SPAM *** Grüße": "*** SPAM *** =?utf-8?b?R3LDvMOfZQ==?=",
            "日本": "=?utf-8?b?5pel5pys?=",
            "=?utf-8?q?fake?=": "=?utf-8?b?PT91dGYtOD9xP2Zha2U/PQ==?=",
            "a\r\nBcc: b": "a  Bcc: b",
            "a\0b\tc": "a b c",
            "é b": "=?utf-8?q?=C3=A9_b?=",
        }.items():
            self.assertEqual(encode_header_text(text), expected)

    def test_a_long_head_puts_the_encoded_word_on_a_line_of_its_own(self) -> None:
        self.assertEqual(encode_header_text("x" * 60 + " é"), "x" * 60 + "\n =?utf-8?b?w6k=?=")

    def test_the_first_line_leaves_room_for_the_field_name(self) -> None:
        for column in (9, 20, 40):
            for line in ("ü" * 200, "日" * 200):
                first = encode_header_text(line, column).split("\n")[0]
                self.assertLessEqual(column + len(first), MAX_LINE)

    @bounded
    @given(ANY_TEXT)
    def test_it_is_safe_and_says_the_same(self, text: str) -> None:
        encoded = encode_header_text(text)
        self.assertTrue(encoded.isascii())
        self.assertNotRegex(encoded, r"[\x00-\x09\x0b-\x1f\x7f]|\n[^ ]|\n\Z")
        shown = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text)
        shown = shown.encode("utf-8", "replace").decode("utf-8")
        if encoded != shown:
            self.assertEqual(" ".join(decoded(encoded).split()), " ".join(shown.split()))
            for word in re.findall(r"=\?utf-8\?[qb]\?[^ ?]*\?=", encoded):
                self.assertLessEqual(len(word), MAX_WORD)
                # Each word must decode alone: no character may be split.
                decoded(word)
            for line in encoded.split("\n")[1:]:
                self.assertLessEqual(len(line), MAX_LINE)

    def test_size_is_bounded(self) -> None:
        for character in ("a", "é", "日", "😀", "\x00é"):
            self.assertLess(len(encode_header_text(character * (MAX_TEXT * 2))), 65000)


class CleanHeaderNameTests(SynchronousTestCase):
    def test_table(self) -> None:
        for name in ("X-Spam", "x", "!#$%&'*+-.^_`|~", "a" * MAX_FIELD_NAME):
            self.assertEqual(clean_header_name(name), name)
        for name in ("", "a b", "a:", "a\n", "\na", "a\0", "é", "a" * (MAX_FIELD_NAME + 1), "\x7f"):
            self.assertIsNone(clean_header_name(name))


class CleanHeaderValueTests(SynchronousTestCase):
    def test_too_long(self) -> None:
        """What is too long is cut, not dropped."""
        for value in ("v" * 70000, "v\t" + "v" * 70000, "v" * 59999 + "\n x", "\t" + "v" * 70000):
            clean = clean_header_value(value)
            self.assertTrue(59990 <= len(clean) <= 60000, len(clean))
        lines = ["\u00fc" * 7000, *[" " + "\u00fc" * 7000] * 3]
        clean = clean_header_value("\n".join(lines))
        self.assertTrue(59000 <= len(clean) <= 60000, len(clean))
        self.assertTrue(clean.endswith("?="))

    def test_table(self) -> None:
        for value, expected in {
            "": "",
            "plain": "plain",
            "=?utf-8?q?kept?=": "=?utf-8?q?kept?=",
            "a\r\n\tb": "a\n\tb",
            "a\n b\n c": "a\n b\n c",
            "a\nX-Evil: 1": "a X-Evil: 1",
            "a\r\n\r\nbody": "a body",
            "a\n \n b": "a\n b",
            "a\rb": "a b",
            "\n first": " first",
            "last\n": "last",
            "\n": "",
            "a\0b\x0bc\td": "a b c\td",
            "Grüße\n\tä": "=?utf-8?b?R3LDvMOfZQ==?=\n\t=?utf-8?b?w6Q=?=",
        }.items():
            self.assertEqual(clean_header_value(value), expected, value)

    @bounded
    @given(ANY_TEXT)
    def test_it_never_makes_a_line(self, value: str) -> None:
        cleaned = clean_header_value(value)
        self.assertTrue(cleaned.isascii())
        self.assertNotRegex(cleaned, r"[\x00-\x08\x0b-\x1f\x7f]|\n[^ \t]|\n\Z")
        for line in cleaned.split("\n")[1:]:
            self.assertTrue(line.strip())
        self.assertEqual(clean_header_value(cleaned), cleaned)

    def test_size_is_bounded(self) -> None:
        for value in ("a" * 100000, "é" * 100000, "a\n " * 100000, "é\n " * 100000):
            self.assertLessEqual(len(clean_header_value(value)), MAX_VALUE)


class CleanReplyTextTests(SynchronousTestCase):
    def test_table(self) -> None:
        for text, expected in {
            "": [],
            "\r\n \0": ["?"],
            "Gtube pattern": ["Gtube pattern"],
            "one\ntwo\r\nthree\r": ["one", "two", "three"],
            "100% Grüße\tok": ["100% Gr??e ok"],
            "a" * 2000: ["a" * MAX_REPLY_LINE],
        }.items():
            self.assertEqual(clean_reply_text(text), expected)

    def test_lines_are_bounded(self) -> None:
        self.assertEqual(len(clean_reply_text("a\n" * 1000)), MAX_REPLY_LINES)

    @bounded
    @given(ANY_TEXT)
    def test_lines_are_printable(self, text: str) -> None:
        for line in clean_reply_text(text):
            self.assertRegex(line, r"\A[ -~]{1,980}\Z")
