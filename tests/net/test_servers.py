"""Which resolvers are asked."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config.model import Dns
from mailfilter.net.servers import MAX_SERVERS, Server, dns_servers, nameservers

FILE = b"""\
# nameserver 192.0.2.9
; nameserver 192.0.2.8
search example.org example.com
options ndots:3 timeout:1
nameserver 192.0.2.1
  nameserver\t2001:db8::1   # ours
nameserver fe80::1%eth0
nameserver
nameserver resolver.example.org
nameserver 192.0.2.1
nameservers 192.0.2.7
nameserver \xff\xfe
"""


class ServersTests(SynchronousTestCase):
    """Configuration, file, and neither."""

    def test_file(self) -> None:
        """Addresses count, each once; names, comments and other lines do not."""
        expected = [Server("192.0.2.1"), Server("2001:db8::1"), Server("fe80::1%eth0")]
        self.assertEqual(list(nameservers(FILE)), expected)

    def test_zones(self) -> None:
        """Names of interfaces, and nothing that would spoil a line of the log."""
        for zone in ("eth0", "3", "br-1a.100", "wg_0"):
            expected = (Server(f"fe80::1%{zone}"),)
            self.assertEqual(nameservers(b"nameserver fe80::1%" + zone.encode()), expected)
        for octets in (b"\x1b[31m", b"a\0", b"eth0\x7f", b"\xc3\xa4", b"a]:53", b"x" * 16, b"a%b"):
            self.assertEqual(nameservers(b"nameserver fe80::1%" + octets), ())

    def test_many(self) -> None:
        """Their number is bounded."""
        text = b"".join(b"nameserver 192.0.2.%d\n" % number for number in range(100))
        self.assertEqual(len(nameservers(text)), MAX_SERVERS)

    def test_configured(self) -> None:
        """Those of the configuration are taken instead of the file's."""
        settings = Dns(servers=("192.0.2.1:53", "[2001:db8::1]:5353"))
        expected = (Server("192.0.2.1"), Server("2001:db8::1", 5353))
        self.assertEqual(dns_servers(settings, self.file(FILE)), expected)
        self.assertEqual(tuple(str(server) for server in expected), settings.servers)

    def test_of_the_machine(self) -> None:
        """Without a configuration the file is read."""
        self.assertEqual(dns_servers(Dns(), self.file(FILE)), nameservers(FILE))

    def test_nothing(self) -> None:
        """An empty file, or none, is the machine itself."""
        self.assertEqual(dns_servers(Dns(), self.file(b"")), (Server("127.0.0.1"),))
        self.assertEqual(dns_servers(Dns(), Path(self.mktemp())), (Server("127.0.0.1"),))

    def file(self, data: bytes) -> Path:
        """A file with this content."""
        path = Path(self.mktemp())
        path.write_bytes(data)
        return path
