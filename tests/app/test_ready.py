"""What is said of a listener that serves."""

import socket

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.ready import web_address
from mailfilter.config.model import Listener, Protocol


class WebAddressTests(SynchronousTestCase):
    """Where a browser finds the web interface."""

    def address(
        self, address: str, protocol: Protocol = "controller", certificates: tuple[str, ...] = ()
    ) -> str | None:
        """Of a listener at an address."""
        listener = Listener(protocol=protocol, endpoint="tcp:1", certificates=certificates)
        return web_address(listener, address)

    def test_addresses(self) -> None:
        self.assertEqual(self.address("127.0.0.1:11334"), "http://127.0.0.1:11334/")
        self.assertEqual(self.address("[::1]:11334"), "http://[::1]:11334/")

    def test_tls(self) -> None:
        url = self.address("192.0.2.1:443", certificates=("mx",))
        self.assertEqual(url, "https://192.0.2.1:443/")

    def test_every_interface(self) -> None:
        """A browser cannot go to 0.0.0.0 of another machine."""
        for address in ("0.0.0.0:11334", "[::]:11334"):
            self.assertEqual(self.address(address), f"http://{socket.gethostname()}:11334/")

    def test_none(self) -> None:
        """Neither other protocols have one, nor is a file one."""
        self.assertIsNone(self.address("127.0.0.1:11332", "milter"))
        for path in ("/run/mailfilter/controller.sock", "/run/with:colon", "/run/with:1"):
            self.assertIsNone(self.address(path))
