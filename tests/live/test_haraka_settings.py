"""Haraka with other settings, and without the filter: stopped, killed, reloaded."""

import functools

from . import scan_mta
from .delivered import values
from .haraka import Haraka
from .haraka_case import HarakaCase, at_port
from .harness import Filter, body_of, message_file, shared_filter, shared_sink, wish
from .processes import wait_until
from .scan_mta import HAM, LARGE, UNIX, away_filter, classic_port, dressed_filter

DEFER = "[defer]\nerror = true\ntimeout = true\n"


@functools.cache
def defers() -> Haraka:
    """As documented, for a filter that may be stopped."""
    return Haraka(at_port(away_filter().http), shared_sink().port)


@functools.cache
def accepts() -> Haraka:
    """The plugin's own default: what cannot be scanned is let in. It does not wait long."""
    changes = {DEFER: "", "timeout = 60": "timeout = 3"}
    return Haraka(at_port(away_filter().http), shared_sink().port, changes)


@functools.cache
def bearer() -> Haraka:
    """At the unix socket, with a password of the kind Bearer from the environment."""
    more = (
        "[auth]\nheader = Authorization\nvalue_env = SCAN_PASSWORD\n"
        "[request]\nflags = groups,milter,unheard-of\nsettings_id = nobody-has-it\n"
        "[request_headers]\nMTA-Tag = outbound\nMTA-Name = mx.haraka.test\n"
    )
    return Haraka(
        f"unix_socket = {dressed_filter().home / UNIX}\n",
        shared_sink().port,
        more=more,
        environment={"SCAN_PASSWORD": "Bearer very-secret"},
    )


@functools.cache
def basic() -> Haraka:
    """With a password of the kind Basic."""
    more = "[auth]\nbasic_user = haraka\nbasic_pass = very secret\n"
    return Haraka(at_port(dressed_filter().http), shared_sink().port, more=more)


@functools.cache
def classic() -> Haraka:
    """At the listener that tells six actions."""
    return Haraka(at_port(classic_port()), shared_sink().port)


@functools.cache
def lost() -> Haraka:
    """At another path."""
    return Haraka(f"{at_port(shared_filter().http)}path = /nowhere\n", shared_sink().port)


class HarakaAwayTests(HarakaCase, scan_mta.ScanAwayCases):
    """As documented: whatever happens to the filter, nothing gets in unseen."""

    def make_haraka(self) -> Haraka:
        """See `HarakaCase`."""
        return defers()

    def test_too_large(self) -> None:
        """A message that is too large for the filter is deferred."""
        self.assertEqual(self.send(LARGE + LARGE[:1_000_000]).code, self.away)
        self.check_arrived(0)

    def test_timeout(self) -> None:
        """A scan that takes longer than Haraka waits is deferred."""
        own = Haraka(at_port(self.filter.http), self.sink.port, {"timeout = 60": "timeout = 1"})
        self.haraka = own
        self.assertEqual(self.send(wish({"Delay": "2.5"})).code, self.away)
        self.check_arrived(0)
        own.stop()


class HarakaErrorTests(HarakaCase):
    """A request that the filter refuses."""

    def make_haraka(self) -> Haraka:
        """One that asks for what is not there."""
        return lost()

    def test_error(self) -> None:
        """Deferred, as without the filter."""
        self.assertEqual(self.send(HAM).code, self.away)
        self.check_arrived(0)


class HarakaClassicTests(HarakaCase, scan_mta.ClassicCases):
    """With six actions."""

    def make_haraka(self) -> Haraka:
        """See `HarakaCase`."""
        return classic()


class HarakaOpenTests(HarakaCase):
    """Without [defer], the plugin's own default."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        own = away_filter()
        own.ensure_running()
        return own

    def make_haraka(self) -> Haraka:
        """See `HarakaCase`."""
        return accepts()

    def test_stopped(self) -> None:
        """Everything is let in as it is, spam too."""
        self.filter.stop()
        self.assertEqual(self.send(message_file("gtube-reject.eml")).code, 250)
        self.filter.start()
        self.assertEqual(self.send(message_file("gtube-reject.eml")).code, 550)
        self.check_arrived(1)

    def test_timeout(self) -> None:
        """What takes too long too."""
        slow = wish([("Delay", "60"), ("Delay", "60"), ("Action", "reject")])
        self.assertEqual(self.send(slow).code, 250)
        self.check_arrived(1)


class HarakaDressedTests(HarakaCase):
    """What the routines for headers add and remove, by two more ways to reach the filter."""

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        return dressed_filter()

    def check_dressed(self) -> None:
        """Fields of the routines are there, and those to be removed are not."""
        forged = b"X-Old: 1\r\nX-Virus: no\r\nAuthentication-Results: mx.live.test; spf=pass\r\n"
        text = forged + wish([("Add", "X-A: two words"), ("Remove", "x-old")], "folded.eml")
        self.assertEqual(self.send(text).code, 250)
        delivered = self.arrived(self.box)
        self.assertEqual(values(delivered, "X-A"), ["two words"])
        self.assertEqual(values(delivered, "X-Old"), [])
        self.assertEqual(values(delivered, "X-Virus"), ["none here"])
        (results,) = values(delivered, "Authentication-Results")
        self.assertTrue(results.startswith("mx."), results)
        (result,) = values(delivered, "X-Spamd-Result")
        self.assertIn("default: False [", result)
        self.assertEqual(body_of(delivered), body_of(text))

    def test_unix_bearer(self) -> None:
        """Unix socket, Bearer, flags and settings that nobody knows, a name for the MTA."""
        self.haraka = bearer()
        self.check_dressed()

    def test_kept_connection(self) -> None:
        """Messages one after the other share a connection; when that has ended there is another."""
        self.haraka = bearer()
        for _ in range(2):
            for _ in range(5):
                self.assertEqual(self.send(HAM).code, 250)
            # None with a Node.js that keeps none.
            self.assertLessEqual(self.connections(), 1)
            wait_until(lambda: not self.connections(), "the idle connection to end")
        self.check_arrived(10)
        self.assertEqual(len(self.filter.records(self.mark)), 10)

    def connections(self) -> int:
        """Those at the unix socket."""
        count: int = self.filter.status()["listeners"]["scan-unix"]["connections"]
        return count

    def test_basic(self) -> None:
        """TCP and Basic."""
        self.haraka = basic()
        self.check_dressed()
