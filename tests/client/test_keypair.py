"""`mailfilteradm keypair`."""

import json
import os
import stat
import tomllib
from pathlib import Path

from click.testing import CliRunner, Result
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.client.adm import main
from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair, key_id
from mailfilter.codec.httpcrypt_text import read_keypair, render_toml, render_ucl

RSPAMD = """\
keypair {
    privkey = "ozt9ccmn39ea1djy575jwpb1g3zxor8azpsa7ia5jwhntumwid4y";
    pubkey = "jj8fufndqpusiz6hx451tzweos5d5phj7jq36f8c7xasxydie49y";
    type = "kex";
    algorithm = "curve25519";
    encoding = "base32";
}
"""
PUBLIC = "jj8fufndqpusiz6hx451tzweos5d5phj7jq36f8c7xasxydie49y"
SECRET = "ozt9ccmn39ea1djy575jwpb1g3zxor8azpsa7ia5jwhntumwid4y"
SHORT_ID = "rydewk3u"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ("keypair", *words))


class KeypairCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.file = self.folder / "front.key"

    def left(self) -> list[str]:
        """What is in the folder."""
        return sorted(os.listdir(self.folder))


class NewTests(KeypairCase):
    def test_printed(self) -> None:
        """In each form one that is read, each time another."""
        found = set()
        for form in ("toml", "ucl", "json"):
            for _ in range(2):
                result = run("new", "--form", form)
                self.assertEqual((result.exit_code, result.stderr), (0, ""))
                found.add(read_keypair(result.stdout.encode()).public)
        self.assertEqual(len(found), 6)
        self.assertIn("secret", tomllib.loads(run("new").stdout))
        self.assertIn("privkey", json.loads(run("new", "--form", "json").stdout)["keypair"])

    def test_written(self) -> None:
        """Nobody else may read the file; what is printed is for the configuration."""
        result = run("new", "--out", str(self.file))
        self.assertEqual((result.exit_code, result.stderr), (0, ""))
        pair = read_keypair(self.file.read_bytes())
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.assertEqual(self.left(), ["front.key"])
        self.assertIn(f"--key {encode_base32(pair.public)}\n", result.stdout)
        self.assertNotIn(encode_base32(pair.secret), result.stdout)
        self.assertEqual(
            tomllib.loads(result.stdout), {"keypairs": {"front": {"file": str(self.file)}}}
        )
        self.assertEqual(run("show", str(self.file)).stdout, result.stdout)

    def test_client(self) -> None:
        """The filter needs but the public key of who asks."""
        result = run("new", "--client", "--out", str(self.file))
        public = encode_base32(read_keypair(self.file.read_bytes()).public)
        identity = {"front": {"httpcrypt_keys": [public]}}
        self.assertEqual(tomllib.loads(result.stdout), {"identities": identity})
        self.assertIn(f'--keypair "{self.file}"', result.stdout)
        self.assertEqual(run("show", "--client", str(self.file)).stdout, result.stdout)

    def test_modes(self) -> None:
        """At no moment may others read it, whatever the umask."""
        seen = []
        real = os.fsync

        def synced(descriptor: int) -> None:
            seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
            real(descriptor)

        self.patch(os, "fsync", synced)
        self.addCleanup(os.umask, os.umask(0))
        run("new", "--out", str(self.file))
        self.file.chmod(0o666)
        run("new", "--force", "--out", str(self.file))
        self.assertEqual(seen, [0o600, 0o600])
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)

    def test_not_overwritten(self) -> None:
        """Neither a file, nor what a link leads to; but by force, which leaves links alone."""
        target = self.folder / "target"
        target.write_text("mine")
        link, dangling = self.folder / "link", self.folder / "dangling"
        link.symlink_to(target)
        dangling.symlink_to(self.folder / "nowhere")
        for path in (target, link, dangling, self.folder):
            result = run("new", "--out", str(path))
            self.assertEqual((result.exit_code, result.stdout), (1, ""), path)
            self.assertIn("--force", result.stderr)
        for path in (link, dangling, self.folder, Path("/dev/null")):
            result = run("new", "--force", "--out", str(path))
            self.assertEqual((result.exit_code, result.stdout), (1, ""), path)
            self.assertIn("no regular file", result.stderr)
        self.assertEqual(target.read_text(), "mine")
        self.assertEqual(self.left(), ["dangling", "link", "target"])

    def test_force(self) -> None:
        """An old one is replaced, also where there is none."""
        for _ in range(2):
            before = self.file.read_bytes() if self.file.exists() else b""
            self.assertEqual(run("new", "--force", "--out", str(self.file)).exit_code, 0)
            self.assertNotEqual(self.file.read_bytes(), before)
            self.assertEqual(self.left(), ["front.key"])

    def test_full(self) -> None:
        """Where nothing can be written nothing is left, and what was there stays."""

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        self.patch(os, "fsync", full)
        result = run("new", "--out", str(self.file))
        self.assertEqual((result.exit_code, result.stdout), (1, ""))
        self.assertIn("No space left", result.stderr)
        self.assertEqual(self.left(), [])
        self.file.write_text("old")
        self.assertEqual(run("new", "--force", "--out", str(self.file)).exit_code, 1)
        self.assertEqual((self.left(), self.file.read_text()), (["front.key"], "old"))

    def test_no_folder(self) -> None:
        result = run("new", "--out", str(self.folder / "none" / "x"))
        self.assertEqual((result.exit_code, result.stdout), (1, ""))
        self.assertIn("cannot be written: No such file", result.stderr)

    def test_wrong_command_line(self) -> None:
        for words in (("--force",), ("--client",), ("--form", "pem")):
            self.assertEqual(run("new", *words).exit_code, 2, words)


class LookTests(KeypairCase):
    """`check` and `show`."""

    def write(self, text: str, mode: int = 0o600) -> str:
        self.file.write_text(text)
        self.file.chmod(mode)
        return str(self.file)

    def test_right(self) -> None:
        """In any form."""
        for text in (RSPAMD, render_toml(Keypair.new()), render_ucl(Keypair.new())):
            result = run("check", self.write(text))
            self.assertEqual((result.exit_code, result.output), (0, "ok\n"))

    def test_mode(self) -> None:
        """Others must not read it; a group may, of which we cannot tell."""
        for mode in (0o604, 0o644, 0o602):
            result = run("check", self.write(RSPAMD, mode))
            self.assertEqual((result.exit_code, result.stdout), (1, ""))
            self.assertIn(f"chmod o-rw {self.file}", result.stderr)
        result = run("check", self.write(RSPAMD, 0o640))
        self.assertEqual((result.exit_code, result.stdout), (0, "ok\n"))

    def test_group(self) -> None:
        """A group that may not be the service's own is worth a warning."""
        if os.geteuid() != 0:
            raise SkipTest("only root gives files to any group")
        os.chown(self.write(RSPAMD, 0o640), -1, 4242)
        result = run("check", str(self.file))
        self.assertEqual((result.exit_code, result.stdout), (0, "ok\n"))
        said = f"warning: {self.file}: a secret key in a file that the group 4242 may read"
        self.assertIn(said, result.stderr)

    def test_wrong(self) -> None:
        """What cannot be used is told, and nothing that is secret."""
        other = encode_base32(Keypair.new().public)
        for text, said in (
            ("", "expected public"),
            (RSPAMD.replace(PUBLIC, other), "do not belong together"),
            (RSPAMD.replace('"kex"', '"sign"'), "for signatures"),
            (RSPAMD.replace("curve25519", "nistp256"), "nistp256"),
            (RSPAMD * 100, "16KiB"),
        ):
            self.write(text)
            for words in (("check",), ("show",), ("show", "--json"), ("show", "--client")):
                result = run(*words, str(self.file))
                self.assertEqual((result.exit_code, result.stdout), (1, ""), said)
                self.assertTrue(result.stderr.startswith(f"{self.file}: "), result.stderr)
                self.assertIn(said, result.stderr)
                self.assertNotIn(SECRET, result.stderr)

    def test_no_file(self) -> None:
        for path in (self.folder, self.folder / "none"):
            for command in ("check", "show"):
                result = run(command, str(path))
                self.assertEqual((result.exit_code, result.stdout), (1, ""))
                self.assertTrue(result.stderr.startswith(f"{path}: "), result.stderr)

    def test_json(self) -> None:
        """The public key, and by what it is called."""
        shown = json.loads(run("show", "--json", self.write(RSPAMD)).stdout)
        pair = read_keypair(RSPAMD.encode())
        whole = encode_base32(key_id(pair.public))
        self.assertEqual(shown, {"public": PUBLIC, "id": whole, "short_id": SHORT_ID})

    def test_text(self) -> None:
        """It can be pasted whole, whatever the file is called."""
        self.file = self.folder / 'a "b"\n\x1b.key'
        text = run("show", self.write(RSPAMD)).stdout
        self.assertIn(f"# Public key {PUBLIC}, short id {SHORT_ID}\n", text)
        keypairs = {'a "b"\n\x1b': {"file": str(self.file)}}
        self.assertEqual(tomllib.loads(text), {"keypairs": keypairs})
        self.assertNotIn(SECRET, text)
