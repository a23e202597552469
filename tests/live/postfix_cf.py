"""The configuration of the live tests' Postfix: main.cf, master.cf, and one SMTP service a case."""

import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import peers

BOX = "box.test"
"""Recipients of this domain get their mail into a maildir."""
SINK = "sink.test"
"""Recipients of this domain get their mail by SMTP at the sink."""

SNIPPET = peers.CHECKOUT / "mailfilter/client/mta/templates/postfix.cf"
"""The lines that administrators copy into their main.cf."""
SNIPPET_ADDRESS = "inet:127.0.0.1:11332"
"""The filter's address in them."""

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
import_environment = MAIL_CONFIG LANG=C LD_LIBRARY_PATH SASL_PATH
export_environment = MAIL_CONFIG LANG=C LD_LIBRARY_PATH
myhostname = mx.live.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = all
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_tls_security_level = none
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_timeout = 60s
smtpd_error_sleep_time = 0
smtpd_junk_command_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_sasl_local_domain = live.test
message_size_limit = 50000000
virtual_mailbox_limit = 0
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
"""

_MASTER = """\
pickup unix n - n 2 1 pickup
cleanup unix n - n - 0 cleanup
tlsmgr unix - - n 1000? 1 tlsmgr
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
local unix - n n - - local
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Smtpd:
    """One SMTP service: the filter it asks (Postfix's notation), and what it does without."""

    milter: str
    """Empty asks no filter."""
    default_action: str = "tempfail"
    protocol: int = 6
    options: Mapping[str, str] = field(default_factory=dict)
    """Further parameters of main.cf that hold for this service."""


DOCUMENTED = Smtpd("as main.cf says")
"""A service that does what `SNIPPET` says, and nothing else."""


def main_cf(home: Path, sink_port: int, milter: str) -> str:
    """The text of main.cf; with the filter's address, `SNIPPET` is at its end."""
    mail = pwd.getpwnam("mail")
    text = _MAIN.format(
        home=home,
        usr=peers.DEBIAN / "usr",
        box=BOX,
        sink=SINK,
        sink_port=sink_port,
        mail_uid=mail.pw_uid,
        mail_gid=mail.pw_gid,
    )
    snippet = SNIPPET.read_text().replace(SNIPPET_ADDRESS, milter) if milter else ""
    return text + snippet


def master_cf(services: Mapping[int, Smtpd]) -> str:
    """The text of master.cf, with the SMTP services by their ports."""
    return _MASTER + "".join(_service(port, service) for port, service in services.items())


def _service(port: int, service: Smtpd) -> str:
    options = {} if service is DOCUMENTED else _options(service)
    lines = [f"127.0.0.1:{port} inet n - n - - smtpd\n"]
    lines += [f"  -o {{ {name} = {value} }}\n" for name, value in options.items()]
    return "".join(lines)


def _options(service: Smtpd) -> dict[str, str]:
    return {
        "smtpd_milters": service.milter,
        "milter_default_action": service.default_action,
        "milter_protocol": str(service.protocol),
        "milter_connect_timeout": "5s",
        "milter_command_timeout": "10s",
        "milter_content_timeout": "20s",
        **service.options,
    }
