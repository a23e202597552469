"""What a resolver counts, under the names that it has in metrics."""

from bisect import bisect_left
from collections import Counter

from ..codec.control import Histogram

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the classes of times until an answer."""


class Statistics:
    """Of one resolver since its start."""

    __slots__ = (
        "_counts",
        "_total",
        "busy",
        "failures",
        "hits",
        "ignored",
        "misses",
        "queries",
        "replies",
        "retries",
        "shared",
        "tcp",
        "timeouts",
    )

    def __init__(self) -> None:
        self.hits = 0
        """Questions answered from the cache; failures in it count, too."""
        self.misses = 0
        """Questions for which a server is asked."""
        self.shared = 0
        """Questions that waited for the answer to the same one, under way already."""
        self.busy = 0
        """Questions refused since too many are under way."""
        self.queries = 0
        """Sent, by UDP or TCP."""
        self.retries = 0
        """Those of them that repeat one that has failed, or ask another way."""
        self.tcp = 0
        """Those of them by TCP."""
        self.timeouts = 0
        """Queries that were not answered in time."""
        self.replies: Counter[str] = Counter()
        """Code -> how many."""
        self.ignored: Counter[str] = Counter()
        """Reason -> packets that answer no query of ours."""
        self.failures: Counter[str] = Counter()
        """Reason -> questions that ended without an answer."""
        self._counts = [0] * (len(SECONDS) + 1)
        self._total = 0.0

    def took(self, seconds: float) -> None:
        """A question has ended so long after it began."""
        self._counts[bisect_left(SECONDS, seconds)] += 1
        self._total += seconds

    def counters(self) -> dict[str, int]:
        """All counts, from the start on those that have no label."""
        counts = {
            "dns/cache_hits": self.hits,
            "dns/cache_misses": self.misses,
            "dns/shared": self.shared,
            "dns/busy": self.busy,
            "dns/queries": self.queries,
            "dns/retries": self.retries,
            "dns/tcp": self.tcp,
            "dns/timeouts": self.timeouts,
        }
        for kind, several in (
            ("replies", self.replies),
            ("ignored", self.ignored),
            ("failures", self.failures),
        ):
            counts |= {f"dns/{kind}/{name}": count for name, count in several.items()}
        return counts

    def histograms(self) -> dict[str, Histogram]:
        """How long questions take that the cache does not answer."""
        return {"dns_seconds": Histogram(SECONDS, tuple(self._counts), self._total)}
