"""Addresses at services where anybody gets one."""

import re
from collections.abc import Mapping

from mailfilter.app.plan import plan_of
from mailfilter.checks import freemail
from mailfilter.checks.freemail import LISTS, Freemail
from mailfilter.testing.checks import make_maps, run_check, symbols_of
from tests.config.case import ConfigCase

from .header_case import Case, HeaderCase, envelope

FREE, GONE, OTHER = "ann@Gmail.com", "ann@mailinator.com", "ann@firm.example"

BELOW = "ann@gmail.com.firm.example"
"""Not of the service that it begins with."""


def receipts(address: str) -> str:
    return f"Disposition-Notification-To: <{address}>"


class FreemailTests(HeaderCase):
    check = Freemail

    def test_symbols(self) -> None:
        others = ["Subject: x", *(f"{name}: {OTHER}\nX: {FREE}" for name in ("From", "To", "Cc"))]
        self.compare(
            {
                "FREEMAIL_FROM": ([f"From: {FREE}"], [f"From: {GONE}\nTo: {FREE}", *others]),
                "DISPOSABLE_FROM": ([f"From: {GONE}"], [f"From: {FREE}", *others]),
                "FREEMAIL_TO": ([f"To: x <{OTHER}>, y <{FREE}>"], [f"From: {FREE}", *others]),
                "DISPOSABLE_TO": ([f"To: {GONE}"], [f"To: {FREE}", *others]),
                "FREEMAIL_CC": ([f"Cc: {OTHER}, {FREE}"], [f"Cc: {BELOW}", *others]),
                "DISPOSABLE_CC": ([f"Cc: {GONE}"], [f"Cc: {FREE}", *others]),
                "FREEMAIL_REPLYTO": ([f"Reply-To: <{FREE}>"], [f"From: {FREE}", *others]),
                "DISPOSABLE_REPLYTO": ([f"Reply-To: {GONE}"], [f"From: {GONE}", *others]),
                "FREEMAIL_MDN": ([receipts(FREE)], [receipts(OTHER), f"From: {FREE}"]),
                "DISPOSABLE_MDN": ([receipts(GONE)], [receipts(FREE), f"From: {GONE}"]),
                "FREEMAIL_ENVFROM": (
                    [("X: y", envelope(FREE))],
                    [f"From: {FREE}", ("X: y", envelope("")), ("X: y", envelope(OTHER, FREE))],
                ),
                "DISPOSABLE_ENVFROM": ([("X: y", envelope(GONE))], [f"From: {GONE}"]),
                "FREEMAIL_ENVRCPT": (
                    [("X: y", envelope(None, OTHER, FREE))],
                    [f"To: {FREE}", ("X: y", envelope(FREE, OTHER))],
                ),
                "DISPOSABLE_ENVRCPT": ([("X: y", envelope(None, GONE))], [f"To: {GONE}"]),
                "FREEMAIL_REPLYTO_NEQ_FROM_DOM": (
                    [f"From: {FREE}\nReply-To: x@yahoo.co.uk"],
                    [
                        f"From: {FREE}\nReply-To: x@googlemail.com",
                        f"From: {FREE}\nReply-To: {OTHER}",
                        f"From: {OTHER}\nReply-To: {FREE}",
                        f"From: {FREE}\nReply-To: x@yahoo.com, {FREE}",
                        f"From: {FREE}",
                        "Reply-To: x@yahoo.com",
                    ],
                ),
            }
        )

    def test_quotes_the_domain(self) -> None:
        self.assertEqual(self.found(f"From: {FREE}"), {"FREEMAIL_FROM": ("gmail.com",)})

    def test_many(self) -> None:
        """There is an end to those that are looked at."""
        some = ", ".join(f"a{number}@b.example" for number in range(freemail.MAX_ADDRESSES))
        self.assertEqual(self.found(f"To: {some}, {FREE}"), {})

    def test_lists(self) -> None:
        """A domain stands once, in lower case, in one of the lists."""
        texts = [(LISTS / f"{kind}.txt").read_text("ascii") for kind in ("freemail", "disposable")]
        lines = [line for text in texts for line in text.splitlines() if line[0] != "#"]
        names = " ".join(lines).split()
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual([name for name in names if name != name.lower() or "." not in name], [])


class OwnListTests(HeaderCase):
    """Maps of the operator's."""

    def setUp(self) -> None:
        """One of each kind."""
        self.maps = make_maps(free=("names", "free.example\n"), gone=("names", "gone.example\n"))

    def found(self, case: Case) -> dict[str, tuple[str, ...]]:
        options: Mapping[str, object] = {"freemail_map": "free", "disposable_map": "gone"}
        raw = f"{case}\n\ntext\n".encode()
        return symbols_of(run_check(Freemail, raw, options=options, maps=self.maps))

    def test_added(self) -> None:
        self.assertEqual(
            self.found("From: a@free.example\nReply-To: b@gone.example"),
            {"FREEMAIL_FROM": ("free.example",), "DISPOSABLE_REPLYTO": ("gone.example",)},
        )
        self.assertIn("FREEMAIL_FROM", self.found(f"From: {FREE}"))
        self.assertIn(
            "FREEMAIL_REPLYTO_NEQ_FROM_DOM",
            self.found(f"From: a@free.example\nReply-To: {FREE}"),
        )

    def test_changes(self) -> None:
        """What the map has at the time counts."""
        self.maps.give("free", b"other.example\n")
        self.assertEqual(self.found("From: a@free.example"), {})
        self.assertIn("FREEMAIL_FROM", self.found("From: a@other.example"))

    def test_wrong_option(self) -> None:
        """It must be the name of a map."""
        for value in (5, "nobody"):
            with self.assertRaises((ValueError, KeyError)) as caught:
                run_check(Freemail, b"X: y\n\n", options={"freemail_map": value}, maps=self.maps)
            self.assertIn("map", str(caught.exception))


class DocsTests(ConfigCase):
    """docs/rules.md."""

    def test_own_list(self) -> None:
        """What it shows of maps works."""
        text = (LISTS.parents[2] / "docs/rules.md").read_text("utf-8")
        (block,) = re.findall(r"(?s)```toml\n(\[maps.*?)```", text)
        file = self.write("freemail.map", "free.example\n")
        path = self.write("m.toml", block.replace("/etc/mailfilter/freemail.map", file))
        self.assertIn("freemail", [step.name for step in plan_of(path).steps])
