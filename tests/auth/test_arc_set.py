"""Sets of ARC fields: what is one, and what is none (specs: bad-input.md row 30)."""

from collections.abc import Iterable

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.auth.arc_set import (
    RESULTS,
    SEAL,
    SIGNATURE,
    ArcError,
    arc_sets,
    highest_instance,
    results_of,
)
from mailfilter.mail.canon import Canonical, CanonicalBody, Field

AAR, AMS, AS = (
    "ARC-Authentication-Results: i=%s; a.test; none",
    "ARC-Message-Signature: a=rsa-sha256; i=%s; d=a.test",
    "ARC-Seal: a=rsa-sha256; cv=none; i=%s; d=a.test",
)


def message_of(lines: Iterable[str]) -> Canonical:
    """A message with these fields and no body."""
    fields = [
        Field(line.partition(":")[0].lower().encode(), f"{line}\r\n".encode()) for line in lines
    ]
    return Canonical(fields, CanonicalBody(b""))


def set_of(instance: object) -> list[str]:
    """The fields of one set, as they stand in a message."""
    return [AS % instance, AMS % instance, AAR % instance]


class SetTests(SynchronousTestCase):
    def test_none(self) -> None:
        message = message_of(["From: a@b.test"])
        self.assertEqual(arc_sets(message), ())
        self.assertEqual(highest_instance(message), 0)

    def test_some(self) -> None:
        """In any order."""
        message = message_of([*set_of(2), "From: a@b.test", *reversed(set_of(1)), *set_of(3)])
        found = arc_sets(message)
        self.assertEqual([one.instance for one in found], [1, 2, 3])
        for one in found:
            fields = one.sealed_fields()
            self.assertEqual([field.name for field in fields], [RESULTS, SIGNATURE, SEAL])
            self.assertTrue(all(b"i=%d;" % one.instance in field.raw for field in fields))
        self.assertEqual(results_of(found[1].results), b" a.test; none\r\n")

    def test_written_otherwise(self) -> None:
        (found,) = arc_sets(
            message_of([AS % "\r\n\t 1 ", AMS % " 1", "ARC-Authentication-Results:\r\n i = 1 ;x"])
        )
        self.assertEqual(results_of(found.results), b"x\r\n")

    def test_most(self) -> None:
        fields = [line for n in range(1, 51) for line in set_of(n)]
        self.assertEqual(len(arc_sets(message_of(fields))), 50)
        self.assertEqual(highest_instance(message_of(fields)), 50)

    def refused(self, lines: Iterable[str]) -> str:
        return str(self.assertRaises(ArcError, arc_sets, message_of(lines)))

    def test_too_many(self) -> None:
        """Whatever they are, nobody reads them."""
        for line, name in ((AAR, "AAR"), (AMS, "AMS"), (AS, "AS")):
            lines = [line % 1] * 51
            self.assertEqual(self.refused(lines), f"more than 50 fields {name}")
            self.assertEqual(highest_instance(message_of(lines)), 50)
        lines = [line for n in range(1, 52) for line in set_of(n)]
        self.assertEqual(self.refused(lines), "more than 50 fields AAR")

    def test_instances(self) -> None:
        for bad in ("0", "51", "1000000000", "-1", "+1", "01", "1.0", "", "x", "1 1", "\u0661"):
            for at, name in enumerate(("AS", "AMS", "AAR")):
                lines = set_of(1)
                lines[at] = (AS, AMS, AAR)[at] % bad
                said = f"{name} has no instance (i=) from 1 to 50"
                self.assertEqual(self.refused(lines), said, bad)
                self.assertEqual(highest_instance(message_of(lines)), 1)

    def test_no_instance(self) -> None:
        for at, line in enumerate(
            ("ARC-Seal: a=b", "ARC-Message-Signature:", f"{AAR[:27]} a.test")
        ):
            lines = set_of(1)
            lines[at] = line
            self.assertIn("has no instance", self.refused(lines))

    def test_results_instance(self) -> None:
        """It stands in front, and nowhere else."""
        for value in ("a.test; i=1; none", "i=1 a.test", "(i=2) i=1; a.test", "I=1; a.test"):
            lines = [AS % 1, AMS % 1, f"ARC-Authentication-Results: {value}"]
            self.assertIn("AAR has no instance", self.refused(lines))

    def test_two_instances(self) -> None:
        for second in ("1", "2", ""):
            said = "has no instance (i=) from 1 to 50"
            self.assertIn(f"AS {said}", self.refused([AS % f"1; i={second}", AMS % 1, AAR % 1]))
            self.assertIn(f"AMS {said}", self.refused([AS % 1, AMS % f"1;i ={second}", AAR % 1]))

    def test_missing(self) -> None:
        for at, name in enumerate(("AS", "AMS", "AAR")):
            lines = set_of(2)
            del lines[at]
            said = f"{name} of instance 2 is missing"
            self.assertEqual(self.refused([*lines, *set_of(1)]), said)

    def test_gap(self) -> None:
        self.assertEqual(self.refused(set_of(2)), "AAR of instance 1 is missing")
        self.assertEqual(self.refused([*set_of(3), *set_of(1)]), "AAR of instance 2 is missing")

    def test_doubles(self) -> None:
        for line, name in ((AAR, "AAR"), (AMS, "AMS"), (AS, "AS")):
            said = f"two fields {name} of instance 1"
            self.assertEqual(self.refused([*set_of(1), line % 1]), said)
