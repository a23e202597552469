"""Read the configuration once more, while the filter serves: files may be where nobody answers."""

from typing import Any

from twisted.internet.defer import TimeoutError

from ..config import Loaded
from ..servers.background import in_background
from .certificates import Held
from .master_state import ReloadError
from .plan import Draft, draft


async def read_again(reactor: Any, loaded: Loaded, held: Held) -> Draft:
    """The files as they are now; `held` is what TLS is served with.

    In a thread of its own: those of the reactor's pool are waited for at the end of the process,
    and this one may hang. Raises ConfigError with everything that is wrong in the files, and
    ReloadError if they cannot be read in time.
    """
    seconds = loaded.config.server.reload_timeout
    reading = in_background(reactor, lambda: draft(loaded.path, held))
    reading.addTimeout(seconds, reactor)
    try:
        return await reading
    except TimeoutError:
        raise ReloadError(
            f"files are not read within {seconds:g} s (server.reload_timeout): the configuration,"
            " its checks, certificates; is a file system gone?"
        ) from None
