"""The tables [store] and [history]."""

import os

from mailfilter.config.show import effective

from .case import ConfigCase

REDIS = """
[store]
kind = "redis"
[store.redis]
servers = ["192.0.2.1:6379", "127.0.0.1:6379"]
password = "correct horse"
tls_name = "redis.example.org"
"""


class StoreTests(ConfigCase):
    """What is read, and what is said about it."""

    def warnings(self, text: str) -> list[str]:
        """Load a private file; the warnings, without their places."""
        os.chmod(self.write("m.toml", ""), 0o600)
        loaded = self.load(text)
        return [f"{item.key}: {item.expected}" for item in loaded.warnings]

    def test_redis(self) -> None:
        """What has no effect, and what others may read, is told."""
        self.assertEqual(
            self.warnings(REDIS),
            [
                "store.redis.tls_name: has no effect without tls = true",
                "store.redis.servers[0]: the password goes there unencrypted; set tls = true",
            ],
        )
        self.assertEqual(self.warnings(REDIS + "tls = true"), [])
        user = '[store]\nkind = "redis"\n[store.redis]\nusername = "u"'
        self.assertEqual(
            self.warnings(user), ["store.redis.username: has no effect without a password"]
        )

    def test_server_name(self) -> None:
        """One that no certificate has is refused, whatever else is set."""
        text = '[store.redis]\ntls_name = "redis..example"'
        said = 'm.toml:2: store.redis.tls_name = "redis..example": has an empty label'
        self.assertEqual(self.problems(text), [said])

    def test_sentinel(self) -> None:
        """What is said to sentinels."""
        text = '[store]\nkind = "redis"\n[store.redis]\n'
        alone = text + 'sentinel_username = "u"\nsentinel_password = "p"\nprefix = ""'
        self.assertEqual(
            self.warnings(alone),
            [
                "store.redis.sentinel_password: has no effect without sentinel",
                "store.redis.prefix: keys of other programs may be taken for ours",
            ],
        )
        pin = "0" * 64
        files = f'tls_crl = ["/c"]\ntls_pins = ["{pin}"]\ntls_certificate = "/c"\ntls_key = "/k"'
        keys = ("tls_crl", "tls_pins", "tls_certificate")
        self.assertEqual(
            self.warnings(text + files),
            [f"store.redis.{key}: has no effect without tls = true" for key in keys],
        )
        self.assertEqual(self.warnings(text + "tls = true\n" + files), [])
        self.assertEqual(
            self.warnings(text + 'tls = true\ntls_key = "/k"'),
            ["store.redis.tls_key: has no effect without tls_certificate"],
        )
        far = text + 'servers = ["192.0.2.1:26379"]\nsentinel = "m"\nsentinel_password = "p"'
        self.assertEqual(
            self.warnings(far),
            ["store.redis.servers[0]: the password goes there unencrypted; set tls = true"],
        )
        self.assertEqual(
            self.warnings(text + 'sentinel = "m"\nsentinel_username = "u"'),
            ["store.redis.sentinel_username: has no effect without sentinel_password"],
        )

    def test_size(self) -> None:
        """A history as large as all of the store."""
        text = "[history]\nsize = '64MiB'\n[store]\nmax_size = '64MiB'"
        expected = "history.size: more than nine tenths of store.max_size, 64MiB"
        self.assertEqual(self.warnings(text), [expected])
        self.assertEqual(self.warnings(text + "\nkind = 'redis'"), [])
        self.assertEqual(self.warnings(text.replace("size", "enabled = false\nsize", 1)), [])

    def test_trace_header(self) -> None:
        """No field may be chosen that mail needs."""
        for name in ("From", "subject", "DKIM-Signature", "ARC-Seal", "Content-Type"):
            (problem,) = self.problems(f'[scan]\ntrace_header = "{name}"')
            self.assertIn("expected a name that mail does not use", problem)
        for name in ("X-Trace", "Mailfilter-Trace", "X-From"):
            self.load(f'[scan]\ntrace_header = "{name}"')

    def test_elsewhere(self) -> None:
        """Of a server that is not used nothing is said."""
        self.assertEqual(self.warnings(REDIS.replace('kind = "redis"', 'kind = "embedded"')), [])

    def test_secret(self) -> None:
        """Passwords are not shown, nor allowed where everybody may read them."""
        (problem,) = self.problems(REDIS)
        self.assertIn("store.redis.password: a secret in a file that everybody may read", problem)
        os.chmod(self.write("m.toml", ""), 0o600)
        loaded = self.load(REDIS)
        self.assertEqual(loaded.config.store.redis.password, "correct horse")
        shown = {str(entry.key): entry for entry in effective(loaded)}
        self.assertNotIn("correct horse", str(shown))

    def test_bad_peers(self) -> None:
        """A server that is none is told with its place."""
        text = '[store.redis]\nservers = ["redis.example.org"]'
        self.assertEqual(
            self.problems(text),
            [
                'm.toml:2: store.redis.servers[0] = "redis.example.org": expected HOST:PORT,'
                ' [ADDRESS]:PORT or an absolute path; did you mean "redis.example.org:6379"?'
            ],
        )
