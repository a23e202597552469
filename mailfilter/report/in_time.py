"""Work at the end that must not last."""

from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime


async def in_time(clock: IReactorTime, work: Coroutine[Any, Any, None], seconds: float) -> None:
    """Wait until work is done; after so many seconds it is cancelled."""
    rest = Deferred.fromCoroutine(work)
    if rest.called:
        return
    limit = clock.callLater(seconds, rest.cancel)
    try:
        await rest
    except CancelledError:
        pass
    finally:
        if limit.active():
            limit.cancel()
