"""Bytes of MTAs become events, wherever they are cut; bytes of others become an error."""

from struct import pack

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter import (
    MAX_FRAME,
    MAX_MACROS,
    MAX_STRINGS,
    Abort,
    Body,
    Connect,
    Data,
    EndOfHeaders,
    EndOfMessage,
    Event,
    HeaderField,
    Helo,
    Macros,
    Mail,
    MilterReader,
    Negotiate,
    ProtocolError,
    Quit,
    QuitNew,
    Rcpt,
    Unknown,
)

from .milter_mta import frame, macros, mail, message, offer, rcpt, recordings

KINDS: dict[str, type[Event]] = {
    "OPTNEG": Negotiate,
    "MACRO": Macros,
    "CONNECT": Connect,
    "HELO": Helo,
    "MAIL": Mail,
    "RCPT": Rcpt,
    "DATA": Data,
    "HEADER": HeaderField,
    "EOH": EndOfHeaders,
    "BODY": Body,
    "BODYEOB": EndOfMessage,
    "UNKNOWN": Unknown,
    "ABORT": Abort,
    "QUIT": Quit,
}


def read(*pieces: bytes) -> list[Event]:
    """The events of a stream that comes in pieces."""
    reader = MilterReader()
    return [event for piece in pieces for event in reader.receive(piece)]


class MacroBoundTests(SynchronousTestCase):
    def test_of_a_large_packet_the_beginning_counts(self) -> None:
        value = b"v" * (MAX_FRAME // 2)
        packet = frame("D", b"M{a}\0b\0{c}\0" + value + b"\0{d}\0e\0")
        (found,) = MilterReader().receive(packet)
        assert isinstance(found, Macros)
        self.assertEqual(found.pairs[0], (b"{a}", b"b"))
        self.assertLess(sum(len(value) for _, value in found.pairs), MAX_MACROS)


class RecordingTests(SynchronousTestCase):
    """The MTA's side of each recorded session."""

    def test_each_frame_is_an_event_of_its_kind(self) -> None:
        for recording in recordings().values():
            kinds = [type(event) for event in read(recording.mta)]
            self.assertEqual(kinds, [KINDS[name] for name in recording.names()], recording.title)

    def test_split_at_every_offset(self) -> None:
        for recording in recordings().values():
            whole = recording.mta
            if len(whole) > 4000:
                continue
            expected = read(whole)
            for at in range(len(whole)):
                self.assertEqual(read(whole[:at], whole[at:]), expected)

    def test_one_octet_at_a_time(self) -> None:
        for recording in recordings().values():
            whole = recording.mta
            pieces = [whole[at : at + 1] for at in range(len(whole))]
            self.assertEqual(read(*pieces), read(whole), recording.title)

    def test_postfix_session_with_tls_and_login(self) -> None:
        events = read(recordings()["postfix TLS + AUTH macros"].mta)
        self.assertEqual(events[0], Negotiate(6, 0x1FF, 0x1FFFFF))
        self.assertEqual(events[2], Connect(b"[127.0.0.1]", b"4", 46854, b"127.0.0.1"))
        self.assertEqual(events[3], Macros(b"H", ()))
        self.assertEqual(events[6], Macros(b"H", (
            (b"{tls_version}", b"TLSv1.3"),
            (b"{cipher}", b"TLS_AES_256_GCM_SHA384"),
            (b"{cipher_bits}", b"256"),
        )))  # fmt: skip
        self.assertIn((b"{auth_authen}", b"labuser"), events[8].pairs)  # type: ignore[union-attr]
        self.assertEqual(events[9], Mail(b"<s@example.org>", ()))
        self.assertIn(HeaderField(b"Subject", b"Minutes of the meeting"), events)
        self.assertEqual(events[-4:], [EndOfMessage(b""), Abort(), Abort(), Quit()])

    def test_ipv6_client(self) -> None:
        events = read(recordings()["postfix IPv6 client"].mta)
        clients = [event for event in events if isinstance(event, Connect)]
        self.assertEqual(clients[-1].hostname, b"[2001:db8::5]")
        self.assertEqual((clients[-1].family, clients[-1].address), (b"6", b"2001:db8::5"))


class DecodeTests(SynchronousTestCase):
    def check_table(self, table: dict[bytes, Event]) -> None:
        """Each frame alone, whole and cut everywhere, gives the event."""
        for data, expected in table.items():
            for at in range(len(data)):
                self.assertEqual(read(data[:at], data[at:]), [expected], data)

    def test_well_formed(self) -> None:
        self.check_table({
            offer(2, 0x3F, 0x7F): Negotiate(2, 0x3F, 0x7F),
            frame("O", pack(">IIII", 6, 1, 2, 3)): Negotiate(6, 1, 2),
            frame("C", b"h\x004\x09\xdd192.0.2.7\0"): Connect(b"h", b"4", 2525, b"192.0.2.7"),
            frame("C", b"h\x006\0\x19IPv6:2001:db8::5\0"): Connect(
                b"h", b"6", 25, b"IPv6:2001:db8::5"
            ),
            frame("C", b"localhost\0L\0\0/run/x\0"): Connect(b"localhost", b"L", 0, b"/run/x"),
            frame("C", b"h\0U"): Connect(b"h", b"U", 0, b""),
            frame("C", b"h\0?junk"): Connect(b"h", b"U", 0, b""),
            frame("H", b"x\0"): Helo(b"x"),
            mail("<>"): Mail(b"<>", ()),
            mail("<a@b>", "SIZE=100", "BODY=8BITMIME"): Mail(
                b"<a@b>", (b"SIZE=100", b"BODY=8BITMIME")
            ),
            rcpt("<a@b>", "NOTIFY=NEVER"): Rcpt(b"<a@b>", (b"NOTIFY=NEVER",)),
            frame("T"): Data(),
            frame("L", b"X-Fold\0f\n\tg\0"): HeaderField(b"X-Fold", b"f\n\tg"),
            frame("L", b"X-Empty\0\0"): HeaderField(b"X-Empty", b""),
            frame("L", b"X\0a\0b\0"): HeaderField(b"X", b"a"),
            frame("N"): EndOfHeaders(),
            frame("B", b"a\0b\r"): Body(b"a\0b\r"),
            frame("B"): Body(b""),
            frame("E"): EndOfMessage(b""),
            frame("E", b"last"): EndOfMessage(b"last"),
            frame("U", b"XYZZY foo\0"): Unknown(b"XYZZY foo"),
            frame("A"): Abort(),
            frame("Q"): Quit(),
            frame("K"): QuitNew(),
        })  # fmt: skip

    def test_odd_macros_are_taken_as_far_as_they_go(self) -> None:
        self.check_table({
            frame("D"): Macros(b"", ()),
            macros("H"): Macros(b"H", ()),
            macros("M", "i", "1", "{x}", ""): Macros(b"M", ((b"i", b"1"), (b"{x}", b""))),
            frame("D", b"Mi\x001"): Macros(b"M", ((b"i", b"1"),)),
            frame("D", b"Mi\0"): Macros(b"M", ((b"i", b""),)),
            frame("D", b"Mi\x001\0{x}"): Macros(b"M", ((b"i", b"1"),)),
            frame("D", b"?i\x001\0"): Macros(b"?", ((b"i", b"1"),)),
        })  # fmt: skip

    def test_malformed(self) -> None:
        for data in (
            frame("O"),
            frame("O", b"\0" * 11),
            frame("C"),
            frame("C", b"no NUL"),
            frame("C", b"h\0"),
            frame("C", b"h\x004"),
            frame("C", b"h\x004\0"),
            frame("C", b"h\x004\0\x19192.0.2.7"),
            frame("H"),
            frame("H", b"x"),
            frame("M"),
            frame("M", b"<a@b>"),
            frame("M", b"<a@b>\0SIZE=1"),
            frame("R"),
            frame("R", b"<a@b>"),
            frame("L"),
            frame("L", b"X"),
            frame("L", b"X\0"),
            frame("L", b"X\0value"),
            frame("U", b"x"),
            frame("z"),
            frame("\0"),
        ):
            for at in range(len(data)):
                (event,) = read(data[:at], data[at:] + frame("A"))
                self.assertIsInstance(event, ProtocolError, data)

    def test_lengths(self) -> None:
        for length in (0, MAX_FRAME + 1, 2**31 - 1, 2**31, 2**32 - 1):
            head = pack(">I", length)
            for data in (head, head + b"B", frame("A") + head):
                events = read(data)
                self.assertIsInstance(events[-1], ProtocolError)
                events = read(*(data[at : at + 1] for at in range(len(data))))
                self.assertIsInstance(events[-1], ProtocolError)

    def test_the_largest_frame(self) -> None:
        data = frame("B", b"x" * (MAX_FRAME - 1))
        (event,) = read(data[:70000], data[70000:])
        self.assertEqual(event, Body(b"x" * (MAX_FRAME - 1)))

    def test_a_large_frame_that_drips(self) -> None:
        data = frame("B", b"x" * 200000)
        events = read(*(data[at : at + 1] for at in range(len(data))))
        self.assertEqual(events, [Body(b"x" * 200000)])

    def test_nothing_follows_an_error(self) -> None:
        reader = MilterReader()
        reader.receive(frame("z"))
        self.assertEqual(reader.receive(frame("A")), [])

    def test_events_before_an_error_count(self) -> None:
        events = read(frame("A") + frame("Q") + frame("L", b"x") + frame("A"))
        self.assertEqual(events, [Abort(), Quit(), ProtocolError("truncated header")])

    def test_strings_are_bounded(self) -> None:
        (event,) = read(frame("M", b"\0" * 100000))
        assert isinstance(event, Mail)
        self.assertEqual(len(event.args), MAX_STRINGS - 1)
        (event,) = read(frame("D", b"M" + b"\0" * 100000))
        assert isinstance(event, Macros)
        self.assertEqual(len(event.pairs), MAX_STRINGS // 2)


class FuzzTests(SynchronousTestCase):
    @settings(derandomize=True, max_examples=300, deadline=None, database=None)
    @given(
        st.lists(
            st.one_of(
                st.sampled_from(message()),
                st.binary(max_size=40),
                st.builds(frame, st.sampled_from("OCHMRTLNBEUADQK"), st.binary(max_size=40)),
            ),
            max_size=12,
        ),
        st.integers(0, 400),
    )
    def test_any_bytes_cut_anywhere_give_the_same_events(self, parts: list[bytes], at: int) -> None:
        whole = b"".join(parts)
        self.assertEqual(read(whole[:at], whole[at:]), read(whole))
