"""What tests of aggregate reports share: the results of a message, and what differs in others."""

from mailfilter.scan.verdict import AuthResult

RUA = "mailto:dmarc@example.com"


def spf_result(
    result: str = "pass", sender: str = "bob@mail.example.com", ip: str = "192.0.2.1"
) -> AuthResult:
    facts = (("client-ip", ip), ("envelope-from", sender), ("helo", "mx"), ("identity", "mailfrom"))
    return AuthResult("spf", result, facts=facts)


def dkim_result(
    result: str = "pass", domain: str = "example.com", selector: str = "s1"
) -> AuthResult:
    return AuthResult("dkim", result, properties=(("header.d", domain), ("header.s", selector)))


def dmarc_result(result: str = "pass", author: str = "example.com", **changes: str) -> AuthResult:
    """The facts are those of a pass; in names of `changes` "_" is "-"."""
    facts = {
        "domain": author,
        "rua": RUA,
        "p": "reject",
        "sp": "quarantine",
        "adkim": "r",
        "aspf": "s",
        "pct": "100",
        "asked": "none",
        "dkim-aligned": "pass",
        "spf-aligned": "pass",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return AuthResult(
        "dmarc", result, properties=(("header.from", author),), facts=tuple(facts.items())
    )


def failed(asked: str = "reject", author: str = "example.com", **changes: str) -> AuthResult:
    """DMARC fails."""
    aligned = {"dkim_aligned": "fail", "spf_aligned": "fail", "asked": asked, **changes}
    return dmarc_result("fail", author, **aligned)
