"""Results of authentication as they are kept: the quick way keeps no more than the other."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.scan.findings import MAX_OPTION_CHARS, MAX_PROPERTIES, checked
from mailfilter.scan.verdict import AuthResult

LONG = "x" * (MAX_OPTION_CHARS + 1)
CUT = LONG[:-1]
MANY = tuple((f"fact{number}", "x") for number in range(MAX_PROPERTIES + 1))


class ResultTests(SynchronousTestCase):
    def kept(self, **fields: object) -> AuthResult:
        result = AuthResult("spf", "pass", **fields)  # type: ignore[arg-type]
        found = checked(result, 10)
        assert isinstance(found, AuthResult)
        return found

    def test_texts(self) -> None:
        self.assertEqual(self.kept(reason=LONG).reason, CUT)
        self.assertEqual(self.kept(comment=LONG).comment, CUT)
        self.assertEqual(self.kept(reason=CUT, comment=CUT).reason, CUT)

    def test_pairs(self) -> None:
        # Half of a value is another one.
        self.assertEqual(self.kept(properties=(("header.d", LONG),)).properties, ())
        self.assertEqual(self.kept(facts=(("rua", LONG),)).facts, ())
        self.assertEqual(self.kept(facts=(("rua", CUT),)).facts, (("rua", CUT),))

    def test_number_of_pairs(self) -> None:
        self.assertEqual(self.kept(facts=MANY).facts, MANY[:MAX_PROPERTIES])
        self.assertEqual(self.kept(facts=MANY[:-1]).facts, MANY[:-1])

    def test_plain(self) -> None:
        """What needs no change is kept as it is."""
        result = AuthResult(
            "dmarc", "fail", "why", "how", (("header.from", "a"),), (("p", "none"),)
        )
        self.assertIs(checked(result, 10), result)
