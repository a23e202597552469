"""Files of connections that we make: what is wrong with them, and when they are read again."""

import os
from pathlib import Path

from mailfilter.tls import outgoing as outgoing_module
from mailfilter.tls.errors import TlsError
from mailfilter.tls.outgoing import Outgoing
from mailfilter.tls.pem import MAX_FILE
from tests.authority import Authority

from .outgoing_case import OutgoingCase, server_context, server_of, shake

NAME = "mx.example.org"


class FileTests(OutgoingCase):
    """What cannot be used is said with the file."""

    def trouble(self, **options: object) -> str:
        """Why there is no connection."""
        made = Outgoing(self.terms(**options))
        return str(self.assertRaises(TlsError, made.connection, NAME))

    def test_authorities(self) -> None:
        """Not there, empty, none in it, a pipe, a folder, too large, half of it."""
        text = self.authority.file.read_bytes()
        contents = {"empty": b"", "none": b"hello\n", "half": text[:-20], "big": b"x" * MAX_FILE}
        contents["big"] += b"y"
        expected = {
            "empty": "no certificate in it: it is empty",
            "none": "no certificate in it",
            "half": "cut off",
            "big": "expected at most 1024KiB",
            "absent": "cannot be read: No such file",
            "fifo": "expected a regular file",
            "folder": "expected a regular file",
        }
        for name, data in contents.items():
            (self.folder / name).write_bytes(data)
        os.mkfifo(self.folder / "fifo")
        (self.folder / "folder").mkdir()
        for name, words in expected.items():
            path = str(self.folder / name)
            said = self.trouble(authorities=path)
            self.assertTrue(said.startswith(f"{path}: "), said)
            self.assertIn(words, said)
        self.assertIn("no certificate", self.trouble(authorities="/dev/null"))

    def test_lists(self) -> None:
        """A certificate is no list."""
        lists = self.authority.revoke()
        lists.write_bytes(b"#" * 2**21 + b"\n" + lists.read_bytes())
        Outgoing(self.terms(revoked=(str(lists),))).context()
        said = self.trouble(revoked=(str(self.authority.file),))
        self.assertIn(f"{self.authority.file}: no list of revoked certificates", said)

    def test_pair(self) -> None:
        """A key that does not belong to the certificate, and one that is not there."""
        certificate, key = self.authority.issue("a.example.org")
        other = self.authority.issue("b.example.org")[1]
        said = self.trouble(certificate=str(certificate), key=str(other))
        self.assertTrue(said.startswith(f"{other}: "), said)
        self.assertIn("does not belong", said)
        said = self.trouble(certificate=str(certificate))
        self.assertTrue(said.startswith(f"{certificate}: no private key"), said)
        said = self.trouble(certificate=str(key), key=str(key))
        self.assertTrue(said.startswith(f"{key}: no certificate"), said)


class ChangeTests(OutgoingCase):
    """Files that change."""

    def replace(self, path: Path, data: bytes) -> None:
        """As programs do that are careful."""
        new = path.with_suffix(".new")
        new.write_bytes(data)
        new.rename(path)

    def test_read_once(self) -> None:
        """What has not changed is not read again."""
        made = Outgoing(self.terms())
        self.assertIs(made.context(), made.context())

    def test_read_again(self) -> None:
        """Each kind of file."""
        certificate, key = self.authority.issue("a.example.org")
        lists = self.authority.revoke()
        terms = self.terms(certificate=str(certificate), key=str(key), revoked=(str(lists),))
        made = Outgoing(terms)
        for path in (self.authority.file, lists, certificate, key):
            before = made.context()
            self.replace(path, path.read_bytes())
            self.assertIsNot(made.context(), before)

    def test_new_authority(self) -> None:
        """What is trusted from then on."""
        other = Authority(self.folder, "other")
        server = server_context(*other.issue(NAME))
        made = Outgoing(self.terms())
        self.assertRaises(TlsError, shake, made.connection(NAME), server_of(server))
        self.replace(self.authority.file, other.file.read_bytes())
        shake(made.connection(NAME), server_of(server))

    def test_broken_and_mended(self) -> None:
        """A file that cannot be used is told of until it can."""
        made = Outgoing(self.terms())
        right = self.authority.file.read_bytes()
        made.context()
        self.replace(self.authority.file, right[:100])
        self.assertRaises(TlsError, made.context)
        self.assertRaises(TlsError, made.context)
        self.replace(self.authority.file, right)
        made.context()

    def test_of_the_system(self) -> None:
        """The system's authorities are read again after a time."""
        made = Outgoing(self.terms(authorities=""))
        before = made.context()
        self.assertIs(made.context(), before)
        self.patch(outgoing_module, "SYSTEM_SECONDS", -1.0)
        again = Outgoing(self.terms(authorities=""))
        self.assertIsNot(again.context(), again.context())
