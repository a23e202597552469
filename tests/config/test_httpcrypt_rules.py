"""Keypairs, keys of clients, proxies: what does not fit together, and where it is said.

Each case is a file that is right but for what is told of it.
"""

from mailfilter.codec.base32 import decode_loosely, encode_base32

from .test_tls_rules import CERTIFICATE, PIN, TlsRuleCase

KEY = "jj8fufndqpusiz6hx451tzweos5d5phj7jq36f8c7xasxydie49y"
KEYPAIR = "[keypairs.front]\nfile = '/front.key'\n"
LISTENER = "[listeners.scan]\nkeypairs = ['front']\n"
REMOTE = LISTENER + "endpoint = 'tcp:1'\n"
IDENTITY = f"[identities.a]\nhttpcrypt_keys = ['{KEY}']\n"
REQUIRED = "encrypted_only = 'all'\nclient_keys = 'required'\n"
PROXY = "[listeners.milter]\nproxy_protocol = ['10.0.0.5']\n"
NAMED = "[identities.a]\nproxy_names = ['mx1']\n"


class KeypairTests(TlsRuleCase):
    """Keypairs of ours, and the listeners that have them."""

    def test_usual(self) -> None:
        self.assert_right(
            KEYPAIR + LISTENER,
            KEYPAIR + LISTENER + "encrypted_only = 'all'",
            KEYPAIR + REMOTE + "encrypted_only = 'remote'",
            KEYPAIR + IDENTITY + LISTENER + REQUIRED,
            KEYPAIR + IDENTITY + "trusted = true\n" + LISTENER + "client_keys = 'optional'",
            KEYPAIR + IDENTITY + LISTENER + REQUIRED + "identities = ['a']",
            KEYPAIR + IDENTITY + LISTENER + REQUIRED + "[profiles.p]\nidentities = ['a']",
            KEYPAIR + LISTENER + "[tls]\nwatch = '1m'",
        )

    def test_names(self) -> None:
        self.assert_wrong(
            f"{KEYPAIR}[listeners.scan]\nkeypairs = ['frnt']",
            'm.toml:4: listeners.scan.keypairs[0] = "frnt": expected the name of a keypair; did'
            ' you mean "front"?',
        )

    def test_unused(self) -> None:
        self.assert_warned(KEYPAIR, "m.toml:1: keypairs.front: no listener has it")
        self.assert_right(f"{KEYPAIR}{LISTENER}enabled = false")

    def test_twice(self) -> None:
        other = "[keypairs.back]\nfile = '/front.key'\n"
        text = f"{KEYPAIR}{other}[listeners.scan]\nkeypairs = ['front', 'back', 'front']"
        self.assert_warned(
            text,
            'm.toml:4: keypairs.back.file = "/front.key": keypairs.front has the same file',
            'm.toml:6: listeners.scan.keypairs[2] = "front": stands there before',
        )

    def test_without_keypairs(self) -> None:
        """Who wants all to be encrypted is not left with a warning."""
        said = "has no effect without keypairs of our own; set listeners.scan.keypairs"
        table = "[listeners.scan]\n"
        for key, value in (
            ("encrypted_only", "remote"),
            ("encrypted_only", "all"),
            ("client_keys", "optional"),
            ("client_keys", "required"),
        ):
            self.assert_wrong(
                f"{IDENTITY}{table}{key} = '{value}'",
                f'm.toml:4: listeners.scan.{key} = "{value}": {said}',
            )
        self.assert_right(f"{table}encrypted_only = 'all'\nenabled = false")

    def test_other_protocols(self) -> None:
        for protocol in ("milter", "spamd"):
            text = KEYPAIR + LISTENER.replace("scan", protocol)
            said = f'has no effect with protocol = "{protocol}"'
            self.assert_warned(text, f'm.toml:4: listeners.{protocol}.keypairs = ["front"]: {said}')
            self.assert_wrong(
                IDENTITY + text + REQUIRED,
                f'm.toml:7: listeners.{protocol}.encrypted_only = "all": {said}; only HTTP knows'
                " HTTPCrypt",
                f'm.toml:8: listeners.{protocol}.client_keys = "required": {said}; only HTTP knows'
                " HTTPCrypt",
            )
        for protocol in ("http", "controller"):
            self.assert_right(f"{KEYPAIR}{LISTENER}protocol = '{protocol}'")

    def test_mistyped(self) -> None:
        """Nothing is said of what hangs on a value that is wrong."""
        self.assert_wrong(
            f"{IDENTITY}[listeners.scan]\nkeypairs = 5\n{REQUIRED}",
            "m.toml:4: listeners.scan.keypairs = 5: expected a list, each a text in quotes",
        )
        self.assert_wrong(
            f"{KEYPAIR}{IDENTITY}{LISTENER}{REQUIRED}".replace("'all'", "'yes'"),
            'm.toml:7: listeners.scan.encrypted_only = "yes": expected "off", "remote" or "all"',
        )

    def test_nobody_is_remote(self) -> None:
        said = 'has no effect: only this machine can connect, and it need not encrypt; "all"'
        said = f'listeners.scan.encrypted_only = "remote": {said} refuses its plain requests, too'
        remote = "encrypted_only = 'remote'\n"
        self.assert_warned(f"{KEYPAIR}{LISTENER}{remote}", f"m.toml:5: {said}")
        unix = f"{KEYPAIR}{LISTENER}endpoint = 'unix:/s'\n{remote}"
        self.assert_warned(unix, f"m.toml:6: {said}")
        self.assert_right(
            f"{unix}proxy_protocol = ['unix']",
            f"{KEYPAIR}{LISTENER}{remote}proxy_protocol = ['127.0.0.1']",
            f"{KEYPAIR}{LISTENER}endpoint = 'systemd:domain=INET:name=x'\n{remote}",
        )


class ClientKeyTests(TlsRuleCase):
    """Keys of clients, by which they are known."""

    def test_plain_requests(self) -> None:
        text = f"{KEYPAIR}{IDENTITY}{LISTENER}client_keys = 'required'"
        self.assert_wrong(
            text,
            'm.toml:7: listeners.scan.client_keys = "required": plain requests need no key, and are'
            ' let in; set listeners.scan.encrypted_only = "all", or "remote"',
        )

    def test_nobody(self) -> None:
        said = "no identity that may has httpcrypt_keys"
        said = f'listeners.scan.client_keys = "required": nobody may connect: {said}'
        self.assert_wrong(KEYPAIR + LISTENER + REQUIRED, f"m.toml:6: {said}")
        other = f"[identities.b]\nfingerprints = ['{PIN}']\n"
        self.assert_wrong(KEYPAIR + other + LISTENER + REQUIRED, f"m.toml:8: {said}")
        self.assert_wrong(
            f"{KEYPAIR}{IDENTITY}{other}{LISTENER}{REQUIRED}identities = ['b']",
            f"m.toml:10: {said}",
        )
        # Who has been meant by what cannot be read is not known.
        for more in ("", f"fingerprints = ['{PIN}']\n"):
            self.assert_wrong(
                f"{KEYPAIR}[identities.a]\nhttpcrypt_keys = 5\n{more}{LISTENER}{REQUIRED}",
                "m.toml:4: identities.a.httpcrypt_keys = 5: expected a list, each a public key of"
                " HTTPCrypt, 52 characters",
            )

    def test_strangers(self) -> None:
        said = "all are strangers: no identity that may connect has httpcrypt_keys"
        self.assert_warned(
            f"{KEYPAIR}{LISTENER}client_keys = 'optional'",
            f'm.toml:5: listeners.scan.client_keys = "optional": {said}',
        )

    def test_strangers_by_choice(self) -> None:
        said = "not trusted, but believed from this machine without its key, as strangers are:"
        said += " identities.a"
        text = f"{KEYPAIR}{IDENTITY}{REMOTE}"
        self.assert_warned(
            f"{text}client_keys = 'optional'",
            f'm.toml:8: listeners.scan.client_keys = "optional": {said}; "required" lets in no'
            " strangers",
        )
        self.assert_warned(
            f"{text}{REQUIRED}".replace("'all'", "'remote'"),
            f'm.toml:9: listeners.scan.client_keys = "required": {said}; encrypted_only = "all"'
            " lets in no strangers",
        )
        self.assert_right(f"{text}client_keys = 'optional'\ntrusted = false\n")

    def test_strangers_with_certificates(self) -> None:
        """Where all must show one, nobody comes without saying who they are."""
        tls = "certificates = ['mx']\nclient_auth = 'required'\nclient_ca = '/ca.pem'\n"
        other = "[identities.b]\ndns = ['b.example.net']\n"
        text = f"{KEYPAIR}{IDENTITY}{other}{CERTIFICATE}{REMOTE}client_keys = 'optional'\n{tls}"
        self.assert_right(text)
        said = "not trusted, but believed from this machine without its"
        self.assert_warned(
            text.replace("'required'", "'optional'"),
            f'm.toml:14: listeners.scan.client_auth = "optional": {said} certificate, as strangers'
            ' are: identities.b; "required" lets in no strangers',
            f'm.toml:12: listeners.scan.client_keys = "optional": {said} key, as strangers are:'
            ' identities.a; "required" lets in no strangers',
        )

    def test_networks(self) -> None:
        text = f"{KEYPAIR}{IDENTITY}{LISTENER}{REQUIRED}trusted_peers = ['10.0.0.0/8']"
        said = 'has no effect with client_keys = "required", where [identities] say it'
        self.assert_warned(text, f'm.toml:9: listeners.scan.trusted_peers = ["10.0.0.0/8"]: {said}')

    def test_unused(self) -> None:
        """Identities are known where somebody asks by what they are."""
        said = "nobody can be it: no listener with client_keys admits it"
        self.assert_warned(KEYPAIR + LISTENER + IDENTITY, f"m.toml:5: identities.a: {said}")
        both = IDENTITY + f"fingerprints = ['{PIN}']\n"
        self.assert_warned(
            both,
            "m.toml:1: identities.a: nobody can be it: no listener with client_auth or client_keys"
            " admits it",
        )
        self.assert_warned(
            both + KEYPAIR + LISTENER + REQUIRED,
            f'm.toml:3: identities.a.fingerprints = ["{PIN}"]: has no effect: no listener with'
            " client_auth admits it",
        )

    def test_not_known_there(self) -> None:
        """A listener admits somebody whom it does not ask for what they have."""
        other = "[identities.b]\ndns = ['b.example.net']\n"
        text = f"{KEYPAIR}{IDENTITY}{other}{LISTENER}{REQUIRED}identities = ['a', 'b']"
        self.assert_warned(
            text,
            'm.toml:11: listeners.scan.identities[1] = "b": cannot be known there: it has no'
            " httpcrypt_keys",
        )

    def test_beside_certificates(self) -> None:
        """TLS and keys on one listener: who is known by a key needs no certificate."""
        tls = "certificates = ['mx']\nclient_auth = 'optional'\nclient_ca = '/ca.pem'\n"
        other = "[identities.b]\ndns = ['b.example.net']\n"
        text = f"{KEYPAIR}{IDENTITY}{other}{CERTIFICATE}{LISTENER}{REQUIRED}{tls}"
        self.assert_right(f"{text}identities = ['a', 'b']")
        self.assert_wrong(
            f"{KEYPAIR}{IDENTITY}{CERTIFICATE}{LISTENER}{REQUIRED}{tls}".replace(
                "'optional'", "'required'"
            ),
            'm.toml:12: listeners.scan.client_auth = "required": nobody may connect: no identity'
            " that may has a certificate",
        )

    def test_forms_of_a_key(self) -> None:
        """However it is written, it is the same; what is none, or everybody's, is refused."""
        other = "[identities.b]\nhttpcrypt_keys = ['{}']\n"
        for text in (f" {KEY}", KEY[:-1] + "o"):
            self.assert_warned(
                f"{IDENTITY}{other.format(text)}{KEYPAIR}{LISTENER}{REQUIRED}",
                f'm.toml:4: identities.b.httpcrypt_keys[0] = "{KEY}": identities.a has it, too,'
                " and stands before it",
            )
        said = "expected a public key of HTTPCrypt, 52 characters"
        low = "; it is of low order: everybody could be it"
        above = bytearray(decode_loosely(KEY))
        above[31] |= 0x80
        for text, hint in (
            (KEY[:-2], ""),
            (KEY + "yy", ""),
            ("y" * 52, low),
            ("b" + "y" * 51, low),
            (encode_base32(bytes(above)), "; it is above the largest: nobody can have it"),
        ):
            self.assert_wrong(
                f"{IDENTITY}{other.format(text)}{KEYPAIR}{LISTENER}{REQUIRED}",
                f'm.toml:4: identities.b.httpcrypt_keys[0] = "{text}": {said}{hint}',
            )

    def test_same_key(self) -> None:
        two = IDENTITY + IDENTITY.replace("identities.a", "identities.b")
        said = "identities.a has it, too, and stands before it"
        self.assert_warned(
            f"{two}{KEYPAIR}{LISTENER}{REQUIRED}",
            f'm.toml:4: identities.b.httpcrypt_keys[0] = "{KEY}": {said}',
        )

    def test_controller(self) -> None:
        """A key may open the controller; sealed, its password is not there for all to read."""
        sealed = REMOTE.replace("listeners.scan", "listeners.controller") + REQUIRED
        access = f"{IDENTITY}controller = 'write'\n"
        self.assert_right(KEYPAIR + access + sealed)
        self.assert_warned(
            KEYPAIR + access + REMOTE.replace("tcp:1", "tcp:2") + REQUIRED,
            'm.toml:5: identities.a.controller = "write": has no effect: no controller can know it',
        )


class ProxyTests(TlsRuleCase):
    """Proxies before listeners."""

    def test_usual(self) -> None:
        self.assert_right(
            PROXY,
            PROXY + NAMED,
            PROXY + "[tls]\nhandshake_timeout = '5s'",
            f"{PROXY}identities = ['a']\n{NAMED}",
            "[listeners.x]\nprotocol = 'scan'\nendpoint = 'unix:/s'\nproxy_protocol = ['unix']\n"
            "trusted_peers = ['10.0.0.0/8']",
        )

    def test_endpoints(self) -> None:
        table = "[listeners.x]\nprotocol = 'scan'\nproxy_protocol = ['10.0.0.0/8', 'unix']\n"
        for endpoint in ("tcp:1", "tcp6:1", "systemd:domain=INET6:name=x"):
            self.assert_wrong(
                f"{table}endpoint = '{endpoint}'",
                'm.toml:3: listeners.x.proxy_protocol[1] = "unix": the endpoint is no unix socket:'
                " expected networks of proxies",
            )
        for endpoint in ("unix:/s", "systemd:domain=UNIX:name=x"):
            self.assert_wrong(
                f"{table}endpoint = '{endpoint}'",
                'm.toml:3: listeners.x.proxy_protocol[0] = "10.0.0.0/8": nobody comes from there to'
                ' a unix socket: expected "unix"',
            )

    def test_neither_network_nor_unix(self) -> None:
        said = "expected an IP network in CIDR form, or unix"
        for value, hint in (("UNIX", '; did you mean "unix"?'), ("unx", "")):
            self.assert_wrong(
                PROXY.replace("10.0.0.5", value),
                f'm.toml:2: listeners.milter.proxy_protocol[0] = "{value}": {said}{hint}',
            )

    def test_no_list(self) -> None:
        said = "expected a list, each an IP network in CIDR form, or unix"
        for value, hint in (
            ("true", '; name the proxies, such as ["192.0.2.1"]'),
            ("false", ""),
            ('"10.0.0.5"', '; did you mean ["10.0.0.5"]?'),
            ('"all"', ""),
        ):
            self.assert_wrong(
                f"[listeners.milter]\nproxy_protocol = {value}\n",
                f"m.toml:2: listeners.milter.proxy_protocol = {value}: {said}{hint}",
            )

    def test_machine(self) -> None:
        """A proxy is a machine: to name all its network would believe too many."""
        for value, meant in (
            ("10.0.0.5/24", "10.0.0.5/32"),
            ("2001:db8::5/64", "2001:db8::5/128"),
        ):
            self.assert_wrong(
                PROXY.replace("10.0.0.5", value),
                f'm.toml:2: listeners.milter.proxy_protocol[0] = "{value}": expected a network:'
                f' {value} has host bits set; did you mean "{meant}"?',
            )

    def test_mapped(self) -> None:
        """A network in which nobody ever is, here and wherever else networks are named."""
        said = "expected a network of IPv4, as which addresses in IPv6 like these are taken"
        for value, meant in (
            ("::ffff:10.0.0.5", "10.0.0.5/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
        ):
            for key in ("proxy_protocol", "trusted_peers"):
                self.assert_wrong(
                    f"[listeners.scan]\nprotocol = 'scan'\nendpoint = 'tcp:1'\n{key} = ['{value}']",
                    f'm.toml:4: listeners.scan.{key}[0] = "{value}": {said}; did you mean'
                    f' "{meant}"?',
                )

    def test_anybody(self) -> None:
        self.assert_warned(
            PROXY.replace("10.0.0.5", "::/0"),
            'm.toml:2: listeners.milter.proxy_protocol[0] = "::/0": everybody: anybody may name any'
            " address as its own",
        )

    def test_names(self) -> None:
        self.assert_wrong(
            PROXY + NAMED.replace("mx1", " "),
            'm.toml:4: identities.a.proxy_names[0] = " ": expected the common name of a'
            " certificate",
        )
        self.assert_wrong(
            PROXY + NAMED.replace("'mx1'", '"mx1\\n"'),
            'm.toml:4: identities.a.proxy_names[0] = "mx1\\n": expected the common name of a'
            " certificate, without characters that cannot be shown: no name with such is taken",
        )
        said = "nobody can be it: no listener with proxy_protocol admits it"
        self.assert_warned(NAMED, f"m.toml:1: identities.a: {said}")

    def test_same_name(self) -> None:
        """Case is not folded in the names of proxies: they are told as the certificate has them."""
        other = NAMED.replace("identities.a", "identities.b")
        self.assert_warned(
            f"{NAMED}{other}{PROXY}",
            'm.toml:4: identities.b.proxy_names[0] = "mx1": identities.a has it, too, and stands'
            " before it",
        )
        self.assert_right(NAMED + other.replace("mx1", "MX1") + PROXY)
