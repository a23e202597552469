"""A zone with records of SPF, and what becomes of them: by us, by others where that differs."""

from typing import NamedTuple

CLIENT = "203.0.113.5"
"""The client of the cases, if they name none."""
HELO = "mail.example.test"
FAILS = ("fails.test", "broken.fails.test")
SILENT = ("silent.test",)

ZONE = r"""
mail.example.test  A    203.0.113.5
mail.example.test  TXT  "v=spf1 a -all"
ip4.test        TXT  "v=spf1 ip4:203.0.113.0/24 -all"
ip6.test        TXT  "v=spf1 ip6:2001:db8::/32 -all"
plus.test       TXT  "v=spf1 +ip4:203.0.113.5/32 -all"
upper.test      TXT  "V=SPF1 IP4:203.0.113.0/24 -ALL"
parts.test      TXT  "v=spf1 ip4:203.0" ".113.5 -all"
other.test      TXT  "something else"
other.test      TXT  "v=spf1 ip4:203.0.113.5 -all"
minus.test      TXT  "v=spf1 -ip4:203.0.113.0/24 ~all"
fail.test       TXT  "v=spf1 ip4:198.51.100.1 -all"
soft.test       TXT  "v=spf1 ip4:198.51.100.1 ~all"
neutral.test    TXT  "v=spf1 ip4:198.51.100.1 ?all"
noall.test      TXT  "v=spf1 ip4:198.51.100.1"
include.test    TXT  "v=spf1 include:ip4.test -all"
deep.test       TXT  "v=spf1 include:include.test ~all"
redirect.test   TXT  "v=spf1 redirect=ip4.test"
away.test       TXT  "v=spf1 redirect=fail.test"
lost.test       TXT  "v=spf1 redirect=none.test"
a.test          TXT  "v=spf1 a -all"
a.test          A    203.0.113.5
net.test        TXT  "v=spf1 a:near.test/24 -all"
near.test       A    203.0.113.77
mx.test         TXT  "v=spf1 mx -all"
mx.test         MX   10 mail.example.test
mxof.test       TXT  "v=spf1 mx:mx.test -all"
six.test        TXT  "v=spf1 a -all"
six.test        AAAA 2001:db8::5
cname.test      CNAME ip4.test
macro.test      TXT  "v=spf1 include:%{l}._spf.%{d} -all"
bob._spf.macro.test  TXT  "v=spf1 ip4:203.0.113.5 -all"
exists.test     TXT  "v=spf1 exists:%{i}.list.test -all"
203.0.113.5.list.test  A  127.0.0.2
ptr.test        TXT  "v=spf1 ptr -all"
5.113.0.203.in-addr.arpa  PTR  host.ptr.test
host.ptr.test   A    203.0.113.5
none.test       TXT  "hello"
known.test      TXT  "v=spf1 -all"
ten.test        TXT  "v=spf1 a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test ip4:203.0.113.5 -all"
eleven.test     TXT  "v=spf1 a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test a:near.test ip4:203.0.113.5 -all"
all.test        TXT  "v=spf1 all"
mild.test       TXT  "v=spf1 ?include:ip4.test -all"
hard.test       TXT  "v=spf1 -include:ip4.test ~all"
two.test        TXT  "v=spf1 ~all"
two.test        TXT  "v=spf1 -all"
bad.test        TXT  "v=spf1 ip4:999.1.1.1 -all"
odd.test        TXT  "v=spf1 foo:bar -all"
loop.test       TXT  "v=spf1 include:loop.test -all"
nowhere.test    TXT  "v=spf1 include:nx.test -all"
void.test       TXT  "v=spf1 a:v1.test a:v2.test a:v3.test ip4:203.0.113.5 -all"
broken.test     TXT  "v=spf1 a:broken.fails.test -all"
behind.test     TXT  "v=spf1 include:fails.test -all"
"""  # noqa: E501  # One record a line.


class Case(NamedTuple):
    """A sender, and what is found: a symbol and its first option."""

    sender: str
    symbol: str
    option: str
    ip: str = CLIENT
    helo: str = HELO
    rspamd: tuple[str, str] = ("", "")
    """What Rspamd has, if it is something else."""
    why: str = ""
    """Why that is so."""


CASES = (
    Case("bob@ip4.test", "R_SPF_ALLOW", "+ip4:203.0.113.0/24"),
    Case("bob@ip4.test", "R_SPF_FAIL", "-all", ip="198.51.100.9"),
    Case("bob@ip4.test", "R_SPF_FAIL", "-all", ip="2001:db8::5"),
    Case("bob@ip6.test", "R_SPF_ALLOW", "+ip6:2001:db8::/32", ip="2001:db8::5"),
    Case("bob@ip6.test", "R_SPF_FAIL", "-all"),
    Case("bob@plus.test", "R_SPF_ALLOW", "+ip4:203.0.113.5/32"),
    Case("bob@UPPER.test", "R_SPF_ALLOW", "+IP4:203.0.113.0/24"),
    Case("bob@parts.test", "R_SPF_ALLOW", "+ip4:203.0.113.5"),
    Case("bob@other.test", "R_SPF_ALLOW", "+ip4:203.0.113.5"),
    Case("bob@minus.test", "R_SPF_FAIL", "-ip4:203.0.113.0/24"),
    Case("bob@fail.test", "R_SPF_FAIL", "-all"),
    Case("bob@soft.test", "R_SPF_SOFTFAIL", "~all"),
    Case("bob@neutral.test", "R_SPF_NEUTRAL", "?all"),
    Case("bob@noall.test", "R_SPF_NEUTRAL", "?all"),
    Case("bob@include.test", "R_SPF_ALLOW", "+ip4:203.0.113.0/24"),
    Case("bob@deep.test", "R_SPF_ALLOW", "+ip4:203.0.113.0/24"),
    Case("bob@deep.test", "R_SPF_SOFTFAIL", "~all", ip="198.51.100.9"),
    Case("bob@redirect.test", "R_SPF_ALLOW", "+ip4:203.0.113.0/24"),
    Case("bob@away.test", "R_SPF_FAIL", "-all"),
    Case("bob@lost.test", "R_SPF_PERMFAIL", "bad SPF record"),
    Case("bob@a.test", "R_SPF_ALLOW", "+a"),
    Case("bob@net.test", "R_SPF_ALLOW", "+a:near.test/24"),
    Case("bob@mx.test", "R_SPF_ALLOW", "+mx"),
    Case("bob@mxof.test", "R_SPF_ALLOW", "+mx:mx.test"),
    Case("bob@six.test", "R_SPF_ALLOW", "+a", ip="2001:db8::5"),
    Case("bob@cname.test", "R_SPF_ALLOW", "+ip4:203.0.113.0/24"),
    Case("bob@macro.test", "R_SPF_ALLOW", "+ip4:203.0.113.5"),
    Case("bob@ptr.test", "R_SPF_ALLOW", "+ptr"),
    Case("bob@ten.test", "R_SPF_ALLOW", "+ip4:203.0.113.5"),
    Case("bob@none.test", "R_SPF_NA", "no SPF record"),
    Case("bob@nx.test", "R_SPF_NA", "no SPF record"),
    Case("bob@fails.test", "R_SPF_DNSFAIL", "temporary DNS error"),
    Case("", "R_SPF_ALLOW", "+a"),
    Case("", "R_SPF_FAIL", "-all", ip="198.51.100.9"),
    Case("", "R_SPF_FAIL", "-all", helo="fail.test"),
    Case("", "R_SPF_NA", "no SPF record", helo="none.test"),
    Case(
        "bob@exists.test",
        "R_SPF_ALLOW",
        "+exists:%{i}.list.test",
        rspamd=("R_SPF_ALLOW", "+exists:203.0.113.5.list.test"),
        why="we show the term as the domain has it",
    ),
    Case(
        "bob@eleven.test",
        "R_SPF_PERMFAIL",
        "bad SPF record",
        rspamd=("R_SPF_ALLOW", "+ip4:203.0.113.5"),
        why="RFC 7208 4.6.4: ten terms",
    ),
    Case(
        "bob@void.test",
        "R_SPF_PERMFAIL",
        "bad SPF record",
        rspamd=("R_SPF_ALLOW", "+ip4:203.0.113.5"),
        why="RFC 7208 4.6.4: two terms without an answer",
    ),
    Case(
        "bob@all.test",
        "R_SPF_PLUSALL",
        "+all",
        rspamd=("R_SPF_PERMFAIL", "empty SPF record"),
        why="the symbol is of later versions",
    ),
    Case(
        "bob@mild.test",
        "R_SPF_NEUTRAL",
        "?ip4:203.0.113.0/24",
        rspamd=("R_SPF_ALLOW", "+ip4:203.0.113.0/24"),
        why="RFC 7208 5.2: the sign of an include counts",
    ),
    Case(
        "bob@hard.test",
        "R_SPF_FAIL",
        "-ip4:203.0.113.0/24",
        rspamd=("R_SPF_ALLOW", "+ip4:203.0.113.0/24"),
        why="RFC 7208 5.2: the sign of an include counts",
    ),
    Case(
        "bob@two.test",
        "R_SPF_PERMFAIL",
        "bad SPF record",
        rspamd=("R_SPF_SOFTFAIL", "~all"),
        why="RFC 7208 4.5: one record",
    ),
    *(
        Case(
            f"bob@{name}.test",
            "R_SPF_PERMFAIL",
            "bad SPF record",
            rspamd=("R_SPF_FAIL", "-all"),
            why=why,
        )
        for name, why in (
            ("bad", "RFC 7208 4.6: an error anywhere"),
            ("odd", "RFC 7208 4.6: an error anywhere"),
            ("loop", "RFC 7208 4.6.4"),
            ("nowhere", "RFC 7208 5.2: what is included must be there"),
        )
    ),
    *(
        Case(
            f"bob@{name}.test",
            "R_SPF_DNSFAIL",
            "temporary DNS error",
            rspamd=("R_SPF_DNSFAIL", "-any"),
            why="the same words wherever DNS fails",
        )
        for name in ("broken", "behind")
    ),
    Case(
        "",
        "R_SPF_NA",
        "no SPF record",
        helo="",
        rspamd=("R_SPF_DNSFAIL", "DNS failed"),
        why="nothing was asked",
    ),
)
