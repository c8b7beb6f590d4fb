"""The hub's tables, as named migrations that only go forward. Imported when a stored schema is
old."""

from __future__ import annotations

import secrets

import msgspec
from sqlite_utils import Database, Migrations

from schema.kinds import KINDS
from sync import ids
from sync.change import State
from sync.storage import Connection, transaction
from sync.window import WINDOWED, month_of

migrations = Migrations("hub")

_LOG = """
CREATE TABLE log (
    seq INTEGER PRIMARY KEY,  -- the number of the entry, without gaps
    root TEXT NOT NULL, kind TEXT NOT NULL, txn TEXT NOT NULL,
    device TEXT NOT NULL, device_seq INTEGER NOT NULL,
    stamp INTEGER NOT NULL, at INTEGER NOT NULL, record TEXT NOT NULL, content BLOB NOT NULL);
CREATE UNIQUE INDEX log_op ON log (device, device_seq);
CREATE INDEX log_record ON log (record);
-- The entries themselves stand apart: the feed reads many rows of the log and few bodies.
CREATE TABLE body (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE quarantine (
    device TEXT NOT NULL, device_seq INTEGER NOT NULL, status TEXT NOT NULL, code TEXT NOT NULL,
    field TEXT NOT NULL, at INTEGER NOT NULL, content BLOB NOT NULL, change BLOB NOT NULL,
    PRIMARY KEY (device, device_seq)) WITHOUT ROWID;
"""

_VIEWS = """
CREATE TABLE record (
    id TEXT NOT NULL, kind TEXT NOT NULL, root TEXT NOT NULL, seq INTEGER NOT NULL,
    state BLOB NOT NULL);
CREATE UNIQUE INDEX record_id ON record (id);
CREATE INDEX record_root ON record (root);
CREATE INDEX record_unit ON record (seq) WHERE kind = 'unit';
CREATE TABLE place (root TEXT PRIMARY KEY, units TEXT NOT NULL, born INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE place_unit (unit TEXT NOT NULL, root TEXT NOT NULL, PRIMARY KEY (unit, root))
    WITHOUT ROWID;
CREATE TABLE move (
    seq INTEGER NOT NULL, root TEXT NOT NULL, was TEXT NOT NULL, becomes TEXT NOT NULL,
    PRIMARY KEY (seq, root)) WITHOUT ROWID;
CREATE TABLE bucket (
    kind TEXT NOT NULL, units TEXT NOT NULL, sum BLOB NOT NULL, seq INTEGER NOT NULL,
    PRIMARY KEY (kind, units)) WITHOUT ROWID;
CREATE INDEX bucket_seq ON bucket (seq);
CREATE TABLE id_number (root TEXT PRIMARY KEY, number TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX id_number_number ON id_number (number);
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""

_PEOPLE = """
CREATE TABLE user (
    name TEXT PRIMARY KEY, display TEXT NOT NULL, password TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE user_grant (
    user TEXT NOT NULL, role TEXT NOT NULL, unit TEXT NOT NULL, child TEXT NOT NULL,
    PRIMARY KEY (user, role, unit, child)) WITHOUT ROWID;
CREATE TABLE device (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, token BLOB NOT NULL, created INTEGER NOT NULL,
    issued INTEGER NOT NULL, last_sync INTEGER, acked INTEGER NOT NULL DEFAULT 0,
    revoked INTEGER NOT NULL DEFAULT 0,
    allow_recovery INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE UNIQUE INDEX device_token ON device (token);
"""

_STICKS = """
CREATE TABLE device_keys (device TEXT PRIMARY KEY, keys BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE ticket (
    digest BLOB PRIMARY KEY, user TEXT NOT NULL, expires INTEGER NOT NULL,
    password BLOB NOT NULL,  -- hash of what was stored when the file was written
    used_by TEXT) WITHOUT ROWID;
"""

_LOOKALIKES = """
CREATE TABLE lookalike (root TEXT PRIMARY KEY, facts BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE lookalike_key (
    key TEXT NOT NULL, root TEXT NOT NULL, PRIMARY KEY (key, root)) WITHOUT ROWID;
CREATE INDEX lookalike_key_root ON lookalike_key (root);
"""

_HEALING = """
CREATE TABLE healing (
    at INTEGER NOT NULL, device TEXT NOT NULL, user TEXT NOT NULL,
    records TEXT NOT NULL,  -- ids, JSON
    mine TEXT NOT NULL);  -- the device's root before
"""

_TWINS = """
ALTER TABLE device ADD COLUMN cloned_from TEXT;
-- The greatest effective stamp of a device in the log.
CREATE TABLE device_stamp (device TEXT PRIMARY KEY, stamp INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO device_stamp SELECT device, max(stamp) FROM log GROUP BY device;
-- A unit got another parent at a log number.
CREATE TABLE unit_move (
    seq INTEGER NOT NULL, unit TEXT NOT NULL, was TEXT, PRIMARY KEY (seq, unit)) WITHOUT ROWID;
"""

_ERASING = """
CREATE TABLE erasure (
    record TEXT PRIMARY KEY, at INTEGER NOT NULL, author TEXT NOT NULL, reason TEXT NOT NULL)
    WITHOUT ROWID;
"""

_SCANS = """
CREATE TABLE scan (digest TEXT PRIMARY KEY, size INTEGER NOT NULL, body BLOB NOT NULL);
"""

_PAPER_BYTES = """
CREATE TABLE paper_scan (paper TEXT PRIMARY KEY, size INTEGER NOT NULL, body BLOB NOT NULL);
"""

_WINDOW = """
ALTER TABLE record ADD COLUMN month TEXT NOT NULL DEFAULT '';
CREATE INDEX record_month ON record (month) WHERE month != '';
"""

_DECIDED = """
CREATE TABLE quarantine_decision (
    device TEXT NOT NULL, device_seq INTEGER NOT NULL, done TEXT NOT NULL, reason TEXT NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (device, device_seq)) WITHOUT ROWID;
"""


_NEARER_SOUNDS = """
DELETE FROM lookalike_key;
DELETE FROM lookalike;
DELETE FROM meta WHERE key = 'lookalikes_seq';
"""


_FRESH = """
-- What a big push brought to place_unit and id_number, in the order of its coming.
CREATE TABLE place_unit_fresh (root TEXT NOT NULL, unit TEXT NOT NULL, PRIMARY KEY (root, unit))
    WITHOUT ROWID;
CREATE TABLE id_number_fresh (root TEXT PRIMARY KEY, number TEXT NOT NULL) WITHOUT ROWID;
"""

_HANGING = """
DROP INDEX record_root;
CREATE INDEX record_hanging ON record (root) WHERE root <> id;  -- a root is found by its id
"""


def _run(db: Database, script: str) -> None:
    """Every statement of a script; `executescript` would commit the migration's transaction."""
    lines = (line.partition("--")[0] for line in script.splitlines())
    for statement in "\n".join(lines).split(";"):
        if statement.strip():
            db.execute(statement)


@migrations(name="0001_log")
def _log(db: Database) -> None:
    _run(db, _LOG)


@migrations(name="0002_views")
def _views(db: Database) -> None:
    _run(db, _VIEWS)
    db.execute("INSERT INTO meta VALUES ('epoch', ?)", [ids.new_device_id(secrets.token_bytes)])


@migrations(name="0003_people")
def _people(db: Database) -> None:
    _run(db, _PEOPLE)


@migrations(name="0004_sticks")
def _sticks(db: Database) -> None:
    _run(db, _STICKS)


@migrations(name="0005_lookalikes")
def _lookalikes(db: Database) -> None:
    _run(db, _LOOKALIKES)


@migrations(name="0006_healing")
def _healing(db: Database) -> None:
    _run(db, _HEALING)


@migrations(name="0007_twins")
def _twins(db: Database) -> None:
    _run(db, _TWINS)


@migrations(name="0008_erasing")
def _erasing(db: Database) -> None:
    _run(db, _ERASING)


@migrations(name="0009_window")
def _window(db: Database) -> None:
    _run(db, _WINDOW)
    for kind in WINDOWED:
        rows = db.execute("SELECT id, state FROM record WHERE kind = ?", [kind]).fetchall()
        for id_, body in rows:
            values = msgspec.json.decode(body, type=State).values
            db.execute(
                "UPDATE record SET month = ? WHERE id = ?", [month_of(KINDS[kind], values), id_]
            )


@migrations(name="0010_quarantine_decision")
def _decided(db: Database) -> None:
    _run(db, _DECIDED)


@migrations(name="0011_scans")
def _scans(db: Database) -> None:
    _run(db, _SCANS)


@migrations(name="0012_paper_bytes")
def _paper_bytes(db: Database) -> None:
    """Bytes belong to the paper that names them: by digest alone, whoever named it had them."""
    _run(db, _PAPER_BYTES)
    for id_, body in db.execute("SELECT id, state FROM record WHERE kind = 'paper'").fetchall():
        named = msgspec.json.decode(body, type=State).values.get("digest")
        db.execute(
            "INSERT INTO paper_scan SELECT ?, size, body FROM scan WHERE digest = ?", [id_, named]
        )
    _run(db, "DROP TABLE scan")


@migrations(name="0013_nearer_sounds")
def _nearer_sounds(db: Database) -> None:
    """The index of `_LOOKALIKES` holds sounds as they were told apart before: made anew."""
    _run(db, _NEARER_SOUNDS)


@migrations(name="0014_big_pushes")
def _big_pushes(db: Database) -> None:
    """From here on the state of a root to which nothing has come since it was made may be left out
    (`store.records`). What stands there stays: older programs are told by the number."""
    _run(db, _FRESH)


@migrations(name="0015_hanging")
def _hanging(db: Database) -> None:
    _run(db, _HANGING)


def migrate(connection: Connection, number: int) -> None:
    """Bring a store up to schema `number`; another process may be about to do the same."""
    with transaction(connection):
        if connection.execute("PRAGMA user_version").fetchone()[0] < number:
            migrations.apply(Database(connection))
            connection.execute(f"PRAGMA user_version = {number}")
