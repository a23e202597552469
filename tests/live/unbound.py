"""A validating resolver of DNS for tests: zones of ours alone, signed or not, all on loopback.

It asks nobody: what no zone has is not there. The root is ours, too, and signed; its key is what
the resolver trusts, so that it validates from the top as it would in the world.
"""

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SkipTest

from . import peers
from .processes import Child, free_port, private_directory

PROGRAMS = ("unbound", "drill", "ldns-keygen", "ldns-signzone")
HOST = "127.0.0.1"

SIGNED = """
www      A     192.0.2.1
www      AAAA  2001:db8::1
alias    CNAME www
far      CNAME www.plain.test.
@        MX    10 mx1
@        MX    20 mx2
@        TXT   "v=spf1 ip4:192.0.2.0/24 " "-all"
short 1  A     192.0.2.9
"""

PLAIN = """
www      A     198.51.100.1
www      A     198.51.100.2
www      AAAA  2001:db8:1::1
far      CNAME www.signed.test.
lost     CNAME nobody.plain.test.
turn     CNAME about
about    CNAME turn
@        MX    10 mail.plain.test.
none     MX    0 .
*.wild   A     198.51.100.3
xn--bcher-kva A 198.51.100.9
""" + "\n".join(f'big TXT "{number:03} {"x" * 200}"' for number in range(40))
"""With records that no datagram has room for, and aliases that end nowhere."""

REVERSE = "1 PTR www.signed.test.\n2 PTR Mixed.Case.plain.test.\n"

BROKEN = "www A 192.0.2.66\n"
FORGED = ("192.0.2.66", "192.0.2.67")
"""What is changed after it has been signed."""

LISTS = """
2.0.0.127.good     A  127.0.0.2
2.0.0.127.refuses  A  127.255.255.254
"""
"""Lists of bad clients: one that answers, and one that wants none of us."""

ZONES = {
    "signed.test": SIGNED,
    "broken.test": BROKEN,
    "plain.test": PLAIN,
    "lists.test": LISTS,
    "2.0.192.in-addr.arpa": REVERSE,
}
KEYED = ("signed.test", "broken.test")
HEAD = """$ORIGIN {origin}
$TTL 300
@ SOA ns.plain.test. root.plain.test. 1 3600 600 86400 60
@ NS ns.plain.test.
"""


def need_unbound() -> None:
    """Raises SkipTest where there is none."""
    missing = peers.why_missing(*PROGRAMS)
    if missing:
        raise SkipTest(missing)


class Unbound:
    """The resolver, at `HOST` and `port`; without `validates` it does as many do and trusts all."""

    def __init__(self, *, validates: bool = True) -> None:
        need_unbound()
        self.home = private_directory()
        self.port = free_udp_port()
        anchor = _write_zones(self.home)
        lines = [f'trust-anchor-file: "{anchor}"'] if validates else []
        modules = "validator iterator" if validates else "iterator"
        (self.home / "unbound.conf").write_text(_configuration(self.port, modules, lines))
        command = [str(peers.find("unbound")), "-d", "-c", "unbound.conf"]
        self.child = Child(command, self.home / "log", peers.environment(), self.home)
        self.child.wait_ready(lambda: _answers(self.port))

    def drill(self, *words: str) -> str:
        """What another program gets for an answer; blocks."""
        return _run(self.home, "drill", "-p", str(self.port), f"@{HOST}", *words)

    def stop(self) -> None:
        """End it."""
        self.child.kill()
        shutil.rmtree(self.home, ignore_errors=True)


@cache
def shared(*, validates: bool = True) -> Unbound:
    """One that runs until the tests end."""
    return Unbound(validates=validates)


def free_udp_port() -> int:
    """A port where nobody has a socket at this moment, neither for UDP nor for TCP."""
    while True:
        port = free_port()
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe,
            contextlib.suppress(OSError),
        ):
            probe.bind((HOST, port))
            return port


def _answers(port: int) -> bool:
    """Whether a question for the root's servers has an answer."""
    question = b"\x4d\x46\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect((HOST, port))
            probe.send(question)
            return probe.recv(4096).startswith(b"\x4d\x46")
        except OSError:
            return False


def _configuration(port: int, modules: str, lines: list[str]) -> str:
    server = [
        f"interface: {HOST}",
        f"port: {port}",
        'username: ""',
        'chroot: ""',
        'directory: "."',
        'pidfile: ""',
        "use-syslog: no",
        "num-threads: 1",
        "outgoing-range: 64",
        f'module-config: "{modules}"',
        'local-zone: "test." nodefault',
        'local-zone: "2.0.192.in-addr.arpa." nodefault',
        "trust-anchor-signaling: no",
        *lines,
    ]
    text = "server:\n" + "".join(f"  {line}\n" for line in server)
    text += "remote-control:\n  control-enable: no\n"
    for name in (".", *ZONES):
        text += f'auth-zone:\n  name: "{name}"\n  zonefile: "{_file(name)}"\n'
        text += "  for-downstream: no\n  for-upstream: yes\n"
    return text


def _write_zones(home: Path) -> Path:
    """Write all zones, signed where they should be; the file with the key of the root."""
    # Unbound does not find what proves that a name is not there below one without records.
    root = 'ns.plain.test. A 127.0.0.1\ntest. TXT "of the tests"\narpa. TXT "of the tests"\n'
    root += "".join(f"{name}. NS ns.plain.test.\n" for name in ZONES)
    for name, records in ZONES.items():
        host = "ns A 127.0.0.1\n" if name == "plain.test" else ""
        _write(home, name, HEAD.format(origin=f"{name}.") + host + records)
        if name in KEYED:
            key = _sign(home, name)
            root += (home / f"{key}.ds").read_text()
    _write(home, ".", HEAD.format(origin=".") + root)
    key = _sign(home, ".")
    _forge(home / _file("broken.test"), *FORGED)
    return home / f"{key}.key"


def _sign(home: Path, zone: str) -> str:
    """Make a key and sign a zone in its place; the name of the key."""
    key = _run(home, "ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone).strip()
    _run(home, "ldns-signzone", "-o", zone, "-f", _file(zone), _file(zone), key)
    return key


def _forge(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def _write(home: Path, zone: str, text: str) -> None:
    (home / _file(zone)).write_text(text)


def _file(zone: str) -> str:
    return f"{zone.strip('.') or 'root'}.zone"


def _run(home: Path, program: str, *words: str) -> str:
    environment: Mapping[str, str] = peers.environment()
    done = subprocess.run(
        [str(peers.find(program)), *words],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{program}: {done.stderr}"
    return done.stdout
