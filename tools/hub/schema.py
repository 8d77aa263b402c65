"""The hub's tables, and the opening of its database: SQLite in a file, or PostgreSQL by URL.

A device that has a hub's answer may remove its own copy. So on both a commit is on the disk when it returns,
and the data of one device change only under the lock of its row.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from edge.errors import InputError, StorageFault
from edge.sqlite import write_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA: Final = 2
# Longer than every transaction of ours; a device that waits longer retries.
LOCK_S: Final = 5.0
CONNECT_S: Final = 5
# Starlette answers from 40 threads; more connections would only wait.
POOL: Final = 10
OVERFLOW: Final = 30
CREATING: Final = 0x444F4F52  # "DOOR": the advisory lock of the process that makes the tables

metadata = MetaData()

schema = Table("schema", metadata, Column("version", Integer, nullable=False))

devices = Table(
    "devices",
    metadata,
    Column("serial", Integer, primary_key=True, autoincrement=True),
    Column("id", String(40), nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("added_ms", BigInteger, nullable=False),
    Column("removed_ms", BigInteger),
    # the tree so far, its first record, and the checkpoint that it has not reached yet
    Column("first", BigInteger, nullable=False, server_default="0"),
    Column("size", BigInteger, nullable=False, server_default="0"),
    Column("frontier", LargeBinary, nullable=False),
    Column("note", Text),
    Column("note_size", BigInteger),
    Column("note_root", LargeBinary),
    Column("note_ms", BigInteger, nullable=False, server_default="0"),  # the hub stored the note then
    # the last contact: a time for which the hub's own clock vouches, and the arrival of that batch
    Column("heard_ms", BigInteger),
    Column("arrived_ms", BigInteger),
    Column("sent_ms", BigInteger, nullable=False, server_default="-1"),
    Column("software", String(40)),
    Column("clock", String(10)),
    Column("keys_issued_s", BigInteger),
    Column("lists_issued_s", BigInteger),
    Column("time_issued_s", BigInteger),
    Column("free_mb", BigInteger),
)
# A name may be used again; then it has a new history.
_here = devices.c.removed_ms.is_(None)
Index("devices_here", devices.c.id, unique=True, sqlite_where=_here, postgresql_where=_here)

records = Table(
    "records",
    metadata,
    Column("serial", ForeignKey(devices.c.serial), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON in ASCII: PostgreSQL reads it as body::jsonb
)

# One row for each different alarm: no later report of a device changes or clears an earlier one.
alarms = Table(
    "alarms",
    metadata,
    Column("serial", ForeignKey(devices.c.serial), primary_key=True, autoincrement=False),
    Column("kind", String(20), primary_key=True),
    Column("digest", String(64), primary_key=True),  # SHA-256 of detail and note; empty: counted only
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    Column("note", Text),  # the note that the device had signed: with ours it proves two histories
    Column("cleared_ms", BigInteger),
)


# One row for each message to staff, of a record or of an alarm of the hub itself: staff/messages.py.
staff_messages = Table(
    "staff_messages",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("serial", ForeignKey(devices.c.serial), nullable=False),
    Column("code", String(60), nullable=False),  # "notice." and 40 characters at most
    Column("level", Integer, nullable=False),
    Column("time_ms", BigInteger, nullable=False),  # by the device's clock
    Column("received_ms", BigInteger, nullable=False),
    # of its record; null for an alarm of the hub
    Column("seq", BigInteger),
    Column("door", String(80)),
    Column("card", String(12)),
    Column("outcome", String(10)),
    Column("reason", String(40)),
    Column("path", String(10)),
    # the webhook: when its receiver answered, and the answer if it was a refusal
    Column("told_ms", BigInteger),
    Column("answer", String(120), nullable=False, server_default=""),
    Index("staff_messages_by_code", "code"),
    Index("staff_messages_by_serial", "serial"),
)
_untold = staff_messages.c.told_ms.is_(None)
Index("staff_messages_untold", staff_messages.c.id, sqlite_where=_untold, postgresql_where=_untold)


# The last door of each card at each device, for an hour: sightings.py.
sightings = Table(
    "sightings",
    metadata,
    Column("serial", ForeignKey(devices.c.serial), primary_key=True, autoincrement=False),
    Column("card", String(12), primary_key=True),
    Column("door", String(80), nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Index("sightings_by_card", "card"),
)


class Database:
    """The hub's database. `writing` and `reading` are one transaction each; they raise StorageFault."""

    def __init__(self, url: str, *, lock_s: float = LOCK_S) -> None:
        """`url`: a file, or an address; `lock_s`: the longest wait for another writer. Raises InputError."""
        self._url = _known(url)
        self.engine = _engine(self._url, lock_s)
        file = self._url.database if self._url.get_backend_name() == "sqlite" else None
        self._file = Path(file) if file else None

    @property
    def name(self) -> str:
        """The address without its password."""
        return self._url.render_as_string(hide_password=True)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes. SQLite has only one; on PostgreSQL lock the device's row in it."""
        with self._faults(), self.engine.connect() as connection:
            writer = connection.execution_options(doorward_writes=True)
            with writer.begin():
                yield writer

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one consistent state."""
        with self._faults(), self.engine.connect() as connection, connection.begin():
            yield connection

    def prepare(self) -> None:
        """Make the tables if they are missing; several hubs may start at the same time.

        A new file of SQLite is for its owner only, and SQLite gives the same mode to the files beside it.
        """
        if self._file is not None:
            with self._faults(), suppress(FileExistsError):
                os.close(os.open(self._file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with self.writing() as db:
            if db.dialect.name == "postgresql":
                db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CREATING})
            metadata.create_all(db)
            versions = db.execute(select(schema.c.version)).scalars().all()
            if not versions:
                db.execute(insert(schema).values(version=SCHEMA))
            elif versions != [SCHEMA]:
                raise StorageFault(
                    f"database {self.name}: another release of the hub wrote it",
                    hint="use that release of the hub",
                )

    def exposed(self) -> tuple[Path, ...]:
        """The files of this database that other users of this machine can open."""
        found = [Path(f"{self._file}{end}") for end in ("", "-wal", "-shm")] if self._file else []
        return tuple(path for path in found if path.exists() and path.stat().st_mode & 0o077)

    def ready(self) -> None:
        """Raise StorageFault unless the tables can be read."""
        with self.reading() as db:
            db.execute(select(schema.c.version)).scalar_one()

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as err:
            # The driver's first line only: the rest quotes statements and their values.
            said = err.orig if isinstance(err, DBAPIError) else err
            cause = str(getattr(said, "strerror", None) or said).strip().partition("\n")[0]
            raise StorageFault(
                f"database {self.name}: {cause or 'failed'}",
                hint="check that the database server runs, and that its disk has free space",
            ) from err


def _known(url: str) -> URL:
    try:
        parsed = make_url(url if "://" in url else f"sqlite:///{url}")
    except ArgumentError as err:
        raise InputError(
            "--db: not the address of a database", hint="give FILE, or postgresql://user@host/name"
        ) from err
    match parsed.get_backend_name():
        case "sqlite" if parsed.database and parsed.database != ":memory:":
            return parsed.set(drivername="sqlite")
        case "postgresql" | "postgres":
            if find_spec("psycopg") is None:
                hint = "pip install 'doorward-office[postgresql]'"
                raise InputError("--db postgresql://... needs the driver psycopg", hint=hint)
            return parsed.set(drivername="postgresql+psycopg")
    raise InputError("--db: not SQLite and not PostgreSQL", hint="give FILE, or postgresql://user@host/name")


def _engine(url: URL, lock_s: float) -> Engine:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, pool_size=POOL, max_overflow=OVERFLOW, connect_args={"timeout": lock_s})
        event.listen(engine, "connect", _tame_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        pool_size=POOL,
        max_overflow=OVERFLOW,
        pool_timeout=lock_s,
        pool_pre_ping=True,  # after a restart of the server no device gets an error
        connect_args={
            "connect_timeout": CONNECT_S,
            "application_name": "doorward-hub",
            "options": f"-c synchronous_commit=on -c statement_timeout=60s -c lock_timeout={lock_s:.1f}s",
        },
    )


def _tame_sqlite(connection: Any, _: object) -> None:  # noqa: ANN401  sqlite3's own connection
    connection.isolation_level = None  # transactions start only where this module starts them
    write_ahead(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("doorward_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
