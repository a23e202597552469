"""What is said of macros that an MTA does not send: once for each kind of session."""

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.codec.milter_agreement import WANTED_EDITS, Agreement
from mailfilter.servers.milter_advice import MAX_KINDS, MAX_SOFTWARE, Advisor

from ..codec.milter_mta import message
from .milter_server import LISTENER, START, Mta, logged

LIST = Agreement(6, WANTED_EDITS, 0)
NO_LIST = Agreement(2, 0, 0)
FULL = {b"i": b"4711", b"j": b"mx.example.net", b"v": b"Postfix 3.7.11"}


class AdviceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.advisor = Advisor(LISTENER)

    def test_all_is_there(self) -> None:
        """Without a login or TLS: an MTA that takes a list has sent what there is."""
        self.assertIsNone(self.advisor.advise(LIST, FULL))

    def test_no_queue_id(self) -> None:
        told = {**FULL, b"i": b""}
        self.assertEqual(
            self.advisor.advise(LIST, told),
            "the MTA 'Postfix 3.7.11' does not send the macro i: log and history do not have its"
            " queue id (add i to milter_end_of_data_macros)",
        )
        self.assertIsNone(self.advisor.advise(LIST, told))

    def test_no_list(self) -> None:
        """What may be missing for want of a login or TLS is told of until it was seen."""
        advice = self.advisor.advise(NO_LIST, FULL)
        assert advice is not None
        self.assertIn("has not sent the macro auth_authen so far: if users log in there", advice)
        self.assertIn("(add {auth_authen} to milter_mail_macros, unless it is there)", advice)
        self.assertIn("has not sent the macro tls_version", advice)
        self.assertNotIn("cert_issuer", advice)
        self.assertIsNone(self.advisor.advise(NO_LIST, FULL))

    def test_no_list_but_a_login(self) -> None:
        """What an MTA has sent once it would send again, by whatever name others go."""
        login = {**FULL, b"auth_authen": b"joe"}
        self.assertIn("tls_version", self.advisor.advise(NO_LIST, login) or "")
        self.assertIsNone(self.advisor.advise(NO_LIST, {**login, b"tls_version": b"TLSv1.3"}))
        self.assertIsNone(self.advisor.advise(NO_LIST, FULL))
        other = self.advisor.advise(NO_LIST, {**FULL, b"v": b"8.17.1"}) or ""
        self.assertIn("auth_authen", other)
        self.assertIn("tls_version", other)

    def test_certificates(self) -> None:
        advisor = Advisor(replace(LISTENER, cert_issuer="CA"))
        self.assertIn("cert_issuer", advisor.advise(NO_LIST, FULL) or "")

    def test_certificates_that_may_not_be_verified(self) -> None:
        for told, expected in (
            ({b"v": b"8.17.1"}, "add {verify} to confMILTER_MACROS_HELO"),
            ({b"v": b"8.17.1", b"verify": b"FAIL"}, None),
            ({b"daemon_name": b"mx"}, "add v to milter_connect_macros"),
            ({b"v": b"Postfix 3.7.11"}, None),
        ):
            advisor = Advisor(replace(LISTENER, cert_issuer="CA"))
            constant = {b"i": b"4711", b"j": b"mx", b"cert_issuer": b"CA", b"cert_subject": b"joe"}
            advice = advisor.advise(LIST, {**constant, **told})
            if expected is None:
                self.assertIsNone(advice, told)
            else:
                self.assertIn(expected, advice or "", told)

    def test_software(self) -> None:
        for name, expected in (
            (b"Stalwart v0.15", "it has no setting for that"),
            (b"8.17.1", "Sendmail: add i to confMILTER_MACROS_EOM"),
            (b"", "of unknown name"),
            (b"a\r\nb\x1b[31m\xff", r"'a\r\nb\x1b[31m"),
        ):
            advice = self.advisor.advise(LIST, {b"j": b"x", b"daemon_name": name}) or ""
            self.assertIn(expected, advice)
            self.assertTrue(advice.isprintable())

    def test_long_names(self) -> None:
        told = self.advisor.advise(LIST, {b"v": b"x" * 5000, b"j": b"mx"}) or ""
        self.assertTrue(told.startswith(f"the MTA '{'x' * MAX_SOFTWARE}' does"), told)

    def test_kinds_are_bounded(self) -> None:
        told = [self.advisor.advise(LIST, {b"v": b"%d" % n}) for n in range(3 * MAX_KINDS)]
        self.assertEqual(len([advice for advice in told if advice]), MAX_KINDS)

    def test_names_with_a_login_are_bounded(self) -> None:
        for at in range(3 * MAX_KINDS):
            self.advisor.advise(NO_LIST, {b"v": b"%d" % at, b"auth_authen": b"joe"})
        self.assertEqual(len(self.advisor._seen), MAX_KINDS)

    def test_logged_once(self) -> None:
        mta = Mta()
        with logged() as lines:
            mta.send(*START, *message(), *message())
        found = [line for line in lines if "does not send the macro" in line]
        self.assertEqual(len(found), 1, lines)
        self.assertTrue(found[0].startswith("test: the MTA "), found)
