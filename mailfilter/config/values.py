"""Single values: from what tomllib gives to what the model holds, and back to text."""

import math
import os
import re
from collections.abc import Callable
from ipaddress import ip_address, ip_interface, ip_network

from ..codec.base32 import decode_loosely, encode_base32
from ..codec.curve25519 import KEY_SIZE, is_canonical, is_low_order
from ..syntax import FIELD_NAME, MAX_FIELD_NAME
from .endpoint import parse_endpoint
from .names import listed, nearest
from .peer import parse_address, parse_peer
from .problem import Unfit
from .schema import Array, Scalar
from .toml_text import string_text, value_text
from .units import (
    DURATION_FORM,
    SIZE_FORM,
    format_duration,
    format_size,
    parse_duration,
    parse_size,
)

_YES_NO = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}
_FINGERPRINT = re.compile("(?:sha-?256[:=])?([0-9a-f]{2}(?::?[0-9a-f]{2}){31})", re.IGNORECASE)
_MAPPED_BITS = 96
"""How long the prefix of addresses of IPv4 is in IPv6 (RFC 4291, 2.5.5.2)."""
DNS_PORT = 53
_FIELD_OFF = re.compile(r"[^!-9;-~]")
_LOOSE_DURATION = re.compile(r"\s*([0-9.]+)\s*(ms|[wdhms])[a-z]*\s*", re.IGNORECASE)
_LOOSE_SIZE = re.compile(r"\s*([0-9.]+)\s*([kmgt])(i?)(b?)\w*\s*", re.IGNORECASE)


def read_scalar(scalar: Scalar, value: object, directory: str) -> object:
    """The value as the model holds it: seconds, octets, absolute paths, `None` for "off".

    `directory` is where relative paths start. Raises Unfit.
    """
    if scalar.word is not None and value == scalar.word:
        return None
    if scalar.unit is not None:
        return _within(scalar, _read_unit(scalar, value))
    if scalar.kind == "boolean":
        if not isinstance(value, bool):
            raise Unfit(f"expected {describe(scalar)}", _did_you_mean(_YES_NO.get(str(value))))
        return value
    if scalar.kind == "text":
        return _read_text(scalar, value, directory)
    return _within(scalar, _read_number(scalar, value))


def show(node: Scalar | Array, value: object) -> str:
    """The TOML text of a value of the model; `read_scalar` reads it back."""
    if isinstance(node, Array):
        items = value if isinstance(value, tuple) else ()
        return "[" + ", ".join(show(node.item, item) for item in items) + "]"
    if value is None:
        return string_text(node.word or "")
    if node.unit == "duration" and isinstance(value, float | int):
        return string_text(format_duration(value))
    if node.unit == "size" and isinstance(value, int):
        return string_text(format_size(value))
    return value_text(value)


def describe(node: Scalar | Array) -> str:
    """What values are right, for messages and documents."""
    if isinstance(node, Array):
        return f"a list, each {describe(node.item)}"
    text = _describe_choices(node) or _NOUNS[node.kind]
    if node.unit is not None:
        text = f"a {node.unit}"
    if node.format is not None:
        text = _FORMATS[node.format]
    text += _describe_bounds(node)
    return f"{text}, or {string_text(node.word)}" if node.word is not None else text


_NOUNS = {
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "text": "a text in quotes",
}
_FORMATS = {
    "endpoint": "an endpoint",
    "network": "a network such as 192.0.2.0/24",
    "address": "an IP address such as 192.0.2.1",
    "mailbox": "an address or @domain",
    "path": "a path",
    "fingerprint": "a SHA-256 fingerprint of 64 hexadecimal digits",
    "httpcrypt_key": "a public key of HTTPCrypt, 52 characters",
    "proxy": "an IP network in CIDR form, or unix",
    "dns_server": "an IP address, or address:port",
    "field": 'the name of a header field such as "X-Mailfilter-Trace"',
    "peer": "HOST:PORT, [ADDRESS]:PORT or an absolute path",
    "umask": 'an octal number such as "027"',
}


def _describe_choices(scalar: Scalar) -> str:
    return listed((string_text(choice) for choice in scalar.choices), "or")


def _describe_bounds(scalar: Scalar) -> str:
    if scalar.low is not None and scalar.high is not None:
        return f" from {_bound(scalar, scalar.low)} to {_bound(scalar, scalar.high)}"
    if scalar.low is not None:
        return f" of at least {_bound(scalar, scalar.low)}"
    return f" of at most {_bound(scalar, scalar.high)}" if scalar.high is not None else ""


def _bound(scalar: Scalar, bound: float) -> str:
    if scalar.unit == "duration":
        return format_duration(bound)
    if scalar.unit == "size":
        return format_size(int(bound))
    return f"{bound:g}" if bound != int(bound) else str(int(bound))


def _within(scalar: Scalar, value: float) -> float:
    is_low = scalar.low is not None and value < scalar.low
    is_high = scalar.high is not None and value > scalar.high
    if is_low or is_high:
        raise Unfit(f"expected {describe(scalar)}")
    return value


def _read_unit(scalar: Scalar, value: object) -> float:
    is_duration = scalar.unit == "duration"
    form = DURATION_FORM if is_duration else SIZE_FORM
    if isinstance(value, str):
        try:
            return parse_duration(value) if is_duration else parse_size(value)
        except ValueError as error:
            hint = _nearest_duration(value) if is_duration else _nearest_size(value)
            raise Unfit(str(error), hint) from None
    hint = ""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**15:
        text = format_duration(value) if is_duration else format_size(int(value))
        hint = _did_you_mean(string_text(text))
    raise Unfit(f"expected {form}", hint)


def _nearest_duration(text: str) -> str:
    match = _LOOSE_DURATION.fullmatch(text)
    return _if_valid(parse_duration, f"{match[1]}{match[2].lower()}") if match else ""


def _nearest_size(text: str) -> str:
    match = _LOOSE_SIZE.fullmatch(text)
    if match is None:
        return ""
    binary = "i" if match[3] or not match[4] else ""
    return _if_valid(parse_size, f"{match[1]}{match[2].upper()}{binary}B")


def _if_valid(parse: Callable[[str], object], text: str) -> str:
    try:
        parse(text)
    except ValueError:
        return ""
    return _did_you_mean(string_text(text))


def _read_number(scalar: Scalar, value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and scalar.kind == "integer" and isinstance(value, int):
        return value
    if is_number and scalar.kind == "number" and isinstance(value, int | float):
        return _finite(scalar, value)
    hint = ""
    if isinstance(value, str) and _is_number(value):
        hint = _did_you_mean(value.strip())
    raise Unfit(f"expected {describe(scalar)}", hint)


def _finite(scalar: Scalar, value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Unfit(f"expected {describe(scalar)}")
    return number


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\s*-?[0-9]{1,20}(\.[0-9]{1,20})?\s*", text) is not None


def _read_text(scalar: Scalar, value: object, directory: str) -> str:
    if not isinstance(value, str):
        is_free = not (scalar.choices or scalar.format)
        hint = _did_you_mean(_quoted(value)) if is_free else ""
        raise Unfit(f"expected {describe(scalar)}", hint)
    if scalar.choices and value not in scalar.choices:
        near = nearest(value, scalar.choices)
        hint = _did_you_mean(string_text(near) if near else None)
        raise Unfit(f"expected {describe(scalar)}", hint)
    if scalar.format == "endpoint":
        return _read_endpoint(value, directory)
    if scalar.format == "network" or (scalar.format == "proxy" and value != "unix"):
        _check_network(scalar, value)
    if scalar.format == "address":
        return _read_address(scalar, value)
    if scalar.format == "fingerprint":
        return _read_fingerprint(scalar, value)
    if scalar.format == "httpcrypt_key":
        return _read_key(scalar, value)
    if scalar.format == "mailbox" and value and "@" not in value:
        near = f'"@{value}"' if "." in value else None
        raise Unfit(f"expected {describe(scalar)}", _did_you_mean(near))
    if scalar.format == "umask" and value and not re.fullmatch("0?0[0-7]{2}", value):
        raise Unfit(f"expected {describe(scalar)}")
    if scalar.format == "field" and value and not FIELD_NAME.fullmatch(value):
        near = _FIELD_OFF.sub("", value)[:MAX_FIELD_NAME]
        hint = _did_you_mean(string_text(near)) if near else ""
        raise Unfit(f"expected {describe(scalar)}", hint)
    if scalar.format == "dns_server":
        return _read_dns_server(scalar, value)
    if scalar.format == "peer":
        _check_peer(scalar, value)
    if scalar.format == "path":
        return _absolute(value, directory)
    return value


def _read_address(scalar: Scalar, text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise Unfit(f"expected {describe(scalar)}") from None


def read_fingerprint(text: str) -> str | None:
    """64 hexadecimal digits in lower case, of a SHA-256 as programs write it; `None` if not one."""
    match = _FINGERPRINT.fullmatch(text.strip())
    return None if match is None else match[1].replace(":", "").lower()


def _read_fingerprint(scalar: Scalar, text: str) -> str:
    found = read_fingerprint(text)
    if found is None:
        raise Unfit(f"expected {describe(scalar)}")
    return found


def _read_key(scalar: Scalar, text: str) -> str:
    """Others write the same key in more than one way; here there is one."""
    try:
        octets = decode_loosely(text.strip())
    except ValueError as error:
        raise Unfit(f"expected {describe(scalar)}", f"it {error}") from None
    if len(octets) != KEY_SIZE:
        raise Unfit(f"expected {describe(scalar)}")
    if is_low_order(octets):
        raise Unfit(f"expected {describe(scalar)}", "it is of low order: everybody could be it")
    if not is_canonical(octets):
        raise Unfit(f"expected {describe(scalar)}", "it is above the largest: nobody can have it")
    return encode_base32(octets)


def _read_dns_server(scalar: Scalar, text: str) -> str:
    """`address:port`, an IPv6 address in brackets."""
    try:
        return str(parse_address(text, DNS_PORT))
    except ValueError:
        raise Unfit(f"expected {describe(scalar)}") from None


def _check_peer(scalar: Scalar, text: str) -> None:
    try:
        parse_peer(text)
    except ValueError as error:
        hint = _did_you_mean(string_text(f"{text}:6379")) if ":" not in text else str(error)
        raise Unfit(f"expected {describe(scalar)}", hint) from None


def _read_endpoint(text: str, directory: str) -> str:
    endpoint = parse_endpoint(text)
    if endpoint.path is None or os.path.isabs(endpoint.path):
        return text
    text = str(endpoint.absolute(directory))
    parse_endpoint(text)
    return text


def _quoted(value: object) -> str | None:
    is_plain = isinstance(value, int | float)
    return string_text(value_text(value)) if is_plain else None


def _absolute(path: str, directory: str) -> str:
    if "\0" in path:
        raise Unfit("expected a path without a NUL")
    return os.path.abspath(os.path.join(directory, path)) if path else ""


def _check_network(scalar: Scalar, text: str) -> None:
    try:
        network = ip_network(text)
    except ValueError as error:
        near = _near_network(scalar, text)
        if near is None:
            near = '"unix"' if scalar.format == "proxy" and text.lower() == "unix" else None
            raise Unfit(f"expected {describe(scalar)}", _did_you_mean(near)) from None
        raise Unfit(f"expected a network: {error}", _did_you_mean(string_text(near))) from None
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= _MAPPED_BITS:
        near = f"{mapped}/{network.prefixlen - _MAPPED_BITS}"
        expected = "expected a network of IPv4, as which addresses in IPv6 like these are taken"
        raise Unfit(expected, _did_you_mean(string_text(near)))


def _near_network(scalar: Scalar, text: str) -> str | None:
    """What is meant by a network in whose address bits of a host are set, if it is one.

    A proxy is a machine, and not all in its network are proxies.
    """
    try:
        machine = ip_interface(text)
    except ValueError:
        return None
    return str(ip_network(machine.ip) if scalar.format == "proxy" else machine.network)


def _did_you_mean(text: str | None) -> str:
    return f"did you mean {text}?" if text else ""
