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

MOST_OCTETS = 300_000


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


FETCHED = names(
    """
    DISPOSABLE_CC DISPOSABLE_ENVFROM DISPOSABLE_ENVRCPT
    DISPOSABLE_FROM DISPOSABLE_REPLYTO DISPOSABLE_TO
    FREEMAIL_CC FREEMAIL_ENVFROM FREEMAIL_ENVRCPT
    FREEMAIL_FROM FREEMAIL_REPLYTO FREEMAIL_REPLYTO_NEQ_FROM_DOM
    FREEMAIL_TO
    """
)
"""Symbols whose lists rspamd fetches, which it cannot do here."""

RECIPIENTS = names(
    """
    RCPT_COUNT_FIVE RCPT_COUNT_GT_50 RCPT_COUNT_ONE
    RCPT_COUNT_SEVEN RCPT_COUNT_THREE RCPT_COUNT_TWELVE
    RCPT_COUNT_TWO RCPT_COUNT_ZERO
    """
)
"""Rspamd counts the recipients in the header, we those of the envelope if there are some."""

UNLIKE = names(
    """
    BOUNCE DATE_IN_FUTURE ENCRYPTED_PGP
    ENCRYPTED_SMIME ENVFROM_INVALID ENVFROM_VERP
    FORGED_GENERIC_RECEIVED FORGED_GENERIC_RECEIVED2 FORGED_GENERIC_RECEIVED3
    FORGED_GENERIC_RECEIVED4 FORGED_IMS FORGED_MUA_MOZILLA_MAIL_MSGID
    FORGED_MUA_MOZILLA_MAIL_MSGID_UNKNOWN FORGED_MUA_OUTLOOK FORGED_MUA_POSTBOX_MSGID
    FORGED_MUA_POSTBOX_MSGID_UNKNOWN FORGED_MUA_THEBAT_MSGID FORGED_MUA_THEBAT_MSGID_UNKNOWN
    FORGED_SENDER FORGED_X_MAILER FORWARDED
    FWD_MAILRU FWD_SRS FWD_YANDEX
    HAS_GUC_PROXY_URI HAS_INTERSPIRE_SIG HAS_WP_URI
    HFILTER_FROM_BOUNCE HFILTER_HELO_1 HFILTER_HELO_2
    HFILTER_HELO_3 HFILTER_HELO_5 HFILTER_HOSTNAME_1
    HFILTER_HOSTNAME_2 HFILTER_HOSTNAME_3 HFILTER_HOSTNAME_5
    HFILTER_RCPT_BOUNCEMOREONE HFILTER_URL_ONELINE HTML_SHORT_LINK_IMG_1
    HTML_SHORT_LINK_IMG_2 HTML_SHORT_LINK_IMG_3 INFO_TO_INFO_LU
    INVALID_FROM_8BIT INVALID_POSTFIX_RECEIVED INVALID_RCPT_8BIT
    LEAKED_PASSWORD_SCAM_RE MAIL_RU_MAILER MIME_BAD
    MV_CASE OMOGRAPH_URL ONCE_RECEIVED_STRICT
    PDF_ENCRYPTED PDF_JAVASCRIPT PDF_LONG_TRAILER
    PDF_MANY_OBJECTS PDF_SUSPICIOUS RCVD_DOUBLE_IP_SPAM
    REPLYTO_ADDR_EQ_FROM REPLYTO_DOM_EQ_FROM_DOM REPLYTO_EMAIL_HAS_TITLE
    REPLYTO_EQ_FROM REPTO_QUOTE_YAHOO R_EMPTY_IMAGE
    R_MIXED_CHARSET R_MIXED_CHARSET_URL R_PARTS_DIFFER
    R_RCVD_SPAMBOTS R_SUSPICIOUS_IMAGES R_WHITE_ON_WHITE
    SORTED_RECIPS SUSPICIOUS_BOUNDARY SUSPICIOUS_BOUNDARY2
    SUSPICIOUS_BOUNDARY3 SUSPICIOUS_BOUNDARY4 SUSPICIOUS_RECIPS
    TO_DOM_EQ_FROM_DOM TRACKER_ID URI_HIDDEN_PATH
    WP_COMPROMISED X_PHPOS_FAKE YANDEX_RU_MAILER
    """
)
"""Symbols that rspamd finds in none of our cases. Which others it wants was not looked at."""


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
        self.assertEqual(sorted(unlike - FETCHED - RECIPIENTS - UNLIKE), [])
        self.assertGreater(len({symbol for symbol, _ in asked} - unlike), 150)


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
