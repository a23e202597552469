"""The commands and configurations of docs/httpcrypt.md."""

import functools
import grp
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from mailfilter.config import load

from . import peers, rspamadm
from .harness import LiveCase, wish
from .mailfilterc import COMMAND
from .processes import private_directory, wait_until
from .tls_page import PageFilter, all_blocks, block, blocks, here, run, with_adm

PAGE = peers.CHECKOUT / "docs/httpcrypt.md"
SET_UP = "Set it up"
WHO = "Who may ask"
ANOTHER = "Another keypair"
RSPAMD = "Coming from Rspamd"
FOLDER = "/etc/mailfilter/keys"
HOST = "filter.example.org"
PORT = "11343"
MX1 = "jj8fufndqpusiz6hx451tzweos5d5phj7jq36f8c7xasxydie49y"
PUBLIC = re.compile(r"^# Public key (\w{52})\b", re.MULTILINE)
RSPAMC = f"rspamc -h {HOST}:{PORT} --key PUBLIC message.eml"
MESSAGE = wish([("Symbol", "FORCE_ONE 17")])
"""More than is rejected by default, and less than in the profile of a partner."""


def made() -> tuple[Path, str]:
    """A folder with a keypair made as the page does, and its public half as `show` prints it."""
    folder = private_directory()
    keys = folder / "keys"
    ours = grp.getgrgid(os.getegid()).gr_name
    owner = {"-o root": f"-o {os.geteuid()}", "-g mailfilter": f"-g {os.getegid()}"}
    changes = {FOLDER: str(keys), "chgrp mailfilter": f"chgrp {ours}", **owner}
    commands, show = blocks(SET_UP, "sh", PAGE)[:2]
    path = with_adm(folder)
    run(here(commands, changes), folder, path)
    shown = run(here(show, {FOLDER: str(keys)}), folder, path)
    found = PUBLIC.search(shown)
    assert found is not None, shown
    return keys, found[1]


class KeyPageFilter(PageFilter):
    """A filter with a configuration of the page, and the keypair that the page makes."""

    def __init__(self, text: str, start: bool = True) -> None:
        keys, self.public = made()
        self.keys = keys
        super().__init__(here(text, {FOLDER: str(keys)}), private_directory(), start)

    @property
    def port(self) -> int:
        """That of the listener on the page."""
        return self.tls[PORT]


@functools.cache
def page_filter() -> KeyPageFilter:
    """The one of the set-up."""
    return KeyPageFilter(block(SET_UP, "toml", PAGE))


class PageTests(SynchronousTestCase):
    """The page itself."""

    def test_configurations(self) -> None:
        """They can be loaded, and nothing about them is to be warned of."""
        tried = 0
        for _, kind, text in all_blocks(PAGE):
            if kind != "toml":
                continue
            path = Path(self.mktemp()).absolute()
            path.write_text(text)
            self.assertEqual(load(str(path)).warnings, ())
            tried += 1
        self.assertEqual(tried, 3)


class CommandTests(LiveCase):
    """Commands, and filters that use what they make."""

    needs: ClassVar[tuple[str, ...]] = ("rspamc",)
    filter: KeyPageFilter

    def make_filter(self) -> KeyPageFilter:
        """See `LiveCase`."""
        return page_filter()

    def own_filter(self, text: str) -> None:
        """Use one of this test's own."""
        self.filter = KeyPageFilter(text, start=False)
        self.mark = 0
        self.addCleanup(self.filter.stop)

    def message(self) -> str:
        """A file with a message."""
        path = private_directory() / "message.eml"
        path.write_bytes(MESSAGE)
        return str(path)

    def asked(self, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a line for a client, which is to be in the page, at the filter here."""
        local = here(command, {f"{HOST}:{PORT}": f"127.0.0.1:{self.filter.port}"})
        local = here(local, {"message.eml": self.message()})
        program, *arguments = shlex.split(local.replace("PUBLIC", self.filter.public))
        start = {"rspamc": [str(peers.find("rspamc"))], "mailfilterc": [*COMMAND]}
        return subprocess.run(
            [*start[program], *arguments],
            cwd=folder,
            env={**peers.environment(), "PYTHONPATH": str(peers.CHECKOUT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_set_up(self) -> None:
        """A keypair that others cannot read, and clients that use its public half."""
        keys, _ = made()
        modes = [path.stat().st_mode & 0o777 for path in (keys, keys / "front.key")]
        self.assertEqual(modes, [0o750, 0o640])
        for name in ("rspamc", "mailfilterc"):
            line = RSPAMC.replace("rspamc", name)
            self.assertIn(line, blocks(SET_UP, "sh", PAGE)[2])
            done = self.asked(line, private_directory())
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("Action: reject", done.stdout)

    def test_known(self) -> None:
        """The client whose keypair was made as the page says is known, others are not let in."""
        folder = private_directory()
        command, asking = block(WHO, "sh", PAGE).splitlines()
        printed = run(command, folder, with_adm(folder))
        found = PUBLIC.search(printed)
        assert found is not None, printed
        self.own_filter(here(block(WHO, "toml", PAGE), {MX1: found[1]}))
        self.filter.start()
        done = self.asked(asking, folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        record = self.filter.wait_record(self.mark, identity="mx1")
        self.assertEqual(record["action"], "add header")
        self.assertEqual(self.asked(RSPAMC, folder).returncode, 1)

    def test_another(self) -> None:
        """Both keypairs are good while both are named."""
        self.own_filter(block(ANOTHER, "toml", PAGE))
        keys = self.filter.keys
        printed = run(here(block(ANOTHER, "sh", PAGE), {FOLDER: str(keys)}), keys, with_adm(keys))
        found = PUBLIC.search(printed)
        assert found is not None, printed
        self.filter.start()
        for public in (self.filter.public, found[1]):
            done = self.asked(RSPAMC.replace("PUBLIC", public), keys)
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_rspamd(self) -> None:
        """What `rspamadm keypair` prints is as good, `check` says so, and rspamc finds it."""
        self.own_filter(block(SET_UP, "toml", PAGE))
        path = self.filter.keys / "front.key"
        for option in ("-u", "-j"):
            text = rspamadm.run("keypair", option)
            path.write_text(text)
            checked = here(block(RSPAMD, "sh", PAGE), {FOLDER: str(path.parent)})
            self.assertEqual(run(checked, path.parent, with_adm(path.parent)).strip(), "ok")
            self.filter.public = read_public(text)
            self.filter.ensure_running()
            wait_until(self.is_answered, "the keypair to be taken", 60)

    def is_answered(self) -> bool:
        """Whether rspamc with the filter's public key is."""
        return self.asked(RSPAMC, self.filter.keys).returncode == 0


def read_public(text: str) -> str:
    """The public half in what rspamadm prints."""
    found = re.search(r'"?pubkey"?\s*[=:]\s*"(\w{52})"', text)
    assert found is not None, text
    return found[1]
