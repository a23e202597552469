"""Keys that other programs make are ours to sign by, and those that we make are theirs."""

import base64
import re
import shutil
import subprocess
import sys

import dkim  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.trial.unittest import SkipTest

from mailfilter.auth.private_key import public_record, read_private_key
from mailfilter.codec.dns_answer import Kind
from mailfilter.codec.dns_name import normal_name
from mailfilter.testing.zone_text import Zone
from tests.app.signing_case import SigningCase
from tests.live import peers, rspamadm
from tests.live.harness import ADM, message_file
from tests.live.rspamadm import RspamadmCase
from tests.live.zone_server import ZoneServer

NAME = "s1._domainkey.example.org"
MAP = '[signing]\nmaps = ["dkim.map"]\nfolders = ["dkim"]\n'


def openssl(*words: str, data: bytes = b"") -> bytes:
    """What it prints; the test skips without it."""
    if shutil.which("openssl") is None:
        raise SkipTest("openssl is not there")
    done = subprocess.run(
        ["openssl", *words], input=data, capture_output=True, timeout=60, check=True
    )
    return done.stdout


class OpensslTests(SigningCase):
    """Files of `openssl`, as people make them by its manual."""

    def test_read(self) -> None:
        made = {
            "rsa": openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
            "ed": openssl("genpkey", "-algorithm", "ED25519"),
        }
        made["old"] = openssl("rsa", "-traditional", data=made["rsa"])
        self.assertIn(b"BEGIN RSA PRIVATE KEY", made["old"])
        for selector, data in made.items():
            self.put(f"dkim/example.org.{selector}.key", data)
        self.put("dkim.map", b"# none\n")
        held = self.held(MAP)
        self.assertEqual(len(held.signing), 3)
        for item in held.signing.values():
            public = openssl("pkey", "-pubout", data=item.files.data)
            text = b"".join(public.split(b"\n")[1:-2]).decode()
            record = public_record(item.parsed.private)
            # Of Ed25519 the record has the key alone, without its algorithm.
            self.assertTrue(record.endswith(("p=" + text, "p=" + text[16:])), record)


class RspamadmTests(RspamadmCase, SigningCase):
    """Files of `rspamadm dkim_keygen`, and its records."""

    def setUp(self) -> None:
        SigningCase.setUp(self)
        RspamadmCase.setUp(self)

    def test_read(self) -> None:
        lines = []
        records = {}
        for selector, kind in (
            ("rsa", ("-b", "2048")),
            ("ed", ("-t", "ed25519")),
            ("seed", ("-t", "ed25519-seed")),
        ):
            words = ("-d", "example.org", "-s", selector, *kind)
            text = rspamadm.run("dkim_keygen", *words)
            key, _, record = text.partition(f"{selector}._domainkey")
            records[selector] = "".join(re.findall(r'"([^"]*)"', record))
            if selector == "rsa":
                self.put("dkim/example.org.rsa.key", key.encode())
            else:
                lines.append(f"example.org {selector} {key}")
                self.put(f"dkim/example.com.{selector}.key", key.encode())
        self.put("dkim.map", "".join(lines).encode())
        held = self.held(MAP)
        self.assertEqual(len(held.signing), 5)
        for item in held.signing.values():
            expected = records[item.parsed.selector]
            self.assertEqual(public_record(item.parsed.private), expected)


class OpendkimTests(SigningCase):
    """Files of `opendkim-genkey`, and its records."""

    def test_read(self) -> None:
        if why := peers.why_missing("opendkim-genkey"):
            raise SkipTest(why)
        words = ("-d", "example.org", "-s", "od", "-b", "2048", "-D", str(self.folder))
        subprocess.run(
            [str(peers.find("opendkim-genkey")), *words],
            env=peers.environment(),
            capture_output=True,
            timeout=60,
            check=True,
        )
        self.put("dkim.map", b"example.org od od.private\n")
        (item,) = self.held(MAP).signing.values()
        record = "".join(re.findall(r'"([^"]*)"', (self.folder / "od.txt").read_text()))
        expected = public_record(item.parsed.private).replace("k=rsa", "h=sha256; k=rsa")
        self.assertEqual(record, expected)


class OursTests(SigningCase):
    """Keys of `mailfilteradm dkim keygen`."""

    def adm(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", ADM, "dkim", *words],
            cwd=peers.CHECKOUT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def made(self, *words: str) -> tuple[str, str]:
        """The file, and the zone that is printed."""
        file = str(self.folder / "new.key")
        text = self.adm("keygen", "example.org", "s1", "--out", file, *words)
        return file, text.partition("\n\n")[0]

    def check_published(self, file: str, zone: str) -> None:
        """The zone is one, and has the key, as DNS brings it."""
        server = ZoneServer(zone)
        self.addCleanup(server.stop)
        config = self.write("m.toml", "")
        where = ("--server", server.address, "--config", config)
        text = self.adm("check", "example.org", "s1", "--key", file, *where)
        self.assertIn("test signature  pass\n", text)

    def test_rsa(self) -> None:
        file, zone = self.made()
        self.check_published(file, zone)
        with open(file, "rb") as stream:
            data = stream.read()
        openssl("pkey", "-check", "-noout", data=data)
        (record,) = Zone(zone).records[normal_name(NAME)]
        self.assertEqual(record.kind, Kind.TXT)
        message = message_file("ham.eml")
        signature = dkim.sign(message, b"s1", b"example.org", data)
        self.assertTrue(dkim.verify(signature + message, dnsfunc=lambda *_, **__: record.value))

    def test_ed25519(self) -> None:
        file, zone = self.made("--algorithm", "ed25519")
        self.check_published(file, zone)
        with open(file, "rb") as stream:
            data = stream.read()
        openssl("pkey", "-check", "-noout", data=data)
        made = read_private_key(data)
        self.assertIn(public_record(made), zone)
        assert isinstance(made, Ed25519PrivateKey)
        seed = base64.b64encode(made.private_bytes_raw())
        (record,) = Zone(zone).records[normal_name(NAME)]
        message = message_file("ham.eml")
        signature = dkim.sign(
            message, b"s1", b"example.org", seed, signature_algorithm=b"ed25519-sha256"
        )
        self.assertTrue(dkim.verify(signature + message, dnsfunc=lambda *_, **__: record.value))
