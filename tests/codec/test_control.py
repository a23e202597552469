"""Frames between the processes: the same messages however they are cut, and nothing that hurts."""

from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec import control
from mailfilter.codec.control import (
    MAX_FRAME,
    MAX_REQUEST,
    Alarm,
    Answer,
    Ask,
    Boot,
    ControlError,
    Cover,
    Credentials,
    Drain,
    Failed,
    File,
    FrameReader,
    Handed,
    Histogram,
    KeypairFile,
    Logged,
    MapFile,
    Maps,
    Message,
    Notice,
    Pair,
    Ready,
    ReopenLog,
    Report,
    Request,
    Saved,
    Serve,
    SigningFile,
    Told,
    Trust,
    TurnedAway,
    answer_reader,
    encode,
    request_reader,
    to_master_reader,
    to_worker_reader,
)
from tests.config.case import EXAMPLES

BOOT = Boot(
    generation=3,
    place=1,
    seconds=60.0,
    state_dir="/var/lib/mailfilter",
    config="/etc/mailfilter/mailfilter.toml",
    directory="/etc/mailfilter",
    files=(File("/etc/mailfilter/mailfilter.toml", b"x = 1\n\xff\0", 0o640, 12),),
    checks=(File("/etc/mailfilter/checks/a.py", b"import os\n"),),
    sockets=(Handed("http", 5, 2, (0, 1)),),
    is_strict=True,
    log="-",
    credentials=Credentials(pairs=(Pair(name="mx", chain=b"chain"),)),
)
CREDENTIALS = Credentials(
    pairs=(Pair(name="mx", chain=b"chain\xff", key=b"key", ocsp=b"\x30"),),
    trusts=(Trust(listener="http", authorities=b"ca", revoked=(b"crl", b"")),),
    keypairs=(KeypairFile(name="front", data=b"secret\xff"),),
    signing=(SigningFile(domain="example.org", selector="s", data=b"secret\xff"),),
)
REPORT = Report(
    memory=2**40,
    cpu=1.5,
    scans=2,
    connections={"http": 1},
    counters={"scans": 7},
    histograms={"scan_seconds": Histogram((0.5, 1.0), (1, 2, 3), 4.5)},
    gauges={"store_failing": 1.0},
    last_seconds=(0.25, 0.5),
)
TO_WORKER: Sequence[Message] = (
    BOOT,
    CREDENTIALS,
    Drain(is_stop=True, seconds=10.0),
    Cover(places=(0, 2)),
    Cover(places=()),
    Serve(),
    ReopenLog(),
    Maps(files=(MapFile("partners", "names", b"example.org\n\xff"),)),
    Saved(number=2, actions={"reject": None, "greylist": 3.5}, symbols={"A": -1.0}),
    Told(number=7, value=b"\x80", error=""),
    Notice(topic="maps", value=b"\0\xff"),
)
TO_MASTER: Sequence[Message] = (
    Ready(warnings=("check x: timeout",)),
    Ready(),
    Failed(reason="ä\n"),
    REPORT,
    Alarm(text=""),
    TurnedAway(
        listener="http",
        source="2001:db8::/64",
        peer="2001:db8::1",
        how="refused",
        text="no",
        unsaid=7,
    ),
    Logged(at=1.5, pid=7, level="warn", module="store", message_id="", text="ä"),
    Ask(number=7, topic="status", value=b"", by="127.0.0.1"),
    Notice(topic="maps"),
)
ANSWERS: Sequence[Message] = (
    Answer(error="no", warnings=("a", "b")),
    Answer(status={"state": "serving", "workers": [{"pid": 1, "rate": 0.5}], "x": None}),
    Answer(),
)


def table() -> Sequence[tuple[Sequence[Message], FrameReader[Any], FrameReader[Any]]]:
    """Messages, and two readers of their kind."""
    return (
        (TO_WORKER, to_worker_reader(), to_worker_reader()),
        (TO_MASTER, to_master_reader(), to_master_reader()),
        ((Request(command="reload"),), request_reader(), request_reader()),
        (ANSWERS, answer_reader(), answer_reader()),
    )


def frame(value: object) -> bytes:
    payload = value if isinstance(value, bytes) else msgspec.msgpack.encode(value)
    return len(payload).to_bytes(4, "big") + payload


class FrameTests(SynchronousTestCase):
    def test_every_kind_is_here(self) -> None:
        """The table knows all messages that there are."""
        kinds = {type(message) for messages, _, _ in table() for message in messages}
        ours = {kind for kind in Message.__subclasses__() if kind.__module__ == control.__name__}
        self.assertEqual(kinds, ours)

    def test_octets(self) -> None:
        """The form itself, for those who watch the pipe."""
        drain = encode(Drain(is_stop=False, seconds=0.5))
        body = b"\x83\xa4type\xa5Drain\xa7is_stop\xc2\xa7seconds\xcb\x3f\xe0" + bytes(6)
        self.assertEqual(drain, b"\0\0\0\x26" + body)
        self.assertEqual(encode(ReopenLog()), b"\0\0\0\x10\x81\xa4type\xa9ReopenLog")

    def test_whole(self) -> None:
        for messages, reader, _ in table():
            data = b"".join(map(encode, messages))
            self.assertEqual(reader.receive(data), list(messages))

    def test_octet_by_octet(self) -> None:
        for messages, reader, _ in table():
            data = b"".join(map(encode, messages))
            found = [item for octet in data for item in reader.receive(bytes([octet]))]
            self.assertEqual(found, list(messages))

    def test_split_anywhere(self) -> None:
        for messages, reader, _ in table():
            data = b"".join(map(encode, messages))
            for at in range(len(data) + 1):
                found = [*reader.receive(data[:at]), *reader.receive(data[at:])]
                self.assertEqual(found, list(messages), at)

    def test_as_soon_as_complete(self) -> None:
        """Nobody waits for the next frame."""
        reader = to_worker_reader()
        data = encode(ReopenLog())
        self.assertEqual(reader.receive(data[:-1]), [])
        self.assertEqual(reader.receive(data[-1:] + data[:2]), [ReopenLog()])
        self.assertEqual(reader.receive(data[2:]), [ReopenLog()])

    def test_text_that_is_none(self) -> None:
        """Names of files may hold any octets; words about them get through all the same."""
        failed = Failed(reason="/etc/\udcff: ä")
        self.assertEqual(
            to_master_reader().receive(encode(failed)), [Failed(reason="/etc/\\udcff: ä")]
        )
        file = File("/\udc80.py", b"\x80", 0o600, 5)
        (boot,) = to_worker_reader().receive(encode(structs.replace(BOOT, checks=(file,))))
        self.assertEqual(
            boot, structs.replace(BOOT, checks=(File("/\\udc80.py", b"\x80", 0o600, 5),))
        )
        answer = Answer(status={"config\ud800": ["\udcff", 1]})
        self.assertEqual(
            answer_reader().receive(encode(answer)),
            [Answer(status={"config\\ud800": ["\\udcff", 1]})],
        )

    def test_unknown_fields(self) -> None:
        """A newer one may say more."""
        data = frame({"type": "ReopenLog", "why": [1, {"a": None}]})
        self.assertEqual(to_worker_reader().receive(data), [ReopenLog()])
        data = frame({"new": 1, "command": "status", "type": "Request"})
        self.assertEqual(request_reader().receive(data), [Request(command="status")])


class RefusedTests(SynchronousTestCase):
    def refused(self, data: bytes, reader: FrameReader[Any] | None = None) -> str:
        with self.assertRaises(ControlError) as caught:
            (reader or to_master_reader()).receive(data)
        return str(caught.exception)

    def test_too_long(self) -> None:
        """Its length alone is enough: nothing of it is waited for."""
        for reader, limit in ((to_master_reader(), MAX_FRAME), (request_reader(), MAX_REQUEST)):
            head = (limit + 1).to_bytes(4, "big")
            self.assertEqual(reader.receive(head[:3]), [])
            text = self.refused(head[3:], reader)
            self.assertEqual(text, f"a frame of {limit + 1} octets, expected at most {limit}")
        self.assertIn("a frame of 4294967295 octets", self.refused(b"\xff" * 4))

    def test_longest(self) -> None:
        """At the limit all is well."""
        # The length of the frame is not counted, that of a long text takes four octets more.
        room = MAX_REQUEST - len(encode(Request(command=""))) + 4 - 4
        request = Request(command="x" * room)
        data = encode(request)
        self.assertEqual(len(data), MAX_REQUEST + 4)
        self.assertEqual(request_reader().receive(data), [request])

    def test_too_long_to_send(self) -> None:
        """What the other side would refuse is not sent."""
        self.patch(control, "MAX_FRAME", 100)
        encode(Alarm(text="x" * 50))
        with self.assertRaises(ControlError) as caught:
            encode(Alarm(text="x" * 100))
        self.assertRegex(str(caught.exception), r"a message of \d+ octets, expected at most 100")

    def test_not_ours(self) -> None:
        values: Sequence[object] = (
            {"type": "Shutdown"},
            {"type": "Drain", "is_stop": True, "seconds": 1.0},  # not to a master
            {"type": 5},
            {"type": None},
            {"reason": "x"},
            {},
            [],
            None,
            "Ready",
            7,
            {"type": "Failed"},
            {"type": "Failed", "reason": 5},
            {"type": "Failed", "reason": b"x"},
            {"type": "Ready", "warnings": "text"},
            {"type": "Ready", "warnings": [1]},
            {"type": "Notice", "topic": "t", "value": 1},
            b"",
            b"\xc1",
            b"\x81\xa4type",
            b"\x81\xa4type\xa6Fail",
            b"\xdf\xff\xff\xff\xff",
            b"\x82\xa4type\xa6Failed\xa6reason\xa2\xff\xfe",
            msgspec.msgpack.encode({"type": "Ready"}) + b"\0",
        )
        for value in values:
            self.assertTrue(self.refused(frame(value)).startswith("not a message: "), value)

    def test_every_truncation(self) -> None:
        """A frame that ends within its message."""
        payload = encode(REPORT)[4:]
        for end in range(len(payload)):
            self.refused(frame(payload[:end]))

    def test_nesting(self) -> None:
        deep = b"\x91" * 10_000 + b"\xc0"
        head = b"\x82\xa4type\xa6Answer\xa6status\x81\xa1x"
        for data in (deep, head + deep, b"\x82\xa4type\xa6Answer\xa3new" + deep):
            self.refused(frame(data), answer_reader())
        self.refused(frame(b"\x81\xa1a" * 10_000 + b"\xc0"))

    def test_wrong_types(self) -> None:
        """Each field of the one message that all else depends on."""
        right = msgspec.msgpack.decode(encode(BOOT)[4:])
        self.assertEqual(to_worker_reader().receive(frame(right)), [BOOT])
        for key, wrong in {
            "type": 5,
            "generation": "3",
            "place": 1.5,
            "seconds": "60",
            "config": b"/etc/mailfilter/mailfilter.toml",
            "directory": None,
            "files": [["/path", "text"]],
            "checks": [[1, b""]],
            "sockets": {"http": 5},
            "is_strict": 1,
            "log": None,
        }.items():
            self.refused(frame({**right, key: wrong}), to_worker_reader())
            del right[key]
            self.refused(frame(right), to_worker_reader())
            right = msgspec.msgpack.decode(encode(BOOT)[4:])

    @EXAMPLES
    @given(st.lists(st.binary(max_size=60).map(frame) | st.binary(max_size=8), max_size=4))
    def test_random(self, parts: Sequence[bytes]) -> None:
        """Whatever comes, it is messages or a ControlError."""
        for reader in (to_worker_reader(), to_master_reader(), request_reader(), answer_reader()):
            self.feed(reader, b"".join(parts))

    @EXAMPLES
    @given(
        st.sampled_from([*TO_WORKER, *TO_MASTER, *ANSWERS]),
        st.integers(0, 400),
        st.binary(max_size=6),
    )
    def test_damaged(self, message: Message, at: int, octets: bytes) -> None:
        """A real message with a hole in it."""
        payload = encode(message)[4:]
        at %= len(payload)
        data = frame(payload[:at] + octets + payload[at + len(octets) :])
        for reader in (to_worker_reader(), to_master_reader(), answer_reader()):
            self.feed(reader, data)

    def feed(self, reader: FrameReader[Any], data: bytes) -> None:
        try:
            found = reader.receive(data)
        except ControlError:
            return
        for message in found:
            self.assertIsInstance(message, Message)
