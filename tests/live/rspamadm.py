"""Debian's `rspamadm`, and a small rspamd with hashes and keys that were made elsewhere."""

import os
import pty
import select
import signal
import subprocess
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from . import peers
from .processes import free_port, private_directory
from .rspamd import CHANGE, LOOK, SHARE, Rspamd

_CONFIG = """\
options {{
  filters = "";
  cache_file = "{home}/symbols.cache";
  hs_cache_dir = "{home}";
  tempdir = "{home}";
  control_socket = "{home}/control.sock mode=0600";
  history_file = "{home}/history";
  stats_file = "{home}/stats.ucl";
  url_tld = "{suffixes}";
  dns {{ nameserver = ["127.0.0.1:{dns}:1"]; timeout = 0.1s; retransmits = 1; sockets = 1; }}
}}
logging {{ type = "console"; level = "info"; color = false; }}
worker "normal" {{
  bind_socket = "127.0.0.1:{normal}";
  count = 1;
  .include "{keypair}"
}}
worker "controller" {{
  bind_socket = "127.0.0.1:{controller}";
  password = "{password}";
  enable_password = "{enable_password}";
  secure_ip = [];
}}
"""
_SECONDS = 60


def run(*words: str) -> str:
    """What a command prints."""
    folders = {"SHAREDIR": SHARE, "LUALIBDIR": SHARE / "lualib", "PLUGINSDIR": SHARE / "plugins"}
    given = [f"--var={name}={folder}" for name, folder in folders.items()]
    done = subprocess.run(
        [_program(), *given, *words],
        # In another locale it takes no options that are not ASCII.
        env={**peers.environment(), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    return done.stdout


def accepts(hashed: str, password: str) -> bool:
    """Whether `rspamadm pw --check` says so."""
    program, environment = _program(), peers.environment()
    # It asks for the password at a terminal alone.
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(program, [program, "pw", "--check", "--password", hashed], environment)
    said = b""
    try:
        while part := _read(terminal, pid):
            said += part
            if said.endswith(b"passphrase: "):
                os.write(terminal, password.encode() + b"\n")
    except OSError:
        pass  # That is how a terminal ends.
    finally:
        os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    verdict = said.split(b"\n")[-2].strip()
    if (status, verdict) == (0, b"password correct"):
        return True
    assert (status, verdict) == (1, b"password incorrect"), said
    return False


def _read(terminal: int, pid: int) -> bytes:
    """What a process has said there; one that says nothing for too long is ended."""
    is_there, _, _ = select.select([terminal], [], [], _SECONDS)
    if is_there:
        return os.read(terminal, 1024)
    os.kill(pid, signal.SIGKILL)
    return b""


def _program() -> str:
    return str(peers.find("rspamadm"))


class SmallRspamd(Rspamd):
    """One that knows a keypair for scans (the text of a file), and passwords; it has no rules."""

    def __init__(self, keypair: str = "", password: str = LOOK, changes: str = CHANGE) -> None:
        """`changes` is `enable_password`."""
        self.home = private_directory()
        self.scan = free_port()
        self.controller = free_port()
        self._config = self.home / "rspamd.conf"
        self._config.write_text(
            _CONFIG.format(
                home=self.home,
                suffixes=self._put("suffixes", "com\nnet\norg\ntest\n"),
                dns=free_port(),
                normal=self.scan,
                controller=self.controller,
                keypair=self._put("keypair", keypair),
                password=password,
                enable_password=changes,
            )
        )
        self._child = self._start()

    def _put(self, name: str, text: str) -> Path:
        path = self.home / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def stop(self) -> None:
        """End it."""
        self._child.kill()


class RspamadmCase(SynchronousTestCase):
    """Base of tests that run it."""

    def setUp(self) -> None:
        """Skip without it."""
        if why := peers.why_missing("rspamd", "rspamadm"):
            raise SkipTest(why)
