"""Lua modules of Debian's rspamd ask the filter by HTTPCrypt, with a key of theirs."""

import subprocess
from typing import ClassVar

from mailfilter.codec.base32 import encode_base32
from mailfilter.codec.httpcrypt import Keypair

from . import peers
from .httpcrypt import KeyCase
from .processes import private_directory
from .rspamd import SHARE

_SCRIPT = """\
local rspamd_http = require "rspamd_http"
local err, response = rspamd_http.request{{
  config = rspamd_config, ev_base = rspamadm_ev_base, session = rspamadm_session,
  resolver = rspamadm_dns_resolver, log_obj = rspamd_config, timeout = 20.0,
  url = "http://127.0.0.1:{port}/ping",
  peer_key = "{server}",
  keypair = {{ pubkey = "{public}", privkey = "{secret}", type = "kex" }},
}}
print(err or response.code, response and response.content)
"""


class LuaTests(KeyCase):
    """What asks is `rspamd_http`, as the modules of rspamd have it."""

    needs: ClassVar[tuple[str, ...]] = ("rspamadm",)

    def ask(self, place: str, client: Keypair) -> str:
        """Have it ask a listener for /ping; what comes of that."""
        path = private_directory() / "ask.lua"
        path.write_text(
            _SCRIPT.format(
                port=self.filter.ports[place],
                server=self.key(),
                public=encode_base32(client.public),
                secret=encode_base32(client.secret),
            )
        )
        command = [str(peers.find("rspamadm"))]
        command += [f"--var=SHAREDIR={SHARE}", f"--var=LUALIBDIR={SHARE}/lualib", "lua", str(path)]
        done = subprocess.run(
            command,
            env=peers.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_known(self) -> None:
        """By the key of an identity it is let in where clients must be known."""
        self.assertEqual(self.ask("known", self.filter.client), "200\tpong")

    def test_stranger(self) -> None:
        """By any other it is not, but where nobody looks at keys."""
        self.assertRegex(self.ask("known", Keypair.new()), r"^403\t")
        self.assertEqual(self.ask("all", Keypair.new()), "200\tpong")
