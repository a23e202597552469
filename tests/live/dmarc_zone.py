"""A zone with policies of DMARC, and what becomes of mail: by us, by others where that differs."""

from typing import Any, NamedTuple

from tests.auth.dkim_signer import RSA, record, sign

CLIENT = "203.0.113.5"
FAILS = ("_dmarc.fails.test", "spf.fails.test")

_POLICIES = r"""
_dmarc.none.test     TXT "v=DMARC1; p=none"
_dmarc.quar.test     TXT "v=DMARC1; p=quarantine"
_dmarc.reject.test   TXT "v=DMARC1; p=reject; rua=mailto:x@reject.test"
_dmarc.strict.test   TXT "v=DMARC1; p=reject; adkim=s; aspf=s"
_dmarc.sub.test      TXT "v=DMARC1; p=none; sp=reject"
_dmarc.own.sub.test  TXT "v=DMARC1; p=quarantine"
_dmarc.upper.test    TXT "v=DMARC1; P=REJECT; ASPF=S"
_dmarc.spaces.test   TXT "v = DMARC1 ; p = reject ;"
_dmarc.parts.test    TXT "v=DMARC1; p=rej" "ect"
_dmarc.zero.test     TXT "v=DMARC1; p=reject; pct=0"
_dmarc.whole.test    TXT "v=DMARC1; p=reject; pct=100"
_dmarc.other.test    TXT "something else"
_dmarc.other.test    TXT "v=DMARC1; p=reject"
_dmarc.two.test      TXT "v=DMARC1; p=none"
_dmarc.two.test      TXT "v=DMARC1; p=reject"
_dmarc.bad.test      TXT "v=DMARC1; p=refuse"
_dmarc.rua.test      TXT "v=DMARC1; p=refuse; rua=mailto:x@rua.test"
_dmarc.nop.test      TXT "v=DMARC1; rua=mailto:x@nop.test"
_dmarc.adkim.test    TXT "v=DMARC1; p=reject; adkim=x"
_dmarc.np.test       TXT "v=DMARC1; p=none; np=reject"
_dmarc.try.test      TXT "v=DMARC1; p=reject; t=y"
_dmarc.twice.test    TXT "v=DMARC1; p=none; p=reject"
_dmarc.junk.test     TXT "v=DMARC1; p=reject; junk; pct=100"
_dmarc.cname.test    CNAME _dmarc.reject.test
_dmarc.spf.test      TXT "v=spf1 -all"
_dmarc.spf.fails.test  TXT "v=DMARC1; p=reject"
_dmarc.xn--bcher-kva.test  TXT "v=DMARC1; p=reject"
"""
_SENDERS = ("none", "reject", "strict", "sub", "rua", "zero", "two", "away", "xn--bcher-kva")
_SIGNERS = ("none", "reject", "mail.reject", "strict", "mail.strict", "away", "quar")
_KEY = f'"{record(RSA)[:200]}" "{record(RSA)[200:]}"'

ZONE = "\n".join(
    (
        _POLICIES,
        *(f'{name}.test TXT "v=spf1 ip4:{CLIENT} -all"' for name in _SENDERS),
        *(f'mail.{name}.test TXT "v=spf1 ip4:{CLIENT} -all"' for name in _SENDERS),
        *(
            f'rsa._domainkey.{name}.test TXT "{record(RSA)[:200]}" "{record(RSA)[200:]}"'
            for name in _SIGNERS
        ),
    )
)


class Case(NamedTuple):
    """A message, and what is found: a symbol and its options."""

    author: str
    symbol: str
    options: tuple[str, ...]
    sender: str = "bob@unknown.test"
    helo: str = "mail.unknown.test"
    signer: str = ""
    """The domain of its signature; without one, empty."""
    is_changed: bool = False
    """Behind the signature."""
    rspamd: tuple[str, ...] = ()
    """The symbol and options that Rspamd has, if it has others."""
    why: str = ""
    """Why that is so."""

    @property
    def message(self) -> bytes:
        """Its octets."""
        raw = f"From: {self.author}\r\nTo: x@y.test\r\nSubject: x\r\n\r\nhello\r\n".encode()
        if self.signer:
            raw = sign(raw, domain=self.signer)
        return raw + b"more\r\n" if self.is_changed else raw


NOTHING = "No valid SPF, No valid DKIM"
"""Why mail fails that has neither."""


DOUBT = "nothing passes in doubt, and of the domains that are named the strictest policy holds"


def _allowed(domain: str, policy: str, **more: Any) -> Case:
    return Case(f"Bob <bob@{domain}>", "DMARC_POLICY_ALLOW", (domain, policy))._replace(**more)


def _failed(author: str, symbol: str, policy: str, domain: str = "", why: str = NOTHING) -> Case:
    options = (f"{domain or author} : {why}", policy)
    return Case(f"Bob <bob@{author}>", f"DMARC_POLICY_{symbol}", options)


def _unaligned(domain: str, reason: str, sender: str = "", signer: str = "") -> Case:
    case = _failed(domain, "REJECT", "reject", why=reason)
    return case._replace(sender=sender or case.sender, signer=signer)


CASES = (
    _allowed("none.test", "none", sender="bob@none.test"),
    _allowed("reject.test", "reject", sender="bob@reject.test"),
    _allowed("reject.test", "reject", sender="bob@mail.reject.test"),
    _allowed("reject.test", "reject", sender="", helo="reject.test"),
    _allowed("reject.test", "reject", signer="reject.test"),
    _allowed("reject.test", "reject", signer="mail.reject.test"),
    _allowed("strict.test", "reject", sender="bob@strict.test"),
    _allowed("strict.test", "reject", signer="strict.test"),
    _allowed("reject.test", "reject", sender="bob@away.test", signer="reject.test"),
    _allowed("xn--bcher-kva.test", "reject", sender="bob@xn--bcher-kva.test"),
    _failed("none.test", "SOFTFAIL", "none"),
    _failed("quar.test", "QUARANTINE", "quarantine"),
    _failed("reject.test", "REJECT", "reject"),
    _failed("upper.test", "REJECT", "reject"),
    _failed("parts.test", "REJECT", "reject"),
    _failed("whole.test", "REJECT", "reject"),
    _failed("other.test", "REJECT", "reject"),
    _failed("cname.test", "REJECT", "reject"),
    _failed("nop.test", "SOFTFAIL", "none"),
    _failed("junk.test", "REJECT", "reject"),
    _failed("sub.test", "SOFTFAIL", "none"),
    _failed("x.sub.test", "REJECT", "reject", "sub.test"),
    _failed("own.sub.test", "QUARANTINE", "quarantine"),
    _failed("x.own.sub.test", "REJECT", "reject", "sub.test"),
    _failed("x.reject.test", "REJECT", "reject", "reject.test"),
    _unaligned("strict.test", "SPF not aligned (strict), No valid DKIM", "bob@mail.strict.test"),
    _unaligned("strict.test", "No valid SPF, DKIM not aligned (strict)", signer="mail.strict.test"),
    _unaligned("reject.test", "SPF not aligned (relaxed), No valid DKIM", "bob@away.test"),
    _unaligned("reject.test", "No valid SPF, DKIM not aligned (relaxed)", signer="away.test"),
    Case("bob@two.test", "DMARC_BAD_POLICY", ("two.test : Multiple policies defined in DNS",)),
    Case("bob@unknown.test", "DMARC_NA", ("unknown.test",)),
    Case(
        "bob@spf.fails.test",
        "DMARC_DNSFAIL",
        ("spf.fails.test : SPF/DKIM temp error", "reject"),
        sender="bob@spf.fails.test",
    ),
    _failed("spaces.test", "REJECT", "reject")._replace(
        rspamd=("DMARC_POLICY_SOFTFAIL", f"spaces.test : {NOTHING}", "none"),
        why="RFC 7489 6.4 allows blanks around separators",
    ),
    _failed("zero.test", "QUARANTINE", "reject")._replace(
        options=(f"zero.test : {NOTHING}", "reject", "sampled_out"),
    ),
    _failed("rua.test", "SOFTFAIL", "none")._replace(
        rspamd=("DMARC_BAD_POLICY", "rua.test : p tag has invalid value: refuse"),
        why="RFC 7489 6.6.3: with an address for reports it counts as none",
    ),
    _failed("adkim.test", "REJECT", "reject")._replace(
        rspamd=("DMARC_BAD_POLICY", "adkim.test : adkim tag has invalid value: x"),
        why="RFC 7489 6.3: a wrong value leaves the default",
    ),
    _failed("try.test", "QUARANTINE", "reject")._replace(
        options=(f"try.test : {NOTHING}", "reject", "testing"),
        rspamd=("DMARC_POLICY_REJECT", f"try.test : {NOTHING}", "reject"),
        why="RFC 9989 4.7: t=y",
    ),
    _failed("x.np.test", "REJECT", "reject", "np.test")._replace(
        rspamd=("DMARC_POLICY_SOFTFAIL", f"np.test : {NOTHING}", "none"),
        why="RFC 9091: np",
    ),
    _failed("reject.test", "REJECT", "reject")._replace(
        signer="reject.test",
        is_changed=True,
        rspamd=("DMARC_POLICY_REJECT", "reject.test : No valid SPF", "reject"),
        why="we name both reasons",
    ),
    Case(
        "bob@bad.test",
        "DMARC_BAD_POLICY",
        ("bad.test : p: expected none, quarantine, reject, got 'refuse'",),
        rspamd=("DMARC_BAD_POLICY", "bad.test : p tag has invalid value: refuse"),
        why="other words",
    ),
    Case(
        "bob@twice.test",
        "DMARC_BAD_POLICY",
        ("twice.test : two tags p",),
        rspamd=("DMARC_POLICY_REJECT", f"twice.test : {NOTHING}", "reject"),
        why="RFC 6376 3.2: no tag may be there twice",
    ),
    Case(
        "bob@spf.test",
        "DMARC_NA",
        ("spf.test",),
        rspamd=("DMARC_NA", "spf.test: no valid DMARC record"),
        why="other words",
    ),
    Case(
        "bob@x.unknown.test",
        "DMARC_NA",
        ("x.unknown.test",),
        rspamd=("DMARC_NA", "unknown.test"),
        why="we name the author's domain",
    ),
    Case(
        "bob@fails.test",
        "DMARC_DNSFAIL",
        ("fails.test : _dmarc.fails.test TXT: SERVFAIL",),
        rspamd=("DMARC_DNSFAIL", "fails.test : server fail"),
        why="other words",
    ),
    Case(
        "bob@b\u00fccher.test",
        "DMARC_POLICY_ALLOW",
        ("xn--bcher-kva.test", "reject"),
        sender="bob@xn--bcher-kva.test",
        rspamd=(
            "DMARC_POLICY_REJECT",
            "b\u00fccher.test : SPF not aligned (relaxed), No valid DKIM",
            "reject",
        ),
        why="both are one name",
    ),
    Case(
        "a@reject.test, b@reject.test",
        "DMARC_POLICY_ALLOW",
        ("reject.test", "reject"),
        sender="a@reject.test",
        rspamd=("DMARC_NA", "Duplicate From header"),
        why="RFC 9989 5.3.1: of one domain there may be several",
    ),
    Case(
        "a@reject.test, b@none.test",
        "DMARC_POLICY_REJECT",
        ("reject.test : Duplicate From header, 2 domains", "reject"),
        sender="b@none.test",
        rspamd=("DMARC_NA", "Duplicate From header"),
        why=DOUBT,
    ),
    Case(
        "a@reject.test\r\nFrom: a@reject.test",
        "DMARC_POLICY_REJECT",
        ("reject.test : Duplicate From header, there are 2 From", "reject"),
        rspamd=("DMARC_NA", "Duplicate From header"),
        why=DOUBT,
    ),
    Case(
        "Bob",
        "DMARC_NA",
        ("No domain in From header", "no address"),
        rspamd=("DMARC_NA", "No domain in From header"),
        why="we say more",
    ),
    Case(
        "",
        "DMARC_NA",
        ("No domain in From header", "an empty address"),
        rspamd=("DMARC_NA", "No From header"),
        why="there is one, which is empty",
    ),
    Case(
        "a@reject.test@none.test",
        "DMARC_POLICY_REJECT",
        ("reject.test : No domain in From header, several @", "reject"),
        sender="a@none.test",
        rspamd=("DMARC_POLICY_ALLOW", "none.test", "none"),
        why=DOUBT,
    ),
    Case(
        "a@none.test(.reject.test)",
        "DMARC_NA",
        ("No domain in From header", "a comment touches the address"),
        sender="a@none.test",
        rspamd=("DMARC_POLICY_ALLOW", "none.test", "none"),
        why=DOUBT,
    ),
    Case(
        "<@none.test:a@reject.test>",
        "DMARC_POLICY_SOFTFAIL",
        ("none.test : No domain in From header, a route, or no local part", "none"),
        sender="a@reject.test",
        rspamd=("DMARC_POLICY_ALLOW", "reject.test", "reject"),
        why=DOUBT,
    ),
    Case(
        "a@[203.0.113.5]",
        "DMARC_NA",
        ("No domain in From header", "no domain behind the @"),
        rspamd=("DMARC_NA", "203.0.113.5"),
        why="an address is no domain",
    ),
)
