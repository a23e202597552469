"""What is remembered, and for how long."""

from typing import Any, Literal

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns_answer import Answer, DnsTimeout, Kind, Question
from mailfilter.config.model import Dns
from mailfilter.net.cache import FAILURE_SECONDS, MAX_OCTETS, MEAN_OCTETS, Cache, Failed


def question(number: int = 0) -> Question:
    """Different ones."""
    return Question(f"n{number}.example", Kind.TXT)


def answer(
    number: int = 0, ttl: float = 60.0, status: Literal["found", "nodata", "nxdomain"] = "found"
) -> Answer:
    """To `question` of the same number."""
    records = (b"text",) if status == "found" else ()
    return Answer(question(number), status, records, ttl, True, f"n{number}.example")


class CacheTests(SynchronousTestCase):
    """One cache, at times that the tests say."""

    def setUp(self) -> None:
        """A usual one."""
        self.cache = Cache(Dns())

    def test_time_left(self) -> None:
        """An answer is what it was, with less time left, until none is."""
        self.cache.keep_answer(answer(), 100, 10.0)
        self.assertEqual(self.cache.find(question(), 10.0), answer())
        self.assertEqual(self.cache.find(question(), 69.0), answer(ttl=1.0))
        self.assertIsNone(self.cache.find(question(), 70.0))
        self.assertEqual(len(self.cache), 0)

    def test_other_questions(self) -> None:
        """Name and kind must be those that were asked."""
        self.cache.keep_answer(answer(), 100, 0.0)
        self.assertIsNone(self.cache.find(question(1), 0.0))
        self.assertIsNone(self.cache.find(Question(question().name, Kind.A), 0.0))

    def test_no_time(self) -> None:
        """An answer without time is not remembered, and ends an older one."""
        self.cache.keep_answer(answer(), 100, 0.0)
        self.cache.keep_answer(answer(ttl=0.0), 100, 1.0)
        self.assertIsNone(self.cache.find(question(), 1.0))

    def test_longest(self) -> None:
        """Time is bounded, that of nothing by another bound."""
        cache = Cache(Dns(max_ttl=50.0, max_negative_ttl=20.0))
        long = 2.0**31
        cache.keep_answer(answer(1, long), 100, 0.0)
        cache.keep_answer(answer(2, long, "nodata"), 100, 0.0)
        cache.keep_answer(answer(3, long, "nxdomain"), 100, 0.0)
        self.assertEqual(cache.find(question(1), 0.0), answer(1, 50.0))
        self.assertEqual(cache.find(question(2), 0.0), answer(2, 20.0, "nodata"))
        self.assertEqual(cache.find(question(3), 0.0), answer(3, 20.0, "nxdomain"))

    def test_failure(self) -> None:
        """It is remembered for some seconds; each raises its own exception."""
        failed = Failed(DnsTimeout)
        self.cache.keep_failure(question(), failed, 0.0)
        found: Any = self.cache.find(question(), FAILURE_SECONDS / 2)
        self.assertEqual(found, failed)
        self.assertIsInstance(found.of(question()), DnsTimeout)
        self.assertIsNot(found.of(question()), found.of(question()))
        self.assertIsNone(self.cache.find(question(), FAILURE_SECONDS))

    def test_number(self) -> None:
        """What was not used for longest goes first."""
        cache = Cache(Dns(cache_size=3))
        for number in range(3):
            cache.keep_answer(answer(number), 100, 0.0)
        cache.find(question(0), 0.0)
        cache.keep_answer(answer(3), 100, 0.0)
        kept = [number for number in range(4) if cache.find(question(number), 0.0)]
        self.assertEqual(kept, [0, 2, 3])

    def test_octets(self) -> None:
        """Long answers count for more, far too long ones are not kept, and replaced ones go."""
        cache = Cache(Dns(cache_size=100))
        for number in range(100):
            cache.keep_answer(answer(number), 5 * MEAN_OCTETS, 0.0)
            cache.keep_answer(answer(number), 10 * MEAN_OCTETS, 0.0)
        self.assertEqual(len(cache), 10)
        cache.keep_answer(answer(1000), MAX_OCTETS + 1, 0.0)
        self.assertIsNone(cache.find(question(1000), 0.0))
        self.assertEqual(len(cache), 10)

    def test_none(self) -> None:
        """A cache of nothing."""
        cache = Cache(Dns(cache_size=0))
        cache.keep_answer(answer(), 100, 0.0)
        cache.keep_failure(question(1), Failed(DnsTimeout), 0.0)
        self.assertEqual(len(cache), 0)
