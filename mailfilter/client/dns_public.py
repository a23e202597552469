"""Resolvers that are open to all: lists of bad clients refuse questions that come from them.

The addresses are those that their operators publish.
"""

from ipaddress import ip_address, ip_network

_NETWORKS = {
    "Google": ("8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"),
    "Cloudflare": ("1.1.1.0/30", "1.0.0.0/30", "2606:4700:4700::/48"),
    "Quad9": ("9.9.9.8/29", "149.112.112.0/24", "2620:fe::/48"),
    "OpenDNS": ("208.67.222.0/24", "208.67.220.0/24", "2620:119:35::35", "2620:119:53::53"),
    "AdGuard": ("94.140.14.0/24", "94.140.15.0/24", "2a10:50c0::/32"),
    "Level 3": ("4.2.2.0/29",),
    "Yandex": ("77.88.8.0/24", "2a02:6b8::feed:ff", "2a02:6b8:0:1::feed:ff"),
}
_OPERATORS = [
    (ip_network(text), operator) for operator, texts in _NETWORKS.items() for text in texts
]
_STUB = ip_address("127.0.0.53")


def operator_of(host: str) -> str:
    """Who runs the public resolver with this address; empty if it is none that is known."""
    address = ip_address(host)
    return next((name for network, name in _OPERATORS if address in network), "")


def is_stub(host: str) -> bool:
    """Whether it is systemd-resolved, which passes questions on to others."""
    return ip_address(host) == _STUB
