"""What is said of the passwords of the controller, and of who reaches it."""

import os

from .case import ConfigCase

SALT = "hwsecowsszgt6cut5m7ropgetxphnt76"
KEY = "4ddjykk9cyysofchsb7oz549e8rf4qjb4ytdsbi4gua3jhfad5gb"
HASH = f"$1${SALT}${KEY}"
OPEN = "[listeners.controller]\nendpoint = 'tcp:11334'\n"

DAMAGED = {
    "$1$": "salt or key of the hash is missing",
    f"$1${SALT}": "salt or key of the hash is missing",
    f"$1${SALT}${KEY[:-1]}": "the key of the hash has 51 characters, not 52",
    f"$2${SALT[1:]}${KEY}": "the salt of the hash has 31 characters, not 32",
    f"$3${SALT}${KEY}": "begins as a hash, but of no kind that is known",
    "$6$rounds$x": "begins as a hash, but of no kind that is known",
    "$scrypt$ln=99": "expected $scrypt$ln=15,r=8,p=1$SALT$KEY",
}


class ControllerRuleTests(ConfigCase):
    """What is refused, and what is warned of."""

    def setUp(self) -> None:
        super().setUp()
        # A file with a password must be nobody else's.
        self.addCleanup(os.umask, os.umask(0o077))

    def warnings(self, text: str) -> list[str]:
        """The warnings for a file, with the folder taken out."""
        return [str(item).replace(f"{self.folder}/", "") for item in self.load(text).warnings]

    def test_damaged(self) -> None:
        """A damaged hash keeps the filter from starting, and nothing of it is shown."""
        for key in ("password", "enable_password"):
            for text, reason in DAMAGED.items():
                self.assertEqual(
                    self.problems(f"[controller]\n{key} = '{text}'"),
                    [f"m.toml:2: controller.{key}: damaged hash: {reason}"],
                )

    def test_damaged_unused(self) -> None:
        """That holds without a controller, too: it may be enabled later."""
        text = f"[listeners.controller]\nenabled = false\n[controller]\npassword = '{HASH[:-1]}'"
        self.assertEqual(len(self.problems(text)), 1)

    def test_hash(self) -> None:
        """A hash is what is expected."""
        self.assertEqual(self.warnings(f"[controller]\npassword = '{HASH}'"), [])

    def test_plain(self) -> None:
        """A password as it is may be used, and is not shown."""
        said = "a password as it is: expected a hash of it, $scrypt$, $2$ or $1$"
        for key in ("password", "enable_password"):
            self.assertEqual(
                self.warnings(f"[controller]\n{key} = 'geheim'"),
                [f"m.toml:2: controller.{key}: {said}"],
            )

    def test_shipped(self) -> None:
        """The passwords of examples are of no use from elsewhere."""
        self.assertEqual(
            self.warnings("[controller]\npassword = 'q1'"),
            ["m.toml:2: controller.password: everybody knows it: good for this machine alone"],
        )

    def test_same(self) -> None:
        """Two passwords that are one."""
        text = f"[controller]\npassword = '{HASH}'\nenable_password = '{HASH}'"
        said = "the same as controller.password, whose bearer may then change things"
        self.assertEqual(self.warnings(text), [f"m.toml:3: controller.enable_password: {said}"])

    def test_hosts(self) -> None:
        """Hosts are names."""
        said = "expected the name of a host alone, without scheme, port and wildcards"
        for host in ("", "https://x.example", "x.example:443", "*.example", "a b"):
            self.assertEqual(
                self.problems(f"[controller]\nhosts = ['mx', '{host}']"),
                [f'm.toml:2: controller.hosts[1] = "{host}": {said}'],
            )
        self.assertEqual(self.warnings("[controller]\nhosts = ['mx', 'Filter.example.org']"), [])

    def test_everybody(self) -> None:
        """Networks of all addresses."""
        said = "everybody: no password protects anything"
        self.assertEqual(
            self.warnings("[controller]\nsecure_ip = ['::/0']"),
            [f'm.toml:2: controller.secure_ip[0] = "::/0": {said}'],
        )
        said = "everybody: anybody may name any address as its own"
        self.assertEqual(
            self.warnings("[controller]\ntrusted_proxies = ['0.0.0.0/0']"),
            [f'm.toml:2: controller.trusted_proxies[0] = "0.0.0.0/0": {said}'],
        )

    def test_no_controller(self) -> None:
        """Settings of what is not there."""
        off = f"[listeners.controller]\nenabled = false\n[controller]\npassword = '{HASH}'"
        said = 'has no effect: no listener is enabled with protocol = "controller"'
        self.assertEqual(self.warnings(off), [f"m.toml:4: controller.password: {said}"])

    def test_reached(self) -> None:
        """Off loopback there should be TLS, and somebody who is let in."""
        clear = (
            'm.toml:2: listeners.controller.endpoint = "tcp:11334": passwords and mail cross the'
            " network for all to read; set listeners.controller.certificates, or listen on"
            " 127.0.0.1"
        )
        nobody = (
            'm.toml:2: listeners.controller.endpoint = "tcp:11334": others reach the controller,'
            " but nobody but this machine is let in; set controller.password"
        )
        self.assertEqual(self.warnings(OPEN), [clear, nobody])
        self.assertEqual(self.warnings(f"{OPEN}[controller]\npassword = '{HASH}'"), [clear])
        self.assertEqual(self.warnings(f"{OPEN}[controller]\nsecure_ip = ['10.0.0.1']"), [clear])
        self.assertEqual(self.warnings(f"{OPEN}enabled = false"), [])

    def test_near(self) -> None:
        """On this machine nothing need be set."""
        for endpoint in ("tcp:11334:interface=127.0.0.2", "tcp6:11334:interface=\\\\:\\\\:1"):
            text = f'[listeners.controller]\nendpoint = "{endpoint}"'
            self.assertEqual(self.warnings(text), [])
        text = f"[listeners.controller]\nendpoint = 'unix:{self.folder}/c'"
        self.assertEqual(self.warnings(text), [])

    def test_identities(self) -> None:
        """Whoever may use the controller must be able to show who it is."""
        text = "[identities.ops]\nfingerprints = ['%s']\ncontroller = 'write'\n" % ("a" * 64)
        said = "has no effect: no controller can know it"
        found = self.warnings(text)
        self.assertIn(f'm.toml:3: identities.ops.controller = "write": {said}', found)
        certificate = (
            "[certificates.mx]\nchain = '/c.pem'\nkey = '/k.pem'\n"
            f"{OPEN}certificates = ['mx']\nclient_auth = 'required'\n"
        )
        self.assertEqual(self.warnings(text + certificate), [])
