"""The sandbox's own SQLite file: schema, a pool of connections, and the index of people by number.

It must never be opened by the product. Text kept here is synthetic, so nothing is encrypted.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from queue import Empty, LifoQueue

from sandbox.world import World

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS people (
    ordinal INTEGER PRIMARY KEY, id_number TEXT NOT NULL UNIQUE, name TEXT NOT NULL, scenario TEXT NOT NULL,
    pool TEXT NOT NULL, claimed INTEGER NOT NULL DEFAULT 0, card INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS lives (ordinal INTEGER PRIMARY KEY, life TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS people_choice ON people (scenario, pool, claimed, ordinal);
CREATE TABLE IF NOT EXISTS faults (
    source TEXT NOT NULL, id_number TEXT NOT NULL, mode TEXT NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (source, id_number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, mobile TEXT NOT NULL, text TEXT NOT NULL,
    received_at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS messages_mobile ON messages (mobile, id);
CREATE TABLE IF NOT EXISTS bank_accounts (
    account TEXT PRIMARY KEY, name TEXT NOT NULL, opening_fen INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS bank_files (
    id INTEGER PRIMARY KEY, batch_number TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL,
    accepted INTEGER NOT NULL, code TEXT NOT NULL,
    message TEXT NOT NULL, reference TEXT NOT NULL, payer_account TEXT NOT NULL,
    count INTEGER NOT NULL, total_fen INTEGER NOT NULL, received_at TEXT NOT NULL,
    submissions INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS bank_rows (
    id INTEGER PRIMARY KEY, batch_number TEXT NOT NULL, seq INTEGER NOT NULL, end_to_end_id TEXT NOT NULL,
    account TEXT NOT NULL, name TEXT NOT NULL, amount_fen INTEGER NOT NULL, purpose TEXT NOT NULL,
    case_number TEXT NOT NULL, person INTEGER, status TEXT NOT NULL, reason_code TEXT NOT NULL,
    bank_serial TEXT NOT NULL UNIQUE, booked_at TEXT NOT NULL, return_reason TEXT NOT NULL DEFAULT '',
    return_due_at TEXT, return_asked INTEGER NOT NULL DEFAULT 0, return_serial TEXT UNIQUE, returned_at TEXT,
    UNIQUE (batch_number, seq));
CREATE INDEX IF NOT EXISTS bank_rows_e2e ON bank_rows (end_to_end_id);
CREATE INDEX IF NOT EXISTS bank_rows_person ON bank_rows (person) WHERE person IS NOT NULL;
CREATE INDEX IF NOT EXISTS bank_rows_coming_back ON bank_rows (return_due_at)
    WHERE returned_at IS NULL AND return_reason <> '';
CREATE TABLE IF NOT EXISTS bank_lines (
    bank_serial TEXT PRIMARY KEY, account TEXT NOT NULL, booked_at TEXT NOT NULL, direction TEXT NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0), end_to_end_id TEXT NOT NULL,
    reason_code TEXT NOT NULL, batch_number TEXT NOT NULL, memo TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bank_lines_time ON bank_lines (booked_at);
CREATE TABLE IF NOT EXISTS bank_fundings (
    reference TEXT PRIMARY KEY, account TEXT NOT NULL, amount_fen INTEGER NOT NULL, bank_serial TEXT NOT NULL,
    booked_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS comparison_requests (
    req_no TEXT PRIMARY KEY, sha256 TEXT NOT NULL, accepted INTEGER NOT NULL, code TEXT NOT NULL,
    message TEXT NOT NULL, reference TEXT NOT NULL, content BLOB NOT NULL, count INTEGER NOT NULL,
    received_at TEXT NOT NULL, submissions INTEGER NOT NULL DEFAULT 1) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identity_grants (
    digest TEXT PRIMARY KEY, kind TEXT NOT NULL, person INTEGER NOT NULL, redirect_uri TEXT NOT NULL,
    nonce TEXT NOT NULL, challenge TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
"""
_CHUNK = 5_000


class Store:
    """The file and its connections. Each user borrows one for a moment; times in it are ISO texts in UTC."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises sqlite3.Error if it is no database, OSError if it cannot be."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()
        with self.reading() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_SCHEMA)

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        # Synthetic and made again from the seed: an fsync a commit would buy nothing.
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading, handed back afterwards."""
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._open()
        try:
            yield connection
        finally:
            if connection.in_transaction:
                connection.rollback()
            self._idle.put(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a transaction that has the write lock: all of it happens or nothing."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    def close(self) -> None:
        """Close every connection that nobody is using."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def meta(self, name: str) -> str | None:
        """A remembered value, or None."""
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def remember(self, name: str, value: str) -> str:
        """Keep a value if there is none yet; the value that is kept."""
        with self.writing() as connection:
            connection.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (name, value))
        return self.meta(name) or value


def world_in(store: Store) -> World | None:
    """The world whose people stand in the file, or None if nobody does yet."""
    with store.reading() as connection:
        rows = {
            str(row["name"]): str(row["value"])
            for row in connection.execute(
                "SELECT name, value FROM meta WHERE name IN ('seed', 'people', 'today', 'enterprises')"
            )
        }
    if not {"seed", "people", "today"} <= rows.keys():
        return None
    # A file made before employers were counted has no number of them.
    enterprises = int(rows.get("enterprises", "0"))
    return World(int(rows["seed"]), int(rows["people"]), date.fromisoformat(rows["today"]), enterprises)


def populate(store: Store, wanted: World) -> World:
    """Write the index of people once, all or nothing; the world that stands in the file, which may be an
    older one.
    """
    with store.writing() as connection:
        found = connection.execute("SELECT 1 FROM meta WHERE name = 'people'").fetchone()
        if found is None:
            for start in range(1, wanted.size + 1, _CHUNK):
                stop = min(start + _CHUNK, wanted.size + 1)
                connection.executemany(
                    "INSERT INTO people (ordinal, id_number, name, scenario, pool) VALUES (?, ?, ?, ?, ?)",
                    (
                        (person.ordinal, person.id_number, person.name, person.scenario, person.pool)
                        for person in map(wanted.person, range(start, stop))
                    ),
                )
            connection.executemany(
                "INSERT INTO meta VALUES (?, ?)",
                (
                    ("seed", str(wanted.seed)),
                    ("people", str(wanted.people)),
                    ("today", wanted.today.isoformat()),
                    ("enterprises", str(wanted.enterprises)),
                ),
            )
    return world_in(store) or wanted
