"""Certificates, identities and who may connect: what does not fit together, and where it is said.

Each case is a file that is right but for what is told of it.
"""

from dataclasses import fields

from mailfilter.config.identity_rules import CONDITIONS
from mailfilter.config.model import Profile

from .case import ConfigCase

CERTIFICATE = "[certificates.mx]\nchain = '/c.pem'\n"
IDENTITY = "[identities.a]\ndns = ['a.example.net']\n"
LISTENER = "[listeners.milter]\ncertificates = ['mx']\n"
CLIENTS = f"{LISTENER}client_auth = 'required'\nclient_ca = '/ca.pem'\n"
PIN = "00" * 32


class TlsRuleCase(ConfigCase):
    """Says what is told of a file."""

    def warnings(self, text: str) -> list[str]:
        """The warnings for a file, with the folder taken out."""
        return [str(item).replace(f"{self.folder}/", "") for item in self.load(text).warnings]

    def assert_wrong(self, text: str, *said: str) -> None:
        self.assertEqual(self.problems(text), list(said))

    def assert_warned(self, text: str, *said: str) -> None:
        self.assertEqual(self.warnings(text), list(said))

    def assert_right(self, *texts: str) -> None:
        for text in texts:
            self.assertEqual(self.warnings(text), [], text)


class NameTests(TlsRuleCase):
    """Names that are those of nothing."""

    def test_usual(self) -> None:
        self.assert_right(
            CERTIFICATE + LISTENER,
            CERTIFICATE + IDENTITY + CLIENTS,
            CERTIFICATE + IDENTITY + f"{CLIENTS}identities = ['a']",
            CERTIFICATE + IDENTITY + CLIENTS + "[profiles.p]\nidentities = ['a']",
            CERTIFICATE + IDENTITY + "profile = 'p'\n" + CLIENTS + "[profiles.p]\nskip = true",
        )

    def test_unix_socket(self) -> None:
        """TLS may be spoken there, too."""
        self.assert_right(f"{CERTIFICATE}{LISTENER}endpoint = 'unix:/run/x.sock'")

    def test_certificates(self) -> None:
        self.assert_wrong(
            f"{CERTIFICATE}[listeners.milter]\ncertificates = [\n'mx',\n'mxx']",
            'm.toml:6: listeners.milter.certificates[1] = "mxx": expected the name of a'
            ' certificate; did you mean "mx"?',
        )
        self.assert_wrong(
            LISTENER,
            'm.toml:2: listeners.milter.certificates[0] = "mx": expected the name of a'
            " certificate; there are no [certificates]",
        )

    def test_identities(self) -> None:
        self.assert_wrong(
            f"{CERTIFICATE}{IDENTITY}{CLIENTS}identities = ['zz']",
            'm.toml:9: listeners.milter.identities[0] = "zz": expected the name of an identity;'
            " known: a",
        )
        self.assert_wrong(
            f"{CERTIFICATE}{IDENTITY}{CLIENTS}[profiles.p]\nidentities = ['a', 'aa']",
            'm.toml:10: profiles.p.identities[1] = "aa": expected the name of an identity;'
            ' did you mean "a"?',
        )

    def test_profile(self) -> None:
        text = f"{CERTIFICATE}{IDENTITY}profile = 'partner'\n{CLIENTS}[profiles.partners]\n"
        self.assert_wrong(
            f"{text}skip = true",
            'm.toml:5: identities.a.profile = "partner": expected the name of a profile; did you'
            ' mean "partners"?',
        )

    def test_those_that_cannot_be_made(self) -> None:
        """What is wrong is said of them alone, not of where they are named."""
        self.assert_wrong(
            f"[certificates.mx]\nkey = '/k.pem'\n{LISTENER}",
            "m.toml:1: certificates.mx.chain: is missing; expected a path",
        )
        text = f"{CERTIFICATE}[identities.a]\ndns = 5\n{CLIENTS}identities = ['a']\n"
        text = text.replace("client_ca = '/ca.pem'\n", "")
        said = "m.toml:4: identities.a.dns = 5: expected a list, each a text in quotes"
        self.assert_wrong(text, said)
        self.assert_wrong(
            f"[identity.a]\ndns = ['x']\n{CERTIFICATE}{CLIENTS}identities = ['a']",
            "m.toml:1: identity: unknown table; did you mean identities?",
        )


class IdentityTests(TlsRuleCase):
    """Identities by themselves, and beside each other."""

    def test_nobody(self) -> None:
        said = "fits nobody: expected dns, ip, uri, email, fingerprints, public_keys,"
        self.assert_wrong(
            f"[identities.a]\ntrusted = true\n{CERTIFICATE}{CLIENTS}",
            f"m.toml:1: identities.a: {said} any_certificate, httpcrypt_keys or proxy_names in it",
        )
        for one in (
            "dns = ['a.example']",
            "ip = ['192.0.2.1']",
            "uri = ['a:b']",
            "email = ['@a.example']",
            f"fingerprints = ['{PIN}']",
            f"public_keys = ['{PIN}']",
            "any_certificate = true",
        ):
            self.assert_right(f"[identities.a]\n{one}\n{CERTIFICATE}{CLIENTS}")

    def test_names_that_no_certificate_has(self) -> None:
        """Each is told with its place; `tests.config.test_tls_names` has them all."""
        text = "[identities.a]\ndns = ['x.example', 'x.*']\nip = ['fe80::1%1']\nuri = ['x']\n"
        text += f"email = ['*@x.example']\n{CERTIFICATE}names = ['b\u00fccher.example']\n"
        self.assert_wrong(
            text + CLIENTS,
            'm.toml:2: identities.a.dns[1] = "x.*": fits no name: * can only be the whole first'
            " label, as in *.example.org",
            'm.toml:3: identities.a.ip[0] = "fe80::1%1": expected an IP address without a zone;'
            ' did you mean "fe80::1"?',
            'm.toml:4: identities.a.uri[0] = "x": expected a URI such as'
            " spiffe://example.net/mx1, in ASCII",
            'm.toml:5: identities.a.email[0] = "*@x.example": expected an address or @domain; did'
            ' you mean "@x.example"?',
            'm.toml:8: certificates.mx.names[0] = "b\u00fccher.example": certificates have names'
            ' in ASCII; did you mean "xn--bcher-kva.example"?',
        )

    def test_profile_with_conditions(self) -> None:
        text = f"{CERTIFICATE}{IDENTITY}profile = 'p'\n{CLIENTS}[profiles.p]\n"
        self.assert_wrong(
            f"{text}authenticated = false\nidentities = ['a']",
            'm.toml:5: identities.a.profile = "p": expected a profile without conditions;'
            " profiles.p has authenticated and identities; profiles.p.identities can name the"
            " identity in its place",
        )

    def test_conditions(self) -> None:
        """All keys of a profile are known as conditions or as what it changes."""
        changes = {
            "priority",
            "skip",
            "disable",
            "disable_groups",
            "symbols",
            "actions",
            "texts",
        }
        self.assertEqual({field.name for field in fields(Profile)}, {*CONDITIONS, *changes})

    def test_unused(self) -> None:
        said = "nobody can be it: no listener with client_auth admits it"
        self.assert_warned(CERTIFICATE + LISTENER + IDENTITY, f"m.toml:5: identities.a: {said}")
        other = "[identities.b]\ndns = ['b.example.net']\n"
        self.assert_warned(
            CERTIFICATE + IDENTITY + other + f"{CLIENTS}identities = ['a']",
            f"m.toml:5: identities.b: {said}",
        )
        self.assert_right(CERTIFICATE + IDENTITY + f"{CLIENTS}enabled = false")

    def test_trusted_in_vain(self) -> None:
        text = f"{CERTIFICATE}{IDENTITY}trusted = true\n{CLIENTS}"
        said = "has no effect with listeners.milter.trusted = false"
        self.assert_right(text)
        self.assert_warned(
            f"{text}trusted = false", f"m.toml:5: identities.a.trusted = true: {said}"
        )
        again = CLIENTS.replace("milter", "scan")
        self.assert_right(f"{text}trusted = false\n{again}")

    def test_anybody_who_may_much(self) -> None:
        """Said with what it means, and of which file; what means nothing is not."""
        table = "[identities.a]\nany_certificate = true\n"
        controller = CLIENTS.replace("milter", "controller") + "trusted = false\n"
        clients = controller + CLIENTS
        said = 'm.toml:2: identities.a.any_certificate = true: whoever has any certificate of "/ca'
        believed, may = "is believed in what it says of its client", "may change things through"
        hint = "; leave it to authorities of your own; dns names single ones of a public one"
        both = f'.pem" {believed} and {may} the controller{hint}'
        for keys, expected in (
            ("trusted = true\n", f'.pem" {believed}{hint}'),
            ("controller = 'write'\n", f'.pem" {may} the controller{hint}'),
            ("trusted = true\ncontroller = 'write'\n", both),
        ):
            self.assert_warned(f"{table}{keys}{CERTIFICATE}{clients}", said + expected)
        everything = f"{table}trusted = true\ncontroller = 'write'\n"
        (text,) = self.warnings(f"{everything}{CERTIFICATE}{clients}trusted = false\n")[1:]
        self.assertEqual(text, f'{said}.pem" {may} the controller{hint}')
        other = CLIENTS.replace("milter", "scan").replace("ca.pem", "ca2.pem")
        (text,) = self.warnings(everything + CERTIFICATE + clients + other)
        self.assertEqual(text, f'{said}.pem" or "/ca2{both}')
        self.assert_right(
            f"{table}controller = 'read'\n{CERTIFICATE}{clients}",
            f"{IDENTITY}trusted = true\ncontroller = 'write'\n{CERTIFICATE}{clients}",
        )
        pinned = f"{everything}fingerprints = ['{PIN}']\n{CERTIFICATE}{clients}"
        self.assert_right(pinned.replace("client_ca = '/ca.pem'\n", ""))

    def test_two_of_one_certificate(self) -> None:
        """The first is meant; case matters in mail addresses before the @, and in URIs."""
        two = "".join(
            f"[identities.{name}]\ndns = ['{host}', '*.example.net']\nip = ['192.0.2.1']\n"
            f"uri = ['a:b', 'a:{name}']\nemail = ['{name}@{host}', '@{host}']\n"
            f"fingerprints = ['{PIN}']\n"
            f"public_keys = ['{PIN}']\nany_certificate = true\n"
            for name, host in (("b", "X.Example"), ("B", "x.example"))
        )
        said = "identities.b has it, too, and stands before it"
        expected = [
            f'm.toml:10: identities.B.dns[0] = "x.example": {said}',
            f'm.toml:10: identities.B.dns[1] = "*.example.net": {said}',
            f'm.toml:11: identities.B.ip[0] = "192.0.2.1": {said}',
            f'm.toml:12: identities.B.uri[0] = "a:b": {said}',
            f'm.toml:13: identities.B.email[1] = "@x.example": {said}',
            f'm.toml:14: identities.B.fingerprints[0] = "{PIN}": {said}',
            f'm.toml:15: identities.B.public_keys[0] = "{PIN}": {said}',
            f"m.toml:16: identities.B.any_certificate = true: {said}",
        ]
        self.assertEqual(self.warnings(f"{two}{CERTIFICATE}{CLIENTS}"), expected)

    def test_two_that_never_meet(self) -> None:
        """One certificate may be somebody else on another listener; but not if both are on it."""
        two = IDENTITY + IDENTITY.replace("identities.a", "identities.b")
        apart = f"{CLIENTS}identities = ['a']\n" + (
            f"{CLIENTS}identities = ['b']\n".replace("milter", "scan")
        )
        self.assert_right(CERTIFICATE + two + apart)
        together = CLIENTS.replace("milter", "spamd")
        said = "identities.a has it, too, and stands before it"
        self.assert_warned(
            CERTIFICATE + two + apart + together,
            f'm.toml:6: identities.b.dns[0] = "a.example.net": {said}',
        )


class CertificateTests(TlsRuleCase):
    """Certificates of ours."""

    def test_unused(self) -> None:
        self.assert_warned(CERTIFICATE, "m.toml:1: certificates.mx: no listener shows it")
        self.assert_right(f"{CERTIFICATE}{LISTENER}enabled = false")

    def test_two_of_one_name(self) -> None:
        """Of two certificates with one name a listener would show the first alone."""
        one = f"{CERTIFICATE}names = ['x.example', 'mx.example']\n"
        two = one + "[certificates.b]\nchain = '/b.pem'\nnames = ['*.example', 'MX.example']\n"
        said = "is a name of certificates.mx, too, which listeners.milter would always show for it"
        self.assert_wrong(
            f"{two}[listeners.milter]\ncertificates = ['mx', 'b', 'mx']",
            f'm.toml:6: certificates.b.names[1] = "MX.example": {said}; leave it out of one of'
            " them",
        )
        apart = "[listeners.milter]\ncertificates = ['mx']\n[listeners.scan]\ncertificates = ['b']"
        self.assert_right(f"{two}{apart}")

    def test_settings(self) -> None:
        """[tls] is of those listeners that speak it."""
        said = "has no effect: no listener has certificates"
        text = "[tls]\nhandshake_timeout = '5s'\nmax_handshakes = 5\nwatch = '0s'\n"
        text += "warn_before = '30d'\n"
        self.assert_warned(
            text,
            f'm.toml:2: tls.handshake_timeout = "5s": {said}',
            f"m.toml:3: tls.max_handshakes = 5: {said}",
            f'm.toml:4: tls.watch = "0s": {said}',
            f'm.toml:5: tls.warn_before = "30d": {said}',
        )
        self.assert_right(text + CERTIFICATE + LISTENER, "[tls]\nwatch = '10s'")

    def test_more_handshakes_than_connections(self) -> None:
        text = f"{CERTIFICATE}{LISTENER}max_connections = 600\n[tls]\nmax_handshakes = "
        said = "has no effect beyond max_connections of listeners, 600"
        self.assert_right(f"{text}600")
        self.assert_warned(f"{text}601", f"m.toml:7: tls.max_handshakes = 601: {said}")


class ClientTests(TlsRuleCase):
    """Whom a listener lets in."""

    def test_forgotten(self) -> None:
        """Who may connect is named, but nobody is asked: this does not pass with a warning."""
        keys = "client_ca = '/ca.pem'\nclient_crl = ['/crl.pem']\nclient_usage = 'any'\n"
        text = f"{CERTIFICATE}{IDENTITY}{LISTENER}{keys}identities = ['a']\n"
        said = 'has no effect with client_auth = "off"'
        hint = '; did you mean listeners.milter.client_auth = "required"?'
        values = (
            'm.toml:7: listeners.milter.client_ca = "/ca.pem"',
            'm.toml:8: listeners.milter.client_crl = ["/crl.pem"]',
            'm.toml:9: listeners.milter.client_usage = "any"',
            'm.toml:10: listeners.milter.identities = ["a"]',
        )
        self.assert_wrong(text, *(f"{value}: {said}{hint}" for value in values))
        self.assert_warned(f"{text}client_auth = 'off'", *(f"{value}: {said}" for value in values))
        self.assert_right(f"{text}enabled = false")

    def test_mistyped(self) -> None:
        """Nothing is said of what hangs on a value that is wrong."""
        self.assert_wrong(
            CERTIFICATE + IDENTITY + CLIENTS.replace("required", "requird"),
            'm.toml:7: listeners.milter.client_auth = "requird": expected "off", "optional" or'
            ' "required"; did you mean "required"?',
        )
        self.assert_wrong(
            CERTIFICATE + IDENTITY + CLIENTS.replace("['mx']", "5"),
            "m.toml:6: listeners.milter.certificates = 5: expected a list, each a text in quotes",
        )
        text = CLIENTS.replace("client_ca = '/ca.pem'", "identities = ['b']")
        self.assert_wrong(
            CERTIFICATE + IDENTITY + text,
            'm.toml:8: listeners.milter.identities[0] = "b": expected the name of an identity;'
            " known: a",
        )

    def test_without_tls(self) -> None:
        text = CLIENTS.replace("certificates = ['mx']\n", "")
        said = "has no effect without TLS, which begins with certificates of our own"
        self.assert_wrong(
            IDENTITY + text,
            f'm.toml:4: listeners.milter.client_auth = "required": {said}; set'
            " listeners.milter.certificates",
        )

    def test_nobody_can_be_known(self) -> None:
        for auth in ("required", "optional"):
            text = f"{CERTIFICATE}{LISTENER}client_auth = '{auth}'\n"
            said = f'm.toml:5: listeners.milter.client_auth = "{auth}": nobody can be known:'
            said += " expected client_ca beside it; or an identity that may connect, with"
            said += " fingerprints or public_keys"
            self.assert_wrong(text, said)
            self.assert_wrong(text + IDENTITY, said)
            for key in ("fingerprints", "public_keys"):
                self.assert_right(f"{text}{IDENTITY}trusted = true\n{key} = ['{PIN}']")
            pinned = f"[identities.b]\nfingerprints = ['{PIN}']"
            self.assert_wrong(f"{text}identities = ['a']\n{IDENTITY}{pinned}", said)

    def test_one_cannot_be_known(self) -> None:
        """An authority is missing for some of those that may connect."""
        text = f"{CERTIFICATE}{LISTENER}client_auth = 'required'\nidentities = ['a', 'b']\n"
        said = "cannot be known without client_ca: it has no fingerprints or public_keys"
        pinned = f"[identities.b]\nfingerprints = ['{PIN}']"
        self.assert_warned(
            f"{text}{IDENTITY}{pinned}", f'm.toml:6: listeners.milter.identities[0] = "a": {said}'
        )

    def test_nobody_may_connect(self) -> None:
        self.assert_wrong(
            CERTIFICATE + CLIENTS,
            'm.toml:5: listeners.milter.client_auth = "required": nobody may connect: there are no'
            " [identities]",
        )
        self.assert_warned(
            CERTIFICATE + CLIENTS.replace("required", "optional"),
            'm.toml:5: listeners.milter.client_auth = "optional": all are strangers: there are no'
            " [identities]",
        )

    def test_revoked_of_nobody(self) -> None:
        text = f"{CERTIFICATE}{LISTENER}client_auth = 'required'\nclient_crl = ['/crl.pem']\n"
        self.assert_wrong(
            f"{text}{IDENTITY}fingerprints = ['{PIN}']",
            'm.toml:6: listeners.milter.client_crl = ["/crl.pem"]: has no effect without client_ca,'
            " whose certificates it is about",
        )

    def test_networks(self) -> None:
        """Where all have identities, networks say nothing of whom to believe."""
        text = CERTIFICATE + IDENTITY + CLIENTS.replace("milter", "scan")
        text += "trusted_peers = ['10.0.0.0/8']"
        said = 'has no effect with client_auth = "required", where [identities] say it'
        self.assert_warned(text, f'm.toml:9: listeners.scan.trusted_peers = ["10.0.0.0/8"]: {said}')
        trusted = text.replace(IDENTITY, f"{IDENTITY}trusted = true\n")
        self.assert_right(trusted.replace("required", "optional"))

    def test_stranger_by_choice(self) -> None:
        """Who is not believed leaves its certificate out, and is."""
        optional = CLIENTS.replace("required", "optional")
        text = f"{CERTIFICATE}{IDENTITY}{optional}"
        said = 'm.toml:7: listeners.milter.client_auth = "optional": not trusted, but believed'
        said += " from this machine without its certificate, as strangers are: identities.a"
        hint = '; "required" lets in no strangers'
        self.assert_warned(text, said + hint)
        self.assert_right(
            f"{text}trusted = false\n",
            text.replace(IDENTITY, f"{IDENTITY}trusted = true\n"),
            text.replace("optional", "required"),
        )
        self.assert_warned(
            text.replace("milter", "scan") + "trusted_peers = ['10.0.0.0/8']",
            said.replace("milter", "scan").replace("machine", "machine or trusted_peers") + hint,
        )

    def test_strangers_elsewhere(self) -> None:
        """Those that the listener does not admit are not meant."""
        optional = CLIENTS.replace("required", "optional") + "identities = ['b']\n"
        trusted = "[identities.b]\ndns = ['b.example.net']\ntrusted = true\n"
        other = CLIENTS.replace("milter", "scan")
        self.assert_right(f"{CERTIFICATE}{IDENTITY}{trusted}{optional}{other}")
