"""The tables of a register in SQLite, and the migration of a register that an older release wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.card.claims import pseudonym
from edge.errors import StorageFault
from edge.sqlite import make_tables

if TYPE_CHECKING:
    import sqlite3

VERSION: Final = 1  # 0: tables without indexes, perhaps without the last three columns
# Digits are hexadecimal text and times are seconds since 1970, as in every register before.
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS cards (
    idx INTEGER PRIMARY KEY, card_id TEXT, part TEXT, standing TEXT, issued_at INTEGER, expires INTEGER,
    box TEXT, subject TEXT, label TEXT, pseudonym TEXT
);
CREATE TABLE IF NOT EXISTS edition (id INTEGER PRIMARY KEY, serial INTEGER, hashes TEXT)
"""
# A list has few cards that are not good, and an office few sealed templates: partial indexes stay small.
_INDEXES: Final = """
CREATE INDEX IF NOT EXISTS cards_card ON cards (card_id);
CREATE INDEX IF NOT EXISTS cards_pseudonym ON cards (pseudonym);
CREATE INDEX IF NOT EXISTS cards_standing ON cards (standing) WHERE standing <> 'good';
CREATE INDEX IF NOT EXISTS cards_box ON cards (expires, standing, box) WHERE box <> ''
"""
_LATER: Final = ("subject", "label", "pseudonym")


def prepare(db: sqlite3.Connection, kid: bytes) -> None:
    """Makes the tables, or brings those of an older release up to date, in the transaction of the caller.

    `kid`: of the issuer's key, of which pseudonyms are made. A register of 10^6 cards takes 10 s, once.
    Raises sqlite3.Error, and StorageFault for a register of a later release.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version > VERSION:
        raise StorageFault(
            f"the register has format {version}, not {VERSION}",
            hint="use the release of doorward that wrote it",
        )
    make_tables(db, _TABLES)
    columns = {name for _, name, *_ in db.execute("PRAGMA table_info(cards)")}
    for column in _LATER:
        if column not in columns:
            db.execute(f"ALTER TABLE cards ADD COLUMN {column} TEXT")
    db.create_function(
        "pseudonym_of", 1, lambda card_id: pseudonym(kid, bytes.fromhex(card_id)), deterministic=True
    )
    db.execute("UPDATE cards SET pseudonym = pseudonym_of(card_id) WHERE pseudonym IS NULL")
    make_tables(db, _INDEXES)
    db.execute(f"PRAGMA user_version = {VERSION}")
