"""Whom the filter becomes, and why it cannot."""

import grp
import json
import os
import pwd
import subprocess
import sys

from mailfilter.app.privileges import Identity, PrivilegeError, find_identity, set_umask
from tests.app.credential_case import TEXT, CredentialCase
from tests.config.case import ConfigCase

USER = "nobody"
NOT_ROOT = "only root can become another; start as root, or as that one"
PROGRAM = """
import json, os, sys
from mailfilter.app.privileges import become, find_identity
from mailfilter.config import load
os.setgroups([0, 4, 6])
become(find_identity(load(sys.argv[1])))
print(json.dumps([os.getresuid(), os.getresgid(), sorted(os.getgroups())]))
try:
    os.setuid(0)
except PermissionError:
    print("for good")
"""

READING = """
import os, sys
from mailfilter.app.plan import draft
from mailfilter.app.privileges import PrivilegeError, become, check_readable, find_identity
loaded = draft(sys.argv[1]).loaded
become(find_identity(loaded))
try:
    check_readable(loaded)
except PrivilegeError as error:
    print(error)
"""


class IdentityTests(ConfigCase):
    def find(self, **server: str) -> Identity | None:
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in server.items()]
        return find_identity(self.load("[server]\n" + "".join(lines)))

    def refused(self, **server: str) -> str:
        with self.assertRaises(PrivilegeError) as caught:
            self.find(**server)
        return str(caught.exception).replace(f"{self.folder}/", "")

    def as_user(self, uid: int, gid: int) -> None:
        self.patch(os, "geteuid", lambda: uid)
        self.patch(os, "getegid", lambda: gid)

    def test_stay(self) -> None:
        self.assertIs(self.find(), None)
        self.as_user(65000, 65000)
        self.assertIs(self.find(), None)

    def test_names_and_numbers(self) -> None:
        entry = pwd.getpwnam(USER)
        uid, gid = entry.pw_uid, entry.pw_gid
        self.as_user(0, 0)
        self.assertEqual(self.find(user=USER), Identity(uid, gid))
        self.assertEqual(self.find(user=str(uid)), Identity(uid, gid))
        self.assertEqual(self.find(user=USER, group="daemon"), Identity(uid, 1))
        self.assertEqual(self.find(user=USER, group="1"), Identity(uid, 1))
        self.assertEqual(self.find(group="daemon"), Identity(0, 1))

    def test_already(self) -> None:
        """Who is that one needs no root."""
        entry = pwd.getpwnam(USER)
        self.as_user(entry.pw_uid, entry.pw_gid)
        self.assertIs(self.find(user=USER), None)
        self.assertIs(self.find(group=str(entry.pw_gid)), None)

    def test_not_root(self) -> None:
        self.as_user(65000, 65000)
        self.assertEqual(self.refused(user=USER), f'm.toml:2: server.user = "{USER}": {NOT_ROOT}')
        self.assertEqual(
            self.refused(group="daemon"), f'm.toml:2: server.group = "daemon": {NOT_ROOT}'
        )

    def test_unknown(self) -> None:
        """Names and numbers that nobody has, and what could never be one."""
        for name in ("no-such", "4294967294", "9" * 30, "9" * 5000, "a\0b", "-1", " ", "ü"):
            for key in ("user", "group"):
                text = self.refused(**{key: name})
                self.assertTrue(text.startswith(f"m.toml:2: server.{key} = "), text)
                self.assertTrue(text.endswith(f": there is no such {key}"), text)

    def test_both_unknown(self) -> None:
        self.assertIn("server.group", self.refused(user=USER, group="no-such"))


class BecomeTests(ConfigCase):
    def become(self, text: str) -> tuple[list[list[int]], str]:
        if os.geteuid() != 0:
            self.skipTest("only root can become another")
        path = self.write("m.toml", text)
        self.folder.chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, path],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        found, words = done.stdout.splitlines()
        ids: list[list[int]] = json.loads(found)
        return ids, words

    def test_user(self) -> None:
        """All ids, without the groups of root, and for good."""
        entry = pwd.getpwnam(USER)
        expected = [[entry.pw_uid] * 3, [entry.pw_gid] * 3, os.getgrouplist(USER, entry.pw_gid)]
        self.assertEqual(self.become(f"server.user = '{USER}'"), (expected, "for good"))

    def test_user_and_group(self) -> None:
        uid = pwd.getpwnam(USER).pw_uid
        ids, words = self.become(f"server = {{ user = '{USER}', group = 'daemon' }}")
        expected = [[uid] * 3, [1] * 3, sorted(os.getgrouplist(USER, 1))]
        self.assertEqual((ids, words), (expected, "for good"))


class ReadableTests(CredentialCase):
    """What can be read again when root is given up."""

    def check(self) -> str:
        if os.geteuid() != 0:
            self.skipTest("only root can become another")
        self.folder.chmod(0o755)
        path = self.write("m.toml", TEXT + f"[server]\nuser = '{USER}'\n")
        done = subprocess.run(
            [sys.executable, "-c", READING, path],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip().replace(f"{self.folder}/", "")

    def test_good(self) -> None:
        (self.folder / "mx.pem").chmod(0o644)
        if os.geteuid() == 0:
            os.chown(self.folder / "mx.key", pwd.getpwnam(USER).pw_uid, -1)
        self.assertEqual(self.check(), "")

    def test_file(self) -> None:
        """With the line that mends it."""
        (self.folder / "mx.pem").chmod(0o644)
        text = self.check()
        self.assertIn('m.toml:3: certificates.mx.key = "mx.key": the user of the service', text)
        group = grp.getgrgid(pwd.getpwnam(USER).pw_gid).gr_name
        self.assertIn(f"chgrp {group} mx.key && chmod g+r mx.key", text)

    def test_folder_behind_a_link(self) -> None:
        """Where certbot keeps what it links to, only root may look."""
        archive = self.folder / "archive"
        archive.mkdir(mode=0o700)
        for name in ("mx.pem", "mx.key"):
            os.replace(self.folder / name, archive / name)
            (self.folder / name).symlink_to(archive / name)
        text = self.check()
        self.assertEqual(len(text.splitlines()), 2)
        self.assertIn("chmod g+x", text.splitlines()[0])
        self.assertTrue(text.splitlines()[0].endswith("archive"), text)


class UmaskTests(ConfigCase):
    def test_set(self) -> None:
        before = os.umask(0o022)
        self.addCleanup(os.umask, before)
        for text, mask in (("027", 0o027), ("", 0o027), ("0077", 0o077), ("000", 0)):
            set_umask(text)
            self.assertEqual(os.umask(mask), mask)
