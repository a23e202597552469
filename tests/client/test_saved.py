"""`mailfilteradm saved`, and what is saved in `config show`."""

import json
import os
from typing import Any

from mailfilter.client import control
from mailfilter.codec.control import Answer, Request, encode
from mailfilter.config.saved import FILE, Version
from mailfilter.config.saved import encode as encode_history
from tests.client.test_control import ControlCase

AT = 1_800_000_000.0
ROWS: tuple[dict[str, Any], ...] = (
    {
        "key": "actions.reject",
        "value": 12.5,
        "by": "me\x1b[31m",
        "at": AT,
        "configured": 15.0,
        "versions": 2,
    },
    {
        "key": "actions.greylist",
        "value": None,
        "by": "me",
        "at": AT,
        "configured": 4.0,
        "versions": 1,
    },
    {
        "key": "maps.m",
        "value": {"octets": 9},
        "by": "me",
        "at": AT,
        "configured": "what its file holds",
        "versions": 1,
    },
)
TIME = "2027-01-15T08:00:00Z"


class SavedTests(ControlCase):
    def test_list(self) -> None:
        self.serve(encode(Answer(rows=ROWS)))
        result = self.run_command("saved", "list")
        self.assertEqual(
            result.stdout.splitlines(),
            [
                f"actions.reject = 12.5   # saved by me\\u001B[31m, {TIME};"
                " configured: 15.0; 2 versions",
                f'actions.greylist = "off"   # saved by me, {TIME}; configured: 4.0',
                f"maps.m = 9 octets   # saved by me, {TIME}; configured: what its file holds",
            ],
        )
        self.assertEqual(result.exit_code, 0)

    def test_nothing(self) -> None:
        self.serve(encode(Answer()))
        result = self.run_command("saved", "list")
        self.assertEqual(result.stdout, "nothing is saved: the configuration holds\n")

    def test_for_programs(self) -> None:
        self.serve(encode(Answer(rows=ROWS)))
        found = json.loads(self.run_command("saved", "list", "--json").stdout)
        self.assertEqual(found, list(ROWS))

    def test_undo(self) -> None:
        self.serve(encode(Answer(rows=({"key": "a\x1b"}, {"key": "b"}))))
        result = self.run_command("saved", "undo", "a\x1b", "b")
        self.assertEqual(result.stdout, "undone: a\\u001B\nundone: b\n")
        self.assertEqual(self.requests, [Request(command="undo", keys=("a\x1b", "b"))])

    def test_undo_all(self) -> None:
        self.serve(encode(Answer()))
        self.assertEqual(self.run_command("saved", "undo", "--all").stdout, "nothing was saved\n")
        self.assertEqual(self.requests, [Request(command="undo", is_all=True)])

    def test_refused(self) -> None:
        self.serve(encode(Answer(error="nothing is saved for x")))
        result = self.run_command("saved", "undo", "x")
        self.assertEqual((result.exit_code, result.stdout), (1, ""))
        self.assertEqual(result.stderr, "nothing is saved for x\n")

    def test_command_line(self) -> None:
        """Keys or all, not both nor neither; and it takes time to write."""
        for arguments in ((), ("x", "--all")):
            self.assertEqual(self.run_command("saved", "undo", *arguments).exit_code, 2)
        self.assertGreater(control.patience("undo"), control.patience("status"))

    def test_not_running(self) -> None:
        result = self.run_command("saved", "undo", "x")
        self.assertEqual(result.exit_code, 1)
        self.assertIn("no filter answers", result.stderr)


class ShowTests(ControlCase):
    """What is saved is read from the state directory: no filter need run."""

    def show(self, *arguments: str) -> list[str]:
        result = self.run_command("config", "show", *arguments)
        self.assertEqual(result.exit_code, 0)
        self.warnings = result.stderr
        return result.stdout.splitlines()

    def test_nothing(self) -> None:
        self.assertEqual(self.show("actions.reject"), ["actions.reject = 15.0   # default"])
        self.assertEqual(self.warnings, "")

    def test_saved(self) -> None:
        history = {
            "actions.reject": (Version(12.0, "me", AT),),
            "symbols.X.score": (Version(1.5, "me", AT),),
        }
        (self.folder / FILE).write_bytes(encode_history(history))
        line = f"actions.reject = 12.0   # saved by me, {TIME}"
        self.assertEqual(self.show("actions.reject"), [line])
        self.assertIn(f"symbols.X.score = 1.5   # saved by me, {TIME}", self.show())
        self.assertEqual(self.warnings, "")

    def test_unreadable(self) -> None:
        """What the files say is shown all the same, with a word of what is missing."""
        (self.folder / FILE).write_text("{")
        self.assertEqual(self.show("actions.reject"), ["actions.reject = 15.0   # default"])
        self.assertIn("saved.json: not what was written", self.warnings)
        os.unlink(self.folder / FILE)
        (self.folder / FILE).mkdir()
        self.show("actions.reject")
        self.assertIn("saved.json: Is a directory; values in it are not shown", self.warnings)
