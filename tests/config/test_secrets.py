"""Secrets: who may read the files that hold them, and that they are not shown."""

import grp
import os
import pwd

from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.app.plan import load_all
from mailfilter.client.adm import main
from mailfilter.config import ConfigError, load
from mailfilter.config.hiding import HIDDEN, is_secret
from mailfilter.config.model import Server
from mailfilter.config.secrets import service_groups
from mailfilter.config.show import effective

from .case import ConfigCase

SECRET = '[checks.x.options]\napi_key = "k3y"\n'
KEY = "m.toml:2: checks.x.options.api_key"
EVERYBODY = "a secret in a file that everybody may read"
GROUP = "a secret in a file that a group other than the service's own may read"
OTHER_GROUP = 12345
IS_ROOT = os.geteuid() == 0
"""Whatever a test says of it."""
SERVICE = "[server]\nuser = 'nobody'\ngroup = 'daemon'\n"
DAEMON = grp.getgrnam("daemon").gr_gid


class NameTests(SynchronousTestCase):
    def test_options(self) -> None:
        """By their names, at any depth, in any case."""
        for name in (
            "password",
            "passwd",
            "secret",
            "token",
            "api_key",
            "apikey",
            "private_key",
            "API_KEY",
            "redis_password",
            "our_token",
            "dbpassword",
            "redisPasswd",
            "passphrase",
            "key_passphrase",
            "credential",
            "aws_credentials",
            "clientsecret",
            "api-key",
            "myapikey",
            "tls_private_key",
        ):
            self.assertTrue(is_secret(("checks", "x", "options", name)), name)
            self.assertTrue(is_secret(("checks", "x", "options", "redis", name)), name)
            self.assertTrue(is_secret(("checks", "x", "options", name, "value")), name)
            self.assertTrue(is_secret(("checks", "x", "options", "list", 0, name)), name)

    def test_others(self) -> None:
        for name in ("key", "keys", "tokens_max", "tokenizer", "passwords_file", "monkey", "url"):
            self.assertFalse(is_secret(("checks", "x", "options", name)), name)
        for path in (
            (),
            ("checks",),
            ("checks", "password"),
            ("checks", "token", "options"),
            ("checks", "token", "options", "a"),
            ("symbols", "TOKEN", "score"),
            ("profiles", "p", "symbols", "BAD_TOKEN"),
            ("scan", "timeout"),
        ):
            self.assertFalse(is_secret(path), path)

    def test_wrong_place(self) -> None:
        """Keys that the model does not know."""
        for path in (
            ("password",),
            ("no", "such", "password"),
            ("checks", "x", "password"),
            ("server", "api_token"),
            ("scan", "timeout", "token"),
        ):
            self.assertTrue(is_secret(path), path)


class FileTests(ConfigCase):
    def setUp(self) -> None:
        super().setUp()
        self.file = self.write("m.toml", SECRET)
        os.chmod(self.file, 0o600)

    def found(self) -> list[str]:
        """What is wrong with the files as they are."""
        with self.assertRaises(ConfigError) as caught:
            load(self.file)
        return str(caught.exception).replace(f"{self.folder}/", "").splitlines()

    def own(self, path: str, gid: int) -> None:
        if not IS_ROOT:
            self.skipTest("only root can give files to other groups")
        os.chown(path, -1, gid)

    def test_private(self) -> None:
        for mode in (0o600, 0o400, 0o700):
            os.chmod(self.file, mode)
            load(self.file)

    def test_everybody(self) -> None:
        """Told with what to do, and without the secret; the service keeps what it may."""
        self.own(self.file, OTHER_GROUP)
        for mode in (0o644, 0o604, 0o602, 0o666):
            os.chmod(self.file, mode)
            self.assertEqual(self.found(), [f"{KEY}: {EVERYBODY}; chmod o-rw m.toml"])

    def test_our_group(self) -> None:
        """It may read, if it is the service's."""
        self.patch(os, "geteuid", lambda: 65000)
        self.own(self.file, os.getegid())
        os.chmod(self.file, 0o640)
        self.assertEqual(load(self.file).warnings, ())
        os.chmod(self.file, 0o644)
        self.assertEqual(self.found(), [f"{KEY}: {EVERYBODY}; chmod o-rw m.toml"])

    def test_another_group(self) -> None:
        """Who is not root is the service, or checks for itself."""
        self.patch(os, "geteuid", lambda: 65000)
        self.patch(os, "getegid", lambda: DAEMON)
        self.own(self.file, OTHER_GROUP)
        for mode in (0o640, 0o620, 0o660):
            os.chmod(self.file, mode)
            self.assertEqual(self.found(), [f"{KEY}: {GROUP}; chgrp daemon m.toml"])

    def test_root_cannot_tell(self) -> None:
        """The service may be another user by its unit: its file is not refused, but told of."""
        self.patch(os, "geteuid", lambda: 0)
        self.own(self.file, DAEMON)
        os.chmod(self.file, 0o640)
        self.patch(os, "getegid", lambda: 0)
        told = "a secret in a file that the group daemon may read; it should be the service's own"
        (warning,) = load(self.file).warnings
        self.assertEqual(str(warning).replace(f"{self.folder}/", ""), f"{KEY}: {told}")
        self.own(self.file, 0)
        self.assertEqual(load(self.file).warnings, ())

    def test_one_warning_for_a_file(self) -> None:
        self.patch(os, "geteuid", lambda: 0)
        self.write("m.toml", SECRET + "password = 'p'\n")
        self.own(self.file, OTHER_GROUP)
        os.chmod(self.file, 0o640)
        (warning,) = load(self.file).warnings
        self.assertIn("the group 12345 may read", str(warning))

    def test_group_of_the_service(self) -> None:
        """Of whom it will become, not of the one who reads the files now."""
        nobody = pwd.getpwnam("nobody")
        for server, gid, name in (
            ("user = 'nobody'", nobody.pw_gid, grp.getgrgid(nobody.pw_gid).gr_name),
            ("user = 'nobody'\ngroup = 'daemon'", DAEMON, "daemon"),
            (f"group = '{DAEMON}'", DAEMON, "daemon"),
        ):
            self.write("m.toml", f"{SECRET}[server]\n{server}\n")
            os.chmod(self.file, 0o640)
            self.own(self.file, gid)
            self.assertEqual(load(self.file).warnings, ())
            self.own(self.file, OTHER_GROUP)
            self.assertEqual(self.found(), [f"{KEY}: {GROUP}; chgrp {name} m.toml"])

    def test_all_at_once(self) -> None:
        """What mends it mends all of it."""
        self.write("m.toml", SECRET + SERVICE)
        self.own(self.file, OTHER_GROUP)
        os.chmod(self.file, 0o644)
        fix = "chgrp daemon m.toml && chmod o-rw m.toml"
        self.assertEqual(self.found(), [f"{KEY}: {EVERYBODY}; {fix}"])

    def test_unknown_service(self) -> None:
        """No group is right where there is none of that name."""
        self.write("m.toml", f"{SECRET}[server]\ngroup = 'no-such'\n")
        self.own(self.file, DAEMON)
        os.chmod(self.file, 0o640)
        self.assertEqual(self.found(), [f"{KEY}: {GROUP}; chmod g-rw m.toml"])

    def test_fragment(self) -> None:
        """Each file by itself: what holds no secret may be read by all."""
        os.chmod(self.file, 0o644)
        self.write("m.toml", "")
        path = self.write("conf.d/x.toml", "\n" + SECRET)
        os.chmod(path, 0o600)
        load(self.file)
        os.chmod(path, 0o604)
        (text,) = self.found()
        self.assertTrue(text.startswith(f"conf.d/x.toml:3: checks.x.options.api_key: {EVERYBODY}"))

    def test_replaced(self) -> None:
        """A secret that a later file sets anew is still in there."""
        os.chmod(self.file, 0o644)
        os.chmod(self.write("conf.d/x.toml", SECRET.replace("k3y", "other")), 0o600)
        (text,) = self.found()
        self.assertTrue(text.startswith("m.toml:2: "), text)

    def test_many(self) -> None:
        """Each is named, also within tables and lists of tables."""
        self.write(
            "m.toml",
            "[checks.x.options]\n"
            "a.password = 'p'\n"
            "token = ['t']\n"
            "servers = [{ host = 'h' }, { host = 'h', secret = 's' }]\n"
            "plain = 1\n",
        )
        os.chmod(self.file, 0o644)
        self.assertEqual(
            [line.split(": ")[1] for line in self.found()],
            [f"checks.x.options.{name}" for name in ("a.password", "token", "servers[1].secret")],
        )


class GroupTests(SynchronousTestCase):
    def test_service_groups(self) -> None:
        self.patch(os, "geteuid", lambda: 65000)
        self.assertEqual(service_groups(Server()), {os.getegid()})
        self.patch(os, "geteuid", lambda: 0)
        self.assertIs(service_groups(Server()), None)
        for server in (
            Server(user="no-such"),
            Server(user="9" * 5000),
            Server(user="a\0b"),
            Server(group="a\0b"),
            Server(group="9" * 5000),
            Server(user="nobody", group="no-such"),
        ):
            self.assertEqual(service_groups(server), set())


class ShownTests(ConfigCase):
    TEXT = (
        "[checks.x.options]\n"
        "a.password = 'hush'\n"
        "token = ['hush']\n"
        "servers = [{ host = 'h', secret = 'hush' }]\n"
        "api_key = ''\n"
        "secret = { inner = 'hush' }\n"
        "plain = 1\n"
    )

    def test_masked(self) -> None:
        path = self.write("m.toml", self.TEXT)
        os.chmod(path, 0o600)
        shown = [str(entry).split("   #")[0] for entry in effective(load(path), ("checks", "x"))]
        self.assertEqual(
            shown[2:],
            [
                f'checks.x.options.a.password = "{HIDDEN}"',
                f'checks.x.options.token = "{HIDDEN}"',
                f'checks.x.options.servers = [{{ host = "h", secret = "{HIDDEN}" }}]',
                'checks.x.options.api_key = ""',
                f'checks.x.options.secret.inner = "{HIDDEN}"',
                "checks.x.options.plain = 1",
            ],
        )

    def test_command(self) -> None:
        """Whatever is asked for."""
        path = self.write("m.toml", self.TEXT)
        os.chmod(path, 0o600)
        for key in ("", "checks", "checks.x.options.a", "checks.x.options.a.password"):
            result = CliRunner().invoke(
                main, ["config", "show", *([key] if key else []), "-c", path]
            )
            self.assertEqual(result.exit_code, 0, result.output)
            self.assertNotIn("hush", result.output)
            self.assertIn(HIDDEN, result.output)

    def test_problems(self) -> None:
        """Nor in what is said of a file that is wrong."""
        table = "[checks.x.options]\n"
        for text in (
            self.TEXT,
            f"{table}token = hush",
            f"{table}token = 8hush",
            f"{table}token = 'a'\ntoken = 'hush'",
            f"{table}a.token = ['hush'",
            f"{table}token 'hush'",
            f"{table}token = 'hush",
            f"{table}token = 'a' 'hush'",
            f'{table}x = """\n\nhush\\q"""',
            f'{table}password = """\nhush\n',
            f'{table}a = {{ token = """\nb = hush\\q""", b = 1 }}',
            f"{table}dbpassword = 'hush' 1",
            f"{table}a = {{ b = 'x' 'y', password = 'hush' }}",
            f"{table}a = {{ b = 8s, c = 'hush' }}",
            f"{table}token = [\n'hush\n",
            f"{table}x = [\n'a',\nhush\n",
            f"{table}x = [\n'a',\nkey = 'hush'\n",
            f"{table}x = {{ dbpassword = 'a' }}\nx = {{ dbpassword = 'hush' }}",
            "hush",
            "'hush' 'hush'",
            "checks.gtube.password = 'hush'",
            "checks.gtube.servers = [{ host = 'h', password = 'hush' }]",
            "checks.password = 'hush'",
            "server.api_token = 'hush'",
            "server.token.value = 'hush'",
            "passphrase = 'hush'",
            "scan.timeout = { clientsecret = 'hush' }",
            "profiles.a_token.listeners = 'hush'",
            "profiles.a_token.networks = ['hush']",
            "profiles.a_token.listeners = 81",
            "profiles.a_token.networks = ['10.81.0.1/8']",
            f'{table}x = [{{ token = [\n"hush"] }}, "b\\q"]',
        ):
            path = self.write("m.toml", text)
            os.chmod(path, 0o644)
            with self.assertRaises(ConfigError) as caught:
                load_all(path)
            self.assertNotIn("hush", str(caught.exception))
            self.assertNotIn("81", str(caught.exception).replace(path, ""))

    def test_still_helpful(self) -> None:
        """What is to be done is said, and what is no secret beside it."""
        self.assertEqual(
            self.problems("[checks.gtube]\npassword = 'hush'")[0].split(";")[0],
            f"m.toml:2: checks.gtube.password = {HIDDEN}: unknown key",
        )
        (text,) = self.problems("scan.token = { timeout = 1 }\n")
        self.assertIn("scan.token: unknown table; [scan] has ", text)
        (text,) = self.problems("scan.x = [{ host = 'h', password = 'hush' }]")
        self.assertIn(f'scan.x = [{{ host = "h", password = "{HIDDEN}" }}]: unknown key; ', text)

    def test_other_problems(self) -> None:
        """What is no secret is shown as it stands there."""
        self.assertIn("scan.timeout = 8s", self.problems("[scan]\ntimeout = 8s")[0])
