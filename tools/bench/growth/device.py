"""Measures a device: a passage into a full area, a day of a long journal, the plan of a sync."""

from __future__ import annotations

import statistics
import time
from contextlib import closing
from typing import TYPE_CHECKING, Final

from nacl.signing import SigningKey

from edge.audit.chain import open_chain
from edge.audit.checkpoint import Signer
from edge.audit.excerpt import Excerpt, Period
from edge.audit.merkle import Frontier, leaf_hash
from edge.audit.record import JournalEntry, Outcome, Passage, encode
from edge.audit.segments import closed_path
from edge.audit.store import connect_writer, create_tables
from edge.sqlite import transaction
from edge.sync import names
from edge.sync.plan import ListWays, Target
from edge.venues.door.occupancy import OccupancyChange
from edge.venues.door.occupancy_store import OccupancyFile
from tools.bench.growth.sqlite_steps import counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edge.audit.evidence import RecordRow
    from tools.bench.growth.office import Told

ROUNDS: Final = 25
CROWD: Final = 50_000  # people who come in with one change, to fill an area
FILE_RECORDS: Final = (
    10_000  # in a file of a journal: 5 MB, a tenth of the default, for journals a tenth as long
)
DAY: Final = 2_000
GAP_MS: Final = 43_200
STEPS: Final = 35


def passage(folder: Path, size: int) -> Told:
    """The store's part of one passage into an area with `size` people inside, without the disk's flush."""
    with closing(OccupancyFile(folder / "presence.db")) as presence:
        for start in range(0, size, CROWD):
            crowd = (number.to_bytes(32, "big") for number in range(start, min(start + CROWD, size)))
            presence.write(_change(tuple(crowd)))
        db = presence._db  # noqa: SLF001  its work is counted and its flush is left out
        db.execute("PRAGMA synchronous = OFF")
        times = []
        for number in range(ROUNDS):
            started = time.perf_counter()
            presence.count("hall", 7)
            presence.write(_change((b"visitor %d" % number,)))
            times.append(1e3 * (time.perf_counter() - started))
        with counted(db) as steps:
            presence.count("hall", 7)
            presence.write(_change((b"visitor",)))
    return {"passage_ms": statistics.median(times), "passage_steps": steps.count}


def export(folder: Path, size: int) -> Told:
    """The last day of a journal of `size` records: records that are verified for it, and milliseconds."""
    _write_journal(folder / "journal.db", size)
    read = 0

    def watch(rows: Iterable[RecordRow], _: int) -> Iterable[RecordRow]:
        nonlocal read
        for row in rows:
            read += 1
            yield row

    started = time.perf_counter()
    with open_chain([folder]) as chain:
        excerpt = Excerpt(chain, Period(since_ms=(size - DAY) * GAP_MS))
        excerpt.verify(watch=watch)
        found = sum(1 for _ in excerpt.entries())
    assert found == DAY
    return {"export_ms": 1e3 * (time.perf_counter() - started), "export_read": read}


def plan(folder: Path, size: int) -> Told:
    """The plan of a device that is 35 editions behind in each of `size` lists."""
    del folder
    lists = [names.ListName(number.to_bytes(8, "big"), bytes(4)) for number in range(size)]
    goal = 2 * STEPS
    lengths = {
        name: length
        for of in lists
        for name, length in (
            (of.signed, 300),
            (of.full(goal), 20_000),
            *((of.delta(serial, serial + 1), 100) for serial in range(goal - STEPS, goal)),
            *((of.delta(serial, goal), 5_000) for serial in range(1, goal - 7, 7)),
        )
    }
    targets = {name: Target(name, length, "") for name, length in lengths.items()}
    started = time.perf_counter()
    ways = ListWays(targets)
    for of in lists:
        assert len(ways.way(of, have=goal - STEPS, want=goal).deltas) == STEPS
    return {"plan_ms": 1e3 * (time.perf_counter() - started)}


def _change(came: tuple[bytes, ...]) -> OccupancyChange:
    return OccupancyChange(door="gate", area="hall", at=1_000, day=7, today=70, came=came, over=7)


def _write_journal(path: Path, size: int) -> None:
    """A journal as a device writes it, but with one signature a file."""
    signer, tree = Signer("gate-1", SigningKey(bytes(32))), Frontier()
    for begin in range(0, size, FILE_RECORDS):
        end = min(begin + FILE_RECORDS, size)
        file = path if end == size else closed_path(path, begin)
        with closing(connect_writer(file, None)) as connection, transaction(connection) as db:
            create_tables(db, signer.device, signer.public, signer.sign(tree))
            for seq in range(begin, end):
                body = encode(JournalEntry(seq=seq, record=_record(seq)))
                tree = tree.append(leaf := leaf_hash(body))
                db.execute("INSERT INTO records (seq, body, leaf) VALUES (?, ?, ?)", (seq, body, leaf))
            head = signer.sign(tree)
            db.execute("UPDATE head SET frontier = ?, note = ?", (head.peaks, head.note))


def _record(seq: int) -> Passage:
    return Passage(
        time_ms=seq * GAP_MS,
        tick_ms=seq * GAP_MS,
        door="gate",
        version="0.2.0",
        outcome=Outcome.GRANT,
        card=f"{seq:012x}",
        issuer="a1b2c3d4e5f60718",
        assurance=2,
        similarity_milli=612,
        threshold_milli=412,
        model="mobilefacenet-int8",
        policy="1",
        stages_us={"code": 4_100, "verify": 310, "face": 11_200},
    )
