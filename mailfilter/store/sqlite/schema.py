"""The tables of the file, their version, and the steps from one version to the next."""

import sqlite3
from collections.abc import Mapping, Sequence

from ..errors import Corrupt, WrongVersion

APPLICATION_ID = 0x4D464C54
"""Marks the file as ours, for `file` and for us."""

VERSION = 1

NEVER = 2**62
"""The store's time at which that expires which does not."""

STEPS: Mapping[int, Sequence[str]] = {
    1: (
        "CREATE TABLE clock (id INTEGER PRIMARY KEY, boot TEXT NOT NULL, offset INTEGER NOT NULL,"
        " seen INTEGER NOT NULL, wall INTEGER NOT NULL)",
        "CREATE TABLE swept (id INTEGER PRIMARY KEY, at INTEGER NOT NULL)",
        "CREATE TABLE value (key BLOB PRIMARY KEY, value BLOB NOT NULL, expires INTEGER NOT NULL)"
        " WITHOUT ROWID",
        "CREATE INDEX value_expires ON value (expires)",
        "CREATE TABLE counter (key BLOB PRIMARY KEY, number INTEGER NOT NULL,"
        " expires INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX counter_expires ON counter (expires)",
        "CREATE TABLE bucket (key BLOB PRIMARY KEY, tokens REAL NOT NULL, at INTEGER NOT NULL,"
        " expires INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX bucket_expires ON bucket (expires)",
        # A set or a hash: `size` members or fields; `last` numbers the members by age.
        "CREATE TABLE container (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key BLOB NOT NULL,"
        " size INTEGER NOT NULL, last INTEGER NOT NULL, expires INTEGER NOT NULL,"
        " UNIQUE (kind, key))",
        "CREATE INDEX container_expires ON container (expires)",
        "CREATE TABLE member (container INTEGER NOT NULL, member BLOB NOT NULL,"
        " number INTEGER NOT NULL, PRIMARY KEY (container, member)) WITHOUT ROWID",
        "CREATE INDEX member_number ON member (container, number)",
        "CREATE TABLE field (container INTEGER NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL,"
        " PRIMARY KEY (container, name))",
        "CREATE TABLE history (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
        " size INTEGER NOT NULL, octets INTEGER NOT NULL, max_size INTEGER NOT NULL,"
        " max_octets INTEGER NOT NULL, max_age INTEGER NOT NULL)",
        # What filters look at comes first: SQLite reads a row only as far as it must.
        "CREATE TABLE row (number INTEGER PRIMARY KEY AUTOINCREMENT, history INTEGER NOT NULL,"
        " at INTEGER NOT NULL, time REAL NOT NULL, octets INTEGER NOT NULL, row_id BLOB NOT NULL,"
        " terms BLOB NOT NULL, body BLOB NOT NULL, detail BLOB NOT NULL)",
        "CREATE INDEX row_history ON row (history, number)",
        "CREATE INDEX row_row_id ON row (history, row_id)",
        "CREATE TABLE log (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,"
        " first INTEGER NOT NULL, last INTEGER NOT NULL, snapshot INTEGER NOT NULL)",
        "CREATE TABLE entry (log INTEGER NOT NULL, position INTEGER NOT NULL, data BLOB NOT NULL,"
        " PRIMARY KEY (log, position))",
        "CREATE TABLE reader (log INTEGER NOT NULL, reader BLOB NOT NULL,"
        " position INTEGER NOT NULL, PRIMARY KEY (log, reader)) WITHOUT ROWID",
        "CREATE TABLE snapshot (log INTEGER NOT NULL, chunk INTEGER NOT NULL, data BLOB NOT NULL,"
        " PRIMARY KEY (log, chunk))",
        "CREATE TABLE notice (number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
        " topic BLOB NOT NULL, value BLOB NOT NULL)",
    ),
}
"""Version -> what makes it of the one before. What is released never changes."""


def version_of(db: sqlite3.Connection) -> int:
    """Of the file: 0 if it is empty.

    Raises WrongVersion if the file is none of ours, or newer; Corrupt if it cannot be told.
    """
    version, application, tables = _marks(db)
    if application != APPLICATION_ID and (tables or application or version):
        raise WrongVersion("the file is of another program; set store.path to another one")
    if application == APPLICATION_ID and version < 1:
        raise Corrupt(f"no program has written a version {version}")
    if version > VERSION:
        raise WrongVersion(
            f"the file has version {version}, this program knows up to {VERSION}: a newer one has"
            " written it; install that, or move the file away"
        )
    return version


def _marks(db: sqlite3.Connection) -> tuple[int, int, int]:
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        (application,) = db.execute("PRAGMA application_id").fetchone()
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        # With such statements the error is not in them.
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR:
            raise Corrupt(str(error)) from None
        raise
    return int(version), int(application), int(tables)


def upgrade(db: sqlite3.Connection, version: int) -> None:
    """Take the steps to the present version; within a transaction that writes."""
    for step in range(version + 1, VERSION + 1):
        for statement in STEPS[step]:
            db.execute(statement)
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {VERSION}")
