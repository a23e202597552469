"""What URLs of one message may cost."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.url_budget import UrlBudget
from mailfilter.mail.url_parse import MAX_URL


class BudgetTests(SynchronousTestCase):
    def test_again(self) -> None:
        """The same text, and the same host, are read and paid for once."""
        budget = UrlBudget(different=2, hosts=1)
        first = budget.read_url("http://a.example/1")
        self.assertIs(budget.read_url("http://a.example/1"), first)
        self.assertIsNotNone(budget.read_url("http://a.example/2"))
        self.assertFalse(budget.is_spent)
        self.assertTrue(budget.is_over)
        self.assertIsNone(budget.read_url("http://a.example/3"))
        self.assertTrue(budget.is_spent)

    def test_refused(self) -> None:
        """What is no URL is known as such, too."""
        budget = UrlBudget(different=1)
        self.assertIsNone(budget.read_url("nothing"))
        self.assertIsNone(budget.read_url("nothing"))
        self.assertFalse(budget.is_spent)

    def test_long(self) -> None:
        """Long texts are not kept, and so paid for again."""
        budget = UrlBudget(different=2)
        text = "http://a.example/" + "x" * MAX_URL
        for expected in (True, True, False):
            self.assertIs(budget.read_url(text) is not None, expected)

    def test_odd(self) -> None:
        """Hosts of other scripts cost their characters; ASCII is free."""
        for text in ("яя.example", "%61.example", "XN--a.example"):
            budget = UrlBudget(odd_characters=len(text))
            self.assertIsNotNone(budget.read_host(text), text)
            self.assertIsNone(budget.read_host("b" + text), text)
            self.assertIsNotNone(budget.read_host("c.example"), text)

    def test_left(self) -> None:
        for name, take in (
            ("urls", UrlBudget.take_url),
            ("mailboxes", UrlBudget.take_mailbox),
            ("misses", UrlBudget.take_miss),
        ):
            budget = UrlBudget(**{name: 2})
            self.assertEqual([take(budget) for _ in range(4)], [True, True, False, False], name)
            self.assertTrue(budget.is_spent)
