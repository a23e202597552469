"""The controller for a team: who may do what is told by certificates (docs/tls.md)."""

import functools
import json
from typing import Any, ClassVar

from . import peers
from .harness import LiveCase
from .https_curl import Answer, curl
from .processes import wait_until
from .tls_page import SERVER, TEAM, PageFilter, block, blocks, here, issue, refused, run

PORT = "11335"
PERSON = "anna"
SAVED = "[20, 8, 6, 4]"
FOREIGN = ("-H", "Origin: https://evil.example")


@functools.cache
def team_filter() -> PageFilter:
    """The one of the page; all have their certificates."""
    made = PageFilter(block(TEAM, "toml"))
    commands = blocks(TEAM, "sh")[0]
    for name in (PERSON, "ben", "carl"):
        changes = {"-out anna.p12": f"-passout pass:x -out {name}.p12", PERSON: name}
        run(here(commands, changes), made.authority)
    issue(made.authority, "prometheus.example.org")
    return made


class TeamTests(LiveCase):
    """What each of them may do."""

    needs: ClassVar[tuple[str, ...]] = ("curl", "openssl")
    filter: PageFilter

    def make_filter(self) -> PageFilter:
        """See `LiveCase`."""
        return team_filter()

    def curl(self, who: str, path: str, *arguments: str) -> Answer:
        """Ask with the certificate of somebody, or of nobody; status 0 is none at all."""
        return curl(self.filter.authority, self.filter.tls[PORT], who, path, *arguments)

    def session(self, who: str) -> Any:
        """Who somebody is to the filter."""
        return json.loads(self.curl(who, "/api/session").body)

    def test_look(self) -> None:
        """All three may look, each as who it is."""
        for who, read_only in ((PERSON, False), ("ben", True), ("prometheus", True)):
            for path in ("/stat", "/auth", "/history", "/symbols"):
                self.assertEqual(self.curl(who, path).status, 200, (who, path))
            auth = json.loads(self.curl(who, "/auth").body)
            self.assertEqual((auth["auth"], auth["read_only"]), ("ok", read_only))
            session = self.session(who)
            self.assertEqual(
                (session["who"], session["how"], session["read_only"]),
                (f"127.0.0.1, {who}", "identity", read_only),
            )

    def test_change(self) -> None:
        """Anna may change things, and that it was her is kept; the others may not."""
        for who in ("ben", "prometheus"):
            found = self.curl(who, "/saveactions", "-d", SAVED)
            self.assertEqual(found, (401, '{"error":"Unauthorized"}'))
        self.assertEqual(self.curl(PERSON, "/saveactions", "-d", SAVED).status, 200)
        saved = json.loads(self.curl("ben", "/api/saved").body)["entries"]
        by = {entry["key"]: entry["by"] for entry in saved}
        self.assertEqual(by["actions.reject"], f"127.0.0.1, {PERSON}")
        undo = json.dumps({"keys": ["actions.reject"]})
        self.assertEqual(self.curl(PERSON, "/api/undo", "-d", undo).status, 200)

    def test_nobody(self) -> None:
        """Without a certificate of somebody who is named there is no answer at all."""
        before = refused(self.filter, "identity")
        for who in ("", "carl", "mx1", "filter"):
            self.assertEqual(self.curl(who, "/ping"), (0, ""), who)
        # Those of carl and mx1 are in order, but of nobody who may connect.
        wait_until(lambda: refused(self.filter, "identity") >= before + 2, "both to be counted", 30)

    def test_other_site(self) -> None:
        """A browser shows the certificate whoever has made the page: that must not be enough."""
        for arguments in ((*FOREIGN, "-d", SAVED), ("-H", "Sec-Fetch-Site: cross-site", "-G")):
            found = self.curl(PERSON, "/saveactions", *arguments)
            self.assertEqual(found.status, 403)
            self.assertIn("another site", found.body)
        own = f"Origin: https://{SERVER}:{self.filter.tls[PORT]}"
        self.assertEqual(self.curl(PERSON, "/stat", "-H", own).status, 200)

    def test_proxy(self) -> None:
        """What a proxy passes on is not Anna's, though it has her certificate."""
        for header in ("X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1", "Via: 1.1 proxy"):
            found = self.curl(PERSON, "/stat", "-H", header)
            self.assertEqual(found, (401, '{"error":"Unauthorized"}'))

    def test_commands(self) -> None:
        """What the page shows of curl."""
        port = self.filter.tls[PORT]
        options = f"-sS --fail --max-time 50 --resolve {SERVER}:{port}:127.0.0.1"
        changes = {"curl ": f"{peers.find('curl')} {options} ", f":{PORT}": f":{port}"}
        printed = run(here(blocks(TEAM, "sh")[1], changes), self.filter.authority)
        self.assertIn('"scanned"', printed)
        self.assertTrue(printed.endswith('{"success":true}'), printed)

    def test_browser_file(self) -> None:
        """The file for a browser has the certificate, its key and no more."""
        command = "openssl pkcs12 -in anna.p12 -passin pass:x -noenc"
        printed = run(command, self.filter.authority)
        self.assertEqual(printed.count("BEGIN CERTIFICATE"), 1)
        self.assertEqual(printed.count("BEGIN PRIVATE KEY"), 1)
