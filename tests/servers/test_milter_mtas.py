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
PLACES = st.sampled_from([-1, 0, 1])
EDITS: st.SearchStrategy[Edit] = st.one_of(
    st.builds(AddHeader, NAMES, VALUES, PLACES),
    st.builds(RemoveHeader, NAMES, st.integers(-4, 5)),
    st.builds(ChangeHeader, NAMES, VALUES, st.integers(1, 5)),
)


def meant(fields: list[tuple[str, str]], edits: list[Edit]) -> list[tuple[str, str]]:
    """The header that is to come out: numbers are of the fields as they came."""
    named: dict[str, list[int]] = {}
    for at, (name, _) in enumerate(fields):
        named.setdefault(name.lower(), []).append(at)
    values: dict[int, str] = {}
    doomed: set[int] = set()
    added: dict[int, list[tuple[str, str]]] = {-1: [], 0: [], 1: []}
    for edit in edits:
        assert isinstance(edit, AddHeader | RemoveHeader | ChangeHeader)
        places = named.get(edit.name.lower(), [])
        if isinstance(edit, AddHeader):
            added[edit.order].append((edit.name, edit.value))
        elif isinstance(edit, ChangeHeader):
            if edit.occurrence > len(places):
                added[-1].append((edit.name, edit.value))
            else:
                values[places[edit.occurrence - 1]] = edit.value
        elif edit.occurrence == 0:
            doomed.update(places)
        elif abs(edit.occurrence) <= len(places):
            doomed.add(places[edit.occurrence - (edit.occurrence > 0)])
    kept = [
        (name, values.get(at, value))
        for at, (name, value) in enumerate(fields)
        if at not in doomed - values.keys()
    ]
    whole = [*added[0], OWN, *added[1], *kept, *added[-1]]
    return [(name.lower(), value) for name, value in whole]


class SamenessTests(SynchronousTestCase):
    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.lists(st.tuples(NAMES, VALUES), max_size=6), st.lists(EDITS, max_size=6))
    def test_any_edits(self, fields: list[tuple[str, str]], edits: list[Edit]) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in fields).encode()
        told = replace(NO_ACTION, edits=tuple(edits))
        agreement = Agreement(6, WANTED_EDITS, 0)
        found = render_verdict(told, LISTENER, agreement, head, len(fields))
        self.assertEqual(found.dropped, ())
        for counts_anew in (True, False):
            header = Header(fields, counts_anew=counts_anew)
            for code, payload in frames(found.frames):
                header.apply(code, payload)
            self.assertEqual(header.shown(), meant(fields, edits), (counts_anew, edits))
