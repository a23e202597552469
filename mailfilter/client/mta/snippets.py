"""The lines for each MTA: a template that is right as it stands, changed where it has to be."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from textwrap import wrap
from typing import Literal

from ...config.model import FailPolicy, Listener, Protocol
from ...config.toml_text import printable, value_text
from .address import Address, Held, Tcp, UnfitError, Unix, address_of

SPARE = 30
"""Seconds that an MTA waits longer than a scan may take."""

_WIDTH = 96

_FOLDER = files("mailfilter") / "client" / "mta" / "templates"

Changes = Sequence[tuple[str, str]]
"""Parts of a template, and what takes their places."""


@dataclass(frozen=True, slots=True)
class Mta:
    """A kind of MTA."""

    template: str
    comment: str
    """What begins a line that is only for people."""
    change: Callable[[Address, Listener], Changes]
    """May raise UnfitError."""
    protocols: Sequence[Protocol] = ("milter",)
    """What it speaks with a listener: the one that the template shows, then others."""
    tls: Literal["none", "server", "mutual"] = "none"
    """Whether it speaks TLS with a listener; and, if `mutual`, shows a certificate of its own."""


def template(name: str) -> str:
    """What stands in the configuration of an MTA where ours is the default one."""
    return (_FOLDER / MTAS[name].template).read_text("utf-8")


def snippet(mta: str, listener: Listener, notes: Sequence[str] = (), server: str = "") -> str:
    """The lines that make an MTA ask a listener, with notes for people above them.

    `server` is a name that the listener's certificate is for, if one is known. Raises UnfitError.
    """
    kind = MTAS[mta]
    address = address_of(listener.endpoint)
    told = [*notes, *_about(address, kind, listener)]
    if _needs_stunnel(kind, listener):
        address = _by_stunnel(address)
    text = template(mta)
    for part, replacement in kind.change(address, listener):
        if part not in text:
            raise AssertionError(f"{part!r} is not in the template {kind.template}")
        text = text.replace(part, replacement)
    if server:
        text = text.replace(_EXAMPLE_OF_NAME, f"servername = {server}\n")
    lines = [line for note in told for line in wrap(printable(note), _WIDTH)]
    return "".join(f"{kind.comment} {line}\n" for line in lines) + text


def _about(address: Address, kind: Mta, listener: Listener) -> list[str]:
    told = []
    if isinstance(address, Held):
        told.append(
            f"systemd holds the socket {address.name}: put in the address that ListenStream= of"
            " its unit names."
        )
    if _needs_stunnel(kind, listener):
        told.append(
            "The listener speaks TLS, and this MTA does not: the address is to be that of stunnel"
            " on the MTA's machine, which speaks TLS with the listener; see docs/tls.md."
        )
        return told
    if isinstance(address, Tcp) and address.is_everywhere:
        told.append(
            "The listener is at all addresses of this machine: an MTA on another one is to use"
            f" this machine's in place of {address.host}."
        )
    return [*told, *_about_tls(kind, listener)]


def _about_tls(kind: Mta, listener: Listener) -> list[str]:
    if not listener.certificates:
        return []
    told = ["The listener speaks TLS: use a name that is in its certificate; see docs/tls.md."]
    if listener.client_auth == "required" and kind.tls == "server":
        told.append(
            "It wants a certificate of whoever connects (client_auth), and this MTA shows none: set"
            " up a listener that wants none, or stunnel."
        )
    return told


def _needs_stunnel(kind: Mta, listener: Listener) -> bool:
    return bool(listener.certificates) and kind.tls == "none"


def _by_stunnel(address: Address) -> Address:
    """Where stunnel is to be, for a listener at a port: at the same one."""
    return Tcp("127.0.0.1", address.port) if isinstance(address, Tcp) else address


def _wait(listener: Listener, least: int) -> int:
    """Seconds that an MTA should wait for a verdict."""
    return max(least, math.ceil(listener.deadline) + SPARE)


def _postfix(address: Address, listener: Listener) -> Changes:
    return (
        ("milter_default_action = tempfail", f"milter_default_action = {listener.on_failure}"),
        ("milter_content_timeout = 120s", f"milter_content_timeout = {_wait(listener, 120)}s"),
        ("inet:127.0.0.1:11332", _postfix_address(address)),
    )


def _postfix_address(address: Address) -> str:
    match address:
        case Tcp():
            return f"inet:{address.url_host}:{address.port}"
        case Unix():
            return f"unix:{address.path}"
        case Held("UNIX"):
            return "unix:PATH"
        case Held():
            return "inet:HOST:PORT"


_SENDMAIL_FLAGS: Mapping[FailPolicy, str] = {"accept": "", "tempfail": "F=T, ", "reject": "F=R, "}


def _sendmail(address: Address, listener: Listener) -> Changes:
    wait = _wait(listener, 300)
    return (
        ("F=T, T=", f"{_SENDMAIL_FLAGS[listener.on_failure]}T="),
        ("E:5m", "E:5m" if wait == 300 else f"E:{wait}s"),
        ("inet:11332@127.0.0.1", _sendmail_address(address)),
    )


def _sendmail_address(address: Address) -> str:
    match address:
        case Tcp():
            # Without brackets: Sendmail 8.17 takes them around IPv6, and then connects nowhere.
            return f"inet{'6' if address.is_ipv6 else ''}:{address.port}@{address.host}"
        case Unix():
            # Within quotes of its own, or m4 takes a folder named dnl for what that means.
            return f"local:`{address.path}'"
        case Held("UNIX"):
            return "local:PATH"
        case Held("INET6"):
            return "inet6:PORT@HOST"
        case Held():
            return "inet:PORT@HOST"


def _stalwart(address: Address, listener: Listener) -> Changes:
    host, port = _host_and_port(address, "Stalwart")
    tempfail = "false" if listener.on_failure == "accept" else "true"
    return (
        ('hostname = "127.0.0.1"', f'hostname = "{host}"'),
        ("port = 11332", f"port = {value_text(port)}"),
        ("tls = false", f"tls = {value_text(bool(listener.certificates))}"),
        ('data = "60s"', f'data = "{_wait(listener, 60)}s"'),
        ("tempfail-on-error = true", f"tempfail-on-error = {tempfail}"),
    )


def _axigen(address: Address, listener: Listener) -> Changes:
    if isinstance(address, Tcp) and address.is_ipv6:
        raise UnfitError("Axigen takes IPv4 addresses alone")
    host, port = _host_and_port(address, "Axigen")
    return (
        ("inet://127.0.0.1:11332", f"inet://{host}:{port}"),
        ("timeout = 60", f"timeout = {_wait(listener, 60)}"),
    )


def _host_and_port(address: Address, mta: str) -> tuple[str, int | str]:
    """For those that know TCP alone."""
    match address:
        case Tcp():
            return address.url_host, address.port
        case Held("INET" | "INET6"):
            return "HOST", "PORT"
        case _:
            raise UnfitError(f"{mta} knows no unix sockets; add a listener at a port")


def _exim(address: Address, listener: Listener) -> Changes:
    return (
        ("spamd_address = 127.0.0.1 11333", f"spamd_address = {_exim_address(address)}"),
        *_exim_failure(listener),
    )


def _exim_sa(address: Address, listener: Listener) -> Changes:
    return (
        ("spamd_address = 127.0.0.1 11783", f"spamd_address = {_exim_address(address)}"),
        *_exim_failure(listener),
    )


def _exim_failure(listener: Listener) -> Changes:
    # A condition that cannot be decided defers mail with `require`, and is nothing to `warn`.
    verb = "warn" if listener.on_failure == "accept" else "require"
    return (
        ("tmo=120s", f"tmo={_wait(listener, 120)}s"),
        ("require spam = nobody:true", f"{verb} spam = nobody:true"),
    )


def _exim_address(address: Address) -> str:
    match address:
        case Tcp():
            # Another divider of servers than the colon, which is in the address.
            return f"{'<; ' if address.is_ipv6 else ''}{address.host} {address.port}"
        case Unix():
            return address.path
        case Held("UNIX"):
            return "PATH"
        case Held():
            return "HOST PORT"


_EXAMPLE_OF_NAME = """\
; An example: put in a name that is in the certificate of the listener.
servername = filter.example.org
"""
"""What stands in the lines for Haraka where no name is known."""

_HARAKA_TLS = (
    ";scheme = https\n",
    ";[tls]\n",
    ";servername = ",
    ";ca_file = ",
    ";cert_file = ",
    ";key_file = ",
)
"""Lines of the template that are for a listener with TLS."""


def _haraka(address: Address, listener: Listener) -> Changes:
    wait = _wait(listener, 60)
    defers = "false" if listener.on_failure == "accept" else "true"
    return (
        ("host = 127.0.0.1\nport = 11333\n", _haraka_address(address)),
        ("timeout = 60", f"timeout = {wait}"),
        ("; 65, into", f"; {wait + 5}, into"),
        ("error = true", f"error = {defers}"),
        ("timeout = true", f"timeout = {defers}"),
        *([(line, line[1:]) for line in _HARAKA_TLS] if listener.certificates else []),
    )


def _haraka_plugin(address: Address, listener: Listener) -> Changes:
    return ()


def _haraka_address(address: Address) -> str:
    match address:
        case Tcp():
            return f"host = {address.host}\nport = {address.port}\n"
        case Unix():
            return f"unix_socket = {address.path}\n"
        case Held("UNIX"):
            return "unix_socket = PATH\n"
        case Held():
            return "host = HOST\nport = PORT\n"


def _opensmtpd(address: Address, listener: Listener) -> Changes:
    host, port = _host_and_port(address, "filter-rspamd")
    scheme = "https" if listener.certificates else "http"
    return (("http://127.0.0.1:11333", f"{scheme}://{host}:{port}"),)


def _nginx(address: Address, listener: Listener) -> Changes:
    if listener.certificates:
        raise UnfitError("it speaks TLS itself; nginx is to ask a listener without certificates")
    return (
        ("server 127.0.0.1:11333;", f"server {_nginx_address(address)};"),
        ("proxy_read_timeout 60s;", f"proxy_read_timeout {_wait(listener, 60)}s;"),
    )


def _nginx_address(address: Address) -> str:
    match address:
        case Tcp():
            return f"{address.url_host}:{address.port}"
        case Unix():
            return f"unix:{address.path}"
        case Held("UNIX"):
            return "unix:PATH"
        case Held():
            return "HOST:PORT"


MTAS: Mapping[str, Mta] = {
    "postfix": Mta("postfix.cf", "#", _postfix),
    "sendmail": Mta("sendmail.mc", "dnl", _sendmail),
    "stalwart": Mta("stalwart.toml", "#", _stalwart, tls="server"),
    "axigen": Mta("axigen.txt", "#", _axigen),
    "exim": Mta("exim.conf", "#", _exim, ("scan", "spamd")),
    "exim-sa": Mta("exim-sa.conf", "#", _exim_sa, ("spamd", "scan")),
    "haraka": Mta("haraka.ini", ";", _haraka, ("scan", "http"), "mutual"),
    "haraka-plugin": Mta("haraka.js", "//", _haraka_plugin, ("scan", "http"), "mutual"),
    "opensmtpd": Mta("opensmtpd.conf", "#", _opensmtpd, ("scan", "http"), "server"),
    "nginx": Mta("nginx.conf", "#", _nginx, ("scan", "http")),
}
