"""A filter that serves by TLS makes it anew from time to time, until it serves no more."""

from mailfilter.app.fronts import ROTATION
from mailfilter.app.serving import Serving
from mailfilter.codec.control import Credentials, Pair
from mailfilter.config import Config, Loaded
from mailfilter.config.model import Certificate, Listener
from mailfilter.testing.fake_scanner import FakeScanner
from tests.authority import Authority

from .case import SocketCase
from .test_serving import Timeless


class RotationTests(SocketCase):
    def setUp(self) -> None:
        super().setUp()
        self.clock = Timeless()

    def serve(self, *certificates: str) -> Serving:
        """Accepting on a socket."""
        chain, key = Authority(self.folder, "ours").issue("mx.example.org")
        pair = Pair(name="mx", chain=chain.read_bytes(), key=key.read_bytes())
        listener = Listener(protocol="http", endpoint="tcp:0", certificates=certificates)
        config = Config(listeners={"here": listener}, certificates={"mx": Certificate(chain="x")})
        loaded = Loaded(config, {}, None, "/")
        made = Serving(self.clock, loaded, FakeScanner(), self.fail, Credentials(pairs=(pair,)))
        sock = self.listening(("127.0.0.1", 0))
        sock.setblocking(False)
        made.accept("here", sock, is_shared=False)
        return made

    def planned(self) -> list[float]:
        """When something is planned that is hours away."""
        return [call.getTime() for call in self.clock.getDelayedCalls() if call.getTime() > 1000]

    def test_while_it_serves(self) -> None:
        serving = self.serve("mx")
        self.assertEqual(self.planned(), [ROTATION])
        serving.drain(is_stop=True, seconds=0)
        self.assertEqual(self.planned(), [])
        self.clock.advance(0)

    def test_without_tls(self) -> None:
        serving = self.serve()
        self.assertEqual(self.planned(), [])
        serving.drain(is_stop=True, seconds=0)
        self.clock.advance(0)
