"""`mailfilteradm tls show`: of the running filter, and of the files of a configuration."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.plan import load_all
from mailfilter.app.tls_files import page_of_files
from mailfilter.client import tls_show
from mailfilter.client.adm import main
from mailfilter.client.options import Knowledge
from mailfilter.client.tls_show import show_text
from mailfilter.codec.control import Answer
from mailfilter.tls.facts import fingerprint, public_key
from tests.authority import Authority, load

LISTENER = """\
[listeners.far]
protocol = "http"
endpoint = "tcp:1:interface=127.0.0.1"
certificates = ["mx"]
client_auth = "optional"
client_ca = "{ca}"
client_crl = ["{crl}"]

[certificates.mx]
chain = "{chain}"
key = "{key}"
"""
REDIS = """
[store]
kind = "redis"

[store.redis]
tls = true
tls_ca = "{ca}"
"""


class ShowCase(SynchronousTestCase):
    """With files."""

    def setUp(self) -> None:
        """Make them."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.authority = Authority(self.folder, "right")
        self.chain, self.key = self.authority.issue("mx.example.org", days=(-1, 30.02))

    def show(self, *arguments: str) -> Result:
        """Run the command."""
        knowledge = Knowledge(load_all=load_all, tls_page=page_of_files)
        arguments = ("tls", "show", *arguments)
        return CliRunner().invoke(main, arguments, prog_name="mailfilteradm", obj=knowledge)


class FileTests(ShowCase):
    """What files hold."""

    def show_files(self, **files: Path) -> Result:
        """Of a configuration with these files, or with the right ones."""
        right = {"chain": self.chain, "key": self.key, "ca": self.authority.file}
        right["crl"] = self.authority.revoke()
        path = self.folder / "m.toml"
        path.write_text((LISTENER + REDIS).format(**{**right, **files}))
        return self.show("-c", str(path))

    def test_json(self) -> None:
        """For programs, with the same exit code."""
        result = self.show_files()
        path = str(self.folder / "m.toml")
        shown = self.show("--json", "-c", path)
        self.assertEqual((result.exit_code, ""), (shown.exit_code, shown.stderr))
        found = json.loads(shown.stdout)
        self.assertEqual(str(self.chain), found["certificates"]["mx"]["chain"])
        self.assertIn("far", found["client_trust"])
        result = self.show("--json", str(self.chain))
        self.assertEqual((2, ""), (result.exit_code, result.stdout))

    def test_right(self) -> None:
        """All is told of them."""
        result = self.show_files()
        self.assertEqual((result.stderr, result.exit_code), ("", 0))
        parts = result.stdout.split("\n\n")
        heads = [part.splitlines()[0] for part in parts]
        expected = ["certificate mx", "listener far believes", "store.redis connects with"]
        self.assertEqual(heads, expected)
        found = load(self.chain)
        self.assertIn(f"  file         {self.chain}\n  listeners    far\n", parts[0])
        self.assertIn("  names        mx.example.org\n", parts[0])
        self.assertIn("(in 30.0 days)", parts[0])
        self.assertIn(fingerprint(found), parts[0])
        self.assertIn("  authority  CN=right, expires 2", parts[1])
        self.assertIn("  revokes    CN=right, until 2", parts[1])
        self.assertNotIn("trouble", result.stdout)

    def test_wrong(self) -> None:
        """Each file that cannot be used is named, with the reason; the exit status is 1."""
        other = self.authority.issue("b.example.org")[1]
        expired = self.authority.issue("c.example.org", days=(-9, -2))
        absent, public = self.folder / "absent", self.folder / "public.key"
        public.write_bytes(self.key.read_bytes())
        public.chmod(0o644)
        stale = Authority(self.folder, "stale").revoke(days=(-9, -1))
        cases: list[tuple[dict[str, Path], str]] = [
            ({"chain": absent}, "certificates.mx.chain = .*: cannot be read: No such file"),
            ({"key": absent}, "certificates.mx.key = .*: cannot be read: No such file"),
            ({"key": other}, "certificates.mx.key = .*: the private key does not belong"),
            ({"key": public}, "certificates.mx.key = .*: a private key .* everybody may read"),
            ({"chain": expired[0], "key": expired[1]}, "certificate mx has expired at "),
            ({"ca": self.authority.own_key()}, "listeners.far.client_ca = .*no certificate in it"),
            ({"crl": self.chain}, "listeners.far.client_crl = .*: no list of revoked"),
            ({"crl": stale}, "the list of revoked certificates of CN=stale has expired at "),
        ]
        for files, words in cases:
            result = self.show_files(**files)
            self.assertEqual(result.exit_code, 1, result.output)
            lines = [
                line
                for line in result.stdout.splitlines()
                if line.startswith(("  trouble ", "  expired "))
            ]
            self.assertTrue(lines, result.output)
            self.assertRegex(lines[0], words)

    def test_certificate_for_redis(self) -> None:
        """That it has expired is told with the store."""
        chain, key = self.authority.issue("c.example.org", days=(-9, -2))
        store = f"{REDIS}tls_certificate = '{chain}'\ntls_key = '{key}'\n"
        path = self.folder / "m.toml"
        path.write_text(store.format(ca=self.authority.file, crl=self.authority.revoke()))
        result = self.show("-c", str(path))
        self.assertEqual(result.exit_code, 1, result.output)
        self.assertIn("  expired      our certificate for Redis has expired at ", result.stdout)

    def test_none(self) -> None:
        """A configuration without TLS."""
        path = self.folder / "m.toml"
        path.write_text("")
        result = self.show("-c", str(path))
        self.assertEqual(
            (result.stdout, result.exit_code),
            ("no TLS is configured, no HTTPCrypt, and no key that signs mail\n", 0),
        )


class CertificateTests(ShowCase):
    """What one file holds."""

    def test_chain(self) -> None:
        """Each certificate in it."""
        self.chain.write_bytes(self.chain.read_bytes() + self.authority.file.read_bytes())
        result = self.show(str(self.chain))
        self.assertEqual((result.stderr, result.exit_code), ("", 0))
        for path in (self.chain, self.authority.file):
            self.assertIn(f"  fingerprint  {fingerprint(load(path))}\n", result.stdout)
            self.assertIn(f"  public key   {public_key(load(path))}\n", result.stdout)

    def test_none(self) -> None:
        """A key is no certificate."""
        for path, words in ((self.key, "no certificate in it"), (self.folder / "x", "No such")):
            result = self.show(str(path))
            self.assertTrue(result.stderr.startswith(f"{path}: "), result.stderr)
            self.assertIn(words, result.stderr)
            self.assertEqual(result.exit_code, 1)


PAGE: dict[str, Any] = {
    "certificates": {
        "mx": {
            "chain": "/etc/mx.pem",
            "names": ["mx.example.org"],
            "subject": "CN=mx.example.org",
            "issuer": "CN=right",
            "begins": 0.0,
            "expires": 86400.0,
            "days": 0.5,
            "fingerprint": "ab" * 32,
            "public_key": "cd" * 32,
            "key": "P-256",
            "ocsp_expires": 43200.0,
            "loaded": 100.0,
            "trouble": "",
            "expired": [],
            "listeners": ["far", "near"],
        }
    },
    "client_trust": {
        "far": {
            "file": "/etc/ca.pem",
            "authorities": [{"subject": "CN=right", "expires": 86400.0}],
            "lists": [{"issuer": "CN=right", "expires": None}],
            "trouble": "",
            "expired": [],
        }
    },
    "keypairs": {
        "front": {
            "file": "/etc/front.key",
            "public_key": "jj8y",
            "short_id": "fn99",
            "loaded": 100.0,
            "trouble": "",
            "expired": [],
            "listeners": ["far"],
        },
        "other": {"file": "/o.key", "trouble": "no\n", "expired": [], "listeners": []},
    },
}


class RunningTests(ShowCase):
    """What the running filter says."""

    def answer(self, answer: Answer) -> Result:
        """What is shown when it says this."""
        asked: list[str] = []

        def ask(directories: list[str], command: str) -> Answer:
            asked.append(command)
            return answer

        self.patch(tls_show, "ask", ask)
        result = self.show("--state-dir", str(self.folder))
        self.assertEqual(asked, ["status"])
        return result

    def test_text(self) -> None:
        """As it says it."""
        self.assertEqual(
            show_text(PAGE, 43200.0).splitlines(),
            [
                "certificate mx",
                "  file          /etc/mx.pem",
                "  listeners     far, near",
                "  subject       CN=mx.example.org",
                "  issuer        CN=right",
                "  names         mx.example.org",
                "  begins        1970-01-01T00:00:00Z",
                "  expires       1970-01-02T00:00:00Z (in 0.5 days)",
                "  key           P-256",
                f"  fingerprint   {'ab' * 32}",
                f"  public key    {'cd' * 32}",
                "  OCSP until    1970-01-01T12:00:00Z (in 0.0 days)",
                "  in use since  1970-01-01T00:01:40Z",
                "",
                "listener far believes",
                "  file       /etc/ca.pem",
                "  authority  CN=right, expires 1970-01-02T00:00:00Z (in 0.5 days)",
                "  revokes    CN=right, until without end",
                "",
                "keypair front",
                "  file          /etc/front.key",
                "  listeners     far",
                "  public key    jj8y",
                "  short id      fn99",
                "  in use since  1970-01-01T00:01:40Z",
                "",
                "keypair other",
                "  trouble    no\\n",
                "  file       /o.key",
                "  listeners  (none)",
            ],
        )

    def test_asked(self) -> None:
        """By the control socket; trouble is exit status 1."""
        good = {**PAGE, "keypairs": {}}
        result = self.answer(Answer(status=good))
        self.assertIn("certificate mx\n", result.stdout)
        self.assertEqual(result.exit_code, 0)
        self.assertEqual(self.answer(Answer(status=PAGE)).exit_code, 1)
        mx = {**PAGE["certificates"]["mx"], "trouble": "half\x1b[2J"}
        result = self.answer(Answer(status={**good, "certificates": {"mx": mx}}))
        ended = {**PAGE["certificates"]["mx"], "expired": ["it has \x1b[2Jexpired"]}
        late = self.answer(Answer(status={**good, "certificates": {"mx": ended}}))
        self.assertIn("  expired       it has \\x1b[2Jexpired\n", late.stdout)
        self.assertEqual(late.exit_code, 1)
        self.assertIn("  trouble       half\\x1b[2J\n", result.stdout)
        self.assertEqual(result.exit_code, 1)

    def test_nobody(self) -> None:
        """No filter, or one that does not want to."""
        result = self.show("--state-dir", str(self.folder))
        self.assertIn("no filter answers", result.stderr)
        self.assertIn("--config FILE shows", result.stderr)
        self.assertEqual(result.exit_code, 1)
        self.assertIn("not now", self.answer(Answer(error="not now")).stderr)

    def test_both(self) -> None:
        """A file or a running filter."""
        for options in (("--state-dir", "y", "-c", "x"), ("x", "-c", "x")):
            self.assertEqual(self.show(*options).exit_code, 2)
