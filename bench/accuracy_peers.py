"""What Debian's rspamd and SpamAssassin find of the same mail: no network, nothing learned."""

import http.client
import json
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench.accuracy_mail import Mail, read_mail
from bench.accuracy_scan import Scored
from tests.live import peers, rspamd
from tests.live.processes import free_port, private_directory

NETWORK = (
    *("arc", "asn", "bimi", "dkim", "dkim_signing", "dmarc", "fuzzy_check", "greylist"),
    *("history_redis", "mx_check", "neural", "ratelimit", "rbl", "replies", "rspamd_update"),
    *("spf", "surbl", "url_redirector"),
)
"""Modules of rspamd that ask others, sign, or remember."""

SCORER = Path(__file__).with_name("accuracy_peers.pl")


class Peer(NamedTuple):
    """Another filter; `why_missing` tells why there is none."""

    name: str
    limit: float
    """Its own default score from which mail is marked as spam."""
    why_missing: Callable[[], str]
    scan: Callable[[Iterable[Mail]], Iterator[Scored]]


def scan_by_rspamd(mails: Iterable[Mail]) -> Iterator[Scored]:
    """Ask rspamd as it is configured by default."""
    port = free_port()
    home = private_directory()
    shutil.copytree(peers.DEBIAN / "etc/rspamd", home, dirs_exist_ok=True)
    _configure(home / "override.d", port)
    child = rspamd.start(home / "rspamd.conf", lambda: rspamd.pongs(port))
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        for mail in mails:
            client.request("POST", "/checkv2", read_mail(mail.path))
            reply = json.loads(client.getresponse().read())
            symbols = {name: found["score"] for name, found in reply["symbols"].items()}
            yield Scored(mail, reply["score"], symbols)
    finally:
        client.close()
        child.stop()


def _configure(folder: Path, port: int) -> None:
    """Everything as Debian has it but for what would reach out."""
    folder.mkdir(exist_ok=True)
    dns = f'dns {{ nameserver = ["127.0.0.1:{free_port()}:1"]; timeout = 0.05s; retransmits = 1; }}'
    texts = {
        "options.inc": dns,
        "logging.inc": 'type = "console"; level = "warning";',
        "worker-normal.inc": f'bind_socket = "127.0.0.1:{port}"; count = 1;',
        "worker-controller.inc": "enabled = false;",
        "worker-proxy.inc": "enabled = false;",
        **{f"{name}.conf": "enabled = false;" for name in NETWORK},
    }
    for name, text in texts.items():
        (folder / name).write_text(f"{text}\n")


def scan_by_spamassassin(mails: Iterable[Mail]) -> Iterator[Scored]:
    """Ask SpamAssassin with the rules that come with it."""
    folders = peers.DEBIAN / "usr/share/spamassassin", peers.DEBIAN / "etc/spamassassin"
    scorer = subprocess.Popen(
        ["perl", SCORER, *folders, private_directory()],
        env=peers.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with scorer as child:
        for mail in mails:
            score, names = _ask(child, read_mail(mail.path))
            pairs = [name.split("=") for name in names.split(",") if name]
            yield Scored(mail, score, {name: float(value) for name, value in pairs})


def _ask(child: "subprocess.Popen[bytes]", raw: bytes) -> tuple[float, str]:
    """The score, and the names of what was found with a score each."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("expected pipes")
    child.stdin.write(b"%d\n%s" % (len(raw), raw))
    child.stdin.flush()
    line = child.stdout.readline().decode()
    if not line:
        raise RuntimeError("SpamAssassin has ended")
    score, names = line.rstrip("\n").split("\t")
    return float(score), names


PEERS = (
    Peer("rspamd", 6.0, lambda: peers.why_missing("rspamd"), scan_by_rspamd),
    Peer(
        "spamassassin", 5.0, lambda: peers.why_missing("perl", "spamassassin"), scan_by_spamassassin
    ),
)
