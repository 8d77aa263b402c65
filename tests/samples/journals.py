"""Records and journals for tests."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from edge.audit.evidence import open_segment_reader
from edge.audit.housekeeper import EVERY_MS, Housekeeper
from edge.audit.journal import Journal, SegmentLimits
from edge.audit.record import Erased, ErasureCause, Outcome, Passage, TrustAge
from edge.audit.retention import RetentionRules
from edge.audit.segments import journal_files
from edge.decision import Reason
from edge.vouched_time import UNVOUCHED, VouchedTime

if TYPE_CHECKING:
    from pathlib import Path

    from edge.audit.record import AuditRecord

SEED = bytes(range(32))
DEVICE = "lobby-1"
CHAIN = [4, 3, 5, 2]  # records in each file of the usual journal of several files


def passage(tick_ms: int = 0) -> Passage:
    """A denial; records differ by `tick_ms`."""
    return Passage(
        time_ms=1_767_340_800_000 + tick_ms,
        tick_ms=tick_ms,
        door="tower-1/lobby",
        version="0.1.0",
        outcome=Outcome.DENY,
        reason=Reason.CARD_REVOKED,
        card="0123456789ab",
        issuer="a1b2c3d4e5f60718",
        assurance=2,
        similarity_milli=512,
        threshold_milli=412,
        model="mobilefacenet-int8",
        policy="1",
        trust=(TrustAge(part="status", issued_s=1_767_340_000, age_s=800),),
        stages_us={"code": 4_100, "verify": 310, "face": 11_200},
    )


def open_journal(path: Path, **options: int) -> Journal:
    return Journal.open(path, SEED, DEVICE, **options)


def write_journal(path: Path, records: int) -> Path:
    """A closed journal with this number of records: one file, no WAL."""
    with open_journal(path) as journal:
        for tick in range(records):
            journal.append(passage(tick))
    return path


def write_chain(folder: Path, sizes: list[int]) -> list[Path]:
    """A journal with these numbers of records in its files; returns the files, the newest last."""
    path = folder / "journal.db"
    tick = 0
    with open_journal(path) as journal:
        for number, size in enumerate(sizes):
            if number:
                assert rotate(journal)
            for _ in range(size):
                journal.append(passage(tick))
                tick += 1
    return list(journal_files(path))


def read_records(path: Path) -> list[AuditRecord]:
    """The records of a journal file, after its verification."""
    with open_segment_reader(path) as segment:
        segment.verify()
        return [entry.record for entry in segment.entries()]


def rotate(journal: Journal) -> Path | None:
    """Close the current file, at any size."""
    return journal.rotate_if_due(SegmentLimits(0), UNVOUCHED)


def at_ms(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1_000, UTC)


def erased(upto: int, cause: ErasureCause, past: VouchedTime) -> Erased:
    """The record of an erasure, as a device writes it."""
    stamp = passage()
    return Erased(
        time_ms=stamp.time_ms,
        tick_ms=stamp.tick_ms,
        door=stamp.door,
        version=stamp.version,
        upto=upto,
        cause=cause,
        vouched_s=int(past.at.timestamp()) if cause is ErasureCause.AGE else None,
    )


def housekeeper(
    journal: Journal,
    *,
    past: VouchedTime = UNVOUCHED,
    acknowledged: int | None = None,
    keep: timedelta = timedelta(days=90),
    spare_bytes: int = 0,
) -> Housekeeper:
    """A housekeeper who closes no file, and who is due at each call of `rest`."""
    ticks = count(step=EVERY_MS)
    return Housekeeper(
        journal,
        RetentionRules(SegmentLimits(1 << 40), keep, spare_bytes),
        acknowledged=lambda: acknowledged,
        past=lambda: past,
        clock_is_trusted=lambda: True,
        erased=erased,
        tick_ms=lambda: next(ticks),
    )


def erase_old(path: Path, past: VouchedTime, *, keep: timedelta = timedelta(days=90)) -> None:
    """Let a device erase the files that are old at this time, until there is no more to do."""
    with open_journal(path) as journal:
        keeper = housekeeper(journal, past=past, keep=keep)
        for _ in range(10 * len(journal_files(path))):
            keeper.rest()


def erase_sent(path: Path, acknowledged: int) -> None:
    """Let a device whose disk is full erase the files that its hub has."""
    with open_journal(path) as journal:
        housekeeper(journal, acknowledged=acknowledged, spare_bytes=1 << 62).rest()


def database(journal: Journal) -> sqlite3.Connection:
    """The SQLite connection of a journal, on which a test simulates faults of the disk."""
    return journal._segment._connection


def edit(path: Path, *statements: str, **values: object) -> None:
    """Change a journal as a person with the SD card would: behind the device's back."""
    with closing(sqlite3.connect(path)) as editor, editor:
        for statement in statements:
            editor.execute(statement, values)
