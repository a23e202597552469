"""Commands that look into the store: they open it as the configuration says, beside the filter."""

import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.python.failure import Failure

from ..config import Loaded, load
from ..config.model import StoreSettings
from ..store import make_store, store_path
from ..store.base import Get, Store, key
from ..store.errors import StoreError, Unavailable
from .control import state_dirs
from .options import fail, load_or_exit

T = TypeVar("T")

SECONDS = 30.0
"""That a call may take here, where no message waits for it."""

FIRST_SECONDS = 5.0
"""For the first answer of a server: one that is not there is told soon."""

_NOTHING = key("nothing")
"""What is asked for to have an answer: nobody puts anything there."""

NO_MEMORY = (
    'store.kind = "memory" keeps what is remembered inside each process of the filter: there is'
    " nothing to look at from here"
)


class NoStore(Exception):
    """There is none where it was looked for; the text says where that is."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a command works with."""

    store: Store
    loaded: Loaded
    reactor: Any


def with_store(
    option: str | None,
    state_dir: str | None,
    work: Callable[[Opened], Coroutine[Any, Any, T]],
    *,
    as_owner: bool = True,
) -> T:
    """Open the store, do some work, and close it; the answer of the work.

    `option` and `state_dir` are those of `--config` and `--state-dir`. Root becomes the owner of
    an embedded store first, since files beside it that belong to root would shut the filter out;
    without `as_owner` it does not. Whatever is wrong is said, and the exit status is 1. Once in a
    process: no reactor runs twice.
    """
    loaded = load_or_exit(load, option)
    settings = loaded.config.store
    try:
        directory = _find(settings, state_dir, as_owner=as_owner)
        return run_in_reactor(lambda reactor: run_session(reactor, loaded, directory, work))
    except NoStore as error:
        fail(str(error))
    except StoreError as error:
        fail(f"store {settings.kind}: {error}")


def _find(settings: StoreSettings, state_dir: str | None, *, as_owner: bool) -> str:
    """The directory of the store, for which we have the right user now. Raises NoStore."""
    try:
        directory = find_store(settings, state_dirs(state_dir, os.environ, os.getcwd()))
        if as_owner and settings.kind == "embedded":
            _become_owner(store_path(settings, directory))
    except OSError as error:
        raise _cannot_open(error) from None
    return directory


def _cannot_open(error: OSError) -> NoStore:
    return NoStore(f"the store cannot be opened: {error}")


def find_store(settings: StoreSettings, directories: Sequence[str]) -> str:
    """The state directory, of those where the filter's may be, that has the store.

    Raises NoStore: a command must not make one where it happens to look.
    """
    if settings.kind == "memory":
        raise NoStore(NO_MEMORY)
    if settings.kind != "embedded":
        return directories[0]
    paths = list(dict.fromkeys(store_path(settings, directory) for directory in directories))
    for directory in directories:
        if _is_there(store_path(settings, directory)):
            return directory
    where = "\n  ".join(paths)
    raise NoStore(
        "there is no store; has the filter run yet, is this its --config, its --state-dir?"
        f"\n  {where}"
    )


def _is_there(path: str) -> bool:
    """Whether a file is. Raises NoStore where that is not for us to know."""
    try:
        os.stat(path)
    except PermissionError:
        raise NoStore(f"{path}: permission denied; try as the filter's user, or as root") from None
    except OSError:
        return False
    return True


def run_in_reactor(main: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in the reactor, which is started for it; raises what it raises."""
    # Whoever imports the reactor chooses it, and commands that do without should not pay.
    from twisted.internet import reactor

    running: Any = reactor
    answers: list[T] = []
    failures: list[Failure] = []
    under_way: list[Deferred[None]] = []

    def begin() -> None:
        done = Deferred.fromCoroutine(main(running)).addCallbacks(answers.append, failures.append)
        under_way.append(done)
        done.addBoth(end)

    def end(_none: None) -> None:
        if under_way and running.running:
            under_way.clear()
            running.stop()

    def cancel() -> Deferred[None] | None:
        # A signal has stopped the reactor: what is under way has the time to put things in order.
        if not under_way:
            return None
        done = under_way.pop()
        done.cancel()
        return done

    running.addSystemEventTrigger("before", "shutdown", cancel)
    running.callWhenRunning(begin)
    running.run()
    if failures and not failures[0].check(CancelledError):
        failures[0].raiseException()
    if not answers:
        # A signal has stopped the reactor.
        raise KeyboardInterrupt
    return answers[0]


async def run_session(
    reactor: Any,
    loaded: Loaded,
    directory: str,
    work: Callable[[Opened], Coroutine[Any, Any, T]],
) -> T:
    """Open the store, do some work, close it. Raises NoStore, StoreError, and what `work` does."""
    settings = loaded.config.store
    patient = replace(settings, timeout=max(settings.timeout, SECONDS))

    async def work_with(opened: Opened) -> T:
        if settings.kind == "redis":
            await _first_answer(opened, ", ".join(settings.redis.servers))
        return await work(opened)

    try:
        store = make_store(reactor, patient, directory, ignore, ignore, is_service=False)
    except OSError as error:
        raise _cannot_open(error) from None
    return await using(store, lambda: work_with(Opened(store, loaded, reactor)))


async def _first_answer(opened: Opened, where: str) -> None:
    """See that the server answers at all. Raises Unavailable."""
    answer = Deferred.fromCoroutine(opened.store.do(Get([_NOTHING])))
    answer.addTimeout(FIRST_SECONDS, opened.reactor)
    try:
        await answer
    except TimeoutError:
        raise Unavailable(f"{where}: no answer within {FIRST_SECONDS:g} s") from None
    except Unavailable:
        raise
    except StoreError:
        # It is there. What it refuses is for the work to say, which may say more.
        return


async def using(store: Store, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Do some work with an open store."""
    store.open()
    try:
        return await work()
    finally:
        await store.close()


def ignore(_text: str) -> None:
    """What goes wrong is said once, by the error of the call."""


def _become_owner(path: str) -> None:
    """Give up root for the user whose store this is. Raises OSError."""
    found = os.stat(path)
    if os.geteuid() == 0 and found.st_uid != 0:
        # That user need not have a name, as in containers.
        os.setgroups([found.st_gid])
        os.setgid(found.st_gid)
        os.setuid(found.st_uid)
