"""What becomes of mail by each reply with each client, as docs/mta/clients.md tells it."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from mailfilter.testing.fake_scanner import FakeScanner

from .client_case import MAIL, ClientCase
from .communigate import CommuniGate
from .every_case import BAD_REQUESTS, CLASSIC, NONE, ON_FAILURE, Client
from .haraka import Haraka
from .james import James
from .maddy import Maddy
from .opensmtpd import FilterRspamd
from .outcome import Fate
from .plain import Plain
from .proxy import Proxy
from .verdicts import ACTIONS
from .wire import Broken

PAGE = Path(__file__).parents[3] / "docs/mta/clients.md"

WORDS: Mapping[Fate, str] = {
    "accepted": "delivered",
    "marked": "marked",
    "quarantined": "quarantined",
    "deferred": "deferred",
    "refused": "refused",
    "error": "as without a filter",
}

BROKEN = "cannot read it"


class Column(NamedTuple):
    """A client of the table."""

    title: str
    client: Client
    words: Mapping[Fate, str] = WORDS


COLUMNS = (
    Column("James", James(reject_processor="spam"), {**WORDS, "refused": "`rejectSpamProcessor`"}),
    Column("maddy", Maddy()),
    Column("CommuniGate", CommuniGate(), {**WORDS, "marked": "`X-Junk-Score`"}),
    Column("SmarterMail, EmailSuccess", Plain()),
    Column("Haraka", Haraka()),
    Column("OpenSMTPD", FilterRspamd()),
    Column("Rspamd's proxy", Proxy()),
)

CLASSICAL = ("discard", "quarantine")


class MatrixTests(ClientCase):
    """The table of the page."""

    def test_table(self) -> None:
        self.assertIn(self._table(), PAGE.read_text("utf-8"))

    def _table(self) -> str:
        rows = [["reply", *(column.title for column in COLUMNS)], ["---"] * (len(COLUMNS) + 1)]
        for name in ACTIONS:
            rows.append([name, *(self._action(name, column, NONE) for column in COLUMNS)])
        for name in CLASSICAL:
            cells = [self._action(name, column, CLASSIC) for column in COLUMNS]
            rows.append([f"{name}, with `classic_actions`", *cells])
        for policy in ON_FAILURE:
            cells = [self._failure(policy, column) for column in COLUMNS]
            rows.append([f'no scan, `on_failure = "{policy}"`', *cells])
        rows.append(["an error (4xx)", *(self._error(column) for column in COLUMNS)])
        return "".join(f"| {' | '.join(row)} |\n" for row in rows).replace(
            f"| {' | '.join(rows[1])} |", f"|{'---|' * len(rows[1])}"
        )

    def _action(self, name: str, column: Column, settings: Mapping[str, bool]) -> str:
        self.tell(ACTIONS[name], **settings)
        return self._asked(column)

    def _failure(self, policy: str, column: Column) -> str:
        self.serve(FakeScanner(error=RuntimeError("boom")), on_failure=policy)
        try:
            return self._asked(column)
        finally:
            self.flushLoggedErrors(RuntimeError)

    def _error(self, column: Column) -> str:
        words = set()
        for request in BAD_REQUESTS:
            self.connect()
            words.add(column.words[column.client.outcome(self.ask(request)).fate])
        self.assertEqual(len(words), 1)
        return words.pop()

    def _asked(self, column: Column) -> str:
        (request,) = column.client.requests(MAIL)
        try:
            return column.words[column.client.outcome(self.ask(request)).fate]
        except Broken:
            return BROKEN
