"""How long whoever guesses passwords must wait."""

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.servers import throttle as module
from mailfilter.servers.throttle import CROWDED_WAIT, MAX_WAIT, Throttle

A, B = "192.0.2.1", "2001:db8::/64"


class ThrottleTests(SynchronousTestCase):
    """Three failures within ten seconds."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.throttle = Throttle(3, 10.0, self.clock)

    def tried(self, source: str = A, attempt: bytes = b"x", times: int = 1) -> list[float]:
        """The waits that wrong passwords meet, one after the other."""
        waits = []
        for _ in range(times):
            waits.append(self.throttle.begin(source, attempt))
            if not waits[-1]:
                self.throttle.fail(source)
                self.throttle.end(source, attempt)
        return waits

    def test_failures(self) -> None:
        """After the last that is allowed the source waits; others do not."""
        self.assertEqual(self.tried(times=5), [0, 0, 0, 10, 10])
        self.assertEqual(self.tried(B), [0])
        self.clock.advance(9.5)
        self.assertEqual(self.tried(), [0.5])
        self.clock.advance(0.5)
        self.assertEqual(self.tried(), [0])

    def test_window(self) -> None:
        """Failures count as long as the window: no more fit into one, wherever it begins."""
        self.tried(times=2)
        self.clock.advance(9)
        self.assertEqual(self.tried(), [0])
        self.assertEqual(self.tried(), [10])
        self.clock.advance(10)
        self.tried(times=2)
        self.clock.advance(10)
        self.assertEqual(self.tried(times=3), [0, 0, 0])

    def test_twice_as_long(self) -> None:
        """Whoever goes on waits twice as long each time, up to a limit."""
        waits = []
        for _ in range(12):
            self.assertEqual(self.tried(times=3), [0, 0, 0])
            waits += self.tried()
            self.clock.advance(waits[-1])
        self.assertEqual(waits[:4], [10, 20, 40, 80])
        self.assertEqual(waits[-2:], [MAX_WAIT, MAX_WAIT])

    def test_forgotten(self) -> None:
        """Whoever does nothing wrong for as long as it had to wait begins anew."""
        self.tried(times=3)
        self.clock.advance(10)
        self.tried(times=3)
        self.assertEqual(self.tried(), [20])
        self.clock.advance(40)
        self.assertEqual(self.tried(times=4), [0, 0, 0, 10])

    def test_long_window(self) -> None:
        """A window above the limit is what there is to wait, each time."""
        self.throttle = Throttle(1, 86400.0, self.clock)
        for _ in range(3):
            self.assertEqual(self.tried(times=2), [0, 86400])
            self.clock.advance(86400)

    def test_success(self) -> None:
        """The right password clears what was wrong, which is told once."""
        self.assertFalse(self.throttle.succeed(A))
        self.tried(times=2)
        self.assertTrue(self.throttle.succeed(A))
        self.assertFalse(self.throttle.succeed(A))
        self.assertEqual(self.tried(times=4), [0, 0, 0, 10])

    def test_under_way(self) -> None:
        """Many at once are no way around: each counts as if it failed."""
        self.assertEqual(
            [self.throttle.begin(A, attempt) for attempt in (b"1", b"2", b"3", b"4")],
            [0, 0, 0, CROWDED_WAIT],
        )
        self.assertEqual(self.throttle.begin(B, b"4"), 0)
        self.throttle.end(A, b"1")
        self.assertEqual(self.throttle.begin(A, b"4"), 0)
        self.throttle.fail(A)
        self.throttle.end(A, b"2")
        self.assertEqual(self.throttle.begin(A, b"5"), CROWDED_WAIT)

    def test_same_password(self) -> None:
        """The pages of one browser, with one password, are one attempt."""
        self.assertEqual([self.throttle.begin(A, b"1") for _ in range(9)], [0] * 9)
        self.assertEqual(self.throttle.begin(A, b"2"), 0)
        self.assertEqual(self.throttle.begin(A, b"3"), 0)
        for _ in range(8):
            self.throttle.end(A, b"1")
        self.assertEqual(self.throttle.begin(A, b"4"), CROWDED_WAIT)
        self.throttle.end(A, b"1")
        self.assertEqual(self.throttle.begin(A, b"4"), 0)

    def test_elsewhere(self) -> None:
        """Failures that other processes tell count; more during a wait make it no longer."""
        self.assertEqual([self.throttle.fail(A) for _ in range(5)], [0, 0, 10, 0, 0])
        self.assertEqual(self.tried(), [10])
        self.throttle.succeed(A)
        self.assertEqual(self.tried(), [0])

    def test_bounded(self) -> None:
        """Of many sources the oldest is forgotten, but none that is at it."""
        self.patch(module, "MAX_SOURCES", 3)
        self.throttle.begin("busy", b"x")
        for number in range(9):
            self.tried(str(number))
        self.assertEqual(len(self.throttle), 3)
        self.throttle.end("busy", b"x")
        for name in "abc":
            self.throttle.begin(name, b"x")
        self.assertEqual(self.throttle.begin("d", b"x"), CROWDED_WAIT)
        self.assertEqual(self.throttle.fail("d"), 0)
        self.throttle.end("a", b"x")
        self.assertEqual(self.throttle.begin("d", b"x"), 0)
        self.assertEqual(len(self.throttle), 3)
