"""The commands and configurations of docs/tls.md that need no MTA."""

import grp
import os
import re
import ssl
import subprocess
from pathlib import Path
from typing import ClassVar

from cryptography.hazmat.primitives.hashes import SHA256
from twisted.trial.unittest import SynchronousTestCase

from mailfilter.client.mta.snippets import snippet
from mailfilter.config import load
from tests.authority import load as load_certificate

from . import peers
from .harness import LiveCase
from .processes import private_directory, wait_until
from .tls_page import (
    AUTHORITY,
    CERTBOT,
    COMMANDS,
    FOLDER,
    HTTPS,
    LINES,
    MILTER,
    OCSP,
    PAGE,
    REVOCATION,
    SELF_SIGNED,
    SERVER,
    WHO,
    Files,
    PageFilter,
    all_blocks,
    block,
    blocks,
    here,
    https_filter,
    issue,
    make_authority,
    put,
    refusals,
    run,
    with_adm,
)

LINK = re.compile(r"\]\(([^)#:]*)#([^)]+)\)")
LETSENCRYPT = "/etc/letsencrypt/live"
BASE = f'[certificates.filter]\nchain = "{FOLDER}/filter.pem"\n'
LISTENER = """
[listeners.other]
protocol = "http"
endpoint = "tcp:1"
certificates = ["filter"]
client_auth = "required"
client_ca = "/none/ca.pem"
"""
MX1 = '[identities.mx1]\ndns = ["mx1.example.net"]\n'


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    lines = page.read_text("utf-8").splitlines()
    heads = [line.lstrip("#").strip().lower() for line in lines if line.startswith("#")]
    return {re.sub(r"[^\w -]", "", head).replace(" ", "-") for head in heads}


class PageTests(SynchronousTestCase):
    """The page itself."""

    def test_configurations(self) -> None:
        """What is for mailfilter.toml can be loaded."""
        tried = 0
        for heading, kind, text in all_blocks():
            if kind != "toml" or heading == SELF_SIGNED:
                continue
            text = text if "[certificates." in text else BASE + text
            text = text if "[identities." in text else MX1 + text
            text = text if "client_auth" in text else text + LISTENER
            path = Path(self.mktemp()).absolute()
            path.write_text(text)
            self.assertEqual(load(str(path)).warnings, ())
            tried += 1
        self.assertEqual(tried, 8)

    def test_printed(self) -> None:
        """What is for an MTA is what `mailfilteradm mta` prints for the listener beside it."""
        haraka = "".join(blocks(HTTPS, "ini")).replace(f"host = {SERVER}", "host = 127.0.0.1")
        exim = "spamd_address = 127.0.0.1 11883 "
        for name, configuration, lines in (
            ("haraka", block(HTTPS, "toml"), haraka),
            ("postfix", block(MILTER, "toml"), block(MILTER, "cf")),
            ("exim-sa", block(MILTER, "toml") + block(LINES, "toml"), exim),
        ):
            path = Path(self.mktemp()).absolute()
            path.write_text(configuration)
            config = load(str(path)).config
            wanted = [item for key, item in config.listeners.items() if key.endswith("-tls")]
            printed = f"\n{snippet(name, wanted[-1])}"
            for line in lines.splitlines():
                if line and not line.startswith(";"):
                    self.assertIn(f"\n{line}", printed, name)

    def test_anchors(self) -> None:
        """The parts that links name are there, in this page and in those that link to it."""
        pages = [PAGE, PAGE.parents[1] / "README.md", *PAGE.parent.rglob("*.md")]
        for page in pages:
            for target, anchor in LINK.findall(page.read_text("utf-8")):
                aim = (page.parent / target).resolve() if target else page
                if PAGE in (page, aim):
                    self.assertIn(anchor, anchors(aim), page.name)


class CommandTests(LiveCase):
    """Commands, and a filter that uses what they make."""

    needs: ClassVar[tuple[str, ...]] = ("openssl",)
    filter: PageFilter

    def make_filter(self) -> PageFilter:
        """See `LiveCase`."""
        return https_filter()

    def own_filter(self, text: str, authority: Path) -> None:
        """Use a filter of this test's own."""
        self.filter = PageFilter(text, authority)
        self.addCleanup(self.filter.stop)
        self.mark = 0

    def own(self, stem: str = "mx1") -> Files:
        """The files of a certificate and its key, as the authority has made them."""
        return self.filter.authority / f"{stem}.pem", self.filter.authority / f"{stem}.key"

    def is_answered(self, shown: Files | None = None) -> bool:
        """Whether somebody with this certificate, or none, is let in."""
        try:
            return b" 200 OK\r\n" in self.filter.ping(shown)
        except OSError:
            return False

    def test_authority(self) -> None:
        """The certificates are let in and verified, on both sides."""
        self.assertTrue(self.is_answered(self.own()))
        for shown in (None, self.own("filter"), issue(self.filter.authority, "mx2.example.net")):
            self.assertFalse(self.is_answered(shown), shown)
        wait_until(lambda: "TLS refused" in refusals(self.filter), "the refusal to be told")

    def test_files(self) -> None:
        """Keys come into being so that nobody else may read them, then have their place."""
        made = make_authority()
        for path in made.glob("*.key"):
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        folder = private_directory() / "tls"
        owner = {"-o root": f"-o {os.geteuid()}", "-g mailfilter": f"-g {os.getegid()}"}
        run(here(blocks(AUTHORITY, "sh")[1], {FOLDER: str(folder), **owner}), made)
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
        self.assertEqual(modes, dict.fromkeys(("ca.pem", "filter.pem", "filter.key"), 0o640))

    def test_curl(self) -> None:
        """The request by which to try it."""
        if why := peers.why_missing("curl"):
            self.skipTest(why)
        port = self.filter.tls["11443"]
        there = {"curl ": f"{peers.find('curl')} -s --resolve {SERVER}:{port}:127.0.0.1 "}
        command = here(block(HTTPS, "sh"), {**there, ":11443": f":{port}"})
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.filter.authority,
            env=peers.environment(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        self.assertEqual(done.stdout.strip(), b"pong", done.stderr)

    def test_self_signed(self) -> None:
        """Two certificates that are signed by themselves, and what the commands print of them."""
        made = private_directory()
        commands = blocks(SELF_SIGNED, "sh")[0]
        printed = run(here(commands, {FOLDER: str(made)}), made, with_adm(made))
        listener = block(SELF_SIGNED, "toml")
        put(made / f"{SERVER}.pem", made / "ca.pem")
        self.own_filter(f"{printed}\n{listener}", made)
        mine = made / "mx1.example.net.pem", made / "mx1.example.net.key"
        self.assertTrue(self.is_answered(mine))
        self.assertFalse(self.is_answered())
        self.assertFalse(self.is_answered((made / f"{SERVER}.pem", made / f"{SERVER}.key")))

    def test_check(self) -> None:
        """What is told of the filter, and of a certificate."""
        made, port = self.filter.authority, self.filter.tls["11443"]
        where = {f"{SERVER}:11443": f"127.0.0.1:{port} --name {SERVER}"}
        told = run(here(block(COMMANDS, "sh"), where), made, with_adm(private_directory()))
        self.assertIn("ok: we would connect", told)
        shown = run(block(WHO, "sh"), made, with_adm(private_directory()))
        digest = load_certificate(made / "mx1.pem").fingerprint(SHA256()).hex()
        self.assertIn(f"fingerprint  {digest}", shown)

    def test_revoked(self) -> None:
        """A list that names a certificate ends its use, without a reload."""
        made = make_authority()
        commands = block(REVOCATION, "sh")
        revoke = "openssl ca -config ca.cnf -revoke mx1.pem\n"
        run(here(commands, {revoke: ""}), made)
        line = f'client_ca = "{FOLDER}/ca.pem"\n'
        listed = f'{line}client_crl = ["{made}/clients.crl"]\n'
        self.own_filter(here(block(HTTPS, "toml"), {line: listed}), made)
        self.assertTrue(self.is_answered(self.own()))
        work = private_directory()
        for path in made.iterdir():
            put(path, work / path.name)
        run(commands[commands.index(revoke) :], work)
        put(work / "clients.crl", made / "clients.crl")
        wait_until(lambda: not self.is_answered(self.own()), "the list to be noticed", 60)
        wait_until(lambda: "revoked" in refusals(self.filter), "the refusal to be told")

    def test_ocsp(self) -> None:
        """An answer from a file is shown to those who ask."""
        made = make_authority()
        run(block(REVOCATION, "sh").partition("openssl ca -config ca.cnf -revoke")[0], made)
        run(block(OCSP, "sh"), made)
        line = f'key = "{FOLDER}/filter.key"\n'
        shown = f'{line}ocsp = "{made}/filter.ocsp"\n'
        self.own_filter(here(block(HTTPS, "toml"), {line: shown}), made)
        self.assertIn("Cert Status: good", self.s_client("-status"))

    def s_client(self, *options: str) -> str:
        """What `openssl s_client` says of a handshake."""
        where = f"127.0.0.1:{self.filter.tls['11443']}"
        done = subprocess.run(
            ["openssl", "s_client", "-connect", where, "-servername", SERVER, *options],
            input="",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout

    def test_chain(self) -> None:
        """What is in the file is shown, and no authority by which others are known."""
        self.assertEqual(self.s_client("-showcerts").count("BEGIN CERTIFICATE"), 1)

    def test_certbot(self) -> None:
        """What the hook hands over is taken at the start, and anew at each renewal."""
        made = make_authority()
        live = private_directory()
        lineage = live / SERVER
        lineage.mkdir()
        self.renew(made, lineage)
        rest = block(HTTPS, "toml").partition("\n\n")[2]
        self.filter = PageFilter(f"{block(CERTBOT, 'toml')}\n{rest}", made, start=False)
        self.hook(live, self.filter.files)
        self.filter.start()
        self.addCleanup(self.filter.stop)
        old = self.shown()
        self.assertEqual(old, load_certificate(lineage / "fullchain.pem").serial_number)
        self.renew(made, lineage)
        self.hook(live, self.filter.files)
        new = load_certificate(lineage / "fullchain.pem").serial_number
        self.assertNotEqual(old, new)
        wait_until(lambda: [self.shown() for _ in range(12)] == [new] * 12, "the new one", 60)
        self.assertNotIn("alarm", self.filter.log())

    def renew(self, made: Path, lineage: Path) -> None:
        """Put a new certificate to where certbot keeps it."""
        run(blocks(AUTHORITY, "sh")[0].split("\n\n")[1], made)
        put(made / "filter.pem", lineage / "fullchain.pem")
        put(made / "filter.key", lineage / "privkey.pem")

    def hook(self, live: Path, files: Path) -> None:
        """Run the hook as certbot does; for another lineage it does nothing."""
        ours = grp.getgrgid(os.getegid()).gr_name
        changes = {LETSENCRYPT: str(live), FOLDER: str(files), "chgrp mailfilter": f"chgrp {ours}"}
        text = here(blocks(CERTBOT, "sh")[0], changes)
        run(text, live, {"RENEWED_LINEAGE": f"{live}/other.example.org"})
        run(text, live, {"RENEWED_LINEAGE": f"{live}/{SERVER}"})
        self.assertEqual((files / "filter.pem").stat().st_mode & 0o777, 0o640)

    def shown(self) -> int:
        """The serial number of the certificate that the filter shows now."""
        text = ssl.get_server_certificate(("127.0.0.1", self.filter.tls["11443"]), timeout=30)
        path = private_directory() / "shown.pem"
        path.write_text(text)
        return load_certificate(path).serial_number
