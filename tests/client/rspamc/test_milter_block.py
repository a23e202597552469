"""What a reply wants changed in a message."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.rspamc.exchange import Unanswered
from mailfilter.client.rspamc.milter_block import (
    MAX_EDITS,
    additions,
    new_subject,
    removals,
)
from mailfilter.scan.verdict import AddHeader, ChangeHeader, RemoveHeader


class BlockTests(SynchronousTestCase):
    """All forms that servers write, and others."""

    def test_removals(self) -> None:
        """A number, or several."""
        for value, expected in (
            (0, [0]),
            (1, [1]),
            (-2, [-2]),
            (2.0, [2]),
            ([1, 3], [1, 3]),
            ([], []),
            ([1, "2", None, True, [3]], [1]),
            ("0", []),
            (None, []),
            (False, []),
            ({"value": 1}, []),
        ):
            found = list(removals({"milter": {"remove_headers": {"A": value}}}))
            self.assertEqual(found, [RemoveHeader("A", number) for number in expected])

    def test_additions(self) -> None:
        """A text, a value with its place, or several of these."""
        for value, expected in (
            ("x", [("x", -1)]),
            ({"value": "x", "order": 0}, [("x", 0)]),
            ({"value": "x", "index": 3}, [("x", 3)]),
            ({"value": "x"}, [("x", -1)]),
            ({"value": "x", "order": "1"}, [("x", -1)]),
            ({"value": "x", "order": True}, [("x", -1)]),
            ({"value": "x", "order": -2.0}, [("x", -2)]),
            (["x", {"value": "y", "order": 1}, 5, None, ["z"]], [("x", -1), ("y", 1)]),
            ({"value": 5}, []),
            ({}, []),
            (5, []),
        ):
            found = list(additions({"milter": {"add_headers": {"A": value}}}))
            self.assertEqual(found, [AddHeader("A", *one) for one in expected])

    def test_order(self) -> None:
        """As they stand there."""
        block = {"add_headers": {"B": "1", "A": ["2", "3"]}, "remove_headers": {"D": 0, "C": 1}}
        self.assertEqual([edit.value for edit in additions({"milter": block})], ["1", "2", "3"])
        self.assertEqual([edit.name for edit in removals({"milter": block})], ["D", "C"])

    def test_none(self) -> None:
        """No block, or something else in its place."""
        blocks: list[Any] = [None, [], "x", 5, {}, {"add_headers": [], "remove_headers": "x"}]
        for block in blocks:
            self.assertEqual([*additions({"milter": block}), *removals({"milter": block})], [])
        self.assertEqual([*additions({}), *removals({}), *new_subject({})], [])

    def test_many(self) -> None:
        """More than there can be sense in."""
        for size in (MAX_EDITS, MAX_EDITS + 1):
            for key, value, read in (
                ("add_headers", "x", additions),
                ("remove_headers", 1, removals),
            ):
                by_name = {"milter": {key: {str(number): value for number in range(size)}}}
                of_one = {"milter": {key: {"A": [value] * size}}}
                for fields in (by_name, of_one):
                    if size == MAX_EDITS:
                        self.assertEqual(len(list(read(fields))), size)
                    else:
                        self.assertRaises(Unanswered, lambda: list(read(fields)))  # noqa: B023

    def test_subject(self) -> None:
        """Where the action says so."""
        for action, subject, expected in (
            ("rewrite subject", "new", "new"),
            ("rewrite_subject", "", ""),
            ("rewrite subject", "a =?utf-8?q?b?= =?utf-8?q?c?=", "a =?utf-8?q?b?=\n =?utf-8?q?c?="),
            ("rewrite subject", None, None),
            ("rewrite subject", ["x"], None),
            ("add header", "new", None),
            (None, "new", None),
        ):
            found = list(new_subject({"action": action, "subject": subject}))
            self.assertEqual(
                found, [ChangeHeader("Subject", expected)] if expected is not None else []
            )
