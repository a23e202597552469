"""Whatever edits a verdict has, both kinds of MTA deliver the same header, and the one meant."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter_agreement import WANTED_EDITS, Agreement
from mailfilter.scan.verdict import AddHeader, ChangeHeader, Edit, RemoveHeader
from mailfilter.servers.milter_reply import render_verdict
from mailfilter.testing.fake_scanner import NO_ACTION

from ..codec.milter_mta import frames
from .milter_server import LISTENER
from .mta_model import OWN, Header

NAMES = st.sampled_from(["A", "a", "B", "X-Long-Name"])
VALUES = st.sampled_from(["one", "two", "three"])


def edits_at(places: st.SearchStrategy[int]) -> st.SearchStrategy[Edit]:
    """Edits of the header, with fields added at such places."""
    return st.one_of(
        st.builds(AddHeader, NAMES, VALUES, places),
        st.builds(RemoveHeader, NAMES, st.integers(-4, 5)),
        st.builds(ChangeHeader, NAMES, VALUES, st.integers(1, 5)),
    )


FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
PORTABLE = st.lists(edits_at(st.sampled_from([-1, 0, 1])), max_size=6)
ANYWHERE = st.lists(edits_at(st.integers(-10, 10)), max_size=6)
EXAMPLES = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def meant(
    fields: list[tuple[str, str]], edits: list[Edit], *, is_exact: bool = True
) -> list[tuple[str, str]]:
    """The header that is to come out: numbers are of the fields as they came.

    Places are among the fields that are left. Where the MTA is not exact those in the middle are
    as good as the one below its own Received.
    """
    named: dict[str, list[int]] = {}
    for at, (name, _) in enumerate(fields):
        named.setdefault(name.lower(), []).append(at)
    values: dict[int, str] = {}
    doomed: set[int] = set()
    added: list[tuple[int, tuple[str, str]]] = []
    for edit in edits:
        assert isinstance(edit, AddHeader | RemoveHeader | ChangeHeader)
        places = named.get(edit.name.lower(), [])
        if isinstance(edit, AddHeader):
            added.append((edit.order, (edit.name, edit.value)))
        elif isinstance(edit, ChangeHeader):
            if edit.occurrence > len(places):
                added.append((-1, (edit.name, edit.value)))
            else:
                values[places[edit.occurrence - 1]] = edit.value
        elif edit.occurrence == 0:
            doomed.update(places)
        elif abs(edit.occurrence) <= len(places):
            doomed.add(places[edit.occurrence - (edit.occurrence > 0)])
    whole = [OWN]
    whole += [
        (name, values.get(at, value))
        for at, (name, value) in enumerate(fields)
        if at not in doomed - values.keys()
    ]
    slots: list[list[tuple[str, str]]] = [[] for _ in range(len(whole) + 2)]
    for order, field in added:
        slots[_slot(order, len(whole))].append(field)
    if not is_exact:
        middle = slots[1:-1]
        slots[1:-1] = [[field for slot in middle for field in slot], *([] for _ in middle[1:])]
    mixed = [*slots[0]]
    for field, slot in zip(whole, slots[1:], strict=False):
        mixed += [field, *slot]
    return [(name.lower(), value) for name, value in [*mixed, *slots[-1]]]


def _slot(order: int, count: int) -> int:
    """Behind how many of `count` fields something is put; one more is behind all else."""
    if order == -1 or order >= max(count, 2):
        return count + 1
    return order if order >= 0 else max(count + 1 + order, 0)


def delivered(
    fields: list[tuple[str, str]], edits: list[Edit], *, counts_anew: bool
) -> list[tuple[str, str]]:
    """The header that comes out of an MTA."""
    head = "".join(f"{name}: {value}\r\n" for name, value in fields).encode()
    told = replace(NO_ACTION, edits=tuple(edits))
    agreement = Agreement(6, WANTED_EDITS, 0)
    found = render_verdict(told, LISTENER, agreement, head, len(fields))
    assert found.dropped == ()
    header = Header(fields, counts_anew=counts_anew)
    for code, payload in frames(found.frames):
        header.apply(code, payload)
    return header.shown()


class SamenessTests(SynchronousTestCase):
    @EXAMPLES
    @given(FIELDS, PORTABLE)
    def test_places_that_all_have(self, fields: list[tuple[str, str]], edits: list[Edit]) -> None:
        for counts_anew in (True, False):
            found = delivered(fields, edits, counts_anew=counts_anew)
            self.assertEqual(found, meant(fields, edits), (counts_anew, edits))

    @EXAMPLES
    @given(FIELDS, ANYWHERE)
    def test_any_place(self, fields: list[tuple[str, str]], edits: list[Edit]) -> None:
        """Postfix puts all where they should be, Sendmail those that can be."""
        for counts_anew in (True, False):
            found = delivered(fields, edits, counts_anew=counts_anew)
            expected = meant(fields, edits, is_exact=counts_anew)
            self.assertEqual(found, expected, (counts_anew, edits))

    def test_places(self) -> None:
        """From the top, and from the end, of a message of three fields after our own."""
        fields = [("A", "1"), ("B", "2"), ("C", "3")]
        for order, place in {
            0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 99: 4, -1: 4, -2: 3, -3: 2, -4: 1, -5: 0, -99: 0,
        }.items():  # fmt: skip
            found = delivered(fields, [AddHeader("X", "y", order)], counts_anew=True)
            self.assertEqual(found.index(("x", "y")), place, order)
