"""What is remembered, and for how long."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.dns_answer import Answer, DnsTimeout, Kind, Mx, Question, Soa
from mailfilter.config.model import Dns
from mailfilter.net.cache import FAILURE_SECONDS, MEAN_OCTETS, Cache, Failed


def question(number: int = 0) -> Question:
    """Different ones."""
    return Question(f"n{number}.example", Kind.TXT)


def answer(
    number: int = 0, ttl: float = 60.0, status: Literal["found", "nodata", "nxdomain"] = "found"
) -> Answer:
    """To `question` of the same number."""
    records = (b"text",) if status == "found" else ()
    return Answer(question(number), status, records, ttl, True, f"n{number}.example")


def long_answer(number: int, times: int, ttl: float = 60.0) -> Answer:
    """So many times `MEAN_OCTETS`, and a bit."""
    return replace(answer(number, ttl), records=(b"x" * MEAN_OCTETS * times,))


TAIL = ".".join(["a" * 60] * 3)

MANY: dict[Kind, Callable[[int], Any]] = {
    Kind.A: lambda at: IPv4Address(2**31 + at),
    Kind.AAAA: lambda at: IPv6Address(2**127 + at),
    Kind.MX: lambda at: Mx(1000 + at, f"{at}.{TAIL}"),
    Kind.PTR: lambda at: f"{at}.{TAIL}",
    Kind.TXT: lambda at: b"%d" % at,
    Kind.SOA: lambda at: Soa(f"{at}.{TAIL}", f"{at}.b.{TAIL}", *range(1000, 1005)),
}
"""Records by number."""


def memory_of(cache: Cache, kind: Kind, record: Callable[[int], Any]) -> int:
    """Octets that a cache takes with answers of 1, 2, 4... records, far more than it can keep."""
    tracemalloc.start()
    try:
        for number in range(400):
            asked = Question(f"n{number}.test", kind)
            records = tuple(record(512 * number + at) for at in range(2 ** (number % 10)))
            cache.keep_answer(
                Answer(asked, "found", records, 60.0, False, f"a{number}.test"),
                0.0,
            )
        del asked, records
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


class CacheTests(SynchronousTestCase):
    """One cache, at times that the tests say."""

    def setUp(self) -> None:
        """A usual one."""
        self.cache = Cache(Dns())

    def test_time_left(self) -> None:
        """An answer is what it was, with less time left, until none is."""
        self.cache.keep_answer(answer(), 10.0)
        self.assertEqual(self.cache.find(question(), 10.0), answer())
        self.assertEqual(self.cache.find(question(), 69.0), answer(ttl=1.0))
        self.assertIsNone(self.cache.find(question(), 70.0))
        self.assertEqual(len(self.cache), 0)

    def test_other_questions(self) -> None:
        """Name and kind must be those that were asked."""
        self.cache.keep_answer(answer(), 0.0)
        self.assertIsNone(self.cache.find(question(1), 0.0))
        self.assertIsNone(self.cache.find(Question(question().name, Kind.A), 0.0))

    def test_no_time(self) -> None:
        """An answer without time is not remembered, and ends an older one."""
        self.cache.keep_answer(answer(), 0.0)
        self.cache.keep_answer(answer(ttl=0.0), 1.0)
        self.assertIsNone(self.cache.find(question(), 1.0))

    def test_longest(self) -> None:
        """Time is bounded, that of nothing by another bound."""
        cache = Cache(Dns(max_ttl=50.0, max_negative_ttl=20.0))
        long = 2.0**31
        cache.keep_answer(answer(1, long), 0.0)
        cache.keep_answer(answer(2, long, "nodata"), 0.0)
        cache.keep_answer(answer(3, long, "nxdomain"), 0.0)
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
            cache.keep_answer(answer(number), 0.0)
        cache.find(question(0), 0.0)
        cache.keep_answer(answer(3), 0.0)
        kept = [number for number in range(4) if cache.find(question(number), 0.0)]
        self.assertEqual(kept, [0, 2, 3])

    def test_octets(self) -> None:
        """Long answers count for more, far too long ones are not kept, and replaced ones go."""
        cache = Cache(Dns(cache_size=100))
        for number in range(100):
            cache.keep_answer(long_answer(number, 5), 0.0)
            cache.keep_answer(long_answer(number, 10), 0.0)
        self.assertEqual(len(cache), 9)
        cache.keep_answer(long_answer(1000, 16), 0.0)
        self.assertIsNone(cache.find(question(1000), 0.0))
        self.assertEqual(len(cache), 9)

    def test_octets_of_what_is_over(self) -> None:
        """They count no more when the time of an answer is over."""
        cache = Cache(Dns(cache_size=100))
        for number in range(9):
            cache.keep_answer(long_answer(number, 10, ttl=10.0), 0.0)
            self.assertIsNone(cache.find(question(number), 10.0))
        for number in range(9):
            cache.keep_answer(long_answer(number, 10), 10.0)
        self.assertEqual(len(cache), 9)

    def test_memory(self) -> None:
        """Whatever the records are, and however short they were in their packets."""
        for kind, records in MANY.items():
            cache = Cache(Dns(cache_size=100))
            self.assertLess(memory_of(cache, kind, records), 100 * MEAN_OCTETS, kind)
            self.assertTrue(len(cache), kind)

    def test_long_names(self) -> None:
        """Those of questions count, too, answered or not."""
        cache = Cache(Dns(cache_size=100))
        for number in range(100):
            name = f"{number:03}" + "x" * MEAN_OCTETS
            cache.keep_failure(Question(name, Kind.A), Failed(DnsTimeout), 0.0)
            self.assertLess(len(cache), 64)

    def test_none(self) -> None:
        """A cache of nothing."""
        cache = Cache(Dns(cache_size=0))
        cache.keep_answer(answer(), 0.0)
        cache.keep_failure(question(1), Failed(DnsTimeout), 0.0)
        self.assertEqual(len(cache), 0)
