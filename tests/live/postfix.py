"""A private Postfix: own configuration, queue, data and mailboxes in one temporary directory.

`master` runs in the foreground straight from the unpacked package, so that no system file, user
or service takes part. It must be started by root, since it gives its daemons away to the
existing users `daemon` and `mail`.
"""

import os
import pwd
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from . import peers
from .processes import Child, accepts, free_port, private_directory, wait_until

BOX = "box.test"
"""Recipients of this domain get their mail into a maildir."""
SINK = "sink.test"
"""Recipients of this domain get their mail by SMTP at the sink."""

_MAIN = """\
compatibility_level = 3.6
queue_directory = {home}/spool
data_directory = {home}/data
command_directory = {usr}/sbin
daemon_directory = {usr}/lib/postfix/sbin
shlib_directory = {usr}/lib/postfix
meta_directory = {home}/etc
maillog_file = {home}/postfix.log
maillog_file_prefixes = {home}
mail_owner = daemon
setgid_group = mail
import_environment = MAIL_CONFIG LANG=C LD_LIBRARY_PATH
export_environment = LANG=C LD_LIBRARY_PATH
myhostname = mx.live.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_tls_security_level = none
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_timeout = 20s
in_flow_delay = 0
alias_maps =
alias_database =
local_transport = error:no local mail
default_transport = error:no way out
virtual_mailbox_domains = {box}
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = static:all/
virtual_minimum_uid = 1
virtual_uid_maps = static:{mail_uid}
virtual_gid_maps = static:{mail_gid}
relay_domains = {sink}
relay_transport = smtp:[127.0.0.1]:{sink_port}
smtp_line_length_limit = 0
milter_connect_timeout = 5s
milter_command_timeout = 10s
milter_content_timeout = 20s
"""

_MASTER = """\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

_PRIVATE_QUEUES = (
    *("active", "bounce", "corrupt", "defer", "deferred", "flush"),
    *("hold", "incoming", "private", "saved", "trace"),
)


@dataclass(frozen=True, slots=True)
class Smtpd:
    """One SMTP service: the filter it asks (Postfix's notation), and what it does without."""

    milter: str
    default_action: str = "tempfail"
    protocol: int = 6


class Postfix:
    """A running Postfix; `ports` has the TCP port of each named service on 127.0.0.1."""

    def __init__(self, services: Mapping[str, Smtpd], sink_port: int) -> None:
        self.home = private_directory()
        self.ports = {name: free_port() for name in services}
        self._layout()
        self._configure(services, sink_port)
        self._child = self._start()

    def _layout(self) -> None:
        spool = self.home / "spool"
        for folder in ("etc", "data", "mail", "spool/pid"):
            (self.home / folder).mkdir(parents=True)
        for folder in _PRIVATE_QUEUES:
            (spool / folder).mkdir(mode=0o700)
            shutil.chown(spool / folder, "daemon")
        for folder, mode in (("maildrop", 0o730), ("public", 0o710)):
            (spool / folder).mkdir()
            shutil.chown(spool / folder, "daemon", "mail")
            (spool / folder).chmod(mode)
        shutil.chown(self.home / "data", "daemon")
        shutil.chown(self.home / "mail", "mail")

    def _configure(self, services: Mapping[str, Smtpd], sink_port: int) -> None:
        mail = pwd.getpwnam("mail")
        main = _MAIN.format(
            home=self.home,
            usr=peers.DEBIAN / "usr",
            box=BOX,
            sink=SINK,
            sink_port=sink_port,
            mail_uid=mail.pw_uid,
            mail_gid=mail.pw_gid,
        )
        (self.home / "etc/main.cf").write_text(main)
        lines = [_service(self.ports[name], service) for name, service in services.items()]
        (self.home / "etc/master.cf").write_text(_MASTER + "".join(lines))

    def _start(self) -> Child:
        child = Child(
            [str(peers.find("master")), "-c", str(self.home / "etc"), "-d"],
            self.home / "master.out",
            peers.environment(),
            self.home,
        )
        child.wait_ready(lambda: all(accepts(("127.0.0.1", p)) for p in self.ports.values()))
        return child

    def stop(self) -> None:
        """Shut it down."""
        self._child.stop(signal.SIGTERM)

    def log(self) -> str:
        """All it has logged."""
        path = self.home / "postfix.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def mailbox(self, recipient: str) -> list[bytes]:
        """The messages delivered to a recipient: LF line ends, trace fields of Postfix on top."""
        return [text for text in self._delivered() if _delivered_to(text) == recipient]

    def wait_mailbox(self, recipient: str, count: int = 1) -> list[bytes]:
        """The messages of a recipient, when there are so many (or more)."""
        wait_until(
            lambda: len(self.mailbox(recipient)) >= count, f"{count} messages to {recipient}", 30
        )
        return self.mailbox(recipient)

    def queued(self) -> Sequence[Path]:
        """The files of messages accepted and not yet delivered, held ones included."""
        spool = self.home / "spool"
        folders = ("incoming", "active", "deferred", "hold", "maildrop")
        return [path for name in folders for path in (spool / name).rglob("*") if path.is_file()]

    def wait_idle(self) -> None:
        """Wait until every accepted message is delivered."""
        wait_until(lambda: not self.queued(), "an empty queue", 30)

    def _delivered(self) -> list[bytes]:
        folder = self.home / "mail/all/new"
        if not folder.exists():
            return []
        return [(folder / name).read_bytes() for name in sorted(os.listdir(folder))]


def _service(port: int, service: Smtpd) -> str:
    return (
        f"127.0.0.1:{port} inet n - n - - smtpd\n"
        f"  -o smtpd_milters={service.milter}\n"
        f"  -o milter_default_action={service.default_action}\n"
        f"  -o milter_protocol={service.protocol}\n"
    )


def _delivered_to(text: bytes) -> str:
    return str(BytesHeaderParser().parsebytes(text)["Delivered-To"])
