"""`mailfilteradm dkim`: keys that it makes, and what it says of keys that are published."""

import json
import stat
import tomllib
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.own_key import own_key
from mailfilter.app.plan import load_all
from mailfilter.app.tls_files import page_of_files
from mailfilter.auth.private_key import public_record, read_private_key
from mailfilter.client import dkim
from mailfilter.client.adm import main
from mailfilter.client.options import Knowledge
from mailfilter.client.own_key import OwnKey
from mailfilter.config import load
from tests.app.signing_case import key, pem
from tests.auth.spf_zone import lines_zone
from tests.client.test_spf import FakeResolver

NAME = "s1._domainkey.example.org"
SIGNED = f"""\
  record          {NAME}
                  {public_record(key(1))}
                    Ed25519
  our key         Ed25519, key.pem
  test signature  pass
"""


class DkimCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.zone = lines_zone({"example.org": "MX 5 mx.example.org"})

    def put(self, name: str, data: bytes) -> str:
        path = self.folder / name
        path.touch(0o600)
        path.write_bytes(data)
        return str(path)

    def run_it(self, *words: str, knowledge: Knowledge | None = None) -> Result:
        resolver = FakeResolver(self.zone)
        self.patch(dkim, "Resolver", lambda _reactor, _settings, servers: resolver)
        self.patch(dkim, "run_in_reactor", run_at_once)
        known = knowledge or Knowledge(load_all=load_all, tls_page=page_of_files, own_key=own_key)
        return CliRunner().invoke(main, ["dkim", *words], obj=known)


def run_at_once(work: Any) -> Any:
    try:
        work(Clock()).send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")


class KeygenTests(DkimCase):
    def keygen(self, *words: str) -> Result:
        out = ("--out", str(self.folder / "new.key"))
        return self.run_it("keygen", "Example.org", "s1", *out, *words)

    def made(self) -> Any:
        return read_private_key((self.folder / "new.key").read_bytes())

    def test_rsa(self) -> None:
        """What is printed is a record, and what goes into the configuration."""
        result = self.keygen()
        self.assertEqual(result.exit_code, 0, result.output)
        made = self.made()
        assert isinstance(made, RSAPrivateKey)
        self.assertEqual(made.key_size, 2048)
        self.assertEqual(stat.S_IMODE((self.folder / "new.key").stat().st_mode), 0o600)
        zone, _, config = result.stdout.partition("\n\n")
        line = zone.splitlines()[1]
        start = f"{NAME}. IN TXT "
        self.assertTrue(line.startswith(start), line)
        strings = line.removeprefix(start).strip('"').split('" "')
        self.assertEqual([len(part) for part in strings], [255, 155])
        self.assertEqual("".join(strings), public_record(made))
        (settings,) = tomllib.loads(config)["signing_keys"].values()
        file = str(self.folder / "new.key")
        self.assertEqual(settings, {"domain": "example.org", "selector": "s1", "file": file})
        self.assertNotIn("PRIVATE", result.output)

    def test_usable(self) -> None:
        """The configuration that is printed is one."""
        config = self.keygen("--algorithm", "ed25519").stdout.partition("\n\n")[2]
        path = self.put("m.toml", config.encode())
        self.assertEqual(load(path).warnings, ())
        found = own_key(path, "example.org", "S1")
        assert found.private is not None
        self.assertEqual(public_record(found.private), public_record(self.made()))

    def test_ed25519(self) -> None:
        result = self.keygen("--algorithm", "ed25519")
        self.assertIsInstance(self.made(), Ed25519PrivateKey)
        self.assertIn(f'{NAME}. IN TXT "{public_record(self.made())}"\n', result.stdout)

    def test_bits(self) -> None:
        self.keygen("--bits", "3072")
        self.assertEqual(self.made().key_size, 3072)
        self.assertEqual(self.keygen("--bits", "1024", "--force").exit_code, 2)

    def test_there_already(self) -> None:
        """It is kept, unless told otherwise."""
        self.put("new.key", b"mine")
        result = self.keygen()
        self.assertEqual(result.exit_code, 1)
        self.assertIn("new.key: is there already; --force replaces it", result.stderr)
        self.assertEqual((self.folder / "new.key").read_bytes(), b"mine")
        self.assertEqual(self.keygen("--force").exit_code, 0)
        self.made()

    def test_not_written(self) -> None:
        result = self.run_it("keygen", "example.org", "s", "--out", str(self.folder / "no" / "key"))
        self.assertEqual(result.exit_code, 1)
        self.assertIn("key: cannot be written: No such file or directory", result.stderr)

    def test_names(self) -> None:
        for domain, selector, part in (
            ("exa mple.org", "s", "DOMAIN"),
            ("*.example.org", "s", "DOMAIN"),
            ("example.org", "s..t", "SELECTOR"),
        ):
            result = self.run_it("keygen", domain, selector, "--out", str(self.folder / "x"))
            self.assertEqual(result.exit_code, 2)
            self.assertIn(f"Invalid value for {part}", result.stderr)


class CheckTests(DkimCase):
    def publish(self, *texts: str, name: str = NAME) -> None:
        self.zone = lines_zone({name: [f"TXT {text}" for text in texts]})

    def check(self, *words: str) -> Result:
        config = self.put("plain.toml", b"")
        return self.run_it("check", "example.org", "s1", "-c", config, *words)

    def check_key(self, number: int = 1, *words: str) -> Result:
        return self.check("--key", self.put("key.pem", pem(number)), *words)

    def test_good(self) -> None:
        self.publish(public_record(key(1)))
        result = self.check_key()
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertEqual(result.stdout.replace(f"{self.folder}/", ""), SIGNED)

    def test_exposed(self) -> None:
        """A key that others may read is no secret."""
        self.publish(public_record(key(1)))
        file = self.put("key.pem", pem(1))
        Path(file).chmod(0o644)
        result = self.check("--key", file)
        self.assertEqual(result.exit_code, 0, result.output)
        expected = f"a private key in a file that everybody may read; chmod o-rw {file}\n"
        self.assertIn(f"warning         {expected}", result.stdout)

    def test_configured(self) -> None:
        """Without --key it is that of the configuration, wherever that has it."""
        self.publish(public_record(key(1)))
        (self.folder / "dkim").mkdir(0o700)
        self.put("dkim/example.org.s1.key", pem(1))
        config = self.put("m.toml", b"signing.folders = ['dkim']")
        result = self.run_it("check", "EXAMPLE.org", "s1", "-c", config)
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertIn("dkim/example.org.s1.key\n", result.stdout)
        self.assertIn("test signature  pass\n", result.stdout)

    def test_unusable(self) -> None:
        """Why the one of the configuration cannot be used."""
        self.publish(public_record(key(1)))
        (self.folder / "dkim").mkdir(0o700)
        self.put("dkim/example.org.s1.key", b"junk!")
        config = self.put("m.toml", b"signing.folders = ['dkim']")
        result = self.run_it("check", "example.org", "s1", "-c", config)
        self.assertEqual(result.exit_code, 1)
        self.assertIn("problem  our key cannot be used: ", result.stdout)
        self.assertIn("neither PEM nor base64", result.stdout)

    def test_two(self) -> None:
        """What cannot be used beside the one that is."""
        self.publish(public_record(key(1)))
        (self.folder / "dkim").mkdir(0o700)
        self.put("ours.key", pem(1))
        self.put("dkim/example.org.s1.key", pem(2))
        table = "[signing_keys.a]\ndomain = 'example.org'\nselector = 's1'\nfile = 'ours.key'\n"
        config = self.put("m.toml", f"{table}[signing]\nfolders = ['dkim']".encode())
        result = self.run_it("check", "example.org", "s1", "-c", config)
        self.assertEqual(result.exit_code, 0, result.output)
        self.assertIn("ours.key\n", result.stdout)
        self.assertIn("another key has the same name, s1._domainkey.example.org", result.stdout)

    def test_no_key(self) -> None:
        """Of ours: what is published is looked at all the same."""
        self.publish(public_record(key(1)))
        result = self.check()
        self.assertEqual(result.exit_code, 0)
        self.assertIn("our key  none is configured", result.stdout)
        self.publish("v=DKIM1; p=")
        result = self.check()
        self.assertEqual(result.exit_code, 1)
        self.assertIn("problem  the key is revoked\n", result.stdout)

    def test_another(self) -> None:
        self.publish(public_record(key(2)))
        result = self.check_key()
        self.assertEqual(result.exit_code, 1)
        self.assertIn("problem         another key than that of ", result.stdout)
        self.assertIn(f'\nTo be published:\n{NAME}. IN TXT "v=DKIM1;', result.stdout)

    def test_other_kind(self) -> None:
        """A key without its kind is taken for RSA."""
        self.publish(public_record(key(1)).replace("k=ed25519; ", ""))
        result = self.check_key()
        self.assertEqual(result.exit_code, 1)
        self.assertIn("problem         p= is no RSA key\n", result.stdout)

    def test_missing(self) -> None:
        self.publish("other", name="example.org")
        result = self.check_key()
        self.assertEqual(result.exit_code, 1)
        self.assertIn("problem  there is no such name\n", result.stdout)
        self.assertIn("\nTo be published:\n", result.stdout)

    def test_doubled(self) -> None:
        """Who names the domain in a zone that adds it has it twice."""
        self.publish(public_record(key(1)), name=f"{NAME}.example.org")
        self.assertIn(f"it is at {NAME}.example.org\n", self.check_key().stdout)

    def test_quoted(self) -> None:
        """What belongs to a zone's file is in the record."""
        self.publish(public_record(key(1)).replace(";", "\\;"))
        result = self.check_key()
        self.assertEqual(result.exit_code, 1)
        self.assertIn("backslashes or quotes", result.stdout)

    def test_warnings(self) -> None:
        """Are no errors."""
        self.publish(public_record(key(1)) + "; t=y", "v=spf1 -all")
        result = self.check_key()
        self.assertEqual(result.exit_code, 0, result.stdout)
        self.assertIn("warning         2 records, and who", result.stdout)
        self.assertIn("warning         t=y: mail may be treated", result.stdout)

    def test_no_answer(self) -> None:
        """Nothing is known, and so it is not all right."""
        self.zone = lines_zone({NAME: "TIMEOUT"})
        result = self.check_key()
        self.assertEqual(result.exit_code, 1)
        self.assertIn("problem  no answer: ", result.stdout)

    def test_terminal(self) -> None:
        """What could change it does not get there."""
        self.publish("v=DKIM1; p=\x1b[1m")
        result = self.check()
        self.assertNotIn("\x1b", result.stdout)
        self.assertIn("\\x1b[1m", result.stdout)

    def test_json(self) -> None:
        self.publish(public_record(key(2)))
        result = self.check_key(1, "--json")
        self.assertEqual(result.exit_code, 1)
        found = json.loads(result.stdout)
        self.assertEqual(found["expected"], public_record(key(1)))
        self.assertEqual([item["text"] for item in found["records"]], [public_record(key(2))])
        self.assertEqual((found["signature"], found["is_good"]), ("fail", False))
        self.publish(public_record(key(1)))
        self.assertTrue(json.loads(self.check_key(1, "--json").stdout)["is_good"])

    def test_file(self) -> None:
        """Of --key, which cannot be used."""
        result = self.check("--key", self.put("bad", b"junk!"))
        self.assertEqual(result.exit_code, 1)
        self.assertIn("bad: neither PEM", result.stderr)
        self.assertIn("cannot be read", self.check("--key", str(self.folder / "none")).stderr)

    def test_default(self) -> None:
        """Nobody knows of any key."""
        knowledge = Knowledge(load_all=load_all, tls_page=page_of_files)
        self.assertEqual(knowledge.own_key(None, "example.org", "s1"), OwnKey())
