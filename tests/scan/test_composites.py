"""Composites: reading expressions, firing, and what they take from their parts."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Composite
from mailfilter.scan.composites import (
    Expression,
    ExpressionError,
    Fault,
    Removal,
    make_composites,
    usable_composites,
)

GROUPS = {
    "A": "one",
    "B": "one",
    "C": "two",
    "D": "two",
    "X": "composite",
    "Y": "composite",
    "Z": "composite",
}
BOTH = Removal.SCORE | Removal.SYMBOL


def holds(text: str, *fired: str) -> bool:
    return Expression(text).holds(lambda atom: (atom.name,) if atom.name in fired else ())


def apply(
    composites: dict[str, Composite], **scores: float
) -> tuple[list[str], dict[str, Removal]]:
    made, errors = make_composites(composites, GROUPS)
    assert not errors
    return made.apply(scores, {name: item.score for name, item in composites.items()}.get)


class ExpressionTests(SynchronousTestCase):
    def test_truth(self) -> None:
        table = {
            "A": {"A": True, "": False, "B": False},
            "A & B": {"A": False, "AB": True},
            "A | B & C": {"A": True, "B": False, "BC": True},
            "(A | B) & C": {"A": False, "AC": True},
            "!A": {"": True, "A": False},
            "!(A & B) | C": {"AB": False, "ABC": True, "A": True},
            "A and not B or C": {"A": True, "AB": False, "C": True},
            "-A & ~B": {"AB": True, "A": False},
        }
        for text, cases in table.items():
            for fired, expected in cases.items():
                self.assertEqual(holds(text, *fired), expected, (text, fired))

    def test_errors(self) -> None:
        for text in ("", "A &", "& A", "(A", "A)", "A B", "A & $", "!", "~", "A | | B"):
            self.assertRaises(ExpressionError, Expression, text)

    def test_depth(self) -> None:
        Expression("(" * 20 + "A" + ")" * 20)
        self.assertRaises(ExpressionError, Expression, "(" * 5000 + "A" + ")" * 5000)
        self.assertRaises(ExpressionError, Expression, "!" * 5000 + "A")


class FiringTests(SynchronousTestCase):
    def test_policies(self) -> None:
        table = {
            "remove_all": BOTH,
            "remove_weight": Removal.SCORE,
            "remove_symbol": Removal.SYMBOL,
            "leave": Removal.NOTHING,
        }
        for policy, removal in table.items():
            composite = Composite(expression="A & B", policy=policy)  # type: ignore[arg-type]
            fired, removals = apply({"X": composite}, A=1, B=2)
            self.assertEqual((fired, removals), (["X"], {"A": removal, "B": removal}))

    def test_does_not_fire(self) -> None:
        self.assertEqual(apply({"X": Composite(expression="A & B")}, A=1), ([], {}))

    def test_marks(self) -> None:
        composite = Composite(expression="-A & ~B & ^C")
        _fired, removals = apply({"X": composite}, A=1, B=1, C=1)
        self.assertEqual(removals, {"A": Removal.NOTHING, "B": Removal.SYMBOL, "C": BOTH})

    def test_negated_parts_stay(self) -> None:
        """What an expression wants absent is not a part of it."""
        _fired, removals = apply({"X": Composite(expression="A & !(B & C)")}, A=1, B=1)
        self.assertEqual(removals, {"A": BOTH})

    def test_disagreement(self) -> None:
        taking = Composite(expression="A")
        keeping = Composite(expression="-A")
        forcing = Composite(expression="^A")
        self.assertEqual(apply({"X": taking, "Y": keeping}, A=1)[1], {"A": Removal.NOTHING})
        self.assertEqual(apply({"X": keeping, "Y": forcing}, A=1)[1], {"A": BOTH})

    def test_groups(self) -> None:
        composite = Composite(expression="g+:one & g-:two")
        fired, removals = apply({"X": composite}, A=1, B=0, C=-1, D=2)
        self.assertEqual(fired, ["X"])
        self.assertEqual(removals, {"A": BOTH, "C": BOTH})
        self.assertEqual(apply({"X": Composite(expression="g:one")}, C=1)[0], [])

    def test_composites_of_composites(self) -> None:
        """The order in the configuration does not matter, and all see what fired at first."""
        composites = {"X": Composite(expression="Y & B"), "Y": Composite(expression="A")}
        fired, removals = apply(composites, A=1, B=1)
        self.assertEqual(fired, ["Y", "X"])
        self.assertEqual(set(removals), {"A", "B", "Y"})

    def test_circle(self) -> None:
        composites = {"X": Composite(expression="Y"), "Y": Composite(expression="X")}
        _made, errors = make_composites(composites, GROUPS)
        self.assertEqual(len(errors), 1)
        self.assertIn("circle", errors[0].text)

    def test_errors(self) -> None:
        """Everything in each composite that cannot be used is named."""
        composites = {
            "X": Composite(expression="NOBODY & g:twoo"),
            "Z": Composite(expression="A |"),
        }
        self.assertEqual(
            make_composites(composites, GROUPS)[1],
            [
                Fault("X", "no symbol is named NOBODY", unknown="symbol"),
                Fault("X", "no symbol is in group twoo", "did you mean two?", "group"),
                Fault("Z", "something is missing at the end of 'A |'"),
            ],
        )

    def test_that_does_not_count(self) -> None:
        """A composite that does not count takes nothing from its parts either."""
        made, _errors = make_composites({"X": Composite(expression="A")}, GROUPS)
        self.assertEqual(made.apply({"A": 1.0}, lambda _name: None), ([], {}))

    def test_switched_off(self) -> None:
        composite = Composite(expression="A", enabled=False)
        self.assertEqual(apply({"X": composite}, A=1), ([], {}))


class WakingTests(SynchronousTestCase):
    """Only those are asked of which something has fired that they cannot be without."""

    def needs(self, text: str) -> set[str] | None:
        found = Expression(text).needs
        return None if found is None else set(found)

    def test_needs(self) -> None:
        for text, needs in (
            ("A", {"A"}),
            ("A | B", {"A", "B"}),
            ("(A | B) & C", {"C"}),
            ("A & !B", {"A"}),
            ("!A", None),
            ("A | !B", None),
            ("!A & !B", None),
            ("!!A", None),
            ("g+:one & !A", {"g+:one"}),
        ):
            self.assertEqual(self.needs(text), needs, text)

    def test_without_anything(self) -> None:
        """One that asks for absence holds for a message of which nothing else fired."""
        self.assertEqual(apply({"X": Composite(expression="!A")}), (["X"], {}))

    def test_woken_by_a_composite(self) -> None:
        composites = {
            "X": Composite(expression="g:composite & !B"),
            "Y": Composite(expression="Z | C"),
            "Z": Composite(expression="A"),
        }
        made, _errors = make_composites(composites, GROUPS)
        fired, _removals = made.apply({"A": 1.0}, lambda _name: 0.0)
        self.assertIn("Z", fired)
        self.assertIn("Y", fired)


class ShippedTests(SynchronousTestCase):
    """Composites of the package."""

    def test_unknown_parts(self) -> None:
        """What nothing declares never fires; that is no mistake of the operator's."""
        shipped = {"X": Composite(expression="A & (NOBODY | g:nothing | B)", score=3.0)}
        made, errors = make_composites({}, GROUPS, shipped)
        self.assertEqual(errors, [])
        self.assertEqual(made.apply({"A": 1.0}, lambda _name: 3.0)[0], [])
        self.assertEqual(made.apply({"A": 1.0, "B": 1.0}, lambda _name: 3.0)[0], ["X"])

    def test_usable(self) -> None:
        """Those that can never fire are not there, nor are those that need them."""
        shipped = {
            "ONE": Composite(expression="A & NOBODY"),
            "TWO": Composite(expression="ONE & B"),
            "THREE": Composite(expression="B & !NOBODY & (A | NOBODY)"),
            "FOUR": Composite(expression="g:nothing"),
            "FIVE": Composite(expression="g:theirs & A"),
            "SIX": Composite(expression="SEVEN"),
            "SEVEN": Composite(expression="g:two", group="theirs"),
        }
        self.assertEqual(set(usable_composites(shipped, GROUPS)), {"THREE", "FIVE", "SIX", "SEVEN"})

    def test_names_that_others_have(self) -> None:
        shipped = {"A": Composite(expression="B"), "NEW": Composite(expression="B")}
        self.assertEqual(set(usable_composites(shipped, GROUPS)), {"NEW"})

    def test_negations(self) -> None:
        """What should not fire is no reason against it, known or not."""
        shipped = {
            "NEW": Composite(expression="A & !B & !UNKNOWN"),
            "NONE": Composite(expression="UNKNOWN & !B"),
        }
        self.assertEqual(set(usable_composites(shipped, GROUPS)), {"NEW"})

    def test_circle_through_one(self) -> None:
        """A circle is told of at the operator's own."""
        shipped = {"X": Composite(expression="A | Y")}
        made, errors = make_composites({"Y": Composite(expression="X")}, GROUPS, shipped)
        self.assertEqual([(error.name, "circle" in error.text) for error in errors], [("Y", True)])
        self.assertEqual(made.rules, ())
