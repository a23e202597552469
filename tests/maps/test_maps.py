"""Maps as checks have them: found by name, changed while checks hold on to them."""

from collections.abc import Sequence

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import CheckSettings, Config
from mailfilter.config.model import Map as Settings
from mailfilter.maps import Found, MapError, Maps, UnknownMapError, patterns, read_table
from mailfilter.scan.check import Check, Finding, Given, Hit, Symbol
from mailfilter.scan.plan import PlanError, build_plan
from mailfilter.scan.task import Task
from mailfilter.testing.checks import make_maps, run_check, scan_message, symbols_of

MESSAGE = b"Subject: Win a prize\r\n\r\nText.\r\n"


class Listed(Check):
    """Looks up the subject in a map that its options name."""

    name = "listed"
    options = ("map",)
    symbols = {"LISTED": Symbol(1.0, "test", "The subject is listed")}

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self.map = given.maps[str(given.options.get("map", "subjects"))]

    def run(self, task: Task) -> Sequence[Finding]:
        found = self.map.find(task.message.subject)
        return [] if found is None else [Hit("LISTED", options=(found.key, found.value))]


class MapsTests(SynchronousTestCase):
    """`Maps` and `Map`."""

    def test_names(self) -> None:
        maps = make_maps(partners=("names", "example.org\n"), ours=("networks", "10.0.0.0/8"))
        self.assertEqual(list(maps), ["partners", "ours"])
        self.assertEqual(len(maps), 2)
        self.assertIn("ours", maps)
        self.assertIn("10.1.1.1", maps["ours"])
        self.assertNotIn("11.1.1.1", maps["ours"])
        with self.assertRaises(UnknownMapError) as caught:
            maps["theirs"]
        self.assertEqual(str(caught.exception), "no map is named theirs; maps: ours, partners")
        self.assertIsNone(maps.get("theirs"))
        with self.assertRaises(UnknownMapError) as caught:
            Maps({})["x"]
        self.assertEqual(str(caught.exception), "no map is named x; maps: none")

    def test_figures(self) -> None:
        maps = make_maps(partners=("names", "example.org\n"))
        found = maps["partners"]
        for name in ("example.org", "example.com", "example.org"):
            found.find(name)
        self.assertEqual((found.size, found.lookups, found.hits, found.timeouts), (1, 3, 2, 0))
        counted = {"map_lookups/partners": 3, "map_hits/partners": 2, "map_timeouts/partners": 0}
        self.assertEqual(maps.counters(), counted)

    def test_swap(self) -> None:
        """Who holds a map sees what is in it now; what cannot be read changes nothing."""
        maps = make_maps(partners=("names", "example.org\n"))
        held = maps["partners"]
        held.use(read_table("names", b"example.com\n"))
        self.assertEqual(held.find("example.com"), Found("example.com"))
        self.assertIsNone(held.find("example.org"))
        with self.assertRaises(MapError):
            maps.give("partners", b"\xff")
        self.assertEqual(held.size, 1)

    def test_time(self) -> None:
        """A lookup that takes too long finds nothing, and is told of once a minute."""
        self.patch(patterns, "SECONDS", 0.0)
        found = make_maps(subjects=("patterns", "/win/\n"))["subjects"]
        with capturedLogs() as captured:
            self.assertIsNone(found.find("win"))
            self.assertIsNone(found.find("win"))
        self.assertEqual((found.timeouts, found.hits), (2, 0))
        (text,) = map(formatEvent, captured)
        self.assertIn("map subjects: a lookup was given up: '/win/'", text)


class CheckTests(SynchronousTestCase):
    """Checks with maps."""

    def test_run_check(self) -> None:
        maps = make_maps(subjects=("patterns", "/^win/i money\n"))
        found = run_check(Listed, MESSAGE, maps=maps)
        self.assertEqual(symbols_of(found), {"LISTED": ("/^win/i", "money")})
        maps.give("subjects", b"/lose/\n")
        self.assertEqual(run_check(Listed, MESSAGE, maps=maps), [])

    def test_scan_message(self) -> None:
        maps = make_maps(subjects=("patterns", "/^win/i money\n"))
        verdict = self.successResultOf(scan_message(MESSAGE, [Listed], maps=maps))
        self.assertEqual([item.name for item in verdict.symbols], ["LISTED"])

    def test_plan(self) -> None:
        """Checks hold the maps of their plan, and a missing map is a mistake of theirs."""
        settings = {"subjects": Settings(kind="patterns", file="/x")}
        plan = build_plan(Config(maps=settings), [Listed])
        check = plan.steps[0].check
        assert isinstance(check, Listed)
        plan.maps.give("subjects", b"/x/\n")
        self.assertEqual(check.map.size, 1)
        config = Config(maps=settings, checks={"listed": CheckSettings(options={"map": "subject"})})
        with self.assertRaises(PlanError) as caught:
            build_plan(config, [Listed])
        self.assertEqual(
            str(caught.exception),
            "checks.listed.options: no map is named subject; maps: subjects",
        )
