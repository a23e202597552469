"""Files with keypairs: what `rspamadm keypair` writes is read, and what we write Rspamd reads."""

import http.client
import json
import subprocess
import sys

from mailfilter.codec.httpcrypt import Keypair, key_header, shared_key
from mailfilter.codec.httpcrypt_text import KeypairError, read_keypair

from . import rspamadm
from .harness import ADM
from .processes import private_directory
from .rspamadm import RspamadmCase, SmallRspamd

FORMS = ((), ("-u",), ("-j",), ("generate",), ("generate", "--json"), ("generate", "--ucl"))
"""Of what is for HTTPCrypt."""
FOREIGN = {("-s",): "signatures", ("-s", "-j"): "signatures", ("-n",): "nistp256"}
"""Of what is not -> what we say of it."""
PING = b"GET /ping HTTP/1.0\r\nContent-Length: 0\r\n\r\n"


def adm(*words: str) -> str:
    """What our command prints."""
    command = [sys.executable, "-c", ADM, "keypair", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


class TheirsTests(RspamadmCase):
    """Files of Rspamd."""

    def test_forms(self) -> None:
        """All are read, by our command too, which agrees on what is public."""
        path = private_directory() / "rspamd.key"
        for form in FORMS:
            text = rspamadm.run("keypair", *form)
            path.write_text(text)
            path.chmod(0o600)
            pair = read_keypair(text.encode())
            self.assertEqual(adm("check", str(path)), "ok\n")
            shown = json.loads(adm("show", "--json", str(path)))
            self.assertEqual(text.count(f'"{shown["public"]}"'), 1, text)
            self.assertEqual(text.count(f'"{shown["id"]}"'), 1, text)
            self.assertEqual(read_keypair(text.encode()), pair)

    def test_file(self) -> None:
        """As rspamadm writes it itself."""
        path = private_directory() / "rspamd.key"
        rspamadm.run("keypair", "generate", "-o", str(path))
        path.chmod(0o600)
        self.assertEqual(adm("check", str(path)), "ok\n")

    def test_foreign(self) -> None:
        """Keys for something else are told from those for HTTPCrypt."""
        for form, said in FOREIGN.items():
            text = rspamadm.run("keypair", *form)
            with self.assertRaises(KeypairError, msg=text) as caught:
                read_keypair(text.encode())
            self.assertIn(said, str(caught.exception))


class OursTests(RspamadmCase):
    """Files of ours, in Rspamd's form."""

    def test_worker(self) -> None:
        """Rspamd opens what is sealed for the public key that our command shows."""
        path = private_directory() / "ours.key"
        adm("new", "--form", "ucl", "--out", str(path))
        pair = read_keypair(path.read_bytes())
        rspamd = SmallRspamd(path.read_text())
        self.addCleanup(rspamd.stop)
        self.assertRegex(sealed(rspamd.scan, pair.public), rb"^HTTP/1.1 200 .*pong")

    def test_read(self) -> None:
        """rspamadm reads either form: it seals a file with them (and opens none that it sealed)."""
        folder = private_directory()
        for form in ("ucl", "json"):
            key = folder / f"{form}.key"
            adm("new", "--form", form, "--out", str(key))
            plain = folder / form
            plain.write_bytes(b"a secret\n")
            said = rspamadm.run("keypair", "encrypt", "-k", str(key), str(plain))
            self.assertIn(f"encrypted {plain}", said)


def sealed(port: int, public: bytes) -> bytes:
    """The inner reply to a sealed ping, of a client whose key nobody knows."""
    own = Keypair.new()
    key = shared_key(own, public)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        headers = {"Key": key_header(public, own.public)}
        client.request("POST", "/post", key.seal(PING), headers)
        return b" ".join(key.unseal(client.getresponse().read()).splitlines())
    finally:
        client.close()
