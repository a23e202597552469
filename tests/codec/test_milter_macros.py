"""Which macros hold when: they belong to the event before which they came."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter_session import Transaction

from .milter_mta import connect, frame, helo, macros, mail, message, offer, rcpt, recordings
from .test_milter_session import START, play, transactions

END = frame("E")


class OwnershipTests(SynchronousTestCase):
    def users(self, *parts: bytes) -> list[bytes | None]:
        """The login of each message of a session."""
        outcomes = play(offer(), connect(), helo(), *parts)
        found = [outcome for outcome in outcomes if isinstance(outcome, Transaction)]
        return [transaction.macros.get(b"auth_authen") for transaction in found]

    def test_of_one_message(self) -> None:
        login = macros("M", "{auth_authen}", "joe")
        message = mail(), rcpt(), END
        self.assertEqual(self.users(login, *message, *message), [b"joe", None])

    def test_of_a_message_that_was_given_up(self) -> None:
        """With an abort or without one: Sendmail sends none (milter.md 7)."""
        login = macros("M", "{auth_authen}", "joe")
        for abort in ((), (frame("A"),)):
            parts = [login, mail(), rcpt(), *abort, mail(), rcpt(), END]
            self.assertEqual(self.users(*parts), [None])
            other = macros("M", "{auth_authen}", "ann")
            parts = [login, mail(), rcpt(), *abort, other, mail(), rcpt(), END]
            self.assertEqual(self.users(*parts), [b"ann"])

    def test_of_a_name_that_was_said_before(self) -> None:
        """Encryption is of the HELO before which it was told."""
        tls = macros("H", "{tls_version}", "TLSv1.3")
        for between, expected in (((), b"TLSv1.3"), ((helo("other"),), None)):
            outcomes = play(offer(), connect(), tls, helo(), *between, mail(), rcpt(), END)
            found = outcomes[-1]
            assert isinstance(found, Transaction)
            self.assertEqual(found.macros.get(b"tls_version"), expected)

    def test_of_another_client(self) -> None:
        parts = [macros("C", "v", "one"), connect(), mail(), frame("K"), connect(), mail(), END]
        found = play(offer(), *parts)[-1]
        assert isinstance(found, Transaction)
        self.assertNotIn(b"v", found.macros)

    def test_of_a_client_that_is_not_there_yet(self) -> None:
        """What was told of a name or a message before there was a client is not of this one."""
        early = macros("H", "{tls_version}", "TLSv1.3"), macros("M", "{auth_authen}", "joe")
        own = macros("C", "j", "mx")
        found = play(offer(), *early, own, connect(), helo(), mail(), rcpt(), END)[-1]
        assert isinstance(found, Transaction)
        self.assertEqual(found.macros, {b"j": b"mx"})


class MacroTests(SynchronousTestCase):
    def test_the_latest_stage_wins(self) -> None:
        begin, *rest = message()
        parts = [
            offer(), macros("C", "j", "mx", "i", "c"), connect(), macros("H"), helo(),
            macros("M", "i", "m", "{auth_authen}", "user"), begin, *rest[:-1],
            macros("E", "{i}", "e"), rest[-1],
        ]  # fmt: skip
        (found,) = transactions(*parts)
        self.assertEqual(found.macros, {b"j": b"mx", b"i": b"e", b"auth_authen": b"user"})

    def test_a_set_replaces_the_one_of_its_stage(self) -> None:
        (found,) = transactions(
            offer(), macros("C", "j", "a", "v", "b"), macros("C", "j", "c"), *message()
        )
        self.assertEqual(found.macros, {b"j": b"c"})

    def test_macros_of_a_message_end_with_it(self) -> None:
        login = macros("M", "{auth_authen}", "user")
        for between in (
            message()[-1],
            frame("A"),
            helo(),
        ):
            parts = [*START, macros("C", "j", "mx"), login, *message()[:-1], between]
            found = transactions(*parts, *message())
            self.assertEqual(found[-1].macros, {b"j": b"mx"})

    def test_macros_that_come_before_an_implicit_abort_belong_to_the_new_message(self) -> None:
        parts = [*START, mail(), macros("R", "i", "old"), rcpt(), macros("M", "i", "new")]
        (found,) = transactions(*parts, *message())
        self.assertEqual(found.macros, {b"i": b"new"})

    def test_unknown_stages_are_ignored(self) -> None:
        (found,) = transactions(*START, macros("?", "i", "1"), frame("D"), *message())
        self.assertEqual(found.macros, {})

    def test_recorded_tls_and_login(self) -> None:
        for mta in ("postfix", "sendmail"):
            (found,) = transactions(recordings()[f"{mta} TLS + AUTH macros"].mta)
            self.assertEqual(found.macros[b"auth_authen"], b"labuser")
            self.assertEqual(found.macros[b"tls_version"], b"TLSv1.3")
            self.assertTrue(found.macros[b"i"])
