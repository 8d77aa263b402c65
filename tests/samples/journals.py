"""Records and journals for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.audit.evidence import open_segment_reader
from edge.audit.journal import Journal, SegmentLimits
from edge.audit.record import Outcome, Passage, TrustAge
from edge.audit.segments import journal_files
from edge.decision import Reason

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from edge.audit.record import AuditRecord

SEED = bytes(range(32))
DEVICE = "lobby-1"


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
    return journal.rotate_if_due(SegmentLimits(0), None)


def database(journal: Journal) -> sqlite3.Connection:
    """The SQLite connection of a journal, on which a test simulates faults of the disk."""
    return journal._segment._connection
