"""What a worker is told to become."""

from collections.abc import Sequence

from ..codec.control import Boot, Credentials, File, Handed, MapFile
from . import logs
from .hub import Hub
from .plan import Draft


def make_boot(
    draft: Draft,
    *,
    generation: int,
    place: int,
    sockets: Sequence[Handed],
    hub: Hub,
    is_strict: bool,
    credentials: Credentials,
    maps: Sequence[MapFile],
) -> Boot:
    """The first message to a worker: the files of a configuration, as they were read."""
    sources = draft.loaded.sources
    return Boot(
        generation=generation,
        place=place,
        seconds=draft.loaded.config.server.reload_timeout,
        state_dir=hub.state_dir,
        config=sources.path,
        directory=sources.directory,
        files=tuple(File(item.file, item.data, item.mode, item.gid) for item in sources.files),
        checks=tuple(File(item.path, item.data) for item in draft.check_files),
        rules=tuple(File(item.path, item.data) for item in draft.rule_files.files),
        rule_troubles=draft.rule_files.troubles,
        sockets=tuple(sockets),
        is_strict=is_strict,
        log=logs.target(),
        credentials=credentials,
        maps=tuple(maps),
        saved=hub.saved,
    )
