"""What a milter session answers, and the messages it hands out."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec import milter_replies as replies
from mailfilter.codec.milter import Connect, Mail, MilterReader, Negotiate, ProtocolError, Rcpt
from mailfilter.codec.milter_agreement import agree
from mailfilter.codec.milter_headers import count_fields
from mailfilter.codec.milter_session import (
    MAX_ENVELOPE,
    Close,
    Outcome,
    Session,
    Transaction,
)

from .milter_mta import (
    ALL_EDITS,
    ALL_STEPS,
    MESSAGE,
    NO_REPLY,
    connect,
    frame,
    frames,
    header,
    helo,
    macros,
    mail,
    message,
    offer,
    rcpt,
    recordings,
)

LOCKSTEP = offer(steps=0)
START = [offer(), connect(), helo()]


def play(*parts: bytes, max_message: int = 1000) -> list[Outcome]:
    """The outcome of every frame."""
    session = Session(max_message)
    return [session.handle(event) for event in MilterReader().receive(b"".join(parts))]


def transactions(*parts: bytes, max_message: int = 1000) -> list[Transaction]:
    """The messages handed out."""
    return [
        outcome for outcome in play(*parts, max_message=max_message)
        if isinstance(outcome, Transaction)
    ]  # fmt: skip


class NegotiationTests(SynchronousTestCase):
    def test_versions(self) -> None:
        for version, expected in {2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 6, 2**32 - 1: 6}.items():
            agreement = agree(Negotiate(version, ALL_EDITS, ALL_STEPS))
            assert agreement is not None
            self.assertEqual(agreement.version, expected)
        for version in (0, 1):
            self.assertIsNone(agree(Negotiate(version, ALL_EDITS, ALL_STEPS)))
            self.assertEqual(play(offer(version)), [Close(f"protocol version {version}")])

    def test_never_more_than_was_offered(self) -> None:
        for bit in range(32):
            agreement = agree(Negotiate(6, 1 << bit, 1 << bit))
            assert agreement is not None
            self.assertEqual(agreement.edits & ~(1 << bit), 0)
            self.assertEqual(agreement.steps & ~(1 << bit), 0)

    def test_only_what_is_needed(self) -> None:
        agreement = agree(Negotiate(6, 2**32 - 1, 2**32 - 1))
        assert agreement is not None
        self.assertEqual((agreement.edits, agreement.steps), (0x17F, 0x1FF080))

    def test_bytes(self) -> None:
        lists = (
            b"\0\0\0\0j v {daemon_name} {client_addr} {client_name} {client_ptr}\0"
            b"\0\0\0\x01{tls_version} {cipher} {cert_subject} {cert_issuer} {verify}\0"
            b"\0\0\0\x02i {auth_type} {auth_authen} {mail_addr}\0"
            b"\0\0\0\x03i {rcpt_mailer}\0"
            b"\0\0\0\x05i\0"
        )
        for offered, expected in (
            (offer(), b"\0\0\0\x06\0\0\x01\x7f\0\x1f\xf0\x80" + lists),
            (offer(7), b"\0\0\0\x06\0\0\x01\x7f\0\x1f\xf0\x80" + lists),
            (offer(6, 0xFF, 0), b"\0\0\0\x06\0\0\0\x7f\0\0\0\0"),
            (offer(4, 0x1FF, 0x37F), b"\0\0\0\x04\0\0\0\x7f\0\0\0\0"),
            (offer(2, 0x0F, 0x3F), b"\0\0\0\x02\0\0\0\x0f\0\0\0\0"),
        ):
            self.assertEqual(play(offered), [frame("O", expected)])

    def test_a_second_one_is_ignored(self) -> None:
        self.assertEqual(play(LOCKSTEP, offer(2), connect())[1:], [b"", replies.CONTINUE])


class ReplyTests(SynchronousTestCase):
    def test_lockstep_every_event_gets_one_reply(self) -> None:
        outcomes = play(
            LOCKSTEP, connect(), helo(), frame("U", b"XYZZY\0"), macros("M", "i", "1"), *message()
        )
        *replied, last = outcomes[1:]
        expected = [replies.CONTINUE] * 3 + [b""] + [replies.CONTINUE] * 7
        self.assertEqual(replied, expected)
        self.assertIsInstance(last, Transaction)

    def test_each_no_reply_bit_silences_its_event_alone(self) -> None:
        events = {
            "C": connect(), "H": helo(), "M": mail(), "R": rcpt(), "T": frame("T"),
            "U": frame("U", b"x\0"), "L": header("A", " b"), "N": frame("N"), "B": frame("B", b"x"),
        }  # fmt: skip
        self.assertEqual(events.keys(), NO_REPLY.keys())
        for code in events:
            outcomes = play(offer(steps=NO_REPLY[code]), *events.values())[1:]
            expected = [b"" if code == other else replies.CONTINUE for other in events]
            self.assertEqual(outcomes, expected, code)

    def test_with_all_bits_nothing_is_said_before_the_end(self) -> None:
        for title, recording in recordings().items():
            if not recording.mta.startswith(offer()):
                continue
            for outcome in play(recording.mta, max_message=10**6)[1:]:
                self.assertIn(outcome, [b"", Close(None)] if isinstance(outcome, bytes | Close)
                              else [outcome], title)  # fmt: skip

    def test_never_a_reply_to_abort_quit_new_or_macros(self) -> None:
        events = [frame("A"), frame("A"), macros("C"), connect(), frame("A"), frame("K")]
        self.assertEqual(play(LOCKSTEP, *events)[1:], [b"", b"", b"", replies.CONTINUE, b"", b""])

    def test_quit_closes(self) -> None:
        self.assertEqual(play(*START, frame("Q"))[-1], Close(None))
        self.assertEqual(play(frame("Q")), [Close(None)])

    def test_a_protocol_error_closes(self) -> None:
        self.assertEqual(play(*START, mail(), frame("L"))[-1], Close("truncated header"))
        session = Session(1000)
        self.assertEqual(session.handle(ProtocolError("why")), Close("why"))


class OrderTests(SynchronousTestCase):
    def test_nothing_goes_without_negotiation(self) -> None:
        for first in (connect(), helo(), *message(), frame("U", b"x\0")):
            self.assertEqual(play(first), [Close("no negotiation")], first)

    def test_misplaced_events_are_ignored_without_a_reply(self) -> None:
        begun = [LOCKSTEP, connect(), helo()]
        for event in message()[1:-1]:
            self.assertEqual(play(*begun, event)[-1], b"", event)
            self.assertEqual(play(*begun, *message(), event)[-1], b"", event)

    def test_the_end_of_no_message_closes(self) -> None:
        """An MTA waits for an answer to it, and there is none."""
        begun = [LOCKSTEP, connect(), helo()]
        for parts in ([LOCKSTEP], begun, [*begun, *message()], [*begun, mail(), frame("A")]):
            self.assertEqual(play(*parts, frame("E"))[-1], Close("no message to end"))

    def test_misplaced_events_end_a_message(self) -> None:
        late = header("A", " b")
        for at, event in ((4, rcpt()), (4, frame("T")), (6, late), (7, late), (6, frame("N")),
                          (3, connect())):  # fmt: skip
            parts = message()
            first = message()[:at]
            self.assertEqual(transactions(*START, *first, event, *parts[at:]), [], event)
            outcomes = transactions(*START, *first, event, *message())
            self.assertEqual([found.raw for found in outcomes], [MESSAGE], event)

    def test_a_second_sender_is_an_implicit_abort(self) -> None:
        (found,) = transactions(*START, mail("<x@y>"), rcpt("<gone@z>"), *message())
        self.assertEqual(found.sender, Mail(b"<a@example.org>", ()))
        self.assertEqual(found.recipients, (Rcpt(b"<b@example.net>", ()),))

    def test_abort_anywhere_in_a_message(self) -> None:
        for at in range(8):
            (found,) = transactions(*START, *message()[:at], frame("A"), *message())
            self.assertEqual(found.raw, MESSAGE)
            self.assertEqual(len(found.recipients), 1)

    def test_helo_again_keeps_the_client_and_ends_the_message(self) -> None:
        (found,) = transactions(*START, mail(), rcpt("<gone@z>"), helo("two"), *message())
        assert found.connect is not None
        self.assertEqual((found.connect.address, found.helo), (b"192.0.2.7", b"two"))
        self.assertEqual(len(found.recipients), 1)

    def test_unknown_commands_change_nothing(self) -> None:
        parts = [part + frame("U", b"XYZZY\0") for part in message()]
        (found,) = transactions(*START, *parts)
        self.assertEqual(found.raw, MESSAGE)

    def test_events_may_be_left_out(self) -> None:
        for parts, raw in (
            ([mail(), rcpt(), frame("E")], b""),
            ([mail(), rcpt(), frame("N"), frame("B"), frame("E")], b""),
            ([mail(), frame("N"), frame("E", b"\r\n")], b"\r\n\r\n"),
            ([mail(), rcpt(), header("A", " b"), frame("E")], b"A: b\r\n\r\n"),
            ([mail(), rcpt(), frame("B", b"x"), frame("E")], b"\r\nx"),
            ([mail(), frame("N"), frame("E", b"x")], b"\r\nx"),
        ):
            (found,) = transactions(offer(), *parts)
            self.assertEqual((found.raw, found.connect, found.helo), (raw, None, None))

    def test_quit_new_keeps_only_the_agreement(self) -> None:
        first = [macros("C", "j", "old"), connect(), helo(), mail(), rcpt("<gone@z>")]
        second = [connect("new.example.net", "2001:db8::9"), *message()]
        (found,) = transactions(offer(), *first, frame("K"), *second)
        self.assertEqual(found.connect, Connect(b"new.example.net", b"6", 2525, b"2001:db8::9"))
        self.assertEqual((found.helo, found.macros, len(found.recipients)), (None, {}, 1))
        self.assertEqual(play(LOCKSTEP, *first, frame("K"), connect())[-1], replies.CONTINUE)

    def test_quit_new_forgets_a_client_that_has_no_successor(self) -> None:
        first = [macros("C", "j", "old"), connect(), helo(), mail(), rcpt("<gone@z>")]
        (found,) = transactions(offer(), *first, frame("K"), *message())
        self.assertEqual((found.connect, found.helo, found.macros), (None, None, {}))

    def test_many_messages(self) -> None:
        found = transactions(*START, *message(b"1"), frame("A"), *message(b"2"), *message(b"3"))
        self.assertEqual([(each.raw or b"")[-1:] for each in found], [b"1", b"2", b"3"])

    def test_recorded_sessions_of_five_messages(self) -> None:
        for mta in ("postfix five messages, RSET and ABORT between",
                    "sendmail five messages, RSET between"):  # fmt: skip
            recording = recordings()[mta]
            found = transactions(recording.mta, max_message=10**6)
            self.assertEqual(len(found), recording.names().count("BODYEOB"))
            self.assertEqual({len(each.recipients) for each in found}, {1})

    def test_recorded_clients_that_vanish(self) -> None:
        for mta in ("postfix", "sendmail"):
            self.assertEqual(transactions(recordings()[f"{mta} client vanishes in DATA"].mta), [])


class MessageTests(SynchronousTestCase):
    def rebuilt(self, *fields: tuple[str, str], steps: int = ALL_STEPS) -> bytes:
        """The header block rebuilt from wire values."""
        parts = [header(*field) for field in fields]
        (found,) = transactions(offer(steps=steps), mail(), rcpt(), *parts, frame("E"))
        assert found.raw is not None
        self.assertEqual(found.head, found.raw.removesuffix(b"\r\n"))
        self.assertEqual(found.fields, len(fields))
        return found.head

    def test_values_are_exact_with_leading_space(self) -> None:
        for value, expected in {
            " 1": b"X: 1\r\n",
            "z": b"X:z\r\n",
            "  2": b"X:  2\r\n",
            "\ttab": b"X:\ttab\r\n",
            "": b"X:\r\n",
            " f\n\tg": b"X: f\r\n\tg\r\n",
            "\n next": b"X:\r\n next\r\n",
            " f\r\n g": b"X: f\r\n g\r\n",
        }.items():
            self.assertEqual(self.rebuilt(("X", value)), expected)

    def test_one_space_comes_back_without_leading_space(self) -> None:
        for value, expected in {
            "1": b"X: 1\r\n",
            " 2": b"X:  2\r\n",
            "\ttab": b"X:\ttab\r\n",
            "": b"X: \r\n",
            "f\n\tg": b"X: f\r\n\tg\r\n",
            "\n next": b"X:\r\n next\r\n",
        }.items():
            self.assertEqual(self.rebuilt(("X", value), steps=0), expected)

    def test_recorded_leading_space(self) -> None:
        expected = (
            b"X-One: 1\r\nX-Dup: a\r\nX-Dup: b\r\nX-Two:  2\r\nX-Dup: c\r\nX-Fold: f\r\n\tg\r\n"
            b"X-NoSp:z\r\nX-Tab:\ttab\r\nX-Empty:\r\nX-Fold2:\r\n next\r\n"
        )
        for mta in ("postfix", "sendmail"):
            recording = recordings()[f"{mta} header leading space with HDR_LEADSPC"]
            found = transactions(recording.mta)[-1]
            self.assertIn(expected, found.raw)

    def test_8_bit_names_and_values_survive(self) -> None:
        self.assertEqual(self.rebuilt(("Ä", " ö")), "Ä: ö\r\n".encode())

    def test_body_pieces_are_joined(self) -> None:
        parts = message(b"a\r", b"", b"\nb\0")[:-1]
        (found,) = transactions(*START, *parts, frame("E", b"last"))
        assert found.raw is not None
        self.assertEqual(found.raw.partition(b"\r\n\r\n")[2], b"a\r\nb\0last")
        self.assertEqual(found.size, len(found.raw))

    def test_recorded_nul_octets(self) -> None:
        (found,) = transactions(recordings()["postfix NUL octets in body"].mta)
        assert found.raw is not None
        self.assertTrue(found.raw.endswith(b"\r\n\r\na\0b\0\0c\r\n\0\r\n"))

    def test_size_limit(self) -> None:
        size = len(MESSAGE)
        (found,) = transactions(*START, *message(), max_message=size)
        self.assertEqual((found.raw, found.size), (MESSAGE, size))
        for limit in (size - 1, size - 8, 10, 0):
            (found,) = transactions(*START, *message(), max_message=limit)
            self.assertEqual((found.raw, found.size), (None, size))

    def test_an_oversize_message_is_answered_to_and_the_next_is_kept(self) -> None:
        outcomes = play(LOCKSTEP, *message(b"x" * 5000, b"y"), *message())
        self.assertEqual(outcomes[1:9], [replies.CONTINUE] * 8)
        large, small = outcomes[9], outcomes[-1]
        assert isinstance(large, Transaction) and isinstance(small, Transaction)
        self.assertEqual((large.raw, large.head), (None, small.head))
        self.assertTrue(small.raw)
        (large,) = transactions(
            LOCKSTEP, mail(), header("A", "x" * 5000), header("B", "c"), frame("E")
        )
        self.assertEqual((large.raw, large.head), (None, b""))

    def test_one_event_is_one_field(self) -> None:
        """Whatever breaks are in it: MTAs indent a line that would begin another field."""
        fields = (
            header("A", "1\nB: 2"),
            header("C", "3\n\n4"),
            header("D\nE", "5"),
            header("F", "6\n"),
        )
        parts = [mail(), rcpt(), *fields, frame("N"), frame("B", b"x\r\n"), frame("E")]
        (found,) = transactions(offer(steps=0), *parts)
        expected = b"A: 1\r\n\tB: 2\r\nC: 3\r\n\t\r\n\t4\r\nD E: 5\r\nF: 6\r\n\t\r\n"
        self.assertEqual(found.head, expected)
        self.assertEqual(found.fields, 4)

    def test_nothing_is_kept_over_the_limit(self) -> None:
        session = Session(1000)
        for event in MilterReader().receive(b"".join([*START, *message(*[b"x" * 900] * 50)[:-1]])):
            session.handle(event)
            self.assertLessEqual(len(session._raw), 1000)

    def test_too_many_recipients_close(self) -> None:
        many = rcpt("<b@example.net>", "x" * 60000) * (MAX_ENVELOPE // 60000 + 1)
        self.assertEqual(play(*START, mail(), many)[-1], Close("too many recipients"))

    def test_a_body_with_the_whole_message_replaces_it(self) -> None:
        """Stalwart sends the message as the body, and trims the values of its header events."""
        whole = b"Subject: \r\n a\r\n  b\r\nX:  c \r\n\r\nbody\r\n"
        fields = header("Subject", "a\r\n  b"), header("X", "c")
        named = frame("D", b"C{daemon_name}\0Stalwart v0.15\0"), connect()
        for steps, client in ((0, ()), (ALL_STEPS, named)):
            parts = [*client, mail(), rcpt(), *fields, frame("N")]
            (found,) = transactions(offer(steps=steps), *parts, frame("B", whole), frame("E"))
            self.assertEqual(found.raw, whole)
            other = whole.replace(b"c", b"d")
            (found,) = transactions(offer(steps=steps), *parts, frame("B", other), frame("E"))
            assert found.raw is not None
            self.assertTrue(found.raw.endswith(b"\r\n\r\n" + other))
            self.assertEqual(found.raw, found.head + b"\r\n" + other)

    def test_fields_are_counted_by_name(self) -> None:
        head = b"X-Spam: a\r\n X-Spam: b\r\nx-spam: c\r\nX-SpamX: d\r\nX.Spam:e\r\n"
        for name, count in {"X-Spam": 2, "x-SPAM": 2, "X-SpamX": 1, "X.Spam": 1, "Y": 0}.items():
            self.assertEqual(count_fields(head, name), count)


class FuzzTests(SynchronousTestCase):
    @settings(derandomize=True, max_examples=300, deadline=None, database=None)
    @given(
        st.lists(
            st.one_of(
                st.sampled_from([*message(), frame("A"), frame("K"), helo(), connect(), offer()]),
                st.builds(frame, st.sampled_from("OCHMRTLNBEUADK"), st.binary(max_size=30)),
            ),
            max_size=40,
        ),
        st.sampled_from([0, ALL_STEPS]),
    )
    def test_any_order_of_events(self, parts: list[bytes], steps: int) -> None:
        session = Session(60)
        for event in MilterReader().receive(offer(steps=steps) + b"".join(parts)):
            outcome = session.handle(event)
            self.assertLessEqual(len(session._raw), 60)
            if isinstance(outcome, bytes):
                self.assertIn([code for code, _ in frames(outcome)], [[], ["O"], ["c"]])
            if isinstance(outcome, Close):
                break
            if isinstance(outcome, Transaction) and outcome.raw is not None:
                self.assertLessEqual(outcome.size, 60)
