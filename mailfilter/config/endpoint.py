"""Twisted endpoint descriptions, as far as the configuration needs to understand them.

Two parameters are our own: `user` and `group` of the file of a unix socket.

`tcp:11332:interface=127.0.0.1`: words parted by colons, `name=value` or by position; a backslash
takes the meaning away from a colon, an equals sign or a backslash.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from .names import listed, nearest
from .problem import Unfit

MAX_UNIX_PATH = 107
"""Octets, the 108 of sockaddr_un without the closing NUL."""

_PARAMETERS = {
    "tcp": ("port", "interface", "backlog"),
    "tcp6": ("port", "backlog", "interface"),
    "unix": ("address", "mode", "backlog", "user", "group"),
    "systemd": ("domain", "index", "name"),
}
_REQUIRED = {"tcp": ("port",), "tcp6": ("port",), "unix": ("address",), "systemd": ("domain",)}
_ANY_ADDRESS = {"tcp": "0.0.0.0", "tcp6": "::"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A description taken apart; `parameters` are by name, as text."""

    kind: str
    parameters: Mapping[str, str]

    @property
    def port(self) -> int | None:
        """The TCP port; 0 is any free one."""
        return int(self.parameters["port"]) if "port" in self.parameters else None

    @property
    def interface(self) -> str:
        """The IP address listened on."""
        given = self.parameters.get("interface", "")
        return str(ip_address(given)) if given else _ANY_ADDRESS.get(self.kind, "")

    @property
    def path(self) -> str | None:
        """The path of a unix socket."""
        return self.parameters.get("address")

    @property
    def is_unix(self) -> bool:
        """Whether it is a unix socket, made by us or handed over by systemd."""
        return self.kind == "unix" or self.parameters.get("domain") == "UNIX"

    @property
    def is_local(self) -> bool | None:
        """Whether this machine alone can connect; `None` if that cannot be told."""
        if self.is_unix:
            return True
        return ip_address(self.interface).is_loopback if self.interface else None

    def absolute(self, directory: str) -> "Endpoint":
        """The same endpoint; a relative unix path starts at the directory."""
        if self.path is None:
            return self
        path = os.path.abspath(os.path.join(directory, self.path))
        return Endpoint(self.kind, {**self.parameters, "address": path})

    def clashes(self, other: "Endpoint") -> bool:
        """Both cannot be listened on at once."""
        if self.kind == "systemd" or other.kind == "systemd":
            return self == other
        if self.path is not None or other.path is not None:
            return self.path == other.path
        if self.port != other.port or self.port == 0:
            return False
        mine, theirs = ip_address(self.interface), ip_address(other.interface)
        if mine == theirs:
            return True
        # Twisted leaves IPV6_V6ONLY as the system has it: :: takes the port of IPv4 too.
        wildcards = [address for address in (mine, theirs) if int(address) == 0]
        return any(address.version == 6 or mine.version == theirs.version for address in wildcards)

    def __str__(self) -> str:
        first, *others = self.parameters.items()
        words = [self.kind, _escaped(first[1])]
        return ":".join(words + [f"{name}={_escaped(value)}" for name, value in others])


def parse_endpoint(text: str) -> Endpoint:
    """Take a description apart and check each parameter. Raises Unfit."""
    first, *words = _words(text)
    kind = "=".join(first)
    names = _PARAMETERS.get(kind)
    if names is None:
        hint = _did_you_mean(nearest(kind, _PARAMETERS))
        raise Unfit(f"expected an endpoint of kind {listed(_PARAMETERS, 'or')}", hint)
    given: dict[str, str] = {}
    for position, word in enumerate(words):
        name = word[0] if len(word) > 1 else names[position] if position < len(names) else ""
        if name not in names or name in given:
            raise _unfit_word(kind, "=".join(word), name)
        given[name] = word[-1]
    for name in _REQUIRED[kind]:
        if name not in given:
            raise Unfit(f"expected {kind}:{name.upper()}")
    if kind == "systemd" and ("index" in given) == ("name" in given):
        raise Unfit("expected systemd:domain=INET:name=NAME (or index=NUMBER)")
    for name, value in given.items():
        _CHECKS[name](kind, value)
    ordered = {name: given[name] for name in names if name in given}
    return Endpoint(kind, ordered)


def _unfit_word(kind: str, word: str, name: str) -> Unfit:
    names = _PARAMETERS[kind]
    expected = f"expected {kind} with {listed(names)} once each, not {word!r}"
    near = nearest(name, names)
    if near is not None and near != name:
        return Unfit(expected, _did_you_mean(near))
    escape = r"a colon inside a value is written \:, as in 'tcp6:1:interface=\:\:1'"
    return Unfit(expected, escape)


def _words(text: str) -> list[list[str]]:
    """The words of a description; a word with a name is a list of two."""
    words = [[""]]
    characters = iter(text)
    for character in characters:
        word = words[-1]
        if character == "\\":
            escaped = next(characters, None)
            if escaped is None:
                raise Unfit("expected a character after the last backslash")
            word[-1] += escaped
        elif character == ":":
            words.append([""])
        elif character == "=" and len(word) == 1:
            word.append("")
        else:
            word[-1] += character
    return words


def _escaped(value: str) -> str:
    for character in "\\:=":
        value = value.replace(character, "\\" + character)
    return value


def _check_number(low: int, high: int, name: str) -> Callable[[str, str], None]:
    def check(kind: str, value: str) -> None:
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            raise Unfit(f"expected a number as {name}, not {value!r}")
        if not low <= int(value) <= high:
            raise Unfit(f"expected a {name} from {low} to {high}, not {value}")

    return check


def _check_interface(kind: str, value: str) -> None:
    if not value and kind == "tcp":
        return
    try:
        address = ip_address(value)
    except ValueError:
        raise Unfit(f"expected an IP address as interface, not {value!r}") from None
    if kind == "tcp6" and not isinstance(address, IPv6Address):
        raise Unfit(f"expected an IPv6 address as interface, not {value}", "tcp is for IPv4")


def _check_path(kind: str, value: str) -> None:
    if not value or "\0" in value:
        raise Unfit("expected the path of a unix socket")
    if len(value.encode()) > MAX_UNIX_PATH:
        raise Unfit(f"expected a path of at most {MAX_UNIX_PATH} octets")


def _check_mode(kind: str, value: str) -> None:
    if not (0 < len(value) <= 4 and set(value) <= set("01234567")):
        raise Unfit(f"expected an octal mode such as 660, not {value!r}")


def _check_domain(kind: str, value: str) -> None:
    if value not in ("INET", "INET6", "UNIX"):
        raise Unfit(f"expected domain INET, INET6 or UNIX, not {value!r}")


def _check_owner(kind: str, value: str) -> None:
    if not value or not value.isprintable():
        raise Unfit(f"expected the name or number of a user or group, not {value!r}")


def _check_name(kind: str, value: str) -> None:
    if not value:
        raise Unfit("expected the name of a systemd socket")


_CHECKS: Mapping[str, Callable[[str, str], None]] = {
    "port": _check_number(0, 65535, "port"),
    "backlog": _check_number(1, 65535, "backlog"),
    "index": _check_number(0, 1023, "index"),
    "interface": _check_interface,
    "address": _check_path,
    "mode": _check_mode,
    "domain": _check_domain,
    "name": _check_name,
    "user": _check_owner,
    "group": _check_owner,
}


def _did_you_mean(name: str | None) -> str:
    return f"did you mean {name}?" if name else ""
