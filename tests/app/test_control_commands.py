"""What the master does when `mailfilteradm` asks."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.commands import make_commands
from mailfilter.app.master_state import ReloadError
from mailfilter.app.saved import SavedState
from mailfilter.codec.control import Answer, Request
from mailfilter.servers.services import Refused


class FakeState(SavedState):
    """Has saved a threshold and a map."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, str]] = []

    def rows(self) -> list[dict[str, Any]]:
        return [{"key": "actions.reject", "value": None}, {"key": "maps.m", "value": {"octets": 9}}]

    async def undo(self, keys: Sequence[str], by: str) -> None:
        if "gone" in keys:
            raise Refused("nothing is saved for gone")
        self.calls.append((tuple(keys), by))

    async def undo_all(self, by: str) -> Sequence[str]:
        self.calls.append(("all", by))
        return ["actions.reject", "maps.m"]


class CommandTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reloaded: Deferred[list[str]] = succeed(["odd"])
        self.state = FakeState()
        page = {"version": "1"}
        self.commands = make_commands(lambda: self.reloaded, lambda: page, self.state)

    def ask(self, command: str, *keys: str, is_all: bool = False) -> Answer:
        request = Request(command=command, keys=keys, is_all=is_all)
        coming = Deferred.fromCoroutine(self.commands[command](request, "root"))
        return self.successResultOf(coming)

    def test_reload(self) -> None:
        self.assertEqual(self.ask("reload"), Answer(warnings=("odd",)))
        self.reloaded = fail(ReloadError("bad"))
        self.assertEqual(self.ask("reload"), Answer(error="bad"))

    def test_status(self) -> None:
        self.assertEqual(self.ask("status"), Answer(status={"version": "1"}))

    def test_saved(self) -> None:
        rows = self.ask("saved").rows
        self.assertEqual(rows[0], {"key": "actions.reject", "value": None})
        self.assertEqual(rows[1], {"key": "maps.m", "value": {"octets": 9}})

    def test_undo(self) -> None:
        answer = self.ask("undo", "a", "b", "a")
        self.assertEqual(answer, Answer(rows=({"key": "a"}, {"key": "b"})))
        self.assertEqual(self.ask("undo", "gone"), Answer(error="nothing is saved for gone"))
        answer = self.ask("undo", is_all=True)
        self.assertEqual([row["key"] for row in answer.rows], ["actions.reject", "maps.m"])
        self.assertEqual(self.state.calls, [(("a", "b", "a"), "root"), ("all", "root")])
