"""What a message says to its reader."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail import Limits, Text, parse
from mailfilter.mail.text import (
    MAX_OF_WORDS,
    MAX_VISIBLE,
    MAX_WORD,
    MAX_WORDS,
    normal_form,
    words_of,
)


def alternatives(plain: bytes, html: bytes) -> Text:
    """The text of a message with a plain and an HTML part."""
    return parse(
        b"Content-Type: multipart/alternative; boundary=b\n\n"
        b"--b\nContent-Type: text/plain; charset=utf-8\n\n" + plain + b"\n"
        b"--b\nContent-Type: text/html; charset=utf-8\n\n" + html + b"\n--b--\n"
    ).text


class MessageText(SynchronousTestCase):
    """`Message.text`."""

    def test_once(self) -> None:
        """What both alternatives say is there once."""
        text = alternatives(b"Hello you,\n\nit is me", b"<p>Hello <b>you</b>,<p>it is me")
        self.assertEqual(text.visible, "Hello you,\nit is me")
        self.assertEqual(text.lines, ("Hello you,", "it is me"))
        self.assertEqual(text.words, ("hello", "you", "it", "is", "me"))
        self.assertEqual(text.plain, "Hello you,\n\nit is me")

    def test_both(self) -> None:
        """Alternatives that say different things are both there."""
        text = alternatives(b"Good morning", b"<p>Buy now")
        self.assertEqual(text.visible, "Good morning\nBuy now")
        self.assertEqual(text.words, ("good", "morning", "buy", "now"))

    def test_hidden(self) -> None:
        """Text that is hidden is not visible, and known."""
        text = alternatives(b"Buy now", b"<p>Buy now<p style='display:none'>nice weather")
        self.assertEqual(text.visible, "Buy now")
        self.assertTrue(text.has_hidden)
        self.assertEqual([one.text for one in text.hidden], ["nice weather"])

    def test_kinds(self) -> None:
        """Only one kind of part, or none."""
        self.assertEqual(parse(b"\na\r\nb\r\n").text.visible, "a\nb\n")
        self.assertEqual(parse(b"Content-Type: text/html\n\n<p>a").text.visible, "a")
        self.assertEqual(parse(b"Content-Type: image/png\n\nx").text.visible, "")
        self.assertEqual(parse(b"Content-Type: text/calendar\n\nx").text.visible, "")
        self.assertEqual(parse(b"Content-Type: image/png\n\nx").text.words, ())

    def test_shared(self) -> None:
        """A list's footer that only the plain text has leaves both there."""
        text = alternatives(b"Hello\n-- \nto leave this list write to us", b"<p>Hello")
        self.assertEqual(text.words[:2], ("hello", "to"))
        self.assertEqual(text.words[-1], "hello")

    def test_scripts(self) -> None:
        """Shares of letters."""
        self.assertEqual(alternatives(b"", "<p>\u0430\u0431c".encode()).scripts["Latin"], 1 / 3)

    def test_bounded(self) -> None:
        """Text is cut."""
        raw = b"\n" + b"x " * MAX_VISIBLE
        limits = Limits(text_part=len(raw), text_total=len(raw))
        text = parse(raw, limits).text
        self.assertEqual(len(text.visible), MAX_VISIBLE)
        self.assertEqual(len(text.words), MAX_WORDS)


class Words(SynchronousTestCase):
    """`words_of`."""

    def test_words(self) -> None:
        """Letters, digits, and apostrophes within; what nobody sees is taken out."""
        table: dict[str, tuple[str, ...]] = {
            "": (),
            "Don't do-it 2nd a_b": ("don't", "do", "it", "2nd", "a", "b"),
            "'a' \u2019b\u2019 l\u2019\u00e9t\u00e9": ("a", "b", "l'\u00e9t\u00e9"),
            "V\u200bi\u00ada\u2060g\ufeffra": ("viagra",),
            "\u202eabc\u202c": ("abc",),
            "e\u0301": ("\u00e9",),
            "\uff26\uff32\uff25\uff25 \ufb01ne": ("free", "fine"),
            "\U0001d405ree": ("free",),
            "\u041f\u0440\u0438\u0432\u0435\u0442": ("\u043f\u0440\u0438\u0432\u0435\u0442",),
            "p\u0430ypal": ("p\u0430ypal",),
            "\u0928\u092e\u0938\u094d\u0924\u0947": ("\u0928\u092e\u0938\u094d\u0924\u0947",),
            "\u0130": ("i\u0307",),
            "a\U0001f600b": ("a", "b"),
            "a\ud800b": ("a", "b"),
            "\u00e9\x1cb\x85c\u2028d\u00a0e": ("\u00e9", "b", "c", "d", "e"),
            "x" * 100: ("x" * MAX_WORD,),
        }
        for text, words in table.items():
            with self.subTest(text=ascii(text)):
                self.assertEqual(words_of(text), words)

    def test_same_pattern(self) -> None:
        """ASCII words are the same beside other letters."""
        text = "Don't 'a''b' c_d 1'2 ''"
        self.assertEqual((*words_of(text), "\u00e9"), words_of(text + " \u00e9"))

    def test_many_signs(self) -> None:
        """Signs of many kinds part words as those of a few kinds do."""
        signs = "".join(map(chr, range(0x2190, 0x2300)))
        text = "'".join(f"don't{sign}\u00e9" for sign in signs)
        self.assertEqual(words_of(text), ("don't", *["\u00e9'don't"] * (len(signs) - 1), "\u00e9"))

    def test_much(self) -> None:
        """Of a very long text the beginning is read; less, if it is not all ASCII."""
        self.assertEqual(len(words_of("abcdefg " * 40_000)), MAX_OF_WORDS // 8)
        self.assertEqual(len(words_of("abcdef\u00e9 " * 40_000)), MAX_OF_WORDS // 32)

    def test_marks(self) -> None:
        """Combining marks without end are cut: sorting them takes quadratic time."""
        self.assertLess(len(normal_form("a" + "\u0316\u0301" * 100_000)), 40)

    def test_expanding(self) -> None:
        """No character makes a text many times as long."""
        self.assertEqual(normal_form("a\ufdfab"), "a b")
        self.assertLess(len(normal_form("\ufdfb\u3300\ufdf2" * 1000)), 5 * 3000)

    def test_most(self) -> None:
        """No more words than asked for."""
        self.assertEqual(words_of("a b c", 2), ("a", "b"))
