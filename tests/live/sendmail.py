"""A Sendmail of our own: configuration, queue and users in a private directory.

It takes no part in the host's mail: one daemon on loopback ports, no DNS, no aliases, no local
delivery. What it accepts goes by SMTP to the sink.
"""

import functools
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.authority import Authority

from . import peers
from .processes import Child, accepts, free_port, private_directory, wait_until

SENDMAIL = peers.DEBIAN / "usr/libexec/sendmail/sendmail"
CF = peers.DEBIAN / "usr/share/sendmail/cf"
SNIPPET = peers.CHECKOUT / "mailfilter/client/mta/templates/sendmail.mc"
"""The filter in Sendmail's configuration, as the documentation shows it."""
SNIPPET_SOCKET = "inet:11332@127.0.0.1"

DOCUMENTED = "mailfilter"
"""The name of that filter."""

DOMAIN = "sink.test"
REFUSED = f"refused@{DOMAIN}"
"""The one recipient there that Sendmail does not take."""
USER, PASSWORD, REALM = "alice", "very secret", "mx.live.test"

START_SECONDS = 100.0

MAX_MESSAGE = 64 << 20
MAX_HEADER = 4 << 20
"""Octets; Sendmail's own limit of a whole header is 32768."""

_MC = """\
divert(-1)dnl
include(`{cf}/m4/cf.m4')dnl
divert(0)dnl
OSTYPE(`linux')dnl
FEATURE(`nocanonify')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`accept_unresolvable_domains')dnl
undefine(`ALIAS_FILE')dnl
define(`confDOMAIN_NAME', `mx.live.test')dnl
define(`QUEUE_DIR', `{home}/queue')dnl
define(`STATUS_FILE', `{home}/statistics')dnl
define(`HELP_FILE', `{home}/helpfile')dnl
define(`confPID_FILE', `{home}/sendmail.pid')dnl
define(`confSERVICE_SWITCH_FILE', `{home}/service.switch')dnl
define(`confHOSTS_FILE', `{home}/hosts')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confDELIVERY_MODE', `background')dnl
define(`confTO_IDENT', `0')dnl
define(`confTO_COMMAND', `60s')dnl
define(`confQUEUE_LA', `10000')dnl
define(`confREFUSE_LA', `10000')dnl
define(`confMAX_MESSAGE_SIZE', `{max_message}')dnl
define(`confMAX_HEADERS_LENGTH', `{max_header}')dnl
define(`confCACERT', `{home}/authority.pem')dnl
define(`confCACERT_PATH', `{home}')dnl
define(`confSERVER_CERT', `{home}/server.crt')dnl
define(`confSERVER_KEY', `{home}/server.key')dnl
define(`confAUTH_MECHANISMS', `PLAIN')dnl
define(`confAUTH_REALM', `{realm}')dnl
TRUST_AUTH_MECH(`PLAIN')dnl
include(`{home}/filter.mc')dnl
{ports}\
MAILER(`local')dnl
MAILER(`smtp')dnl
MAILER_DEFINITIONS
Msink, P=[IPC], F=mDFMuXk8, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\\r\\n, L=0,
\tT=DNS/RFC822/SMTP, A=TCP $h {sink_port}
LOCAL_RULE_0
Rrefused < @ {domain} . >\t$#error $@ 5.1.1 $: "550 no such user"
Rrefused < @ {domain} >\t$#error $@ 5.1.1 $: "550 no such user"
R$+ < @ {domain} . >\t$#sink $@ [127.0.0.1] $: $1 < @ {domain} >
R$+ < @ {domain} >\t$#sink $@ [127.0.0.1] $: $1 < @ {domain} >
LOCAL_CONFIG
ESASL_PATH={sasl_modules}
ESASL_CONF_PATH={home}
"""

_SASL = """\
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: {home}/sasldb
mech_list: PLAIN
"""


class Sendmail:
    """A running Sendmail; `ports` has the TCP port of each named one on 127.0.0.1.

    The port `mailfilter` asks the filter as the documented configuration says, only at `milter`.
    So does the port `six` on ::1, which is None on a host without. Each other one has a filter of
    its own in Sendmail's notation, or none if that is empty.
    """

    def __init__(self, milter: str, filters: Mapping[str, str], sink_port: int) -> None:
        self.home = private_directory()
        self.ports = {name: free_port() for name in (DOCUMENTED, *filters)}
        self.six = free_port() if has_ipv6() else None
        self._layout()
        self._configure(milter, filters, sink_port)
        self._add_user()
        self._child = self._start()

    def _layout(self) -> None:
        (self.home / "queue").mkdir(mode=0o700)
        (self.home / "hosts").write_text("127.0.0.1 localhost client.live.test\n")
        (self.home / "service.switch").write_text("hosts files\naliases files\n")
        (self.home / "Sendmail.conf").write_text(_SASL.format(home=self.home))
        self.authority = Authority(self.home, "authority")
        self.authority.issue("server")
        # Without the group bit of the unpacked file, for which LD_LIBRARY_PATH would be ignored.
        shutil.copyfile(SENDMAIL, self.home / "sendmail")
        (self.home / "sendmail").chmod(0o755)

    def _configure(self, milter: str, filters: Mapping[str, str], sink_port: int) -> None:
        documented = SNIPPET.read_text()
        assert SNIPPET_SOCKET in documented
        (self.home / "filter.mc").write_text(documented.replace(SNIPPET_SOCKET, milter))
        lines = [f"MAIL_FILTER(`{name}', `{text}')dnl\n" for name, text in filters.items() if text]
        if self.six:
            lines.append(_daemon(f"Name=six, Addr=::1, Port={self.six}, Family=inet6"))
        lines += [
            _daemon(f"Name={name}, Addr=127.0.0.1, Port={port}, Family=inet{_asks(name, filters)}")
            for name, port in self.ports.items()
        ]
        text = _MC.format(
            cf=CF,
            home=self.home,
            domain=DOMAIN,
            sink_port=sink_port,
            realm=REALM,
            max_message=MAX_MESSAGE,
            max_header=MAX_HEADER,
            ports="".join(lines),
            sasl_modules=peers.environment()["SASL_PATH"],
        )
        (self.home / "sendmail.mc").write_text(text)
        m4 = [str(peers.find("m4")), f"-D_CF_DIR_={CF}/", "sendmail.mc"]
        (self.home / "sendmail.cf").write_text(self._run(m4))

    def _add_user(self) -> None:
        command = [str(peers.find("saslpasswd2")), "-p", "-c", "-f", "sasldb", "-u", REALM, USER]
        self._run(command, PASSWORD)
        (self.home / "sasldb").chmod(0o600)

    def _run(self, command: Sequence[str], words: str = "") -> str:
        done = subprocess.run(
            command,
            cwd=self.home,
            env=peers.environment(),
            input=words,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _start(self) -> Child:
        command = [*_named_host(), str(self.home / "sendmail")]
        command += [f"-C{self.home}/sendmail.cf", "-bD", "-q5s"]
        child = Child(command, self.home / "sendmail.log", peers.environment(), self.home)
        child.wait_ready(
            lambda: all(accepts(("127.0.0.1", p)) for p in self.ports.values()), START_SECONDS
        )
        return child

    def client_context(self) -> ssl.SSLContext:
        """What a client uses for STARTTLS."""
        context = ssl.create_default_context(cafile=str(self.authority.file))
        context.check_hostname = False
        return context

    def stop(self) -> None:
        """Shut it down."""
        self._child.stop(signal.SIGTERM)

    def log(self) -> str:
        """All it has said."""
        return (self.home / "sendmail.log").read_text(errors="replace")

    def queued(self) -> Sequence[Path]:
        """The files of messages accepted and not yet delivered, quarantined ones included."""
        return [path for path in (self.home / "queue").iterdir() if path.is_file()]

    def wait_idle(self) -> None:
        """Wait until every accepted message is delivered."""
        wait_until(lambda: not self.queued(), "an empty queue", 60)


def has_ipv6() -> bool:
    """Whether there is ::1 here."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@functools.cache
def _named_host() -> list[str]:
    """What to put before a command that shall see a host name with a dot, if that is allowed.

    Without such a name Sendmail waits a minute before it starts.
    """
    command = ["unshare", "--uts", "sh", "-c", 'hostname mx.live.test && exec "$@"', "sh"]
    done = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if done.returncode == 0 else []


def _daemon(equates: str) -> str:
    return f"DAEMON_OPTIONS(`{equates}, Listen=128')dnl\n"


def _asks(name: str, filters: Mapping[str, str]) -> str:
    """What a port asks: the documented filter by default."""
    if name == DOCUMENTED:
        return ""
    return f", InputMailFilters={name if filters[name] else ''}"
