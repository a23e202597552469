"""An Exim of our own: configuration, spool and user names in a private directory.

It takes no part in the host's mail: loopback ports, no DNS, no local delivery. What it accepts goes
by SMTP to the sink. Debian's program wants a user `Debian-exim`; the copy that runs here names the
existing user `daemon` in its place.
"""

import os
import pwd
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from . import peers
from .processes import Child, accepts, free_port, private_directory, wait_until

TEMPLATES = peers.CHECKOUT / "mailfilter/client/mta/templates"
RSPAMD = TEMPLATES / "exim.conf"
SPAMD = TEMPLATES / "exim-sa.conf"
"""The filter in Exim's configuration, as the documentation shows it."""
SUBMISSION = "587"
"""The port in it at which mail of those who log in is not scanned."""

DOMAIN = "sink.test"
RELAY = "127.0.0.9"
"""A client that may relay, and whose mail is not scanned."""
USER, PASSWORD = "alice", "very secret"

_DEBIAN_USER = b"Debian-exim"
_USER = "daemon"

_MAIN = """\
primary_hostname = mx.live.test
domainlist local_domains = sink.test : box.test
hostlist relay_from_hosts = 127.0.0.9
exim_path = {home}/exim
exim_user = {user}
exim_group = {user}
spool_directory = {home}/spool
log_file_path = {home}/spool/%slog
pid_file_path = {home}/exim.pid
keep_environment = LD_LIBRARY_PATH
add_environment = PATH=/usr/bin:/bin
local_interfaces = 127.0.0.1
daemon_smtp_ports = {smtp} : {submission}
disable_ipv6 = true
deliver_drop_privilege = true
host_lookup = *
host_lookup_order = byaddr
rfc1413_query_timeout = 0s
tls_advertise_hosts =
message_size_limit = 60M
check_spool_space = 0
smtp_accept_max = 300
smtp_connect_backlog = 300
smtp_accept_max_nonmail = 1000
acl_smtp_rcpt = acl_check_rcpt
{extra}
"""
_REST = """

acl_check_rcpt:
  accept domains = +local_domains
         ! local_parts = refused
  accept hosts = +relay_from_hosts
  deny message = no such user

begin routers

{routers}
sink:
  driver = manualroute
  route_list = * 127.0.0.1
  self = send
  transport = sink

begin transports

{transports}
sink:
  driver = smtp
  port = {sink_port}
  allow_localhost
  hosts_try_prdr =
  connection_max_messages = 1
  message_linelength_limit = 10M

begin retry

* * F,1h,1s

begin authenticators

plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{alice}}}}{{eq{{$auth3}}{{very secret}}}}}}}}
  server_set_id = $auth2
"""


class Exim:
    """A running Exim with one filter; the TCP ports `smtp` and `submission` on 127.0.0.1.

    `routers` and `transports` come before its own, which hand mail to the sink.
    """

    def __init__(
        self,
        filter_lines: str,
        sink_port: int,
        extra: str = "",
        routers: str = "",
        transports: str = "",
    ) -> None:
        self.home = private_directory()
        self.smtp = free_port()
        self.submission = free_port()
        self._layout()
        names = {"home": self.home, "smtp": self.smtp, "submission": self.submission}
        assert SUBMISSION in filter_lines or "authenticated" not in filter_lines
        text = _MAIN.format(user=_USER, extra=extra, **names)
        text += filter_lines.replace(f"{{{SUBMISSION}}}", f"{{{self.submission}}}")
        text += _REST.format(sink_port=sink_port, routers=routers, transports=transports)
        (self.home / "exim.conf").write_text(text)
        self._child = self._start()

    def _layout(self) -> None:
        account = pwd.getpwnam(_USER)
        spool = self.home / "spool"
        spool.mkdir(mode=0o750)
        os.chown(spool, account.pw_uid, account.pw_gid)
        program = peers.find("exim4")
        assert program is not None
        octets = program.read_bytes()
        assert octets.count(_DEBIAN_USER) == 1
        named = _USER.encode().ljust(len(_DEBIAN_USER), b"\0")
        (self.home / "exim").write_bytes(octets.replace(_DEBIAN_USER, named))
        (self.home / "exim").chmod(0o755)

    def _start(self) -> Child:
        command = [*self._command(), "-bdf", "-q5s"]
        child = Child(command, self.home / "exim.log", peers.environment(), self.home)
        ports = (self.smtp, self.submission)
        child.wait_ready(lambda: all(accepts(("127.0.0.1", port)) for port in ports))
        return child

    def _command(self) -> list[str]:
        return [str(self.home / "exim"), "-C", str(self.home / "exim.conf")]

    def run(self, *arguments: str) -> str:
        """Run Exim's command; what it prints."""
        done = subprocess.run(
            [*self._command(), *arguments],
            env=peers.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stop(self) -> None:
        """Shut it down."""
        self._child.stop(signal.SIGTERM)

    def log(self) -> str:
        """What it has said of mail, and of what it could not do."""
        paths = [self.home / "spool" / f"{name}log" for name in ("main", "panic")]
        return "".join(path.read_text(errors="replace") for path in paths if path.exists())

    def queued(self) -> Sequence[Path]:
        """The envelopes of messages accepted and not yet delivered, frozen ones included."""
        return list((self.home / "spool/input").rglob("*-H"))

    def wait_idle(self) -> None:
        """Wait until every accepted message is delivered."""
        wait_until(lambda: not self.queued(), "an empty queue", 60)
