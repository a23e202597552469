"""Keys that sign mail, in a process that does: given at the start, renewed while it works."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app import key_swap as module
from mailfilter.app.key_swap import KeySwap, give_keys
from mailfilter.auth.signing_keys import SigningKeys
from mailfilter.codec.control import SigningFile
from tests.app.signing_case import key, pem


def file(number: int, domain: str = "a.example") -> SigningFile:
    return SigningFile(domain=domain, selector=f"s{number}", data=pem(number))


BAD = SigningFile(domain="b.example", selector="s", data=b"junk!")


class SwapTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.keys = SigningKeys()
        self.alarms: list[str] = []
        self.reads: list[tuple[Deferred[Any], Callable[[], Any]]] = []
        self.patch(module, "in_background", self.in_background)
        self.assertEqual(give_keys(self.keys, [file(1)]), [])
        self.swap = KeySwap(None, self.keys, self.alarms.append, [file(1)])

    def in_background(self, _reactor: object, work: Callable[[], Any]) -> Deferred[Any]:
        self.reads.append((Deferred(), work))
        return self.reads[-1][0]

    def read(self) -> None:
        """The oldest read under way ends."""
        done, work = self.reads.pop(0)
        done.callback(work())

    def selectors(self) -> list[str]:
        return [item.selector for item in self.keys.find("a.example")]

    def test_start(self) -> None:
        self.assertEqual(self.selectors(), ["s1"])
        (found,) = self.keys.find("a.example")
        self.assertEqual(found.private.public_key(), key(1).public_key())

    def test_bad_start(self) -> None:
        """The others are used."""
        (text,) = give_keys(self.keys, [BAD, file(2)])
        self.assertTrue(text.startswith("key s of b.example: cannot be used: "), text)
        self.assertEqual(self.selectors(), ["s2"])

    def test_renewed(self) -> None:
        """The old ones sign until the new ones are read."""
        self.swap.take([file(1), file(2)])
        self.assertEqual(self.selectors(), ["s1"])
        self.read()
        self.assertEqual(self.selectors(), ["s1", "s2"])
        self.swap.take([])
        self.read()
        self.assertEqual((self.selectors(), self.alarms), ([], []))

    def test_same(self) -> None:
        """Certificates alone were renewed."""
        self.swap.take([file(1)])
        self.assertEqual(self.reads, [])

    def test_quick(self) -> None:
        """Of what comes while others are read the last counts, and nothing else is used."""
        self.swap.take([file(2)])
        self.swap.take([file(3)])
        self.swap.take([file(4)])
        self.assertEqual(len(self.reads), 1)
        self.read()
        self.assertEqual(self.selectors(), ["s1"])
        self.read()
        self.assertEqual((self.selectors(), self.reads), (["s4"], []))

    def test_bad(self) -> None:
        self.swap.take([BAD, file(2)])
        self.read()
        self.assertEqual(self.selectors(), ["s2"])
        self.assertEqual(len(self.alarms), 1)

    def test_failed(self) -> None:
        """What nobody has foreseen leaves the old ones, and the next ones are read."""
        self.swap.take([file(2)])
        self.reads.pop()[0].errback(MemoryError())
        self.assertEqual(len(self.flushLoggedErrors(MemoryError)), 1)
        self.swap.take([file(3)])
        self.read()
        self.assertEqual(self.selectors(), ["s3"])

    def test_failed_while_more_came(self) -> None:
        """What came meanwhile is read, and not forgotten."""
        self.swap.take([file(2)])
        self.swap.take([file(3)])
        self.reads.pop()[0].errback(MemoryError())
        self.assertEqual(len(self.flushLoggedErrors(MemoryError)), 1)
        self.read()
        self.assertEqual(self.selectors(), ["s3"])

    def test_failed_and_told_again(self) -> None:
        """The same ones are not taken for what there is already."""
        self.swap.take([file(2)])
        self.reads.pop()[0].errback(MemoryError())
        self.assertEqual(len(self.flushLoggedErrors(MemoryError)), 1)
        self.swap.take([file(2)])
        self.read()
        self.assertEqual(self.selectors(), ["s2"])

    def test_no_thread(self) -> None:
        """There is one the next time."""

        def none_left(*_arguments: object) -> None:
            raise RuntimeError("can't start new thread")

        self.patch(module, "in_background", none_left)
        self.swap.take([file(2)])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.patch(module, "in_background", self.in_background)
        self.swap.take([file(2)])
        self.read()
        self.assertEqual(self.selectors(), ["s2"])
