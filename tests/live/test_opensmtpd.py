"""A real OpenSMTPD with filter-rspamd asks the filter by HTTP."""

import functools

from . import scan_mta
from .delivered import values
from .filter_rspamd import CONNECT, ask_filter, message
from .harness import SENDER, Filter, body_of, shared_sink, wish
from .opensmtpd import OpenSmtpd
from .opensmtpd_case import OpenSmtpdCase, at_port
from .scan_mta import HAM, LARGE, away_filter, dressed_filter
from .told import told


class OpenSmtpdMailTests(OpenSmtpdCase, scan_mta.ScanMtaCases):
    """What every kind of message becomes."""


class OpenSmtpdFactsTests(OpenSmtpdCase):
    """What the filter learns of session and client."""

    def setUp(self) -> None:
        """Name a recipient of whose mail the filter tells."""
        super().setUp()
        self.box = f"tell-{self.box}"

    def test_session(self) -> None:
        """Client, names and the queue id; nobody has logged in."""
        reply = self.send(HAM)
        envelope = told(self.filter, self.box).envelope
        self.assertEqual(envelope["client_ip"], "127.0.0.1")
        self.assertEqual(envelope["hostname"], "localhost")
        self.assertEqual(envelope["helo"], "client.live.test")
        self.assertEqual(envelope["mta_name"], "mx.test")
        self.assertIn(envelope["queue_id"], reply.text)
        self.assertEqual((envelope["user"], envelope["tls"]), (None, None))
        self.filter.wait_record(self.mark, queue_id=envelope["queue_id"])

    def test_user(self) -> None:
        """Who has authenticated; told to filter-rspamd as smtpd does it, which cannot here."""
        url = at_port(self.filter.http)
        answers = ask_filter(url, [*CONNECT, "link-auth|s1|alice|pass", *message(self.box, HAM)])
        self.assertEqual(answers[-1], "filter-result|s1|t2|proceed")
        envelope = told(self.filter, self.box).envelope
        self.assertEqual((envelope["user"], envelope["client_ip"]), ("alice", "192.0.2.7"))

    def test_unknown_host(self) -> None:
        """A client without a name, at an address of IPv6."""
        connect = "link-connect|s1|<unknown>|fail|[2001:db8::7]:4711|[2001:db8::1]:25"
        url = at_port(self.filter.http)
        ask_filter(url, [connect, *CONNECT[1:], *message(self.box, HAM)])
        envelope = told(self.filter, self.box).envelope
        self.assertEqual((envelope["client_ip"], envelope["hostname"]), ("2001:db8::7", None))


class OpenSmtpdDressedTests(OpenSmtpdCase):
    """What the routines for headers add and remove; filter-rspamd reads strings alone."""

    service = "dressed"

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return dressed_filter()

    def test_fields(self) -> None:
        """Fields of the routines and of a check are there, and those to be removed are not."""
        forged = b"X-Old: 1\r\nX-Virus: no\r\nAuthentication-Results: mx.live.test; spf=pass\r\n"
        wishes = ("Add", "X-A: two words"), ("Remove", "x-twice")
        text = forged + wish(wishes, "folded.eml")
        self.assertEqual(self.send(text).code, 250)
        delivered = self.arrived(self.box)
        self.assertEqual(values(delivered, "X-A"), ["two words"])
        self.assertEqual(values(delivered, "X-Old"), [])
        self.assertEqual(values(delivered, "X-Twice"), [])
        self.assertEqual(values(delivered, "X-Virus"), ["none here"])
        (results,) = values(delivered, "Authentication-Results")
        self.assertNotIn("spf=pass", results)
        (result,) = values(delivered, "X-Spamd-Result")
        self.assertIn("default: False [", result)
        self.assertEqual(body_of(delivered), body_of(text))


class OpenSmtpdClassicTests(OpenSmtpdCase, scan_mta.ClassicCases):
    """With six actions."""

    service = "classic"


class OpenSmtpdErrorTests(OpenSmtpdCase):
    """A request that the filter refuses."""

    service = "lost"

    def test_error(self) -> None:
        """Delivered as it is: filter-rspamd does not look at the status, and finds no action."""
        self.assertEqual(self.send(HAM).code, 250)
        self.check_arrived(1)


class OpenSmtpdAwayTests(OpenSmtpdCase, scan_mta.ScanAwayCases):
    """Whatever happens to the filter, nothing gets in unseen."""

    def make_smtpd(self) -> OpenSmtpd:
        """One whose filter may be stopped."""
        return away_smtpd()

    def test_too_large(self) -> None:
        """A message that is too large for the filter is delivered: the reply is an error."""
        self.addCleanup(self.sink.forget, self.box)
        self.assertEqual(self.send(LARGE + LARGE[:1_000_000]).code, 250)
        self.check_arrived(1)
        (record,) = self.filter.records(self.mark)
        self.assertEqual((record["unscanned"], record["sender"]), ("size", SENDER))

    def test_away_at_start(self) -> None:
        """It starts without the filter too."""
        self.filter.stop()
        own = OpenSmtpd(at_port(self.filter.http), {}, self.sink.port)
        self.smtpd = own
        self.assertEqual(self.send(HAM).code, self.away)
        self.filter.start()
        self.assertEqual(self.send(HAM).code, 250)
        self.check_arrived(1)
        own.stop()


@functools.cache
def away_smtpd() -> OpenSmtpd:
    """As documented, for a filter that may be stopped."""
    return OpenSmtpd(at_port(away_filter().http), {}, shared_sink().port)
