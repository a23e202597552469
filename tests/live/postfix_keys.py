"""What a Postfix needs for STARTTLS and AUTH, made anew for each run: certificates, a password."""

import functools
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.authority import Authority

from . import peers
from .processes import private_directory

ISSUER = "Live Test Authority"
SUBJECT = "server"
"""The common name in all that `Authority` signs."""
USER = "carol"
PASSWORD = "correct horse"
REALM = "live.test"


@dataclass(frozen=True, slots=True)
class Certificates:
    """The authority's certificate, and files of certificates and their keys."""

    authority: Path
    server: tuple[Path, Path]
    client: tuple[Path, Path]
    stranger: tuple[Path, Path]
    """Signed by an authority that the server does not know."""
    impostor: tuple[Path, Path]
    """Signed by one that only bears the name of the server's."""

    def context(self, own: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """What a client uses for STARTTLS, with a certificate of its own if it has one.

        The server may be asked by its address.
        """
        context = ssl.create_default_context(cafile=str(self.authority))
        context.check_hostname = False
        if own is not None:
            context.load_cert_chain(*own)
        return context


@functools.cache
def certificates() -> Certificates:
    """Make an authority, and what it signs."""
    home = private_directory()
    authority = Authority(home, ISSUER)
    return Certificates(
        authority.file,
        authority.issue("localhost"),
        authority.issue("client", subject=SUBJECT),
        Authority(home, "Other Authority").issue("stranger", subject=SUBJECT),
        Authority(private_directory(), ISSUER).issue("impostor", subject=SUBJECT),
    )


def tls_options() -> dict[str, str]:
    """Parameters of a service that offers STARTTLS and looks at certificates of clients."""
    made = certificates()
    certificate, key = made.server
    return {
        "smtpd_tls_security_level": "may",
        "smtpd_tls_chain_files": f"{key}, {certificate}",
        "smtpd_tls_CAfile": str(made.authority),
        "smtpd_tls_ask_ccert": "yes",
    }


SASL_OPTIONS = {"smtpd_sasl_auth_enable": "yes", "smtpd_sasl_path": "smtpd"}
"""Parameters of a service that offers AUTH and knows one user."""


def why_no_sasl() -> str:
    """Why AUTH cannot be offered, or an empty string if it can."""
    if why := peers.why_missing("saslpasswd2"):
        return why
    plain = [folder / "libplain.so" for folder in peers.sasl_plugins()]
    return "" if any(path.exists() for path in plain) else "no plug-ins of Cyrus SASL"


def write_sasl(folder: Path) -> None:
    """Write what Cyrus SASL reads for `SASL_OPTIONS`, and the user; Debian's Postfix looks for
    it in `sasl` beside main.cf."""
    folder.mkdir()
    users = folder / "users"
    (folder / "smtpd.conf").write_text(
        "pwcheck_method: auxprop\n"
        "auxprop_plugin: sasldb\n"
        "mech_list: PLAIN LOGIN\n"
        f"sasldb_path: {users}\n"
    )
    command = [str(peers.find("saslpasswd2")), "-p", "-c", "-f", str(users), "-u", REALM, USER]
    environment = peers.environment()
    subprocess.run(command, input=PASSWORD.encode(), env=environment, timeout=60, check=True)
    shutil.chown(users, "daemon")
