"""Line replies as octets, and as the clients read them."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec import spamd_reply as replies
from mailfilter.codec.spamd_reply import MAX_REPLY, Line, Result, number, rspamc_reply

from .spamd_clients import EximSees, Unreadable, exim, spamc

SPAM = Result(True, 7.0, 5.0)
HAM = Result(False, -1.26, 5.0)
EXAMPLES = settings(derandomize=True, max_examples=200, deadline=None, database=None)


class ByteTests(SynchronousTestCase):
    def test_check(self) -> None:
        for result, line in (
            (SPAM, b"Spam: True ; 7.0 / 5.0\r\n"),
            (HAM, b"Spam: False ; -1.3 / 5.0\r\n"),
            (Result(False, -0.04, 5.0), b"Spam: False ; 0.0 / 5.0\r\n"),
        ):
            expected = b"SPAMD/1.1 0 EX_OK\r\n" + line + b"\r\n"
            self.assertEqual(replies.check_reply(result), expected)

    def test_symbols(self) -> None:
        for version, names, expected in (
            ((1, 5), ["A", "B"], b"Content-length: 3\r\nSpam: True ; 7.0 / 5.0\r\n\r\nA,B"),
            ((1, 3), [], b"Content-length: 0\r\nSpam: True ; 7.0 / 5.0\r\n\r\n"),
            ((1, 2), ["A", "B"], b"Spam: True ; 7.0 / 5.0\r\n\r\nA,B\r\n"),
            ((1, 5), ["A\n,B"], b"Content-length: 4\r\nSpam: True ; 7.0 / 5.0\r\n\r\nA??B"),
        ):
            found = replies.symbols_reply(version, SPAM, names)
            self.assertEqual(found, b"SPAMD/1.1 0 EX_OK\r\n" + expected)

    def test_report(self) -> None:
        for version, length in (((1, 5), b"Content-length: 4\r\n"), ((1, 2), b"")):
            found = replies.report_reply(version, SPAM, "a\nb\n")
            expected = length + b"Spam: True ; 7.0 / 5.0\r\n\r\na\nb\n"
            self.assertEqual(found, b"SPAMD/1.1 0 EX_OK\r\n" + expected)
            found = replies.report_ifspam_reply(version, SPAM, "a\nb\n")
            expected = expected.replace(b"True", b"Yes")
            self.assertEqual(found, b"SPAMD/1.1 0 EX_OK\r\n" + expected)
            found = replies.report_ifspam_reply(version, HAM, "a\nb\n")
            expected = length.replace(b"4", b"0") + b"Spam: No ; -1.3 / 5.0\r\n\r\n"
            self.assertEqual(found, b"SPAMD/1.1 0 EX_OK\r\n" + expected)

    def test_message(self) -> None:
        for version, expected in (
            (
                (1, 5),
                b"SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\nSpam: True ; 7.0 / 5.0\r\n\r\n",
            ),
            (
                (1, 3),
                b"SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\nSpam: True ; 7.0 / 5.0\r\n\r\n",
            ),
            ((1, 2), b"SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\n\r\n"),
            ((1, 1), b"SPAMD/1.0 0 EX_OK\r\n"),
        ):
            self.assertEqual(replies.message_reply(version, SPAM, 9), expected)

    def test_errors(self) -> None:
        for found, expected in (
            (replies.bad_request("GET /"), b"SPAMD/1.0 76 Bad header line: GET /\r\n"),
            (replies.unavailable("no"), b"SPAMD/1.0 69 Service Unavailable: no\r\n"),
            (replies.timeout("late"), b"SPAMD/1.0 79 Timeout: late\r\n"),
            (replies.rspamc_error("a\r\nb"), b"RSPAMD/1.3 76 a??b\r\n"),
            (replies.rspamc_error("late", 79), b"RSPAMD/1.3 79 late\r\n"),
            (replies.PONG, b"SPAMD/1.5 0 PONG\r\n"),
        ):
            self.assertEqual(found, expected)
        self.assertLess(len(replies.bad_request("x" * 10_000)), 1000)
        self.assertLess(len(replies.rspamc_error("x" * 10_000)), 1000)

    def test_rspamc(self) -> None:
        lines = (Line("Action", "add header"), Line("Symbol", "A(1.00)"))
        self.assertEqual(
            rspamc_reply(True, 7.126, 15.0, lines),
            b"RSPAMD/1.3 0 EX_OK\r\n"
            b"Metric: default; True; 7.13 / 15.00 / 0.0\r\n"
            b"Action: add header\r\n"
            b"Symbol: A(1.00)\r\n",
        )

    def test_numbers(self) -> None:
        for value, digits, text in (
            (14.96, 1, "15.0"),
            (-0.0, 2, "0.00"),
            (-0.05, 2, "-0.05"),
            (float("nan"), 1, "0.0"),
            (float("inf"), 1, "0.0"),
            (1e300, 1, "999999.9"),
            (-1e300, 2, "-999999.90"),
            (1e-9, 2, "0.00"),
        ):
            self.assertEqual(number(value, digits), text)


class RoomTests(SynchronousTestCase):
    def test_whole_lines_by_rank(self) -> None:
        lines = [
            Line("Action", "no action"),
            *(Line("Symbol", f"S{at}".ljust(990, "x"), 10 + at) for at in range(40)),
            Line("X-Milter-Add", "A: b", 1),
        ]
        found = rspamc_reply(False, 0.0, 15.0, lines)
        self.assertLessEqual(len(found), MAX_REPLY)
        self.assertGreater(len(found), MAX_REPLY - 1000)
        told = found.split(b"\r\n")[3:-1]
        self.assertEqual(told[-1], b"X-Milter-Add: A: b")
        names = [line.partition(b"x")[0] for line in told[:-1]]
        self.assertEqual(names, [b"Symbol: S%d" % at for at in range(len(names))])

    def test_a_line_without_bounds(self) -> None:
        lines = [Line("Action", "no action"), Line("X", "y" * 100_000, 1), Line("Z", "z", 2)]
        self.assertTrue(
            rspamc_reply(False, 0, 15, lines).endswith(b"Action: no action\r\nZ: z\r\n")
        )


class ClientTests(SynchronousTestCase):
    def test_exim_with_rspamd(self) -> None:
        found = exim(rspamc_reply(True, 7.5, 15.0, [Line("Action", "add header")]), is_rspamd=True)
        self.assertEqual(found, EximSees(False, 7.5, 15.0, "add header", "Action: add header"))

    def test_exim(self) -> None:
        found = exim(replies.report_reply((1, 2), SPAM, "a\nb\n"), is_rspamd=False)
        self.assertEqual(found, EximSees(True, 7.0, 5.0, "reject", "a\n b"))

    def test_what_exim_does_not_read(self) -> None:
        """The parsers of these tests are as strict as the real ones were found to be."""
        for reply in (
            replies.report_reply((1, 3), SPAM, "text\n"),
            b"SPAMD/1.1 0 EX_OK\r\nSpam: True; 15.0 / 5.0\r\n\r\ntext",
            b"SPAMD/1.1 0 EX_OK\r\nContent-Length: 4\r\n\r\n15.0/5.0\r\ntext",
            replies.bad_request("x"),
            b"",
        ):
            with self.assertRaises(Unreadable):
                exim(reply, is_rspamd=False)
        exim(b"SPAMD/1.1 0 EX_OK\r\nContent-length: 4\r\n\r\n15.0/5.0\r\ntext", is_rspamd=False)
        metric = b"Metric: default; False; 1.00 / 15.00 / 0.0\r\n"
        for reply in (
            b"RSPAMD/1.3 0 EX_OK\r\n" + metric,
            b"RSPAMD/1.3.12345 0 EX_OK\r\n" + metric + b"Action: x\r\n",
            b"SPAMD/1.3 0 EX_OK\r\n" + metric + b"Action: x\r\n",
            b"RSPAMD/1.3 0 EX_OK\r\nContent-length: 5\r\n" + metric + b"Action: x\r\n",
            replies.rspamc_error("x"),
        ):
            with self.assertRaises(Unreadable):
                exim(reply, is_rspamd=True)
        exim(b"RSPAMD/1.3 0 EX_OK\r\n\r\n" + metric + b"Action: x\r\n", is_rspamd=True)

    def test_spamc(self) -> None:
        found = spamc(replies.check_reply(SPAM))
        self.assertEqual((found.is_spam, found.numbers), (True, (7.0, 5.0)))
        found = spamc(replies.symbols_reply((1, 5), HAM, ["A", "B"]), "SYMBOLS")
        self.assertEqual((found.is_spam, found.body), (False, b"A,B"))
        found = spamc(replies.report_ifspam_reply((1, 5), SPAM, "text\n"), "REPORT_IFSPAM")
        self.assertEqual((found.is_spam, found.body), (True, b"text\n"))
        found = spamc(replies.message_reply((1, 5), SPAM, 4) + b"A: b", "PROCESS")
        self.assertEqual(found.body, b"A: b")
        for reply in (
            replies.bad_request("x"),
            b"SPAMD/1.1 0 EX_OK\r\nSpam: True; 15.0 / 5.0\r\n\r\n",
        ):
            with self.assertRaises(Unreadable):
                spamc(reply)

    @EXAMPLES
    @given(
        st.lists(st.tuples(st.text(max_size=30), st.integers(0, 5)), max_size=20),
        st.floats(),
        st.floats(),
        st.booleans(),
    )
    def test_anything(
        self, told: list[tuple[str, int]], score: float, required: float, is_spam: bool
    ) -> None:
        lines = [Line("Action", "reject"), *(Line("X", text, rank) for text, rank in told)]
        reply = rspamc_reply(is_spam, score, required, lines)
        self.assertRegex(reply, rb"\A(?:[ -~]+\r\n)+\Z")
        self.assertEqual(reply.count(b"\r\n"), len(lines) + 2)
        self.assertEqual(exim(reply, is_rspamd=True).action, "reject")
        result = Result(is_spam, score, required)
        self.assertEqual(spamc(replies.check_reply(result)).is_spam, is_spam)
        report = "x" + "".join(text for text, _ in told)
        exim(replies.report_reply((1, 2), result, report), is_rspamd=False)
        self.assertEqual(
            spamc(replies.report_reply((1, 5), result, report), "REPORT").is_spam, is_spam
        )
