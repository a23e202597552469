"""Names of members, and how many may be listed."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.mail.archive import ArchiveBudget, ArchiveListing, Found, Member


class FoundTests(SynchronousTestCase):
    def test_names(self) -> None:
        for name, expected in (
            ("a.txt", set()),
            ("folder/..a..b/x..", set()),
            ("../a", {"above"}),
            ("a\\..\\b", {"above"}),
            ("..", {"above"}),
            ("a\0.exe", {"odd"}),
            ("a" + " " * 20 + ".exe", {"odd"}),
            ("a\u202etxt.exe", {"unseen"}),
            ("a.e\u200bxe", {"unseen"}),
            ("\u00fc.txt", set()),
            ("folder/Icon\r", set()),
            ("Icon\r.exe", {"odd"}),
            ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.pdf", set()),
            ("\u200e\u05d0.pdf", set()),
            ("\U0001f468\u200d\U0001f469.jpg", set()),
        ):
            found = Found("zip", ArchiveBudget())
            self.assertTrue(found.add(Member(name)))
            self.assertEqual(found.traits, expected, name)

    def test_room(self) -> None:
        found = Found("zip", ArchiveBudget(members=1))
        self.assertTrue(found.add(Member("a")))
        self.assertFalse(found.add(Member("b")))
        found.stop("broken")
        self.assertEqual(
            found.listing(), ArchiveListing("zip", (Member("a"),), frozenset(), "members")
        )

    def test_take(self) -> None:
        found = Found("zip", ArchiveBudget())
        inner = ArchiveListing("rar", (Member("x"),), frozenset({"volume", "odd"}), "broken")
        found.take(inner, "a.rar")
        expected = ArchiveListing(
            "zip", (Member("x", within="a.rar"),), frozenset({"odd"}), "broken"
        )
        self.assertEqual(found.listing(), expected)
