"""Maps in a process that scans: given at the start, swapped later, each one whole or not at all."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app import map_swap as module
from mailfilter.app.map_swap import MapSwap, give_all, renewed
from mailfilter.codec.control import MapFile, Maps
from mailfilter.testing.checks import make_maps


class SwapTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.maps = make_maps(partners=("names", "old.example\n"), ours=("networks", ""))
        self.alarms: list[str] = []
        self.reads: list[tuple[Deferred[Any], Callable[[], Any]]] = []
        self.patch(module, "in_background", self.in_background)
        self.swap = MapSwap(None, self.maps, self.alarms.append)

    def in_background(self, _reactor: object, work: Callable[[], Any]) -> Deferred[Any]:
        self.reads.append((Deferred(), work))
        return self.reads[-1][0]

    def read(self) -> None:
        """The oldest read under way ends."""
        done, work = self.reads.pop(0)
        try:
            done.callback(work())
        except Exception as error:
            done.errback(error)

    def take(self, *files: tuple[str, str, bytes]) -> None:
        self.swap.take(MapFile(*file) for file in files)

    def test_swap(self) -> None:
        self.take(("partners", "names", b"new.example\n"))
        self.assertIn("old.example", self.maps["partners"])
        self.read()
        self.assertIn("new.example", self.maps["partners"])
        self.assertNotIn("old.example", self.maps["partners"])
        self.assertEqual((self.reads, self.alarms), ([], []))

    def test_order(self) -> None:
        """One after the other; of several for one map the last."""
        for number in range(3):
            self.take(("partners", "names", f"{number}.example\n".encode()))
        self.take(("ours", "networks", b"10.0.0.0/8"))
        self.assertEqual(len(self.reads), 1)
        self.read()
        self.assertIn("0.example", self.maps["partners"])
        self.read()
        self.assertIn("2.example", self.maps["partners"])
        self.read()
        self.assertIn("10.1.1.1", self.maps["ours"])
        self.assertEqual(self.reads, [])

    def test_refused(self) -> None:
        """A map stays as it was; the next one is taken all the same."""
        self.take(("partners", "names", b".\n"), ("ours", "networks", b"10.0.0.0/8"))
        self.read()
        self.read()
        self.assertIn("old.example", self.maps["partners"])
        self.assertIn("10.1.1.1", self.maps["ours"])
        (text,) = self.alarms
        self.assertIn("map partners: what the master sent cannot be used: line 1", text)

    def test_of_others(self) -> None:
        """Maps of another configuration are left alone."""
        self.take(("partners", "networks", b"10.0.0.0/8"), ("theirs", "names", b"a"))
        self.assertEqual(self.reads, [])

    def test_start(self) -> None:
        files = [
            MapFile("partners", "names", b"a.example"),
            MapFile("ours", "networks", b"x"),
            MapFile("ours", "names", b"x"),
            MapFile("theirs", "names", b"x"),
        ]
        (text,) = give_all(self.maps, files)
        self.assertIn("map ours", text)
        self.assertIn("a.example", self.maps["partners"])

    def test_renewed(self) -> None:
        before = {"a": MapFile("a", "names", b"1"), "b": MapFile("b", "names", b"1")}
        files = (MapFile("a", "names", b"2"), MapFile("b", "networks", b"2"))
        message = Maps(files=(*files, MapFile("c", "names", b"2")))
        self.assertEqual(renewed(before, message), {"a": files[0]})
