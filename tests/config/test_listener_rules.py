"""Settings of listeners that do not fit together."""

from .case import ConfigCase

MILTER = "[listeners.milter]\n"


class ListenerRuleTests(ConfigCase):
    """What is warned of, and where."""

    def warnings(self, text: str) -> list[str]:
        """The warnings for a file, with the folder taken out."""
        return [str(item).replace(f"{self.folder}/", "") for item in self.load(text).warnings]

    def test_deadline(self) -> None:
        """A deadline that is not above scan.timeout is told where it is set."""
        said = 'listeners.milter.deadline = "8s": scans may be given up before scan.timeout, 8s'
        self.assertEqual(self.warnings(f"{MILTER}deadline = '8s'"), [f"m.toml:2: {said}"])
        self.assertEqual(self.warnings(f"{MILTER}deadline = '8001ms'"), [])
        self.assertEqual(self.warnings(f"{MILTER}deadline = '8s'\nenabled = false"), [])

    def test_scan_timeout(self) -> None:
        """Where no deadline is set, the time of a scan is what was changed."""
        both = "listeners.milter.deadline is 30s, listeners.scan.deadline is 30s,"
        both += " listeners.spamd.deadline is 30s and listeners.controller.deadline is 30s"
        said = f'm.toml:2: scan.timeout = "30s": no scan can take so long: {both}'
        self.assertEqual(self.warnings("[scan]\ntimeout = '30s'"), [said])
        text = f"[scan]\ntimeout = '40s'\n{MILTER}deadline = '20s'"
        self.assertEqual(
            self.warnings(text),
            [
                'm.toml:4: listeners.milter.deadline = "20s": scans may be given up before'
                " scan.timeout, 40s",
                'm.toml:2: scan.timeout = "40s": no scan can take so long:'
                " listeners.scan.deadline is 30s, listeners.spamd.deadline is 30s and"
                " listeners.controller.deadline is 30s",
            ],
        )
        self.assertEqual(self.warnings("[scan]\ntimeout = '29s'"), [])

    def test_certificates(self) -> None:
        """Of a side that is not believed no certificate counts."""
        text = f"{MILTER}cert_issuer = 'A CA'\n"
        self.assertEqual(self.warnings(text), [])
        self.assertEqual(
            self.warnings(f"{text}trusted = false"),
            ['m.toml:2: listeners.milter.cert_issuer = "A CA": has no effect with trusted = false'],
        )
        self.assertEqual(self.warnings(f"{text}trusted = false\nenabled = false"), [])

    def test_no_action(self) -> None:
        """A listener that takes no action does nothing else either."""
        text = f"{MILTER}on_reject = 'discard'\nspam_header = 'X-Junk'\n"
        self.assertEqual(self.warnings(text), [])
        self.assertEqual(
            self.warnings(f"{text}no_action = true"),
            [
                'm.toml:2: listeners.milter.on_reject = "discard": has no effect with no_action ='
                " true",
                'm.toml:3: listeners.milter.spam_header = "X-Junk": has no effect with no_action'
                " = true",
            ],
        )
        text = f"{MILTER}on_reject = 'reject'\nspam_header = 'X-Spam'\nno_action = true"
        self.assertEqual(self.warnings(text), [])

    def test_protocol(self) -> None:
        """Keys that a listener's protocol does not know are told of, and nothing else of them.

        All know `oversize`.
        """
        http = (
            "[listeners.scan]\nprotocol = 'http'\ncert_issuer = 'A CA'\n"
            "on_reject = 'discard'\nno_action = true\n"
            "spam_header = 'X-Junk'\noversize = 'reject'\ntrusted = false\n"
        )
        said = 'has no effect with protocol = "http"'
        self.assertEqual(
            self.warnings(http),
            [
                f'm.toml:3: listeners.scan.cert_issuer = "A CA": {said}',
                f'm.toml:4: listeners.scan.on_reject = "discard": {said}',
                f"m.toml:5: listeners.scan.no_action = true: {said}",
                f'm.toml:6: listeners.scan.spam_header = "X-Junk": {said}',
            ],
        )
        self.assertEqual(self.warnings(f"{http}enabled = false"), [])
        self.assertEqual(
            self.warnings(f"{MILTER}request_timeout = '90s'"),
            [
                'm.toml:2: listeners.milter.request_timeout = "1m30s": has no effect with'
                ' protocol = "milter"'
            ],
        )
        self.assertEqual(self.warnings("[listeners.scan]\nrequest_timeout = '90s'"), [])

    def test_scan_keys(self) -> None:
        """Those of HTTP and of the lines, at listeners of every kind."""
        keys = (
            "header_style = 'strings'\nclassic_actions = true\nlocal_files = true\n"
            "trusted_peers = ['10.0.0.0/24']\noversize = 'reject'\n"
        )
        unix = "[listeners.x]\nendpoint = 'unix:s'\n"
        peers = (
            'm.toml:7: listeners.x.trusted_peers = ["10.0.0.0/24"]: has no effect on a unix socket,'
            " whose clients are believed"
        )
        self.assertEqual(self.warnings(f"{unix}protocol = 'scan'\n{keys}"), [peers])
        said = 'has no effect with protocol = "spamd"'
        self.assertEqual(
            self.warnings(f"{unix}protocol = 'spamd'\n{keys}"),
            [
                f'm.toml:4: listeners.x.header_style = "strings": {said}',
                f"m.toml:5: listeners.x.classic_actions = true: {said}",
                f"m.toml:6: listeners.x.local_files = true: {said}",
                peers,
            ],
        )
        self.assertEqual(
            self.warnings("[listeners.milter]\ntrusted_peers = ['10.0.0.0/24']"),
            [
                "m.toml:2: listeners.milter.trusted_peers = "
                '["10.0.0.0/24"]: has no effect with protocol = "milter"'
            ],
        )

    def test_keys_of_lines(self) -> None:
        for protocol in ("spamd", "scan"):
            start = f"[listeners.x]\nendpoint = 'tcp:1'\nprotocol = '{protocol}'\n"
            keys = "spam_header = 'X-Junk'\nrequest_timeout = '90s'\noversize = 'reject'\n"
            self.assertEqual(self.warnings(start + keys), [])
            said = f'has no effect with protocol = "{protocol}"'
            self.assertEqual(
                self.warnings(f"{start}on_reject = 'discard'"),
                [f'm.toml:4: listeners.x.on_reject = "discard": {said}'],
            )

    def test_learns(self) -> None:
        text = "[listeners.scan]\nlearns = true\n"
        self.assertEqual(self.warnings(f"{text}[learning]\nenabled = true\n"), [])
        said = "m.toml:2: listeners.scan.learns = true: has no effect with"
        self.assertEqual(self.warnings(text), [f"{said} learning.enabled = false"])
        for setting, why in (("trusted = false", "trusted"), ("protocol = 'http'", "protocol")):
            (found,) = self.warnings(f"{text}{setting}\n[learning]\nenabled = true\n")
            self.assertIn(f"{said} {why} = ", found)

    def test_scan_keys_without_effect(self) -> None:
        text = "[listeners.scan]\ntrusted = false\ntrusted_peers = ['10.0.0.0/24']\n"
        self.assertEqual(
            self.warnings(text + "local_files = true"),
            [
                "m.toml:3: listeners.scan.trusted_peers = "
                '["10.0.0.0/24"]: has no effect with trusted = false',
                "m.toml:4: listeners.scan.local_files = true: has no effect with trusted = false",
            ],
        )

    def test_files_and_sockets(self) -> None:
        """Sockets are unix sockets or not, whoever makes them."""
        said = "m.toml:4: listeners.x.local_files = true: has no effect but on a unix socket"
        for endpoint, expected in (
            ("unix:s", []),
            ("systemd:domain=UNIX:name=scan", []),
            ("systemd:domain=INET:name=scan", [said]),
            ("tcp:1", [said]),
            ("tcp6:1:interface=\\:\\:1", [said]),
        ):
            text = f"[listeners.x]\nendpoint = '{endpoint}'\nprotocol = 'scan'\n"
            self.assertEqual(self.warnings(f"{text}local_files = true"), expected, endpoint)
