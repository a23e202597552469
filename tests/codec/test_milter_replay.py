"""Recorded sessions played to the reader and a session, as if we had been the filter then.

The MTA's offer is replaced by what the filter of the recording agreed on, so that each frame means
what it meant to that filter; our replies must be those that the MTA then got.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import MilterReader
from mailfilter.codec.milter_session import Close, Outcome, Session, Transaction
from mailfilter.scan.envelope import Envelope
from mailfilter.servers.milter_envelope import build_envelope
from mailfilter.servers.peer import Peers

from ..servers.milter_server import LISTENER
from .milter_mta import Recording, frames, recordings

MAX_MESSAGE = 2**20
SPLIT_AT_ALL = 1600
"""Octets of the sessions that are cut at every offset."""

HEAD = (
    b"Date: Sun, 22 Nov 2026 %b +0000\r\nFrom: Alice Example <sender@example.org>\r\n"
    b"To: <bob@lab.test>\r\nMessage-ID: <%b@example.org>\r\nSubject: Minutes of the meeting\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n"
)
EXTRA = b"X-One: 1\r\nX-Dup: a\r\nX-Dup: b\r\nX-Two:  2\r\nX-Dup: c\r\nX-Fold: f\r\n\tg\r\n"
SPACES = b"X-NoSp:z\r\nX-Tab:\ttab\r\nX-Empty:\r\nX-Fold2:\r\n next\r\n"
LETTER = b"Dear Bob,\r\n\r\nplease find the minutes below, as promised on Friday.\r\n\r\nAlice\r\n"


def letter(time: bytes, number: bytes, extra: bytes = b"", body: bytes = LETTER) -> bytes:
    """The message of most recordings."""
    return HEAD % (time, number) + extra + b"\r\n" + body


MESSAGES: dict[str, bytes] = {
    "postfix ham, v6, no flags wanted (lockstep)": letter(
        b"16:35:23", b"4127.13.1795365323", EXTRA
    ),
    "sendmail ham, v6, no flags wanted (lockstep)": letter(
        b"16:36:38", b"4127.251.1795365398", EXTRA
    ),
    "postfix ham against rspamd (all NR flags)": letter(b"16:50:05", b"436.1.1795366205"),
    "sendmail ham against rspamd (all NR flags)": letter(b"16:51:17", b"436.1485.1795366277"),
    "postfix TLS + AUTH macros": letter(b"16:50:30", b"436.183.1795366230"),
    "sendmail TLS + AUTH macros": letter(b"16:51:38", b"436.1664.1795366298"),
    "postfix XCLIENT name, address, port": letter(b"16:50:30", b"436.185.1795366230"),
    "postfix IPv6 client": letter(b"16:50:30", b"436.187.1795366230"),
    "postfix unknown SMTP command": letter(b"16:50:29", b"436.177.1795366229"),
    "sendmail unknown SMTP command": letter(b"16:51:38", b"436.1660.1795366298"),
    "postfix header leading space with HDR_LEADSPC": letter(
        b"16:35:25", b"4127.39.1795365325", EXTRA + SPACES
    ),
    "sendmail header leading space with HDR_LEADSPC": letter(
        b"16:36:43", b"4127.277.1795365403", EXTRA + SPACES
    ),
    "postfix RCPT_REJ": letter(b"16:36:28", b"4127.212.1795365388"),
    "sendmail null sender": letter(b"16:51:18", b"436.1521.1795366278"),
    "postfix no headers at all": (
        b"Message-Id: <20261122165009.4C4392363A6@mx.lab.test>\r\n"
        b"Date: Sun, 22 Nov 2026 16:50:09 +0000 (UTC)\r\nFrom: sender@example.org\r\n"
        b"\r\nonly a body here\r\n"
    ),
    "sendmail no headers at all": b"\r\nonly a body here\r\n",
    "postfix NUL octets in body": letter(
        b"16:50:07", b"436.63.1795366207", body=b"a\0b\0\0c\r\n\0\r\n"
    ),
}
"""The whole message, by the session's title."""

ENVELOPES: dict[str, dict[str, object]] = {
    "postfix ham, v6, no flags wanted (lockstep)": {
        "client_ip": "127.0.0.1", "hostname": None, "helo": "client.lab.test",
        "sender": "sender@example.org", "recipients": ["s4127x14@lab.test"],
        "queue_id": "C782F22831A", "mta_name": "mx.lab.test", "user": None, "tls": None,
    },
    "sendmail ham, v6, no flags wanted (lockstep)": {
        "client_ip": "127.0.0.1", "hostname": "localhost", "queue_id": "6AMGac6c006396",
        "recipients": ["s4127x252@lab.test"],
    },
    "postfix TLS + AUTH macros": {
        "user": "labuser", "tls": ("TLSv1.3", "TLS_AES_256_GCM_SHA384"), "queue_id": "0C88C2365E3",
    },
    "sendmail TLS + AUTH macros": {
        "user": "labuser", "tls": ("TLSv1.3", "TLS_AES_256_GCM_SHA384"), "mta_name": "auth",
    },
    "postfix XCLIENT name, address, port": {
        "client_ip": "203.0.113.5", "hostname": "mail.example.net", "helo": "mail.example.net",
    },
    "postfix IPv6 client": {"client_ip": "2001:db8::5", "hostname": None},
    "postfix unknown SMTP command": {"helo": "again.lab.test"},
    "sendmail unknown SMTP command": {"helo": "again.lab.test"},
    "sendmail null sender": {"sender": "", "recipients": ["r436x1522@lab.test"]},
    "postfix RCPT_REJ": {"recipients": ["unknown@lab.test", "r4127x211@lab.test"]},
    "postfix refused recipient among good ones": {
        "recipients": ["r436x34@lab.test", "r436x35@lab.test"],
    },
}  # fmt: skip
"""What the envelope says of it."""

FACTS: dict[str, Callable[[Envelope], object]] = {
    "client_ip": lambda envelope: str(envelope.client_ip),
    "recipients": lambda envelope: [each.address for each in envelope.recipients],
    "tls": lambda envelope: envelope.tls and (envelope.tls.version, envelope.tls.cipher),
}
"""How those facts are read that are no plain attributes."""


def stream(recording: Recording) -> bytes:
    """What the MTA sends to a filter that agrees to what the recorded one did."""
    answers = [data for side, name, data in recording.frames if side != "mta" and name == "OPTNEG"]
    if not answers:
        return recording.mta
    offered = 4 + int.from_bytes(recording.mta[:4], "big")
    return b"\0\0\0\x0d" + answers[0][4:17] + recording.mta[offered:]


def play(*pieces: bytes) -> list[Outcome]:
    """What follows from a stream that comes in pieces."""
    reader, session = MilterReader(), Session(MAX_MESSAGE)
    return [session.handle(event) for piece in pieces for event in reader.receive(piece)]


def transactions(recording: Recording) -> list[Transaction]:
    """The messages of a session."""
    outcomes = play(stream(recording))
    return [outcome for outcome in outcomes if isinstance(outcome, Transaction)]


def codes(outcomes: list[Outcome]) -> str:
    """The codes of all replies, E for the end of a message."""
    found = ""
    for outcome in outcomes:
        if isinstance(outcome, bytes):
            found += "".join(code for code, _ in frames(outcome))
        elif isinstance(outcome, Transaction):
            found += "E"
    return found


def recorded_codes(recording: Recording) -> str:
    """The same of the filter of the recording; the reply to the end of a message is one E."""
    found = ""
    for side, _, data in recording.frames:
        if side == "mta":
            found += "E" if data[4:5] == b"E" else ""
        elif not found.endswith("E") or data[4:5] in (b"c", b"O"):
            found += chr(data[4])
    return found


class CuttingTests(SynchronousTestCase):
    """However a session is cut, it is the same session."""

    def test_cut_in_two_at_every_offset(self) -> None:
        for recording in recordings().values():
            data = stream(recording)
            if len(data) > SPLIT_AT_ALL:
                continue
            whole = play(data)
            for at in range(1, len(data)):
                self.assertEqual(play(data[:at], data[at:]), whole, (recording.title, at))

    def test_one_octet_at_a_time(self) -> None:
        for recording in recordings().values():
            data = stream(recording)
            pieces = [data[at : at + 1] for at in range(len(data))]
            self.assertEqual(play(*pieces), play(data), recording.title)

    def test_long_sessions_cut_in_pieces_of_one_size(self) -> None:
        for recording in recordings().values():
            data = stream(recording)
            if len(data) <= SPLIT_AT_ALL:
                continue
            whole = play(data)
            for size in (2, 3, 5, 7, 1448, 4096, 65535, 65536):
                edges = [*range(0, len(data), size), len(data)]
                pieces = [data[low:high] for low, high in pairwise(edges)]
                self.assertEqual(play(*pieces), whole, (recording.title, size))


class OutcomeTests(SynchronousTestCase):
    """What comes of each session."""

    def test_replies_are_those_that_the_mta_got(self) -> None:
        """Each event has its reply, or none, as agreed; the end of a message comes out once."""
        compared = 0
        for recording in recordings().values():
            if not any(side != "mta" for side, _, _ in recording.frames):
                continue
            expected = recorded_codes(recording).replace("Ec", "E")
            self.assertEqual(codes(play(stream(recording))), expected, recording.title)
            compared += 1
        self.assertGreater(compared, 30)

    def test_agreement(self) -> None:
        """Nothing is agreed on that the recorded filter had not agreed on."""
        for recording in recordings().values():
            data = stream(recording)
            session = Session(MAX_MESSAGE)
            session.handle(MilterReader().receive(data[:17])[0])
            version, edits, steps = (int.from_bytes(data[at : at + 4], "big") for at in (5, 9, 13))
            self.assertEqual(session.agreement.version, min(version, 6), recording.title)
            self.assertEqual(session.agreement.edits & ~edits, 0, recording.title)
            self.assertEqual(session.agreement.steps & ~steps, 0, recording.title)

    def test_messages(self) -> None:
        for title, expected in MESSAGES.items():
            (found,) = transactions(recordings()[title])
            self.assertEqual(found.raw, expected, title)
            self.assertEqual(found.size, len(expected), title)

    def test_envelopes(self) -> None:
        for title, expected in ENVELOPES.items():
            (found,) = transactions(recordings()[title])
            envelope: Any = build_envelope(
                "test", LISTENER, found, Peers("test", LISTENER).peer(None)
            )
            for name, value in expected.items():
                fact = FACTS.get(name, lambda told, name=name: getattr(told, name))(envelope)
                self.assertEqual(fact, value, (title, name))

    def test_five_messages_have_nothing_of_each_other(self) -> None:
        for title in (
            "postfix five messages, RSET and ABORT between",
            "sendmail five messages, RSET between",
        ):
            found = transactions(recordings()[title])
            bodies = [(each.raw or b"").partition(b"\r\n\r\n")[2] for each in found]
            self.assertEqual(bodies, [b"message %d\r\n" % number for number in range(5)])
            self.assertEqual({len(each.recipients) for each in found}, {1})
            self.assertEqual(len({each.recipients for each in found}), 5)
            self.assertEqual(len({each.macros[b"i"] for each in found}), 5)

    def test_large_message_of_version_2(self) -> None:
        """Five pieces of a body, and no DATA."""
        (found,) = transactions(recordings()["postfix filter answered version 2"])
        assert found.raw is not None
        head, _, body = found.raw.partition(b"\r\n\r\n")
        self.assertEqual(head.count(b"\r\n") + 1, 8)
        self.assertEqual(len(body), 4 * 65535 + len(body) % 65535)

    def test_last_words(self) -> None:
        """Postfix says goodbye, Sendmail does, and one that lost its client does not."""
        for recording in recordings().values():
            closed = [each for each in play(stream(recording)) if isinstance(each, Close)]
            expected = [Close(None)] if "QUIT" in recording.names() else []
            self.assertEqual(closed, expected, recording.title)
