"""What is taken of the files of TLS at the start, and what is refused."""

import os
from pathlib import Path

from click.testing import CliRunner
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from mailfilter.app import credential_files
from mailfilter.app.certificates import NOTHING
from mailfilter.app.plan import draft, load_all
from mailfilter.app.tls_files import page_of_files
from mailfilter.client.adm import main
from mailfilter.client.options import Knowledge
from mailfilter.config import ConfigError, Problem
from tests.app.credential_case import MUTUAL, NAME, TEXT, CredentialCase
from tests.authority import Authority

DENIED = Problem(None, None, "", None, "cannot be read: Permission denied")


class StartTests(CredentialCase):
    """There is nothing before."""

    def refused(self, text: str = TEXT) -> list[str]:
        taken = self.taken(text)
        self.assertEqual(taken.held.pairs, {})
        return self.texts(taken)

    def test_nothing(self) -> None:
        self.assertEqual(self.held("[server]\nworkers = 2\n"), NOTHING)

    def test_good(self) -> None:
        held = self.held()
        (pair,) = held.credentials().pairs
        self.assertEqual(pair.name, "mx")
        self.assertEqual(pair.chain, (self.folder / "mx.pem").read_bytes())
        self.assertEqual(pair.key, (self.folder / "mx.key").read_bytes())
        self.assertEqual(held.pairs["mx"].parsed.facts.names, (NAME,))

    def test_expired(self) -> None:
        """Served all the same: nothing would be gained by not starting."""
        self.renew((-20, -10))
        self.assertEqual(list(self.held().pairs), ["mx"])

    def test_unused(self) -> None:
        """Files that nobody shows are not looked at."""
        text = TEXT.replace('certificates = ["mx"]', "enabled = false\ncertificates = ['mx']")
        (self.folder / "mx.key").unlink()
        self.assertEqual(self.held(text).pairs, {})

    def test_by_key_file_and_line(self) -> None:
        (self.folder / "mx.key").unlink()
        self.assertEqual(
            self.refused(),
            ['m.toml:3: certificates.mx.key = "mx.key": cannot be read: No such file or directory'],
        )

    def test_unreadable(self) -> None:
        """What mends it, for whom it would."""
        self.patch(
            os, "access", lambda path, *_, **__: str(path).endswith("mx.pem") or Path(path).is_dir()
        )
        self.patch(credential_files, "read_source", lambda *_: (None, [DENIED]))
        (first,) = self.refused()
        self.assertIn("certificates.mx.chain", first)
        self.assertTrue(first.endswith(": cannot be read: Permission denied"), first)
        self.patch(os, "access", lambda path, *_, **__: Path(path).is_dir())
        self.assertIn("; if the service runs as this user: chgrp ", self.refused()[0])
        self.assertIn("mx.pem && chmod g+r ", self.refused()[0])

    def test_each_file(self) -> None:
        for name, data, line, expected in (
            ("mx.key", b"", 3, "the file is empty"),
            ("mx.key", self.issue()[1], 3, "the private key does not belong to the certificate"),
            ("mx.key", b"junk", 3, "no private key in it"),
            ("mx.pem", b"junk", 2, "no certificate in it"),
            ("mx.pem", b"x" * (2**20 + 1), 2, "expected at most 1024KiB in a file"),
        ):
            self.renew()
            self.put(name, data)
            (text,) = self.refused()
            self.assertTrue(text.startswith(f"m.toml:{line}: certificates.mx."), text)
            self.assertIn(expected, text)

    def test_a_folder(self) -> None:
        text = TEXT.replace("mx.key", ".")
        self.assertIn("expected a regular file", self.refused(text)[0])

    def test_bundle(self) -> None:
        """What is wrong with the key is said of the only file."""
        text = TEXT.replace('key = "mx.key"\n', "")
        self.assertIn("certificates.mx.chain", self.refused(text)[0])
        both = (self.folder / "mx.pem").read_bytes() + (self.folder / "mx.key").read_bytes()
        self.put("mx.pem", both)
        self.assertEqual(list(self.held(text).pairs), ["mx"])
        (self.folder / "mx.pem").chmod(0o644)
        self.assertIn("a private key in a file that everybody may read", self.refused(text)[0])

    def test_not_for_servers(self) -> None:
        """Nobody would take it, whoever is to connect."""
        usages = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
        chains = [self.root.issue(NAME, usage=usage) for usage in ("server", "both", "unsaid")]
        chains.append(self.root.issue_for(x509.Name([]), usages, stem="any", usage="unsaid"))
        for chain, key in chains:
            self.put("mx.pem", chain.read_bytes())
            self.put("mx.key", key.read_bytes())
            self.held()
        chain, key = self.root.issue(NAME, usage="client")
        self.put("mx.pem", chain.read_bytes())
        self.put("mx.key", key.read_bytes())
        (text,) = self.refused()
        self.assertIn("m.toml:2: certificates.mx.chain = ", text)
        self.assertIn("it says that it is not for servers: extendedKeyUsage has no serverA", text)

    def test_exposed(self) -> None:
        (self.folder / "mx.key").chmod(0o604)
        (text,) = self.refused()
        self.assertIn("a private key in a file that everybody may read; chmod o-rw", text)
        (self.folder / "mx.key").chmod(0o640)
        if os.geteuid() == 0:
            os.chown(self.folder / "mx.key", 0, 12345)
            user = TEXT + "[server]\nuser = 'nobody'\ngroup = 'daemon'\n"
            (text,) = self.refused(user)
            self.assertIn("a group other than the service's own may read; chgrp daemon", text)
            self.assertIn("that the group 12345 may read", str(self.taken().warnings[0]))

    def test_too_much_together(self) -> None:
        self.patch(credential_files, "MAX_TOTAL", 100)
        self.assertIn("in all such files together", self.refused()[0])

    def test_too_much_for_all_who_use_it(self) -> None:
        """Workers get a file once for each listener."""
        self.root.revoke()
        two = MUTUAL.split("[identities")[0]
        two += TEXT[TEXT.index("[listeners") :].replace("listeners.scan", "listeners.two") + MUTUAL
        files = [self.folder / name for name in ("mx.pem", "mx.key", "root.pem", "root.crl")]
        self.patch(credential_files, "MAX_TOTAL", sum(file.stat().st_size for file in files))
        self.held(TEXT + MUTUAL)
        (text,) = self.texts(self.taken(TEXT + two))
        self.assertIn("listeners.two.client_ca = ", text)
        self.assertIn("in all such files together; a file counts for each listener", text)

    def test_long_list(self) -> None:
        """Lists of revoked certificates may be longer than all else."""
        lists = self.root.revoke()
        lists.write_bytes(b"#" * 2**21 + b"\n" + lists.read_bytes())
        self.held(TEXT + MUTUAL)
        lists.write_bytes(b"#" * 2**23 + b"\n")
        (text,) = self.texts(self.taken(TEXT + MUTUAL))
        self.assertIn("expected at most 8192KiB in a file", text)

    def test_changeable(self) -> None:
        """Whoever may change it could say whom we believe."""
        self.root.revoke()
        for name, key in (
            ("root.pem", "listeners.scan.client_ca"),
            ("root.crl", "listeners.scan.client_crl"),
            ("mx.pem", "certificates.mx.chain"),
        ):
            (self.folder / name).chmod(0o646)
            (text,) = self.texts(self.taken(TEXT + MUTUAL))
            self.assertIn(key, text)
            self.assertIn("a file that everybody may change; chmod o-w ", text)
            (self.folder / name).chmod(0o664)
            self.held(TEXT + MUTUAL)

    def test_trust(self) -> None:
        self.root.revoke()
        held = self.held(TEXT + MUTUAL)
        (trust,) = held.credentials().trusts
        self.assertEqual(trust.listener, "scan")
        self.assertEqual(trust.authorities, self.root.file.read_bytes())
        self.assertEqual(len(trust.revoked), 1)
        (self.folder / "root.crl").write_bytes(b"junk")
        (text,) = self.texts(self.taken(TEXT + MUTUAL))
        self.assertIn("m.toml:11: listeners.scan.client_crl", text)
        self.assertIn("no list of revoked certificates", text)

    def test_authority_without_a_list(self) -> None:
        """Nobody of it could come: that is said."""
        self.root.revoke()
        other = Authority(self.folder, "other").file.read_bytes()
        self.root.file.write_bytes(self.root.file.read_bytes() + other)
        (warning,) = self.taken(TEXT + MUTUAL).warnings
        self.assertIn("listeners.scan.client_crl", str(warning))
        self.assertIn("no list of CN=other: all of its certificates are refused", str(warning))

    def test_pins_alone(self) -> None:
        """Without authorities there is a trust all the same."""
        pinned = f"client_auth = 'required'\n[identities.a]\nfingerprints = ['{'0' * 64}']\n"
        (trust,) = self.held(TEXT + pinned).credentials().trusts
        self.assertEqual((trust.authorities, trust.revoked), (b"", ()))

    def test_key_of_redis(self) -> None:
        text = "[store]\nkind = 'redis'\n[store.redis]\nservers = ['127.0.0.1:6379']\n"
        text += "tls = true\ntls_certificate = 'mx.pem'\ntls_key = 'mx.key'\n"
        self.assertEqual(self.held(text).pairs, {})
        (self.folder / "mx.key").chmod(0o604)
        (problem,) = self.texts(self.taken(text))
        self.assertIn("store.redis.tls_key", problem)
        self.assertIn("a private key in a file that everybody may read", problem)

    def test_files_of_redis(self) -> None:
        """Whoever may change them could say which Redis we believe."""
        self.root.revoke()
        text = "[store]\nkind = 'redis'\n[store.redis]\nservers = ['127.0.0.1:6379']\n"
        text += "tls = true\ntls_ca = 'root.pem'\ntls_crl = ['root.crl']\n"
        for name, key in (("root.pem", "tls_ca"), ("root.crl", "tls_crl")):
            (self.folder / name).chmod(0o666)
            (problem,) = self.texts(self.taken(text))
            self.assertIn(f"store.redis.{key} = ", problem)
            self.assertIn("a file that everybody may change; chmod o-w ", problem)
            without = text.replace("tls = true", "tls = false")
            self.assertEqual(self.texts(self.taken(without)), [])
            (self.folder / name).chmod(0o664)
            self.assertEqual(self.texts(self.taken(text)), [])

    def test_told_with_all_else(self) -> None:
        """By the start and by `config check`, beside mistakes of other kinds."""
        (self.folder / "mx.key").unlink()
        path = self.write("m.toml", TEXT + "[scan]\ntimout = 1\n")
        for read in (draft, load_all):
            with self.assertRaises(ConfigError) as caught:
                read(path)
            texts = [str(item) for item in caught.exception.problems]
            self.assertEqual(len(texts), 2)
            self.assertIn("certificates.mx.key", texts[0])
            self.assertIn("scan.timout", texts[1])

    def test_config_check(self) -> None:
        """The command knows as much as the start."""
        (self.folder / "mx.key").chmod(0o604)
        path = self.write("m.toml", TEXT)
        knowledge = Knowledge(load_all=load_all, tls_page=page_of_files)
        result = CliRunner().invoke(main, ["config", "check", "--config", path], obj=knowledge)
        self.assertEqual(result.exit_code, 1)
        self.assertIn("m.toml:3: certificates.mx.key = ", result.output)

    def test_config_check_of_what_expires(self) -> None:
        """Said, with the line; that it is so is no reason not to start."""
        self.root.revoke(days=(-9, -1))
        for days, expected in (((-20.0, -10.0), "has expired at "), ((-1.0, 3.0), "expires in")):
            self.renew(days)
            for warn_before, count in (("14d", 2), ("1h", 1 + (days[1] < 0))):
                text = TEXT + MUTUAL + f"[tls]\nwarn_before = '{warn_before}'\n"
                path = self.write("m.toml", text)
                knowledge = Knowledge(load_all=load_all, tls_page=page_of_files)
                command = ["config", "check", path]
                result = CliRunner().invoke(main, command, obj=knowledge)
                self.assertEqual(result.exit_code, 0)
                lines = [line for line in result.stderr.splitlines() if "expire" in line]
                self.assertEqual(len(lines), count, lines)
                if count == 2:
                    self.assertIn("m.toml:2: certificates.mx.chain: certificate mx ", lines[0])
                    self.assertIn(expected, lines[0])
                self.assertIn("listeners.scan.client_crl: listener scan: the list", lines[-1])
                warnings = map(str, draft(path).loaded.warnings)
                self.assertEqual(len([text for text in warnings if "expire" in text]), count)

    def test_not_told_twice(self) -> None:
        """A key that has the wrong type names no file."""
        path = self.write("m.toml", TEXT.replace('key = "mx.key"', "key = 5"))
        with self.assertRaises(ConfigError) as caught:
            load_all(path)
        self.assertEqual(len(caught.exception.problems), 1)

    def test_keys_are_not_shown(self) -> None:
        made = draft(self.write("m.toml", TEXT))
        inside = (self.folder / "mx.key").read_text().splitlines()[1]
        self.assertNotIn(inside, repr(made))
        self.assertNotIn("PRIVATE KEY", repr(made))
