"""Certificates of clients that must not be let in, each with the reason that is counted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from tests.authority import Authority, load, self_signed

from .tls import Files, Papers

CERTIFICATE, IDENTITY = "certificate", "identity"
DEPTH = 12
"""Of a chain, of which OpenSSL follows eight."""
NAMES = 3500
"""That take 64 KB."""


@dataclass(frozen=True, slots=True)
class Odd:
    """A certificate, and where it is shown."""

    title: str
    files: Files
    reason: str
    listener: str = "open-known"


def odd_ones(papers: Papers) -> Iterator[Odd]:
    """All of them."""
    clients, name = papers.clients, "mx1.partner.test"

    def issued(stem: str, authority: Authority = clients, **options: object) -> Files:
        return authority.issue(name, stem=f"odd-{stem}", **{"usage": "client", **options})  # type: ignore[arg-type]

    yield Odd("expired", issued("expired", days=(-90, -1)), CERTIFICATE)
    yield Odd("not yet valid", issued("early", days=(1, 90)), CERTIFICATE)
    yield Odd("self-signed", self_signed(papers.folder, name, usage="client"), CERTIFICATE)
    yield Odd("other authority", issued("other", papers.other), CERTIFICATE)
    yield Odd("of the same name", issued("namesake", _namesake(papers)), CERTIFICATE)
    yield Odd("revoked", papers.revoked, CERTIFICATE, "listed")
    yield Odd("list out of date", papers.late, CERTIFICATE, "stale")
    yield Odd("no usage", issued("unsaid", usage="unsaid"), CERTIFICATE)
    yield Odd("server's usage", issued("server", usage="server"), CERTIFICATE)
    yield Odd("an authority's own", (clients.file, clients.own_key()), CERTIFICATE)
    yield Odd("nobody's", papers.nobody, IDENTITY)
    yield Odd("weak key", issued("weak", key="rsa", bits=1024), CERTIFICATE)
    yield Odd("too deep", _deep(papers), CERTIFICATE)
    yield Odd("out of bounds", _out_of_bounds(papers), CERTIFICATE)
    for title, alternatives, subject in _names():
        reason = CERTIFICATE if title == "8-bit" else IDENTITY
        yield Odd(title, _named(clients, title, alternatives, subject), reason)
    base, key = issued("altered")
    begins = load(base).not_valid_before_utc.strftime("%y%m%d%H%M%SZ").encode()
    for title, old, new in (
        ("unreadable time", begins, b"99xx99999999Z"),
        ("version 8", b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07"),
        ("constraints on names", b"\x55\x1d\x13", b"\x55\x1d\x1e"),
        ("16 octets for an address", b"\x82\x10mx1", b"\x87\x10mx1"),
    ):
        file = clients.alter(base, old, new, stem=f"odd-{title.replace(' ', '-')}")
        yield Odd(title, (file, key), IDENTITY if "address" in title else CERTIFICATE)


def oversized(papers: Papers) -> Files:
    """A chain of 200 KB."""
    names = [f"host-{number:05}.partner.test" for number in range(NAMES)]
    certificate, key = papers.clients.issue("mx1.partner.test", *names, usage="client", stem="big")
    file = papers.folder / "oversized.crt"
    file.write_bytes(certificate.read_bytes() * 2)
    return file, key


def _names() -> Iterator[tuple[str, x509.ExtensionType, str]]:
    many = [x509.DNSName(f"host-{number:05}.partner.test") for number in range(NAMES)]
    yield "many names", x509.SubjectAlternativeName(many), "many"
    for title, text in (
        ("NUL", "mx1.partner.test\0.nobody.test"),
        ("line end", "mx1.partner.test\r\n2026-01-01 forged line"),
        ("escape", "\x1b[2J\x1b]0;forged\x07"),
        ("wild card", "*"),
        ("wild name", "*.partner.test"),
    ):
        yield title, x509.SubjectAlternativeName([x509.DNSName(text)]), text
    eight_bit = b"\x82\x06mx1\xff\xfe\x80"
    yield "8-bit", _raw(b"\x30" + bytes([len(eight_bit)]) + eight_bit), "\u202e\u2028mx1\x85"
    yield "no names", _raw(b"\x30\x00"), "mx1.partner.test"
    mails = [x509.RFC822Name("a@[\x1b]"), x509.UniformResourceIdentifier("x://\0\n")]
    yield "others", x509.SubjectAlternativeName(mails), "others"


def _raw(octets: bytes) -> x509.ExtensionType:
    return x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, octets)


def _named(
    authority: Authority, title: str, alternatives: x509.ExtensionType, subject: str
) -> Files:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    stem = f"odd-{title.replace(' ', '-')}"
    return authority.issue_for(name, alternatives, stem=stem, usage="client")


def _namesake(papers: Papers) -> Authority:
    folder = papers.folder / "namesake"
    folder.mkdir(exist_ok=True)
    return Authority(folder, "clients")


def _deep(papers: Papers) -> Files:
    chain: list[Authority] = [papers.clients]
    for number in range(DEPTH):
        chain.append(Authority(papers.folder, f"deep-{number}", signed_by=chain[-1]))
    below: Sequence[Authority] = chain[:0:-1]
    return chain[-1].issue("mx1.partner.test", usage="client", stem="odd-deep", chain=below)


def _out_of_bounds(papers: Papers) -> Files:
    bound = Authority(
        papers.folder, "bound", signed_by=papers.clients, only_below=["elsewhere.test"]
    )
    return bound.issue("mx1.partner.test", usage="client", stem="odd-bound", chain=[bound])
