"""Debian's rspamd as a server for tests: without DNS or network, ended with us.

It learns into a Redis and a fuzzy storage of its own, and knows no rules but those here.
"""

import functools
import http.client
import os
from collections.abc import Callable
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from . import peers
from .processes import Child, free_port, private_directory
from .redis import PROGRAMS
from .redis import Server as Redis

LOOK, CHANGE = "look-at-it", "change-it"
"""Passwords, of `password` and of `enable_password`."""
SHARE = peers.DEBIAN / "usr/share/rspamd"
_FOLDERS = ("CONFDIR", "LOCAL_CONFDIR", "DBDIR", "RUNDIR", "LOGDIR")

_CONFIG = """\
lua = "{home}/rules.lua";
options {{
  filters = "fuzzy_check";
  cache_file = "{home}/symbols.cache";
  hs_cache_dir = "{home}";
  tempdir = "{home}";
  control_socket = "{home}/control.sock mode=0600";
  history_file = "{home}/history";
  stats_file = "{home}/stats.ucl";
  url_tld = "{home}/suffixes";
  allow_raw_input = true;
  task_timeout = 10s;
  dns {{
    nameserver = ["127.0.0.1:{dns}:1"]; timeout = {dns_timeout}s; retransmits = 1; sockets = 1;
  }}
}}
logging {{ type = "console"; level = "info"; color = false; }}
worker "normal" {{
  bind_socket = "127.0.0.1:{normal}";
  bind_socket = "{home}/scan.sock mode=0666";
  count = 1;
  {keypair}
}}
worker "controller" {{
  bind_socket = "127.0.0.1:{controller}";
  password = "look-at-it";
  enable_password = "change-it";
  secure_ip = [];
  {keypair}
}}
worker "fuzzy" {{
  bind_socket = "127.0.0.1:{fuzzy}";
  backend = "sqlite";
  database = "{home}/fuzzy.db";
  sync = 0.2s;
  expire = 90d;
  allow_update = ["127.0.0.1"];
}}
classifier "bayes" {{
  tokenizer {{ name = "osb"; }}
  cache {{}}
  new_schema = true;
  backend = "redis";
  servers = "127.0.0.1:{redis}";
  min_tokens = 1;
  min_learns = 1;
  statfile {{ symbol = "BAYES_HAM"; spam = false; }}
  statfile {{ symbol = "BAYES_SPAM"; spam = true; }}
}}
fuzzy_check {{
  min_bytes = 0;
  timeout = 10s;
  rule "local" {{
    algorithm = "mumhash";
    servers = "127.0.0.1:{fuzzy}";
    symbol = "FUZZY_UNKNOWN";
    mime_types = ["*"];
    read_only = no;
    skip_unknown = yes;
    short_text_direct_hash = true;
    fuzzy_map = {{ FUZZY_DENIED {{ max_score = 20.0; flag = 1; }} }}
  }}
}}
actions {{
  reject = 15; rewrite_subject = 10; add_header = 6; greylist = 4;
  subject = "[spam] %s";
}}
{more}
"""

_RULES = """\
require "global_functions" ()

local function symbol(name, score, callback)
  rspamd_config:register_symbol{
    name = name, score = score, group = 'live', description = 'of the tests', callback = callback,
  }
end

local function wanted(task, name)
  return task:get_header('X-Live-' .. name)
end

symbol('LIVE_ANY', -0.5, function(task)
  return true, 1.0, {'one', 'and two'}
end)

symbol('LIVE_SCORE', 1.0, function(task)
  local score = wanted(task, 'Score')
  if score then return true, tonumber(score) end
end)

symbol('LIVE_LATIN', 0.0, function(task)
  if wanted(task, 'Latin') then return true, 1.0, {'gr\\195\\188n'} end
end)

symbol('LIVE_SOFT', 0.0, function(task)
  local text = wanted(task, 'Soft')
  if text then task:set_pre_result('soft reject', text, 'live') end
end)

symbol('LIVE_ENVELOPE', 0.0, function(task)
  local told = {}
  local from = task:get_from('smtp')
  if from and from[1] then table.insert(told, 'from=' .. from[1].addr) end
  for _, recipient in ipairs(task:get_recipients('smtp') or {}) do
    table.insert(told, 'rcpt=' .. recipient.addr)
  end
  local ip = task:get_from_ip()
  if ip and ip:is_valid() then table.insert(told, 'ip=' .. ip:to_string()) end
  for key, value in pairs({
    helo = task:get_helo(), hostname = task:get_hostname(), user = task:get_user(),
    deliver = task:get_request_header('Deliver-To'), queue = task:get_request_header('Queue-Id'),
    own = task:get_request_header('X-Own'),
  }) do
    table.insert(told, key .. '=' .. tostring(value))
  end
  table.sort(told)
  return true, 1.0, told
end)
"""
"""What each message gets, and what it asks for by its fields `X-Live-`."""


def why_missing() -> str:
    """Why there can be no rspamd, or an empty string if there can."""
    return peers.why_missing("rspamd", "rspamc", *PROGRAMS)


def start(config: Path, is_ready: Callable[[], bool]) -> Child:
    """Run it by a file of configuration; all else that it writes is beside that."""
    command = [str(peers.find("rspamd")), "--no-fork", "--config", str(config)]
    # Of root it wants to hear that this is meant.
    command += ["--insecure"] * (os.geteuid() == 0)
    home = config.parent
    for name, folder in (
        ("SHAREDIR", SHARE),
        ("LUALIBDIR", SHARE / "lualib"),
        ("RULESDIR", SHARE / "rules"),
        ("PLUGINSDIR", SHARE / "plugins"),
        *((name, home) for name in _FOLDERS),
    ):
        command += ["--var", f"{name}={folder}"]
    child = Child(command, home / "rspamd.log", peers.environment(), home)
    child.wait_ready(is_ready, 60)
    return child


class Rspamd:
    """A server with a normal worker at `scan` (and `socket`) and a controller at `controller`.

    `keypair` is that of HTTPCrypt which both have, as text of their configuration; `more` is
    added to that. `dns` is the port of a server of DNS, if there is to be one.
    """

    def __init__(self, keypair: str = "", more: str = "", dns: int | None = None) -> None:
        self.home = private_directory()
        self.scan = free_port()
        self.controller = free_port()
        self.socket = self.home / "scan.sock"
        self._redis = Redis().start()
        (self.home / "rules.lua").write_text(_RULES)
        # The list that comes with it takes seconds to compile.
        (self.home / "suffixes").write_text("com\nnet\norg\ntest\n")
        self._config = self.home / "rspamd.conf"
        self._config.write_text(
            _CONFIG.format(
                home=self.home,
                dns=dns or free_port(),
                dns_timeout=5.0 if dns else 0.1,
                more=more,
                normal=self.scan,
                controller=self.controller,
                fuzzy=free_port(),
                redis=self._redis.port,
                keypair=keypair,
            )
        )
        self._child = self._start()

    def log(self) -> str:
        """All it has said."""
        return self._child.log.read_text(errors="replace")

    def _start(self) -> Child:
        return start(self._config, self._answers)

    def _answers(self) -> bool:
        return all(map(pongs, (self.scan, self.controller)))


def pongs(port: int) -> bool:
    """Whether one answers there."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        client.request("GET", "/ping", headers={"Password": CHANGE})
        return client.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        client.close()


@functools.cache
def shared_rspamd() -> Rspamd:
    """The one that tests share."""
    return Rspamd()


class RspamdCase(SynchronousTestCase):
    """Base of tests that ask it."""

    def setUp(self) -> None:
        """Start it unless it is running; skip without it."""
        if why := why_missing():
            raise SkipTest(why)
        self.rspamd = self.server()

    def server(self) -> Rspamd:
        """Which one."""
        return shared_rspamd()
