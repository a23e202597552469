"""What Debian's rspamd and SpamAssassin find of the same mail: no network, nothing learned."""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench.accuracy_mail import Mail, read_mail
from bench.accuracy_scan import Scored
from tests.live import peers
from tests.live.processes import private_directory
from tests.live.rspamd_default import DefaultRspamd

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
    server = DefaultRspamd()
    try:
        for mail in mails:
            reply = server.scan(read_mail(mail.path))
            symbols = {name: found["score"] for name, found in reply["symbols"].items()}
            yield Scored(mail, reply["score"], symbols)
    finally:
        server.stop()


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
