"""Rules that take too long, or fail."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.rules.budget import MAX_OVERRUNS, TIMELY, Budget


class BudgetTests(SynchronousTestCase):
    """What is told, and when a rule is off."""

    def setUp(self) -> None:
        """Listen."""
        self.told: list[str] = []
        self.budget = Budget(self.told.append)

    def test_overruns(self) -> None:
        """A rule is off after so many of its own, which is told once."""
        for _ in range(MAX_OVERRUNS - 1):
            self.budget.overrun("A", "r.toml:1")
            self.budget.overrun("B", "r.toml:2")
        self.assertEqual((self.budget.off, self.told), (set(), []))
        self.budget.overrun("A", "r.toml:1")
        self.budget.overrun("A", "r.toml:1")
        self.assertEqual(self.budget.off, {"A"})
        expected = "rule A (r.toml:1) took more than 20 ms with 10 messages; it is off until"
        self.assertEqual([text[: len(expected)] for text in self.told], [expected])

    def test_failures(self) -> None:
        """A rule that fails is told once, whatever is in the text of its error."""
        for _ in range(3):
            self.budget.failed("A", "r.py:1", ValueError("caf\u00e9\n" + "x" * 1000))
        (text,) = self.told
        self.assertTrue(text.startswith("rule A (r.py:1) fails: ValueError: 'caf\\xe9\\nxx"), text)
        self.assertLess(len(text), 300)
        self.assertEqual(self.budget.off, set())

    def test_nobody(self) -> None:
        """Without anybody to tell, nothing is told."""
        budget = Budget()
        for _ in range(MAX_OVERRUNS):
            budget.overrun("A", "")
        self.assertEqual(budget.off, {"A"})

    def test_waits(self) -> None:
        """Who waits again and again is off; not who does so now and then."""
        for _ in range(5 * MAX_OVERRUNS):
            self.budget.waited("SELDOM", "r.py:1", True)
            for _ in range(TIMELY):
                self.budget.waited("SELDOM", "r.py:1", False)
        self.assertEqual(self.budget.off, set())
        for _ in range(MAX_OVERRUNS + 3):
            self.budget.waited("OFTEN", "r.py:2", True)
            self.budget.waited("OFTEN", "r.py:2", False)
        self.assertEqual(self.budget.off, {"OFTEN"})
        (text,) = self.told
        self.assertIn("rule OFTEN (r.py:2) waited more than 50 ms", text)
