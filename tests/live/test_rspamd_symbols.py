"""Symbols beside Debian's rspamd: what fires for our cases of a symbol there, too.

Expressions and lists are our own, and cases at their edges are decided in our way. So that a symbol
means the same, rspamd must agree with one case at least that it fires for, and with one that it
does not.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mailfilter.app.rules import load_rule_set
from mailfilter.client.known_symbols import known_symbols
from mailfilter.config.model import RuleSettings
from mailfilter.rules.examples import example
from mailfilter.scan.envelope import Envelope
from mailfilter.testing.checks import ENVELOPE
from tests.checks.header_case import HeaderCase
from tests.checks.url_case import UrlCase
from tests.symbol_tables import tables_by_case

from . import rspamd
from .rspamd_default import DefaultRspamd

MOST_OCTETS = 1_000_000


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


LISTS = names(
    """
    DISPOSABLE_CC DISPOSABLE_ENVFROM DISPOSABLE_ENVRCPT
    DISPOSABLE_FROM DISPOSABLE_REPLYTO DISPOSABLE_TO
    FREEMAIL_CC FREEMAIL_ENVFROM FREEMAIL_ENVRCPT
    FREEMAIL_FROM FREEMAIL_REPLYTO FREEMAIL_REPLYTO_NEQ_FROM_DOM
    FREEMAIL_TO
    """
)
"""Lists that rspamd fetches, which it cannot do here."""

FORMS = names(
    """
    FORGED_GENERIC_RECEIVED2 FORGED_GENERIC_RECEIVED3 FORGED_GENERIC_RECEIVED4
    FORGED_MUA_MOZILLA_MAIL_MSGID FORGED_MUA_MOZILLA_MAIL_MSGID_UNKNOWN
    FORGED_MUA_POSTBOX_MSGID FORGED_MUA_POSTBOX_MSGID_UNKNOWN FORGED_X_MAILER
    MAIL_RU_MAILER SUSPICIOUS_BOUNDARY SUSPICIOUS_BOUNDARY2
    SUSPICIOUS_BOUNDARY3 SUSPICIOUS_BOUNDARY4 TRACKER_ID
    WP_COMPROMISED YANDEX_RU_MAILER
    """
)
"""Forms of spam and of programs that we know from mail of our own; its are others."""

KINDS = {
    "ENCRYPTED_SMIME": "it looks at parts inside of others, not at the message itself",
    "ENVFROM_INVALID": "over HTTP, it takes an address that it cannot read for none",
    "ENVFROM_VERP": "its composite FORGED_SENDER_VERP_SRS takes the place of both parts",
    "FWD_SRS": "it wants more than an SRS0 or SRS1 address, which is the form of SRS",
    "HFILTER_FROM_BOUNCE": "it wants that no sender is told, the description a null sender",
    "HFILTER_RCPT_BOUNCEMOREONE": "as HFILTER_FROM_BOUNCE",
    "HFILTER_URL_ONELINE": "it found none of our lines with a link; HFILTER_URL_ONLY agrees",
    "INFO_TO_INFO_LU": "it wants the recipient in the envelope, which examples of rules lack",
    "INVALID_FROM_8BIT": "it means octets in the address, which RFC 6531 permits; we raw names",
    "INVALID_POSTFIX_RECEIVED": "its form fires for ids of real Postfix servers",
    "INVALID_RCPT_8BIT": "as INVALID_FROM_8BIT",
    "MIME_BAD": "it takes none of our types for bad when they are declared",
    "MV_CASE": "it fires for Mime-Version, which honest programs write",
    "PDF_LONG_TRAILER": "it did not complain of 70,000 octets behind the end",
    "PDF_SUSPICIOUS": "it complained neither of names in hexadecimal nor of /Launch",
    "REPLYTO_EMAIL_HAS_TITLE": "3.4 finds no title in Reply-To, only in From",
    "R_MIXED_CHARSET_URL": "it found none of our links with mixed letters; OMOGRAPH_URL agrees",
    "R_WHITE_ON_WHITE": "it did not see white letters on white in any way that we tried",
}
"""Why it differs, as far as scans of whole messages show."""

LEVELS = names(
    """
    HFILTER_HELO_1 HFILTER_HELO_2 HFILTER_HELO_3 HFILTER_HELO_5
    HFILTER_HOSTNAME_1 HFILTER_HOSTNAME_2 HFILTER_HOSTNAME_3 HFILTER_HOSTNAME_5
    """
)
"""It goes by words of the name alone, we by the address in it, and words beside."""

UNLIKE = LISTS | FORMS | LEVELS | KINDS.keys()
"""Symbols that it agrees with in none of our cases that fire, or in none of the others."""


class Case(NamedTuple):
    """A message, and whether we find a symbol in it."""

    symbol: str
    fires: bool
    raw: bytes
    envelope: Envelope = ENVELOPE


class SymbolTests(SynchronousTestCase):
    """All symbols that this release has."""

    def test_same(self) -> None:
        if why := rspamd.why_missing():
            raise SkipTest(why)
        server = DefaultRspamd()
        self.addCleanup(server.stop)
        asked: Counter[tuple[str, bool]] = Counter()
        agreed: Counter[tuple[str, bool]] = Counter()
        for case in cases():
            raw = case.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            found = server.scan(raw, request_headers(case.envelope))["symbols"]
            asked[case.symbol, case.fires] += 1
            agreed[case.symbol, case.fires] += (case.symbol in found) == case.fires
        unlike = {symbol for symbol, fires in asked if not agreed[symbol, fires]}
        self.assertEqual(sorted(unlike ^ UNLIKE), [])
        self.assertGreater(len({symbol for symbol, _ in asked} - unlike), 240)


def request_headers(envelope: Envelope) -> Iterator[tuple[str, str]]:
    """What rspamd is told of an envelope."""
    if envelope.sender is not None:
        yield "From", f"<{envelope.sender}>"
    for recipient in envelope.recipients:
        yield "Rcpt", recipient.address
    for name, value in (
        ("IP", envelope.client_ip),
        ("Helo", envelope.helo),
        ("Hostname", envelope.hostname),
        ("User", envelope.user),
    ):
        if value:
            yield name, str(value)


def cases() -> Iterator[Case]:
    """Those of rules, and of checks that look at one message."""
    for case in (*_of_rules(), *_of_checks()):
        known = known_symbols().get(case.symbol)
        if known and "3.4" in known.releases and len(case.raw) < MOST_OCTETS:
            yield case


def _of_rules() -> Iterator[Case]:
    for rule in load_rule_set(RuleSettings()).rules.rules:
        for texts, fires in ((rule.hits, True), (rule.misses, False)):
            for text in texts:
                yield Case(rule.symbol, fires, example(rule, text).raw)


def _of_checks() -> Iterator[Case]:
    for test, table in tables_by_case():
        for symbol, pair in table.items():
            for some, fires in zip(pair, (True, False), strict=True):
                for one in some:
                    if issubclass(test, HeaderCase):
                        fields, envelope = one if isinstance(one, tuple) else (one, ENVELOPE)
                        raw = f"{fields}\n\ntext\n".encode("utf-8", "surrogateescape")
                        yield Case(symbol, fires, raw, envelope)
                    elif issubclass(test, UrlCase) and isinstance(one, bytes):
                        yield Case(symbol, fires, one)
