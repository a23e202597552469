"""Messages with signatures of DKIM, and what becomes of them: by us, by Rspamd where it differs."""

import time
from collections.abc import Mapping
from typing import NamedTuple

from tests.auth.dkim_case import RAW, ZONE
from tests.auth.dkim_signer import ED25519, OTHER_RSA, RSA, record, sign
from tests.auth.test_dkim_key import rsa_record

FAILS = ("fails._domainkey.signed.test",)

DNS = f"""{ZONE}
k512._domainkey.signed.test  TXT  "{rsa_record(512).decode()}"
k16384._domainkey.signed.test  TXT  "{rsa_record(16384).decode()}"
v2._domainkey.signed.test  TXT  "{record(RSA, "v=DKIM2; ")}"
"""

NOW = int(time.time())
SIGNED = sign(RAW)
BODY = SIGNED.replace(b"Some", b"some")
"""The body has changed on the way."""
HEADER = SIGNED.replace(b"Cats", b"cats")
LENGTH = "23"
"""Octets of the body in the relaxed form."""

Found = Mapping[str, tuple[str, ...]]


class Case(NamedTuple):
    """A message, the symbols and options it gets from us, and from Rspamd if they are others."""

    what: str
    message: bytes
    ours: Found
    why: str = ""
    theirs: Found = {}


def one(result: str, sign: str, selector: str = "rsa", domain: str = "signed.test") -> Found:
    """What one signature leads to."""
    return {
        f"R_DKIM_{result}": (f"{domain}:s={selector}",),
        "DKIM_TRACE": (f"{domain}:{sign}",),
    }


def passes(selector: str = "rsa") -> Found:
    """It verifies."""
    return one("ALLOW", "+", selector)


def rejected(selector: str = "rsa") -> Found:
    """It does not."""
    return one("REJECT", "-", selector)


def permanent(selector: str = "rsa") -> Found:
    """It cannot."""
    return one("PERMFAIL", "~", selector)


UNREADABLE: Found = {"R_DKIM_PERMFAIL": ()}
SILENT = "of a field with an error it says nothing at all, not even R_DKIM_NA"
NO_RULE = "the rule is not known to it"

CASES = (
    Case("RSA", SIGNED, passes()),
    Case("Ed25519", sign(RAW, ED25519, selector="ed"), passes("ed")),
    Case("simple", sign(RAW, c="simple/simple"), passes()),
    Case("bare LF", SIGNED.replace(b"\r\n", b"\n"), passes()),
    Case("no signature", RAW, {"R_DKIM_NA": ()}),
    Case("header", HEADER, rejected()),
    Case("body", BODY, rejected()),
    Case("no name", sign(RAW, selector="nx"), permanent("nx")),
    Case("no record", sign(RAW, selector="none"), permanent("none")),
    Case("DNS fails", sign(RAW, selector="fails"), one("TEMPFAIL", "?", "fails")),
    Case("revoked", sign(RAW, selector="revoked"), permanent("revoked")),
    Case("512 bits", sign(RAW, selector="k512"), permanent("k512")),
    Case("16384 bits", sign(RAW, selector="k16384"), permanent("k16384")),
    Case("testing", sign(RAW, selector="testing"), passes("testing")),
    Case("below", sign(RAW, tags={"i": "@sub.signed.test"}), passes()),
    Case("l=", sign(RAW, tags={"l": LENGTH}), passes()),
    Case("From is added", b"From: eve@evil.test\r\n" + sign(RAW, names="from:from"), rejected()),
    Case(
        "two pass",
        sign(SIGNED, domain="list.test"),
        {
            "R_DKIM_ALLOW": ("list.test:s=rsa", "signed.test:s=rsa"),
            "DKIM_TRACE": ("list.test:+", "signed.test:+"),
        },
    ),
    Case(
        "both algorithms",
        sign(SIGNED, ED25519, selector="ed"),
        {
            "R_DKIM_ALLOW": ("signed.test:s=ed", "signed.test:s=rsa"),
            "DKIM_TRACE": ("signed.test:+",),
        },
    ),
    Case(
        "one passes, one does not",
        sign(BODY, domain="list.test"),
        {
            "R_DKIM_ALLOW": ("list.test:s=rsa",),
            "R_DKIM_REJECT": ("signed.test:s=rsa",),
            "DKIM_TRACE": ("list.test:+", "signed.test:-"),
        },
    ),
    Case(
        "one passes, one has no key",
        sign(SIGNED, selector="nx"),
        {
            "R_DKIM_ALLOW": ("signed.test:s=rsa",),
            "R_DKIM_PERMFAIL": ("signed.test:s=nx",),
            "DKIM_TRACE": ("signed.test:~", "signed.test:+"),
        },
    ),
    Case(
        "one fails, one is not known",
        sign(BODY, selector="fails"),
        {
            "R_DKIM_REJECT": ("signed.test:s=rsa",),
            "R_DKIM_TEMPFAIL": ("signed.test:s=fails",),
            "DKIM_TRACE": ("signed.test:?", "signed.test:-"),
        },
    ),
    Case("two keys, the first", sign(RAW, OTHER_RSA, selector="two"), passes("two")),
    Case(
        "two keys, the second",
        sign(RAW, selector="two"),
        passes("two"),
        "it takes the first one that it can read",
        rejected("two"),
    ),
    Case(
        "upper case",
        sign(RAW, domain="Signed.TEST", selector="RSA"),
        passes(),
        "names as in the field",
        one("ALLOW", "+", "RSA", "Signed.TEST"),
    ),
    Case(
        "testing, broken",
        sign(HEADER[-len(RAW) :], selector="testing", tags={"bh": "A" * 43 + "="}),
        one("NA", "~", "testing"),
        "t=y: as without a signature (RFC 6376 3.6.1)",
        rejected("testing"),
    ),
    Case("s=web", sign(RAW, selector="web"), permanent("web"), NO_RULE, passes("web")),
    Case("h=sha1", sign(RAW, selector="sha1"), permanent("sha1"), NO_RULE, passes("sha1")),
    Case("v=DKIM2", sign(RAW, selector="v2"), permanent("v2"), NO_RULE, passes("v2")),
    Case(
        "key of another kind",
        sign(RAW, selector="ed"),
        permanent("ed"),
        "nothing could be verified (6.1.2, step 7)",
        rejected("ed"),
    ),
    Case(
        "t=s",
        sign(RAW, selector="strict", tags={"i": "@sub.signed.test"}),
        permanent("strict"),
        NO_RULE,
        passes("strict"),
    ),
    Case("i= of others", sign(RAW, tags={"i": "@x.test"}), UNREADABLE, NO_RULE, passes()),
    Case("q=", sign(RAW, tags={"q": "http"}), UNREADABLE, NO_RULE, passes()),
    Case(
        "rsa-sha1",
        sign(RAW, tags={"a": "rsa-sha1"}),
        permanent(),
        "RFC 8301 3.1",
        passes(),
    ),
    Case(
        "a part is signed",
        sign(RAW, tags={"l": "5"}),
        permanent(),
        "anything may have been added",
        passes(),
    ),
    Case(
        "text is added behind l=",
        sign(RAW, tags={"l": LENGTH}) + b"Buy!\r\n",
        permanent(),
        "anything may have been added",
        passes(),
    ),
    Case(
        "another From",
        b"From: eve@evil.test\r\n" + sign(RAW, names="from"),
        permanent(),
        "it verifies for the From that was signed, and says nothing of the other (8.15)",
        rejected(),
    ),
    Case("expired", sign(RAW, tags={"x": f"{NOW - 90_000}"}), permanent(), SILENT),
    Case("to come", sign(RAW, tags={"t": f"{NOW + 90_000}"}), permanent(), SILENT),
    Case("no From", sign(RAW, names="to:subject"), UNREADABLE, SILENT),
    Case("v=2", sign(RAW, tags={"v": "2"}), UNREADABLE, SILENT),
    Case("c=", sign(RAW, tags={"c": "bogus"}, c="simple"), UNREADABLE, SILENT),
    Case("bh=", sign(RAW, tags={"bh": "AAAA"}), UNREADABLE, SILENT),
)
