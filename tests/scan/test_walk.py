"""How long a walk through the checks keeps the reactor."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count

from mailfilter.config.model import Config
from mailfilter.mail import Message
from mailfilter.scan import walk
from mailfilter.scan.check import Check, Hit
from mailfilter.scan.plan import build_plan
from mailfilter.scan.run import Scanner
from mailfilter.scan.verdict import Verdict
from mailfilter.testing.turns import Turns

from .case import ENVELOPE, ScanCase, finding

SMALL = b"Subject: x\r\n\r\nhttp://a.example/\r\n"
LARGE = SMALL + b"http://b.example/ and more text\r\n" * 4000


class WalkTests(ScanCase):
    """The clock of work goes on by so much with each look at it."""

    def turns(
        self,
        raw: bytes,
        step: float,
        checks: Sequence[type[Check]] = (),
        turns: Turns | None = None,
    ) -> tuple[Verdict, int]:
        """The verdict, and how many turns it took."""
        ticks = count()
        turns = turns or Turns(lambda: 0.0)
        work_clock: Callable[[], float] = lambda: next(ticks) * step  # noqa: E731
        config = Config()
        scanner = Scanner(build_plan(config, checks), config.scan, turns, work_clock=work_clock)
        return turns.run(scanner.scan(ENVELOPE, raw)), turns.count

    def test_read_in_turns(self) -> None:
        """A large message is read in pieces, with turns between them; a small one is not."""
        self.assertEqual(self.turns(SMALL, 1.0)[1], 1)
        self.assertEqual(self.turns(LARGE, 0.0)[1], 1)
        self.assertGreater(self.turns(LARGE, 1.0)[1], 5)

    def test_checks_in_turns(self) -> None:
        """Checks that take long have turns between them."""
        checks = [finding(f"c{number}", Hit(f"C{number}")) for number in range(3)]
        self.assertEqual(self.turns(SMALL, 0.0, checks)[1], 1)
        verdict, turns = self.turns(SMALL, 1.0, checks)
        self.assertEqual(turns, 1 + len(checks))
        self.assertEqual([run.check for run in verdict.runs], ["c0", "c1", "c2"])

    def test_endless_reading(self) -> None:
        """Reading ends with the time for the message."""
        clock = Turns(lambda: 0.0)

        def endless(_message: Message) -> Iterator[None]:
            for _ in range(1000):
                clock.rightNow += 1.0
                yield

        self.patch(walk, "read_ahead", endless)
        self.turns(LARGE, 1.0, turns=clock)
        self.assertLess(clock.seconds(), 100)

    def test_broken_reading(self) -> None:
        """A message that cannot be read costs the checks that read it, and nobody else."""

        def broken(_message: Message) -> Iterator[None]:
            yield
            raise ZeroDivisionError

        self.patch(walk, "read_ahead", broken)
        verdict, _ = self.turns(LARGE, 1.0, [finding("good", Hit("GOOD"))])
        self.assertEqual([one.name for one in verdict.symbols], ["GOOD"])
