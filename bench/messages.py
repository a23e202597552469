"""The messages that the benchmarks feed: from a directory, or those of the tests and made-up ones.

Line ends become CRLF, as on the way through an MTA.
"""

import base64
import os
import random
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

MOST = 2000
"""Messages taken from a directory, spread evenly over it; a corpus can be large."""

WORDS = tuple(
    a + b + c
    for a in ("", "re", "in", "over")
    for b in ("port", "view", "act", "mail", "meet", "form", "turn")
    for c in ("", "s", "ing", "ed", "er")
)


def to_crlf(raw: bytes) -> bytes:
    """The message with CRLF line ends, whatever it had."""
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")


def load(directory: Path | None) -> list[bytes]:
    """The messages of a directory tree, or the usual ones if none is given."""
    if directory is not None:
        return [to_crlf(path.read_bytes()) for path in sample(directory)]
    corpus = os.environ.get("MAILFILTER_CORPUS")
    if corpus:
        return load(Path(corpus) / "dev")
    return [*load(ROOT / "tests/data/messages"), *made_up()]


def sample(directory: Path) -> list[Path]:
    """At most MOST files, spread evenly over the sorted list of all.

    Raises FileNotFoundError: there is none.
    """
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    if not files:
        raise FileNotFoundError(f"no messages in {directory}")
    step = max(1.0, len(files) / MOST)
    return [files[int(index * step)] for index in range(min(MOST, len(files)))]


def made_up() -> Iterator[bytes]:
    """Messages of three kinds, always the same ones: text, HTML, and with an attachment."""
    rng = random.Random(20)
    for number in range(60):
        yield to_crlf(_message(rng, number, _plain(rng, 700)))
    for number in range(60, 90):
        yield to_crlf(_message(rng, number, _html(rng, 150)))
    for number in range(90, 100):
        yield to_crlf(_message(rng, number, _with_attachment(rng, 60_000)))


def _text(rng: random.Random, count: int) -> str:
    lines = []
    for _ in range(0, count, 10):
        lines.append(" ".join(rng.choices(WORDS, k=10)).capitalize() + ".")
    return "\n".join(lines)


def _plain(rng: random.Random, count: int) -> str:
    return f"Content-Type: text/plain; charset=utf-8\n\n{_text(rng, count)}\n"


def _html(rng: random.Random, paragraphs: int) -> str:
    rows = [
        f'<tr><td style="padding: 4px; color: #{rng.randrange(1 << 24):06x}">'
        f'<a href="https://www.example.org/{rng.choice(WORDS)}/{number}">{_text(rng, 20)}</a>'
        "</td></tr>"
        for number in range(paragraphs)
    ]
    table = "\n".join(rows)
    return (
        'Content-Type: multipart/alternative; boundary="=_alternative"\n\n'
        f"--=_alternative\n{_plain(rng, 200)}\n"
        "--=_alternative\nContent-Type: text/html; charset=utf-8\n\n"
        f"<html><body><table>\n{table}\n</table></body></html>\n"
        "--=_alternative--\n"
    )


def _with_attachment(rng: random.Random, size: int) -> str:
    encoded = base64.encodebytes(rng.randbytes(size)).decode("ascii")
    return (
        'Content-Type: multipart/mixed; boundary="=_mixed"\n\n'
        f"--=_mixed\n{_plain(rng, 100)}\n"
        '--=_mixed\nContent-Type: application/pdf; name="report.pdf"\n'
        'Content-Disposition: attachment; filename="report.pdf"\n'
        f"Content-Transfer-Encoding: base64\n\n{encoded}--=_mixed--\n"
    )


def _message(rng: random.Random, number: int, rest: str) -> bytes:
    subject = " ".join(rng.choices(WORDS, k=5))
    return (
        "Received: from mail.example.net (mail.example.net [192.0.2.10])\n"
        f"\tby mx.example.org (Postfix) with ESMTPS id 4B{number:04d}\n"
        "\tfor <bob@example.org>; Mon, 02 Nov 2026 10:00:00 +0000 (UTC)\n"
        "Date: Mon, 02 Nov 2026 09:59:58 +0000\n"
        "From: Alice Example <alice@example.net>\n"
        "To: Bob Example <bob@example.org>\n"
        f"Subject: {subject}\n"
        f"Message-ID: <{number}.bench@example.net>\n"
        "MIME-Version: 1.0\n"
        f"{rest}"
    ).encode()
