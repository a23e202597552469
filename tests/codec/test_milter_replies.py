"""Replies octet by octet."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec import milter_replies as replies
from mailfilter.syntax import MAX_REPLY_LINE

from .milter_mta import frames, recordings


class BytesTests(SynchronousTestCase):
    def test_bare_replies(self) -> None:
        for reply, code in {
            replies.CONTINUE: b"c",
            replies.ACCEPT: b"a",
            replies.REJECT: b"r",
            replies.TEMPFAIL: b"t",
            replies.DISCARD: b"d",
            replies.SKIP: b"s",
            replies.PROGRESS: b"p",
        }.items():
            self.assertEqual(reply, b"\0\0\0\x01" + code)

    def test_edits(self) -> None:
        for reply, expected in (
            (replies.add_header("X-A", " v"), b"\0\0\0\x08hX-A\0 v\0"),
            (replies.add_header("X-A", ""), b"\0\0\0\x06hX-A\0\0"),
            (replies.insert_header(1, "X-A", "a\n\tb"), b"\0\0\0\x0ei\0\0\0\x01X-A\0a\n\tb\0"),
            (replies.change_header(2, "X-A", ""), b"\0\0\0\x0am\0\0\0\x02X-A\0\0"),
            (replies.add_recipient("<a@b>"), b"\0\0\0\x07+<a@b>\0"),
            (replies.remove_recipient("<a@b>"), b"\0\0\0\x07-<a@b>\0"),
            (replies.change_sender("<>"), b"\0\0\0\x04e<>\0"),
            (replies.change_sender("<a@b>", "X=1"), b"\0\0\0\x0be<a@b>\0X=1\0"),
            (replies.quarantine("why"), b"\0\0\0\x05qwhy\0"),
            (replies.replace_body(b""), b"\0\0\0\x01b"),
            (replies.replace_body(b"a\0b"), b"\0\0\0\x04ba\0b"),
        ):
            self.assertEqual(reply, expected)

    def test_recorded_edits_that_both_mtas_took(self) -> None:
        sent = {
            data
            for recording in recordings().values()
            for side, _, data in recording.frames
            if side == "filter"
        }
        for reply in (
            replies.add_header("X-A1", " v"),
            replies.insert_header(1, "X-I1", " v"),
            replies.change_header(1, "X-Two", " v"),
            replies.quarantine("Spam message quarantined"),
            replies.reply_code(554, "5.7.1", ["Gtube pattern"]),
            replies.change_header(2, "Authentication-Results", ""),
            replies.add_header("X-Lab-Folded", "first part;\n\tsecond part;\n\tthird part"),
            replies.negotiated(6, 0x1FF, 0xFF080),
            replies.negotiated(6, 0x1FF, 0, {
                0: "j {client_addr}",
                2: "i {mail_addr}",
                3: "{rcpt_addr}",
                5: "i {msg_id}",
                4: "i",
                6: "i",
                1: "{tls_version}",
            }),
        ):  # fmt: skip
            self.assertIn(reply, sent)

    def test_long_bodies_are_cut(self) -> None:
        limit = replies.MAX_BODY_CHUNK
        for size, expected in {
            limit: [limit],
            limit + 1: [limit, 1],
            2 * limit: [limit, limit],
        }.items():
            chunks = [payload for _, payload in frames(replies.replace_body(b"x" * size))]
            self.assertEqual([len(chunk) for chunk in chunks], expected)


class ReplyCodeTests(SynchronousTestCase):
    def check(self, lines: list[str], expected: bytes) -> None:
        """The text of a 554 5.7.1 reply."""
        ((code, payload),) = frames(replies.reply_code(554, "5.7.1", lines))
        self.assertEqual((code, payload), ("y", expected))

    def test_one_line(self) -> None:
        self.check(["no"], b"554 5.7.1 no\0")

    def test_percent_is_doubled(self) -> None:
        self.check(["100% %s"], b"554 5.7.1 100%% %%s\0")

    def test_many_lines(self) -> None:
        self.check(["one", "two", "three"], b"554-5.7.1 one\r\n554-5.7.1 two\r\n554 5.7.1 three\0")

    def test_there_is_always_a_text(self) -> None:
        self.check([], b"554 5.7.1 .\0")

    def test_without_enhanced_code(self) -> None:
        self.assertEqual(replies.reply_code(451, "", ["a", "b"]), b"\0\0\0\x0ey451-a\r\n451 b\0")

    def test_long_lines_are_cut_between_percent_signs(self) -> None:
        for line in ("x" * 2000, "%" * 2000, "x" + "%" * 2000):
            ((_, payload),) = frames(replies.reply_code(554, "5.7.1", [line]))
            text = payload.removeprefix(b"554 5.7.1 ").removesuffix(b"\0")
            self.assertGreaterEqual(len(text), MAX_REPLY_LINE - 1)
            self.assertLessEqual(len(text), MAX_REPLY_LINE)
            self.assertEqual(text.count(b"%") % 2, 0)

    @settings(derandomize=True, max_examples=200, deadline=None, database=None)
    @given(st.lists(st.text(max_size=30), max_size=5))
    def test_no_text_adds_a_line(self, lines: list[str]) -> None:
        ((_, payload),) = frames(replies.reply_code(554, "5.7.1", lines))
        self.assertRegex(payload, rb"\A(554-5\.7\.1 [ -~]*\r\n)*554 5\.7\.1 ([ -~]*)\0\Z")
        self.assertEqual(payload.count(b"\r\n"), max(len(lines), 1) - 1)
        self.assertEqual(payload.replace(b"%%", b"").count(b"%"), 0)

    @settings(derandomize=True, max_examples=200, deadline=None, database=None)
    @given(st.text(max_size=30), st.text(max_size=30))
    def test_edits_are_exactly_their_strings(self, name: str, value: str) -> None:
        for reply in (
            replies.add_header(name, value),
            replies.change_sender(name, value or "x"),
        ):
            ((_, payload),) = frames(reply)
            self.assertEqual(payload.count(b"\0"), 2)
            self.assertEqual(payload[-1:], b"\0")
            self.assertNotIn(b"\r", payload)
