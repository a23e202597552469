"""filter-rspamd without OpenSMTPD: it is told what smtpd would tell it."""

import subprocess
from collections.abc import Mapping, Sequence
from typing import IO

from . import peers
from .harness import SENDER
from .opensmtpd import FILTER

CONNECT = (
    "link-connect|s1|client.example.net|pass|192.0.2.7:4711|192.0.2.1:25",
    "link-greeting|s1|mx.test",
    "link-identify|s1|EHLO|client.example.net",
)


def message(recipient: str, text: bytes) -> list[str]:
    """What smtpd tells of a message."""
    lines = text.decode().removesuffix("\r\n").split("\r\n")
    return [
        "tx-begin|s1|m1",
        f"tx-mail|s1|m1|ok|{SENDER}",
        f"tx-rcpt|s1|m1|ok|{recipient}",
        *[f"data-line|s1|t1|{line}" for line in (*lines, ".")],
        "commit|s1|t2|",
    ]


def ask_filter(url: str, events: Sequence[str], environment: Mapping[str, str] = {}) -> list[str]:
    """Run filter-rspamd, and tell it of events; what it answers.

    `environment` is added to that of the process.
    """
    answers: list[str] = []
    with subprocess.Popen(
        [str(FILTER), "-url", url],
        env={**peers.environment(), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("config|ready\n")
        wait_line(process.stdout, answers, "register|ready")
        for event in events:
            is_filter = event.startswith(("data-line", "commit"))
            kind = "filter" if is_filter else "report"
            process.stdin.write(f"{kind}|0.6|1700000000.000000|smtp-in|{event}\n")
            if event == "data-line|s1|t1|.":
                wait_line(process.stdout, answers, "filter-dataline|s1|t1|.")
        wait_line(process.stdout, answers, "filter-result")
        process.stdin.close()
    return answers


def wait_line(stream: IO[str], lines: list[str], begin: str) -> None:
    """Read lines until one begins so."""
    while not lines or not lines[-1].startswith(begin):
        lines.append(stream.readline().rstrip("\n"))
        assert lines[-1], lines
