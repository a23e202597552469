"""Which macros hold when: they belong to the event before which they came."""

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter_session import Transaction

from .milter_mta import connect, frame, helo, macros, mail, offer, rcpt
from .test_milter_session import play

END = frame("E")


class MacroTests(SynchronousTestCase):
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
