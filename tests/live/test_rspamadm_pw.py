"""Hashes of passwords: what Rspamd has made opens ours, and what we have made opens Rspamd."""

import http.client
import subprocess
import sys

from mailfilter.codec.password import parse_stored

from . import peers, rspamadm
from .controller_case import CHANGE, LOOK, ask
from .harness import ADM, Filter, LiveCase
from .rspamadm import RspamadmCase, SmallRspamd

KINDS = ("catena", "pbkdf2")
PASSWORDS = ("secretpw", "p@ss w0rd", "$1$", "L" * 64, "x" * 65, "Grüße")


def pw(password: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Our command."""
    return subprocess.run(
        [sys.executable, "-c", ADM, "pw", *words],
        input=password + "\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=peers.CHECKOUT,
    )


def pw_of_rspamd(password: str, kind: str) -> str:
    """Rspamd's."""
    words = ("pw", "--encrypt", "--quiet", "--type", kind, "--password", password)
    return rspamadm.run(*words).strip()


class CommandTests(RspamadmCase):
    """One makes them, the other checks."""

    def test_ours(self) -> None:
        """Rspamd takes ours, of both kinds that it knows."""
        for kind in KINDS:
            for password in PASSWORDS:
                made = pw(password, "--type", kind).stdout.strip()
                self.assertTrue(rspamadm.accepts(made, password), made)
            self.assertFalse(rspamadm.accepts(made, "wrong"), made)

    def test_theirs(self) -> None:
        """We take Rspamd's."""
        for kind in KINDS:
            for password in PASSWORDS:
                made = pw_of_rspamd(password, kind)
                self.assertTrue(parse_stored(made).is_right(password.encode()), made)
            done = pw(password, "--check", made)
            self.assertEqual((done.returncode, done.stdout), (0, "right\n"))
            done = pw("wrong", "--check", made)
            self.assertEqual((done.returncode, done.stderr), (1, "wrong\n"))


class TheirControllerTests(RspamadmCase):
    """Rspamd's controller, with hashes that we have made."""

    def test_login(self) -> None:
        """Either kind for either password."""
        for look, change in (KINDS, reversed(KINDS)):
            rspamd = SmallRspamd(
                password=pw(LOOK, "--type", look).stdout.strip(),
                changes=pw(CHANGE, "--type", change).stdout.strip(),
            )
            self.addCleanup(rspamd.stop)
            for password, status in ((LOOK, 200), (CHANGE, 200), ("wrong", 401), ("", 401)):
                self.assertEqual(self.login(rspamd.controller, password), status, password)

    def login(self, port: int, password: str) -> int:
        """The status of its answer."""
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            client.request("GET", "/auth", headers={"Password": password} if password else {})
            return client.getresponse().status
        finally:
            client.close()


class OurControllerTests(LiveCase):
    """Our controller, with hashes that Rspamd has made."""

    needs = ("rspamadm",)

    def make_filter(self) -> Filter:
        """See `LiveCase`."""
        made = Filter(start=False, workers=1)
        look, change = pw_of_rspamd(LOOK, "pbkdf2"), pw_of_rspamd(CHANGE, "catena")
        made.configure(f'[controller]\npassword = "{look}"\nenable_password = "{change}"\n')
        made.start()
        self.addCleanup(made.stop)
        return made

    def test_login(self) -> None:
        """Each password lets in to what it is for, and the command tells so, too."""
        for password, read_only in ((LOOK, True), (CHANGE, False)):
            reply = ask(self.filter.controller, "/auth", headers={"Password": password})
            self.assertEqual((reply.status, reply.value["read_only"]), (200, read_only))
        reply = ask(self.filter.controller, "/auth", headers={"Password": "wrong"})
        self.assertEqual(reply.status, 401)
        done = pw(CHANGE, "--check", "--config", str(self.filter.config))
        self.assertEqual(done.stdout, "right for controller.enable_password\n")
