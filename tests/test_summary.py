"""The judge of a test run."""

from twisted.trial.unittest import SynchronousTestCase

from .summary import Skip, judge, read_allowed, read_skips

OUTPUT = """\
tests.live.test_postfix
  PostfixTests
    test_deliver ...                                                   [SKIPPED]
    test_print ... [SKIPPED]
                                                                             [OK]

===============================================================================
[SKIPPED]
no postfix: there is
no apt-get

see the note

tests.live.test_postfix.PostfixTests.test_deliver
tests.live.test_postfix.PostfixTests.test_reject
===============================================================================
[SKIPPED]
no IPv6 on this host

tests.app.test_listen.ListenTests.test_v6
-------------------------------------------------------------------------------
Ran 7 tests in 1.002s

"""
SKIPPED = "PASSED (skips=3, expectedFailures=1, successes=3)\n"
FAILED = """\
FAILED (skips=3, failures=1, errors=2, successes=1)
make: *** [Makefile:31: test] Error 1
"""
ALL_PASSED = "Ran 2 tests in 0.1s\n\nPASSED (successes=2)\n"


class SummaryTests(SynchronousTestCase):
    """From trial's output to a verdict."""

    def test_skips(self) -> None:
        """Each skipped test is found once, with its reason on one line."""
        live = "tests.live.test_postfix.PostfixTests"
        why = "no postfix: there is no apt-get see the note"
        self.assertEqual(
            list(read_skips(OUTPUT + SKIPPED)),
            [
                Skip(f"{live}.test_deliver", why),
                Skip(f"{live}.test_reject", why),
                Skip("tests.app.test_listen.ListenTests.test_v6", "no IPv6 on this host"),
            ],
        )

    def test_allowed(self) -> None:
        """Skips on the list are fine, and counted."""
        allowed = read_allowed("# a list\n\ntests.live.*  no MTA\ntests.app.*.test_v6  no IPv6\n")
        status, lines = judge(OUTPUT + SKIPPED, allowed)
        self.assertEqual((status, lines), (0, ["4 passed, 0 failed, 3 skipped"]))

    def test_not_allowed(self) -> None:
        """Any other skip fails the run and is named."""
        status, lines = judge(OUTPUT + SKIPPED, read_allowed("tests.live.*  no MTA\n"))
        self.assertEqual(status, 1)
        self.assertIn("test_v6: no IPv6 on this host", lines[0])
        self.assertEqual(lines[1:], ["4 passed, 0 failed, 3 skipped"])

    def test_failed(self) -> None:
        """Failures and errors fail the run."""
        status, lines = judge(OUTPUT + FAILED, {"tests.*": "all"})
        self.assertEqual((status, lines), (1, ["1 passed, 3 failed, 3 skipped"]))

    def test_all_passed(self) -> None:
        """A run without skips."""
        self.assertEqual(judge(ALL_PASSED, {}), (0, ["2 passed, 0 failed, 0 skipped"]))

    def test_no_ending(self) -> None:
        """A run that broke off is a failure, whatever it printed before."""
        for output in ("", OUTPUT, ALL_PASSED + "Traceback (most recent call last):\n"):
            status, lines = judge(output, {})
            self.assertEqual((status, lines[-1]), (2, "0 passed, 1 failed, 0 skipped"))

    def test_nothing_ran(self) -> None:
        """No test at all is a failure."""
        for ending in ("PASSED", "PASSED (skips=2)"):
            self.assertEqual(judge(f"Ran 0 tests in 0.0s\n\n{ending}\n", {})[0], 2)

    def test_list_needs_reasons(self) -> None:
        """A line without a reason is refused."""
        self.assertRaises(ValueError, read_allowed, "tests.live.*\n")
        self.assertRaises(ValueError, read_allowed, "tests.live.*  #\n")
