"""What `mailfilteradm` asks of the master."""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from ..codec.control import Answer, Request
from ..servers.services import Refused
from .control_server import Command
from .master_state import ReloadError
from .saved import SavedState


def make_commands(
    reload: Callable[[], Deferred[list[str]]], page: Callable[[], dict[str, Any]], state: SavedState
) -> dict[str, Command]:
    """Commands of the control socket, by name.

    `reload` fires with warnings or fails with ReloadError; `page` makes the status page.
    """

    async def do_reload(_request: Request, _by: str) -> Answer:
        try:
            return Answer(warnings=tuple(await reload()))
        except ReloadError as error:
            return Answer(error=str(error))

    async def status(_request: Request, _by: str) -> Answer:
        return Answer(status=page())

    async def saved(_request: Request, _by: str) -> Answer:
        return Answer(rows=tuple(state.rows()))

    async def undo(request: Request, by: str) -> Answer:
        try:
            if request.is_all:
                keys = await state.undo_all(by)
            else:
                keys = request.keys
                await state.undo(keys, by)
        except Refused as error:
            return Answer(error=str(error))
        return Answer(rows=tuple({"key": key} for key in dict.fromkeys(keys)))

    return {"reload": do_reload, "status": status, "saved": saved, "undo": undo}
