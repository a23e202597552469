"""What master, workers and `mailfilteradm` say to each other: msgpack in frames with a length.

A frame is four octets of length (big-endian), then one message. Each kind of message is a struct
whose name travels with it; unknown fields are ignored, unknown kinds are an error.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

MAX_FRAME = 2**27
"""Octets. The largest, a configuration with its checks, certificates and maps, is bounded below
that: a test adds up the bounds."""

MAX_REQUEST = 2**20
"""Octets of a frame of `mailfilteradm`."""


class ControlError(ValueError):
    """What came is not in this protocol; the text says why."""


class Message(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base of all messages."""


class Handed(msgspec.Struct, frozen=True):
    """A listening socket that a worker inherits."""

    listener: str
    """Name in the configuration."""
    fd: int
    family: int
    """An AF_ constant."""
    workers: tuple[int, ...]
    """Places of the workers that accept on it."""


class File(msgspec.Struct, frozen=True):
    """A file as the master has read it."""

    path: str
    data: bytes
    mode: int = 0
    gid: int = 0


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown to those who connect by TLS: the files of a certificate, as they were read."""

    name: str
    """In [certificates]."""
    chain: bytes
    key: bytes = b""
    """Empty where it is in the chain's file."""
    ocsp: bytes = b""

    def __repr__(self) -> str:
        """Without the key."""
        return f"<Pair {self.name!r}>"


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """By what a listener verifies certificates of clients: files, as they were read."""

    listener: str
    authorities: bytes = b""
    revoked: tuple[bytes, ...] = ()


class KeypairFile(msgspec.Struct, frozen=True, kw_only=True):
    """A keypair of HTTPCrypt: its file, as it was read."""

    name: str
    """In [keypairs]."""
    data: bytes

    def __repr__(self) -> str:
        """Without the keys."""
        return f"<KeypairFile {self.name!r}>"


class SigningFile(msgspec.Struct, frozen=True, kw_only=True):
    """A key by which mail is signed: its file, or what a line of a map has, as it was read."""

    domain: str
    """In lower case."""
    selector: str
    data: bytes

    def __repr__(self) -> str:
        """Without the key."""
        return f"<SigningFile {self.selector!r} of {self.domain!r}>"


class Credentials(Message, frozen=True, kw_only=True):
    """Master to worker: what new connections with TLS are made with from now on, what opens
    sealed requests, and what signs mail."""

    pairs: tuple[Pair, ...] = ()
    trusts: tuple[Trust, ...] = ()
    keypairs: tuple[KeypairFile, ...] = ()
    signing: tuple[SigningFile, ...] = ()


class MapFile(msgspec.Struct, frozen=True):
    """What is in a map, as the master has read or been given it."""

    name: str
    kind: str
    """That of `[maps.NAME]`: workers of another configuration may have another one."""
    data: bytes


class Maps(Message, frozen=True, kw_only=True):
    """Master to worker: maps to use from now on, in place of those of the same names."""

    files: tuple[MapFile, ...]


class Saved(Message, frozen=True, kw_only=True):
    """Master to worker: scores and thresholds that were saved, to use from now on."""

    number: int
    """Grows with each change."""
    actions: dict[str, float | None] = {}
    """Key of [actions] -> threshold, `None` is without."""
    symbols: dict[str, float] = {}


class Boot(Message, frozen=True, kw_only=True):
    """Master to worker, first of all: what to become."""

    generation: int
    place: int
    """Number of the worker in its generation, from 0."""
    seconds: float
    """In which it must be ready; the kernel ends it if it is not, whatever it is doing then."""
    state_dir: str
    """Where the filter keeps what it must remember."""
    config: str | None
    """Path of the main file."""
    directory: str
    """Where relative paths in it start."""
    files: tuple[File, ...]
    """The files of the configuration."""
    checks: tuple[File, ...]
    """The files of the operator's directory of checks."""
    sockets: tuple[Handed, ...]
    is_strict: bool
    """A check that fails in the self-test is reason not to serve: there are others that do."""
    log: str
    """Where log lines go: `-` is standard output, else a path; `syslog:PREFIX`, `call:NAME`."""
    credentials: Credentials = Credentials()
    maps: tuple[MapFile, ...] = ()
    saved: Saved = Saved(number=0)
    rules: tuple[File, ...] = ()
    """The files of the operator's directories of rules."""
    rule_troubles: tuple[str, ...] = ()
    """What is wrong with others there."""


class Drain(Message, frozen=True, kw_only=True):
    """Master to worker: accept no more, let open connections finish, then end."""

    is_stop: bool
    """All of the filter stops; otherwise there are successors, and time."""
    seconds: float
    """How long they may go on."""


class Cover(Message, frozen=True, kw_only=True):
    """Master to worker: accept for these places, too, whose workers are not there."""

    places: tuple[int, ...]


class ReopenLog(Message, frozen=True):
    """Master to worker: the log file was moved away."""


class Serve(Message, frozen=True):
    """Master to worker: begin to accept, since all of the generation can."""


class Ready(Message, frozen=True, kw_only=True):
    """Worker to master: everything is loaded and tested; told to, we accept connections."""

    warnings: tuple[str, ...] = ()
    """What the self-test noticed and is not reason enough to stay away."""
    scores: dict[str, float] = {}
    """Symbol -> score by the configuration."""


class Failed(Message, frozen=True, kw_only=True):
    """Worker to master: this configuration cannot be served."""

    reason: str


class Histogram(msgspec.Struct, frozen=True):
    """Numbers of values by size: one more than bounds, the last for what is above all."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float
    """Sum of all values."""


class Report(Message, frozen=True, kw_only=True):
    """Worker to master, each second: that its reactor turns, and its figures since its start."""

    memory: int
    """Resident octets."""
    cpu: float
    """Seconds, user and system."""
    scans: int
    """Under way."""
    connections: dict[str, int]
    """Open, by listener."""
    counters: dict[str, int]
    histograms: dict[str, Histogram]
    gauges: dict[str, float] = {}
    """Numbers of this moment, such that the sum of all workers means something."""
    last_seconds: tuple[float, ...] = ()
    """What the last scans took, the newest last."""


class Alarm(Message, frozen=True, kw_only=True):
    """Worker to master: something that an administrator must see; it is in the log already."""

    text: str


class Logged(Message, frozen=True, kw_only=True):
    """Worker to master: a warning or an error that is in the log already."""

    at: float
    """Unix time."""
    pid: int
    level: str
    """`warn`, `error` or `critical`."""
    module: str
    message_id: str
    """Trace id of the message that it is about, or empty."""
    text: str


class Ask(Message, frozen=True, kw_only=True):
    """Worker to master: what a controller wants to know or to have done."""

    number: int
    """Of its question, for the answer."""
    topic: str
    value: bytes = b""
    """MessagePack, by topic."""
    by: str = ""
    """Who wants it, for the log and for those who look at what was saved."""


class Told(Message, frozen=True, kw_only=True):
    """Master to worker: the answer to an `Ask`."""

    number: int
    value: bytes = b""
    error: str = ""
    """Why it was not done; empty is success."""


class TurnedAway(Message, frozen=True, kw_only=True):
    """Worker to master: connections that were refused or broken for their TLS, or are too many."""

    listener: str
    source: str
    """Whom limits take for one: an address, of IPv6 its /64."""
    peer: str
    """The address of the last one."""
    how: str
    """`refused` in the handshake, or `broken` later; `full` is one over a limit, TLS or not, and
    `sealed` a request of HTTPCrypt that could not be opened, `proxy` a PROXY header that is wrong
    or not expected."""
    text: str
    """Why, for people."""
    unsaid: int = 0
    """How many more there were of the source since it was last told of."""


class Notice(Message, frozen=True, kw_only=True):
    """From a worker through the master to all others, such as: a map or a score has changed."""

    topic: str
    value: bytes = b""


class Request(Message, frozen=True, kw_only=True):
    """`mailfilteradm` to master."""

    command: str
    keys: tuple[str, ...] = ()
    """What it is about, if there is a choice."""
    is_all: bool = False
    """It is about all that there is."""


class Answer(Message, frozen=True, kw_only=True):
    """Master to `mailfilteradm`."""

    error: str = ""
    """Why nothing was done; empty is success."""
    warnings: tuple[str, ...] = ()
    status: dict[str, object] | None = None
    rows: tuple[dict[str, object], ...] = ()
    """What there is, one after the other."""


ToWorker = Boot | Serve | Drain | Cover | ReopenLog | Credentials | Maps | Saved | Told | Notice
ToMaster = Ready | Failed | Report | Alarm | TurnedAway | Logged | Ask | Notice

T = TypeVar("T")


class FrameReader(Generic[T]):
    """Octets in, messages out."""

    def __init__(self, kinds: object, limit: int = MAX_FRAME) -> None:
        """`kinds` is a union of the messages that may come, `limit` their largest size."""
        self._decoder = msgspec.msgpack.Decoder(kinds)
        self._limit = limit
        self._held = bytearray()

    def receive(self, data: bytes) -> Sequence[T]:
        """The messages that are complete now. Raises ControlError; nothing may follow that."""
        self._held += data
        found: list[T] = []
        start = 0
        while len(self._held) - start >= 4:
            size = int.from_bytes(self._held[start : start + 4], "big")
            if size > self._limit:
                raise ControlError(f"a frame of {size} octets, expected at most {self._limit}")
            end = start + 4 + size
            if len(self._held) < end:
                break
            found.append(self._decode(bytes(self._held[start + 4 : end])))
            start = end
        del self._held[:start]
        return found

    def _decode(self, frame: bytes) -> T:
        try:
            message: T = self._decoder.decode(frame)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ControlError(f"not a message: {error}") from None
        return message


def encode(message: Message) -> bytes:
    """A message as a frame. Raises ControlError if it is too large for the other side."""
    payload = _payload(message)
    if len(payload) > MAX_FRAME:
        raise ControlError(f"a message of {len(payload)} octets, expected at most {MAX_FRAME}")
    return len(payload).to_bytes(4, "big") + payload


def _payload(message: Message) -> bytes:
    try:
        return msgspec.msgpack.encode(message)
    except UnicodeEncodeError:
        # The name of a file, or words about it, that are not UTF-8.
        plain = msgspec.to_builtins(message, builtin_types=(bytes,))
        return msgspec.msgpack.encode(_escaped(plain))


def _escaped(value: object) -> object:
    """The same with an escape in place of each octet that no text can hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {_escaped(key): _escaped(item) for key, item in value.items()}
    return value


def to_worker_reader() -> FrameReader[ToWorker]:
    """For what a worker reads."""
    return FrameReader(ToWorker)


def to_master_reader() -> FrameReader[ToMaster]:
    """For what a master reads from a worker."""
    return FrameReader(ToMaster)


def request_reader() -> FrameReader[Request]:
    """For what a master reads from `mailfilteradm`."""
    return FrameReader(Request, MAX_REQUEST)


def answer_reader() -> FrameReader[Answer]:
    """For what `mailfilteradm` reads."""
    return FrameReader(Answer)
