"""`mailfilteradm tls self-signed`: what it writes, and what it prints."""

import os
import stat
import tomllib
from pathlib import Path

from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client import tls_new
from mailfilter.client.adm import main
from mailfilter.client.new_file import create
from mailfilter.codec.control import Pair
from mailfilter.config import load as load_config
from mailfilter.tls.facts import fingerprint
from mailfilter.tls.outgoing import Outgoing, Terms
from mailfilter.tls.pair import read_pair
from tests.authority import load
from tests.tls.outgoing_case import server_context, server_of, shake


class SelfSignedTests(SynchronousTestCase):
    """Files, their permissions, and the configuration."""

    def setUp(self) -> None:
        """A folder."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def make(self, *arguments: str, code: int = 0) -> Result:
        """Run the command."""
        arguments = ("tls", "self-signed", "--out", str(self.folder), *arguments)
        result = CliRunner().invoke(main, arguments, prog_name="mailfilteradm")
        self.assertEqual(result.exit_code, code, result.output)
        return result

    def files(self) -> list[str]:
        """Names of what is there."""
        return sorted(path.name for path in self.folder.iterdir())

    def test_server(self) -> None:
        """A certificate for servers, that fits its key, and that others can trust."""
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.make("mx.example.org", "*.example.net", "192.0.2.1", "--days", "30")
        self.assertEqual(self.files(), ["mx.example.org.key", "mx.example.org.pem"])
        chain, key = self.folder / "mx.example.org.pem", self.folder / "mx.example.org.key"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(chain.stat().st_mode), 0o644)
        shown = read_pair(Pair(name="x", chain=chain.read_bytes(), key=key.read_bytes()))
        self.assertEqual(shown.facts.key, "P-256")
        self.assertEqual(shown.facts.names, ("mx.example.org", "*.example.net", "192.0.2.1"))
        days = (shown.facts.expires - shown.facts.begins) / 86400
        self.assertTrue(30 < days < 30.1, days)
        for name in ("mx.example.org", "a.example.net", "192.0.2.1"):
            connection = Outgoing(Terms(authorities=str(chain))).connection(name)
            shake(connection, server_of(server_context(chain, key)))
            self.assertTrue(connection.is_known)

    def test_usage(self) -> None:
        """For servers or for clients, never for both, and never an authority."""
        self.make("a")
        self.make("b", "--client")
        for name, usage in (
            ("a", ExtendedKeyUsageOID.SERVER_AUTH),
            ("b", ExtendedKeyUsageOID.CLIENT_AUTH),
        ):
            extensions = load(self.folder / f"{name}.pem").extensions
            found = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            self.assertEqual(list(found), [usage])
            constraints = extensions.get_extension_for_class(x509.BasicConstraints)
            self.assertFalse(constraints.value.ca)

    def test_lines(self) -> None:
        """They are a configuration."""
        printed = self.make("mx.example.org").stdout
        table = tomllib.loads(printed)["certificates"]["mx.example.org"]
        self.assertEqual(table["chain"], str(self.folder / "mx.example.org.pem"))
        self.assertEqual(table["key"], str(self.folder / "mx.example.org.key"))
        certificate = load(self.folder / "mx.example.org.pem")
        self.assertIn(fingerprint(certificate), printed)
        printed += self.make("mta.example.net", "--client").stdout
        table = tomllib.loads(printed)["identities"]["mta.example.net"]
        certificate = load(self.folder / "mta.example.net.pem")
        self.assertEqual(table["fingerprints"], [fingerprint(certificate)])
        self.assertNotIn("trusted", table)
        self.assertIn("settings that it tells are believed by\n# trusted = true\n", printed)
        config = self.folder / "m.toml"
        config.write_text(
            f"{printed}\n[listeners.tls]\nprotocol = 'http'\n"
            "endpoint = 'tcp:1:interface=127.0.0.1'\n"
            "certificates = ['mx.example.org']\nclient_auth = 'required'\n"
            "identities = ['mta.example.net']\n"
        )
        self.assertEqual(load_config(str(config)).warnings, ())

    def test_names(self) -> None:
        """What a client may be called, and what nobody may."""
        self.make("mta.example.net", "a@example.net", "https://x.example.net/y", "--client")
        wrong = ("a b", "", "a..b", "\x1b[2J", "a/b", "..", "x" * 64, "a.*.b", "a\n")
        for name in (*wrong, "a@example.net", "https://x.example.net/y"):
            result = self.make("ok", name, code=2)
            self.assertIn("expected a name of DNS", result.stderr)
            self.assertNotIn("\x1b", result.stderr)
        self.assertEqual(len(self.files()), 2)

    def test_near_names(self) -> None:
        """What was meant is said."""
        for name, meant in {
            "b\u00fccher.example": "xn--bcher-kva.example",
            "mx.example.org.": "mx.example.org",
            ".example.org": "*.example.org",
        }.items():
            result = self.make(name, code=2)
            said = f'expected a name of DNS or an IP address; did you mean "{meant}"?'
            self.assertIn(said, " ".join(result.stderr.split()))

    def test_file_names(self) -> None:
        """They stay in the folder."""
        self.make("*.example.org")
        self.make("2001:db8::1")
        self.make("https://x/../../y", "--client")
        self.assertEqual(
            self.files(),
            [
                *("2001_db8_1.key", "2001_db8_1.pem", "any.example.org.key"),
                *("any.example.org.pem", "https_x_.._.._y.key", "https_x_.._.._y.pem"),
            ],
        )

    def test_not_overwritten(self) -> None:
        """Neither the certificate nor the key, nor where a link leads."""
        for name in ("mx.pem", "mx.key"):
            path = self.folder / name
            path.symlink_to(self.folder / "nowhere")
            result = self.make("mx", code=1)
            self.assertIn(f"{path} is there already", result.stderr)
            self.assertEqual(self.files(), [name])
            path.unlink()

    def test_half(self) -> None:
        """Where the second file cannot be written there is no first."""

        def fail(path: Path, data: bytes, mode: int) -> None:
            if path.suffix == ".pem":
                raise OSError("no space")
            create(path, data, mode)

        self.patch(tls_new, "create", fail)
        self.assertIn("no space", self.make("mx", code=1).stderr)
        self.assertEqual(self.files(), [])

    def test_no_folder(self) -> None:
        """It is not made."""
        result = self.make("mx", "--out", str(self.folder / "absent"), code=1)
        said = f"{self.folder}/absent/mx.key: cannot be written: No such file or directory\n"
        self.assertEqual(result.stderr, said)
