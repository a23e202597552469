"""`mailfilteradm mta`: what it prints for each MTA and listener, and what it refuses."""

import tomllib
from pathlib import Path

from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.plan import load_all
from mailfilter.app.tls_files import page_of_files
from mailfilter.client.adm import main
from mailfilter.client.mta.address import UnfitError, address_of
from mailfilter.client.mta.snippets import MTAS, template
from mailfilter.client.options import Knowledge
from mailfilter.config import paths

ADDRESSES = (
    ("tcp:1", "inet:127.0.0.1:1", "inet:1@127.0.0.1", ("127.0.0.1", 1)),
    ("tcp:25:interface=192.0.2.1", "inet:192.0.2.1:25", "inet:25@192.0.2.1", ("192.0.2.1", 25)),
    (r"tcp6:2:interface=\:\:1", "inet:[::1]:2", "inet6:2@::1", ("[::1]", 2)),
    ("tcp6:2", "inet:[::1]:2", "inet6:2@::1", ("[::1]", 2)),
    (r"tcp:2:interface=2001\:db8\:\:5", "inet:[2001:db8::5]:2", "inet6:2@2001:db8::5", None),
    ("unix:/run/dnl/m.sock:mode=660", "unix:/run/dnl/m.sock", "local:`/run/dnl/m.sock'", None),
    ("systemd:domain=INET:name=m", "inet:HOST:PORT", "inet:PORT@HOST", ("HOST", "PORT")),
    ("systemd:domain=INET6:index=0", "inet:HOST:PORT", "inet6:PORT@HOST", ("HOST", "PORT")),
    ("systemd:domain=UNIX:name=m", "unix:PATH", "local:PATH", None),
)
"""Endpoint; the address as Postfix and Sendmail write it; host and port where TOML can say so."""

EXIM_ADDRESSES = (
    ("tcp:1", "127.0.0.1 1"),
    (r"tcp6:2:interface=2001\:db8\:\:5", "<; 2001:db8::5 2"),
    ("unix:/run/a+b.sock:mode=660", "/run/a+b.sock"),
    ("systemd:domain=INET6:name=m", "HOST PORT"),
    ("systemd:domain=UNIX:name=m", "PATH"),
)
"""Endpoint; the address as Exim writes it."""

UNFIT = (
    "unix:/run/a b.sock",
    "unix:/run/a,b.sock",
    "unix:/run/{a.sock",
    "unix:/run/$HOME.sock",
    "unix:/run/it's.sock",
    "unix:/run/`a`.sock",
    "unix:/run/a\nb.sock",
    "unix:/run/a\\\\.sock",
    "unix:/run/\\:.sock",
    "unix:/run/ä.sock",
    "unix:/run/#.sock",
    "unix:run/relative.sock",
)
"""Paths that an MTA would read as something else."""

TLS = """
[certificates.own]
chain = '/none/own.pem'
[listeners.%s]
endpoint = 'tcp:5:interface=192.0.2.1'
certificates = ['own']
%s
"""
"""A listener that speaks TLS."""


class MtaCommandTests(SynchronousTestCase):
    """The command with configurations of its own."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.patch(paths, "DEFAULT_PATH", str(self.folder / "none.toml"))

    def run_main(self, name: str, *arguments: str) -> Result:
        """Run the command."""
        knowledge = Knowledge(load_all=load_all, tls_page=page_of_files)
        command = ("mta", name, *arguments)
        return CliRunner().invoke(main, command, prog_name="mailfilteradm", obj=knowledge)

    def configured(self, name: str, text: str, *arguments: str) -> Result:
        """Run it with a configuration file."""
        path = self.folder / "m.toml"
        path.write_text(text, "utf-8")
        return self.run_main(name, "--config", str(path), *arguments)

    def printed(self, name: str, text: str, *arguments: str) -> str:
        """What it prints for a configuration that is right."""
        result = self.configured(name, text, *arguments)
        self.assertEqual((result.stderr, result.exit_code), ("", 0))
        return result.stdout

    def refusal(self, name: str, text: str, *arguments: str) -> str:
        """What it says when it cannot."""
        result = self.configured(name, text, *arguments)
        self.assertEqual((result.stdout, result.exit_code), ("", 1))
        return result.stderr

    def listener(self, name: str, endpoint: str, *keys: str) -> str:
        """What it prints for one listener."""
        lines = [f"[listeners.milter]\nendpoint = '''{endpoint}'''", *keys]
        return self.printed(name, "\n".join(lines))

    def test_default(self) -> None:
        """Without a file it prints the templates, octet by octet."""
        for name in MTAS:
            result = self.run_main(name)
            self.assertEqual((result.stdout_bytes, result.stderr), (template(name).encode(), ""))

    def test_addresses(self) -> None:
        """Each kind of endpoint, as each MTA writes it."""
        for endpoint, postfix, sendmail, pair in ADDRESSES:
            text = self.listener("postfix", endpoint)
            self.assertIn(f"\nsmtpd_milters = {postfix}\n", text)
            self.assertIn(f"\nnon_smtpd_milters = {postfix}\n", text)
            text = self.listener("sendmail", endpoint)
            self.assertIn(f"INPUT_MAIL_FILTER(`mailfilter', `S={sendmail}, F=T, T=", text)
            if pair is not None:
                milter = self.stalwart(endpoint)
                self.assertEqual((milter["hostname"], milter["port"]), pair)

    def stalwart(self, endpoint: str, *keys: str) -> dict[str, object]:
        """What TOML reads from what is printed for Stalwart."""
        settings = tomllib.loads(self.listener("stalwart", endpoint, *keys))
        self.assertEqual(list(settings), ["session"])
        milter: dict[str, object] = settings["session"]["milter"]["mailfilter"]
        return milter

    def test_all_addresses(self) -> None:
        """Of a listener at all addresses it says so, and gives the one of this machine."""
        for endpoint, host in (("tcp:1", "127.0.0.1"), ("tcp6:1", "::1")):
            for name, comment in (("postfix", "#"), ("sendmail", "dnl"), ("stalwart", "#")):
                lines = self.listener(name, endpoint).splitlines()
                self.assertIn(
                    f"{comment} The listener is at all addresses of this machine", lines[0]
                )
                self.assertIn(f"in place of {host}.", lines[1])

    def test_systemd(self) -> None:
        """The address of a socket of systemd is to be filled in."""
        endpoint = "systemd:domain=INET:name=my\nsocket"
        lines = self.listener("postfix", endpoint).splitlines()
        self.assertIn(r"# systemd holds the socket my\nsocket: put in the address", lines[0])
        endpoint = "systemd:domain=INET:index=3"
        lines = self.listener("sendmail", endpoint).splitlines()
        self.assertIn("dnl systemd holds the socket number 3: put in", lines[0])
        for domain in ("INET", "INET6"):
            text = self.listener("axigen", f"systemd:domain={domain}:index=3")
            self.assertIn("\naddress = inet://HOST:PORT\n", text)

    def test_failure(self) -> None:
        """Without the filter the MTA does what the filter does that cannot scan."""
        for policy, flag, tempfail in (
            ("accept", "", False),
            ("tempfail", "F=T, ", True),
            ("reject", "F=R, ", True),
        ):
            key = f"on_failure = '{policy}'"
            text = self.listener("postfix", "tcp:1", key)
            self.assertIn(f"\nmilter_default_action = {policy}\n", text)
            text = self.listener("sendmail", "tcp:1", key)
            self.assertIn(f"`S=inet:1@127.0.0.1, {flag}T=C:10s;", text)
            options = self.stalwart("tcp:1", key)["options"]
            self.assertEqual(options, {"version": 6, "tempfail-on-error": tempfail})

    def test_deadline(self) -> None:
        """The MTA waits longer than a scan may take, and at least as long as the template says."""
        for deadline, waits in (
            ("1s", ("120s", "5m", "60s", "60")),
            ("30s", ("120s", "5m", "60s", "60")),
            ("90500ms", ("121s", "5m", "121s", "121")),
            ("10m", ("630s", "630s", "630s", "630")),
        ):
            key = f"deadline = '{deadline}'"
            text = self.listener("postfix", "tcp:1", key)
            self.assertIn(f"\nmilter_content_timeout = {waits[0]}\n", text)
            self.assertIn(f"R:30s;E:{waits[1]}')dnl", self.listener("sendmail", "tcp:1", key))
            timeout = self.stalwart("tcp:1", key)["timeout"]
            self.assertEqual(timeout, {"connect": "10s", "command": "30s", "data": waits[2]})
            self.assertIn(f"\ntimeout = {waits[3]}\n", self.listener("axigen", "tcp:1", key))

    def test_several(self) -> None:
        """The first one, with the others named, or the one that is asked for."""
        text = '[listeners."b c"]\nprotocol = "milter"\nendpoint = "tcp:2"\non_failure = "accept"\n'
        printed = self.printed("postfix", text)
        note = '# For the listener milter; there is also "b c" (--listener).\n'
        self.assertEqual(printed, note + template("postfix"))
        printed = self.printed("postfix", text, "--listener", "b c")
        self.assertTrue(printed.startswith('# For the listener "b c"; there is also milter ('))
        self.assertIn("\nsmtpd_milters = inet:127.0.0.1:2\n", printed)
        self.assertIn("\nmilter_default_action = accept\n", printed)

    def test_names(self) -> None:
        """A name is never more than a part of a comment."""
        name = "')dnl" + " ".join(["smtpd_milters ="] * 7)
        text = f"[listeners.\"{name}\"]\nprotocol = '%s'\nendpoint = 'tcp:2'\n"
        for name, kind in MTAS.items():
            printed = self.printed(name, text % kind.protocols[0])
            self.assertTrue(printed.endswith(template(name)))
            notes = printed.removesuffix(template(name)).splitlines()
            self.assertEqual(len(notes), 2)
            for line in notes:
                self.assertTrue(line.startswith(kind.comment), line)

    def test_none(self) -> None:
        """Without a milter listener there is nothing to say, and an unknown one is told."""
        off = "[listeners.milter]\nenabled = false\n"
        said = 'there is no enabled listener with protocol = "milter"\n'
        self.assertEqual(self.refusal("postfix", off), said)
        for name, shown in (("scan", "scan"), ("x\ny", '"x\\ny"')):
            said = f"no enabled milter listener is named {shown}; there is milter\n"
            self.assertEqual(self.refusal("postfix", "", "--listener", name), said)

    def test_usage(self) -> None:
        """An unknown MTA, and a configuration that is wrong."""
        self.assertEqual(self.run_main("qmail").exit_code, 2)
        self.assertIn("unknown key", self.refusal("postfix", "[scan]\nx = 1"))

    def test_unfit(self) -> None:
        """What cannot be written so that an MTA reads it is refused, not quoted by guess."""
        for endpoint in UNFIT:
            with self.assertRaises(UnfitError) as caught:
                address_of(endpoint)
            self.assertTrue(str(caught.exception).isprintable())
        for endpoint, said in (
            ("unix:/run/a b", "MTAs cannot take the path"),
            ("tcp:0", "its port is any free one"),
            (r"tcp6:1:interface=fe80\:\:1%a, b", "MTAs take no address with a zone"),
        ):
            for name, kind in MTAS.items():
                listener = kind.protocols[0]
                text = f"[listeners.{listener}]\nendpoint = '{endpoint}'"
                self.assertIn(f"listeners.{listener}: {said}", self.refusal(name, text))

    def test_exim(self) -> None:
        """Servers as Exim writes them, time-out, and what it does without the filter."""
        for name, listener, variant in (
            ("exim", "scan", " variant=rspamd"),
            ("exim-sa", "spamd", ""),
        ):
            for endpoint, address in EXIM_ADDRESSES:
                text = f"[listeners.{listener}]\nendpoint = '{endpoint}'\ndeadline = '100s'"
                printed = self.printed(name, text)
                self.assertIn(f"\nspamd_address = {address}{variant} tmo=130s\n", printed)
                self.assertIn("\n  require spam = nobody:true\n", printed)
            for policy in ("tempfail", "reject"):
                text = f"[listeners.{listener}]\non_failure = '{policy}'"
                self.assertEqual(self.printed(name, text), template(name))
            printed = self.printed(name, f"[listeners.{listener}]\non_failure = 'accept'")
            self.assertIn("\n  warn spam = nobody:true\n", printed)

    def test_haraka(self) -> None:
        """Port or socket, both time-outs, and what it does without the filter."""
        for endpoint, address in (
            ("tcp:1:interface=192.0.2.1", "host = 192.0.2.1\nport = 1\n"),
            ("tcp6:1", "host = ::1\nport = 1\n"),
            ("unix:/run/m.sock", "unix_socket = /run/m.sock\n"),
            ("systemd:domain=UNIX:name=m", "unix_socket = PATH\n"),
            ("systemd:domain=INET:name=m", "host = HOST\nport = PORT\n"),
        ):
            text = f"[listeners.scan]\nendpoint = '{endpoint}'\ndeadline = '100s'"
            printed = self.printed("haraka", text)
            self.assertIn(f"\n{address}; For", printed)
            self.assertIn("\n; 135, into", printed)
            self.assertIn("\ntimeout = 130\n", printed)
            self.assertIn("\n[defer]\nerror = true\ntimeout = true\n", printed)
        printed = self.printed("haraka", "[listeners.scan]\non_failure = 'accept'")
        self.assertIn("\n[defer]\nerror = false\ntimeout = false\n", printed)

    def test_haraka_plugin(self) -> None:
        """The plugin is the same for all listeners, and takes what it needs from rspamd.ini."""
        text = "[listeners.scan]\nendpoint = 'unix:/run/m.sock'\non_failure = 'accept'"
        self.assertEqual(self.printed("haraka-plugin", text), template("haraka-plugin"))

    def test_nginx(self) -> None:
        """The server, and its time-out."""
        for endpoint, address in (
            ("tcp:1:interface=192.0.2.1", "192.0.2.1:1"),
            ("tcp6:1", "[::1]:1"),
            ("unix:/run/m.sock", "unix:/run/m.sock"),
            ("systemd:domain=UNIX:name=m", "unix:PATH"),
            ("systemd:domain=INET:name=m", "HOST:PORT"),
        ):
            text = f"[listeners.scan]\nendpoint = '{endpoint}'\ndeadline = '100s'"
            printed = self.printed("nginx", text)
            self.assertIn(f"    server {address};\n", printed)
            self.assertIn(" proxy_read_timeout 130s;\n", printed)

    def test_tls(self) -> None:
        """Who speaks TLS does so with a listener that does."""
        made = self.printed("haraka", TLS % ("scan", ""))
        self.assertIn("\nhost = 192.0.2.1\nport = 5\n", made)
        self.assertIn("\nscheme = https\n", made)
        example = "; An example: put in a name that is in the certificate of the listener.\n"
        self.assertIn(f"\n[tls]\n{example}servername = filter.example.org\nca_file = /", made)
        self.assertIn("\nkey_file = /", made)
        self.assertIn("; The listener speaks TLS: use a name", made)
        names = "names = ['*.example.net', 'mx.example.net', 'b.example']\n[listeners"
        made = self.printed("haraka", TLS.replace("[listeners", names) % ("scan", ""))
        self.assertIn("\n[tls]\nservername = mx.example.net\nca_file = /", made)
        made = self.printed("opensmtpd", TLS % ("scan", ""))
        self.assertIn('"filter-rspamd -url https://192.0.2.1:5"\n', made)
        made = self.printed("stalwart", TLS % ("milter", ""))
        self.assertIn("\ntls = true\n", made)
        self.assertNotIn("client_auth", made)
        said = "it speaks TLS itself; nginx is to ask a listener without certificates"
        self.assertIn(said, self.refusal("nginx", TLS % ("scan", "")))

    def test_tls_client(self) -> None:
        """Who shows no certificate is told that one is wanted."""
        keys = "client_auth = 'required'\nclient_ca = '/none/ca.pem'\n[identities.mx]\nip = ['::1']"
        for name, protocol, is_told in (
            ("stalwart", "milter", True),
            ("opensmtpd", "scan", True),
            ("haraka", "scan", False),
        ):
            made = self.printed(name, TLS % (protocol, keys))
            self.assertEqual(" (client_auth), and this MTA shows none" in made, is_told, name)

    def test_stunnel(self) -> None:
        """Who speaks no TLS asks stunnel, at the same port of its own machine."""
        for name, protocol, line in (
            ("postfix", "milter", "\nsmtpd_milters = inet:127.0.0.1:5\n"),
            ("sendmail", "milter", "`S=inet:5@127.0.0.1, "),
            ("axigen", "milter", "\naddress = inet://127.0.0.1:5\n"),
            ("exim", "scan", "\nspamd_address = 127.0.0.1 5 "),
            ("exim-sa", "spamd", "\nspamd_address = 127.0.0.1 5 "),
        ):
            made = self.printed(name, TLS % (protocol, ""))
            self.assertIn(line, made)
            self.assertIn("see docs/tls.md", made)
            self.assertNotIn("192.0.2.1", made)

    def test_opensmtpd(self) -> None:
        """The URL; there is none of a socket."""
        text = "[listeners.scan]\nendpoint = 'tcp6:1'"
        self.assertIn('"filter-rspamd -url http://[::1]:1"\n', self.printed("opensmtpd", text))
        text = "[listeners.scan]\nendpoint = 'unix:/run/m.sock'"
        self.assertIn("filter-rspamd knows no unix sockets", self.refusal("opensmtpd", text))

    def test_protocols(self) -> None:
        """A listener of another protocol that the MTA speaks will do, if there is none better."""
        off = "[listeners.scan]\nenabled = false\n"
        self.assertIn("spamd_address = 127.0.0.1 11783 variant", self.printed("exim", off))
        printed = self.printed("exim", "", "--listener", "spamd")
        self.assertIn("spamd_address = 127.0.0.1 11783 variant", printed)
        off += "[listeners.spamd]\nenabled = false\n"
        said = 'there is no enabled listener with protocol = "scan" or "spamd"\n'
        self.assertEqual(self.refusal("exim", off), said)
        said = "no enabled scan or spamd listener is named x; there is scan and spamd\n"
        self.assertEqual(self.refusal("exim", "", "--listener", "x"), said)

    def test_tcp_alone(self) -> None:
        """Stalwart and Axigen know no unix sockets, Axigen no IPv6."""
        for name in ("stalwart", "axigen"):
            for endpoint in ("unix:/run/m.sock", "systemd:domain=UNIX:name=m"):
                text = f"[listeners.milter]\nendpoint = '{endpoint}'"
                self.assertIn("knows no unix sockets", self.refusal(name, text))
        text = "[listeners.milter]\nendpoint = 'tcp6:1'"
        self.assertIn("IPv4 addresses alone", self.refusal("axigen", text))
        self.assertIn(
            "\naddress = inet://192.0.2.1:1\n", self.listener("axigen", "tcp:1:interface=192.0.2.1")
        )

    def test_comments(self) -> None:
        """Comments are short enough to be read in a terminal."""
        for name, kind in MTAS.items():
            for line in template(name).splitlines():
                self.assertTrue(len(line) <= 100 or not line.startswith(kind.comment), line)
