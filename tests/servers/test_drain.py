"""Connections that shall end soon, one protocol at a time, in memory."""

from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.servers.closing import LINGER_SECONDS
from mailfilter.testing.fake_scanner import FakeScanner
from tests.codec.milter_mta import frame, mail, message

from .http_case import CHECK, PING, PONG, Case, error_bytes, reply_bytes
from .milter_server import ACCEPT, START, Mta, logged

LAST_PONG = reply_bytes(b"pong\r\n", kind=b"text/plain")


class HttpDrainTests(Case):
    def test_last_reply(self) -> None:
        """The client learns from it that there will be no more."""
        self.assertEqual(self.ask(PING), PONG)
        self.factory.is_draining = True
        self.assertEqual(self.ask(PING), LAST_PONG)
        self.assertTrue(self.transport.disconnecting)

    def test_last_refusal(self) -> None:
        self.factory.is_draining = True
        reply = self.ask(b"GET /nothing HTTP/1.1\r\n\r\n")
        self.assertEqual(reply, error_bytes(404, "invalid command"))
        self.assertTrue(self.transport.disconnecting)

    def test_scan_under_way(self) -> None:
        """Begun before and answered after: that reply is the last one."""
        self.serve(FakeScanner(wait=True))
        self.assertEqual(self.ask(CHECK), b"")
        self.factory.is_draining = True
        self.assertFalse(self.protocol.is_idle)
        self.factory.close_idle()
        self.assertFalse(self.transport.disconnecting)
        self.scanner.release()
        self.assertTrue(self.replies().startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"))
        self.assertTrue(self.transport.disconnecting)

    def test_pipelined(self) -> None:
        """What was sent behind the last request is not answered, and cannot be lost unseen."""
        self.factory.is_draining = True
        self.assertEqual(self.ask(PING + CHECK), LAST_PONG)
        self.assertEqual(self.scanner.calls, [])
        self.assertFalse(self.transport.disconnecting)
        self.clock.advance(LINGER_SECONDS)
        self.assertTrue(self.transport.disconnected)

    def test_idle(self) -> None:
        self.assertTrue(self.protocol.is_idle)
        self.factory.close_idle()
        self.assertTrue(self.transport.disconnecting)
        self.factory.close_idle()
        self.assertEqual(self.replies(), b"")

    def test_idle_after_a_reply(self) -> None:
        self.ask(PING)
        self.assertTrue(self.protocol.is_idle)
        self.factory.close_idle()
        self.assertTrue(self.transport.disconnecting)

    def test_begun(self) -> None:
        """The first octet of a request is enough, and its end is waited for."""
        for at in range(1, len(CHECK)):
            self.connect()
            self.ask(CHECK[:at])
            self.assertFalse(self.protocol.is_idle, at)
            self.factory.is_draining = True
            self.factory.close_idle()
            reply = self.ask(CHECK[at:])
            self.assertTrue(reply.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"), at)

    def test_client_that_stays(self) -> None:
        """It cannot keep us: there is an end to waiting for it to close."""
        self.factory.close_idle()
        self.clock.advance(LINGER_SECONDS)
        self.assertTrue(self.transport.disconnected)

    def test_abort(self) -> None:
        """At once, with the scan cancelled; nothing is left."""
        self.gone()
        self.serve(FakeScanner(wait=True))
        self.ask(CHECK)
        self.factory.abort()
        self.assertTrue(self.transport.disconnected)
        self.protocol.connectionLost(Failure(ConnectionLost()))
        self.assertEqual((self.scanner.cancelled, self.factory.connections), (1, set()))
        self.assertEqual(self.clock.getDelayedCalls(), [])


class MilterDrainTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.mta = Mta(FakeScanner(wait=True))

    @property
    def is_idle(self) -> bool:
        return self.mta.protocol.is_idle

    def test_states(self) -> None:
        """Busy is from the sender of a message to its answer."""
        self.assertTrue(self.is_idle)
        for part in START:
            self.mta.send(part)
            self.assertTrue(self.is_idle)
        for part in message():
            self.mta.send(part)
            self.assertFalse(self.is_idle)
        self.mta.scanner.release()
        self.assertEqual(self.mta.replies(), [ACCEPT])
        self.assertTrue(self.is_idle)

    def test_given_up(self) -> None:
        """A message that the MTA takes back is over."""
        self.mta.send(*START, mail())
        self.assertFalse(self.is_idle)
        self.mta.send(frame("A"))
        self.assertTrue(self.is_idle)
        self.mta.send(*message(), frame("A"))
        self.assertTrue(self.is_idle)

    def test_what_waits(self) -> None:
        """Events that have come in and wait for their turn are work."""
        self.mta.send(*START)
        self.mta.scanner.wait = False
        self.mta.protocol.dataReceived(b"".join(message() * 2))
        self.assertFalse(self.is_idle)
        self.assertEqual(self.mta.replies()[-2:], [ACCEPT] * 2)
        self.assertTrue(self.is_idle)

    def test_no_word_of_it(self) -> None:
        """The protocol has no way to say that it is the last message."""
        self.mta.factory.is_draining = True
        self.mta.scanner.wait = False
        self.mta.send(*START)
        self.assertEqual(self.mta.send(*message()), [ACCEPT])
        self.assertEqual(self.mta.send(*message()), [ACCEPT])
        self.assertFalse(self.mta.is_closing)
        self.assertFalse(self.mta.factory.tells_to_close)

    def test_close_idle(self) -> None:
        self.mta.send(*START)
        self.mta.factory.close_idle()
        self.mta.factory.close_idle()
        self.assertTrue(self.mta.is_closing)
        self.mta.lose()
        self.assertEqual(self.mta.clock.getDelayedCalls(), [])

    def test_close_when_the_mta_is_closing(self) -> None:
        self.mta.send(*START, frame("Q"))
        self.assertTrue(self.mta.is_closing)
        self.mta.factory.close_idle()
        self.mta.lose()
        self.assertEqual(self.mta.factory.connections, set())

    def test_busy_is_left(self) -> None:
        """In every step of a message."""
        self.mta.send(*START)
        for part in message():
            self.mta.send(part)
            self.mta.factory.close_idle()
            self.assertFalse(self.mta.is_closing)
        self.mta.scanner.release()
        self.assertEqual(self.mta.replies(), [ACCEPT])
        self.mta.factory.close_idle()
        self.assertTrue(self.mta.is_closing)

    def test_abort(self) -> None:
        self.mta.send(*START, *message())
        self.mta.factory.abort()
        self.assertTrue(self.mta.transport.disconnected)
        self.mta.lose()
        self.assertEqual(self.mta.scanner.cancelled, 1)
        self.assertEqual(self.mta.clock.getDelayedCalls(), [])


class LimitTests(SynchronousTestCase):
    def test_max_connections(self) -> None:
        """One too many is not taken."""
        with logged() as lines:
            mta = Mta(max_connections=2)
            second = mta.factory.buildProtocol(None)
            self.assertEqual([mta.factory.buildProtocol(None) for _ in range(3)], [None] * 3)
            self.assertEqual(len(mta.factory.connections), 2)
            mta.factory.forget(mta.protocol)
            self.assertIsNotNone(mta.factory.buildProtocol(None))
            self.assertIsNone(mta.factory.buildProtocol(None))
        self.assertEqual(lines, ["test: 'unix': no connections over 2 (max_connections)"])
        self.assertIn(second, mta.factory.connections)
