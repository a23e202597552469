"""An nginx of our own, between clients and the filter."""

import os
import ssl
from collections.abc import Mapping, Sequence

from tests.authority import Authority

from . import peers
from .processes import Child, accepts, free_port, private_directory

SNIPPET = peers.CHECKOUT / "mailfilter/client/mta/templates/nginx.conf"
"""The proxy in nginx's configuration, as the documentation shows it."""
SNIPPET_SERVER = "server 127.0.0.1:11333;"
SNIPPET_LISTEN = "listen 11443 ssl;"
SNIPPET_CERTIFICATE = "/etc/ssl/mailfilter/cert.pem"
SNIPPET_KEY = "/etc/ssl/mailfilter/key.pem"

PLAIN = "plain-"
"""How the names of fronts begin that take HTTP without TLS."""

_CONF = """\
{user}
worker_processes 1;
daemon off;
error_log {home}/error.log info;
pid {home}/nginx.pid;
events {{ worker_connections 512; }}
http {{
access_log off;
client_body_temp_path {home}/body;
proxy_temp_path {home}/proxy;
fastcgi_temp_path {home}/fastcgi;
uwsgi_temp_path {home}/uwsgi;
scgi_temp_path {home}/scgi;
{fronts}
}}
"""


class Server:
    """A running nginx with servers as somebody writes them."""

    def __init__(self) -> None:
        self.home = private_directory()
        self.authority = Authority(self.home, "authority")
        self.authority.issue("localhost", "127.0.0.1")

    def start(self, fronts: Sequence[str], ports: Sequence[int]) -> None:
        """Start it, and wait until it listens on these ports of 127.0.0.1."""
        user = "user root;" if os.geteuid() == 0 else ""
        text = _CONF.format(user=user, home=self.home, fronts="\n".join(fronts))
        (self.home / "nginx.conf").write_text(text)
        command = [str(peers.find("nginx")), "-p", str(self.home), "-c", "nginx.conf"]
        child = Child(command, self.home / "nginx.log", peers.environment(), self.home)
        child.wait_ready(lambda: all(accepts(("127.0.0.1", port)) for port in ports))

    def own(self, text: str, changes: Sequence[tuple[str, str]]) -> str:
        """A server as the documentation shows it, with our values and our certificate."""
        files = (
            (SNIPPET_CERTIFICATE, f"{self.home}/localhost.crt"),
            (SNIPPET_KEY, f"{self.home}/localhost.key"),
        )
        for part, replacement in (*changes, *files):
            assert part in text, part
            text = text.replace(part, replacement)
        return text

    def client_context(self) -> ssl.SSLContext:
        """What a client uses for TLS."""
        return ssl.create_default_context(cafile=str(self.authority.file))

    def log(self) -> str:
        """What it says of errors."""
        return (self.home / "error.log").read_text(errors="replace")


class Nginx(Server):
    """In front of listeners for scans; `ports` has the TCP port of each front on 127.0.0.1."""

    def __init__(self, upstreams: Mapping[str, str]) -> None:
        """`upstreams` has the address of a filter for each front, as nginx writes it."""
        super().__init__()
        self.ports = {name: free_port() for name in upstreams}
        fronts = [self._front(name, address) for name, address in upstreams.items()]
        self.start(fronts, list(self.ports.values()))

    def _front(self, name: str, address: str) -> str:
        tls = "" if name.startswith(PLAIN) else " ssl"
        changes = (
            (SNIPPET_SERVER, f"server {address};"),
            (SNIPPET_LISTEN, f"listen 127.0.0.1:{self.ports[name]}{tls};"),
            ("upstream mailfilter {", f"upstream {name} {{"),
            ("http://mailfilter;", f"http://{name};"),
        )
        return self.own(SNIPPET.read_text(), changes)
