"""The outbox: every record once and in order, after any answers and any crash."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey
from samples.journals import DEVICE, SEED, erase_sent, open_journal, passage, rotate, write_chain

from edge.audit.checkpoint import open_checkpoint, origin_of
from edge.audit.errors import JournalBroken
from edge.audit.evidence import open_segment_reader
from edge.audit.journal import Journal
from edge.audit.merkle import Frontier, leaf_hash, verify_consistency
from edge.audit.record import Erased, decode
from edge.audit.segments import closed_segments
from edge.errors import StorageFault
from edge.upload import journal_reader
from edge.upload.outbox import HistoryDiffers, Outbox, Unsent, acknowledged

HUB = "https://hub.example/"


class Hub:
    """A hub without a network, with all checks of UPLOAD.md."""

    def __init__(self) -> None:
        self.tree = Frontier()
        self.bodies: list[bytes] = []

    def take(self, unsent: Unsent) -> int:
        if unsent.first != self.tree.size:
            return self.tree.size
        assert unsent.base == self.tree
        head = open_checkpoint(
            unsent.note.encode(), origin=origin_of(DEVICE), key=SigningKey(SEED).verify_key
        )
        tree = self.tree
        for body in unsent.bodies:
            tree = tree.append(leaf_hash(body))
        verify_consistency(tree.size, tree.root, head.size, head.root, unsent.proof)
        self.tree = tree
        self.bodies += unsent.bodies
        return tree.size


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with open_journal(path) as journal:
        yield journal


def fill(journal: Journal, records: int, *, files: int = 1) -> None:
    for _ in range(files):
        for _ in range(records):
            journal.append(passage(journal.size))
        rotate(journal)


def written(path: Path) -> list[bytes]:
    with open_segment_reader(path) as segment:
        return list(segment.bodies(0, segment.head.size))


# -- batches --------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [1, 3, 7, 100])
def test_every_record_is_sent_once_in_order_and_proven(
    tmp_path: Path, path: Path, state: Path, limit: int
) -> None:
    write_chain(tmp_path, [5, 4, 6, 2])
    hub = Hub()
    with Outbox(path, state, HUB) as outbox:
        while True:
            unsent = outbox.unsent(limit=limit)
            assert unsent.next - unsent.first <= limit
            outbox.acknowledge(hub.take(unsent))
            assert outbox.next == outbox.acknowledged == hub.tree.size
            if not unsent.more:
                break
    assert hub.tree.size == 17
    assert acknowledged(state, HUB) == 17


def test_bodies_are_the_bytes_of_the_journal(path: Path, state: Path, journal: Journal) -> None:
    for tick in range(5):
        journal.append(passage(tick))
    with Outbox(path, state, HUB) as outbox:
        assert list(outbox.unsent().bodies) == written(path)


def test_reading_does_not_move_the_cursor(path: Path, state: Path, journal: Journal) -> None:
    fill(journal, 3)
    with Outbox(path, state, HUB) as outbox:
        assert outbox.unsent() == outbox.unsent()
        assert outbox.next == 0


def test_a_batch_keeps_its_limit(path: Path, state: Path, journal: Journal) -> None:
    fill(journal, 1_001)
    with Outbox(path, state, HUB) as outbox:
        assert len(outbox.unsent().bodies) == 1_000


@pytest.mark.parametrize("records", [0, 4])
def test_a_heartbeat_has_the_newest_note_and_no_records(
    path: Path, state: Path, journal: Journal, records: int
) -> None:
    for tick in range(records):
        journal.append(passage(tick))
    with Outbox(path, state, HUB) as outbox:
        unsent = outbox.unsent(limit=0)
        assert (unsent.bodies, unsent.note, unsent.size) == ((), journal.note, records)
        Hub().take(unsent)
        outbox.acknowledge(records)
        assert outbox.unsent() == Unsent(outbox.unsent().base, (), journal.note, (), records)


def test_the_device_writes_while_the_outbox_reads(path: Path, state: Path, journal: Journal) -> None:
    hub = Hub()
    with Outbox(path, state, HUB) as outbox:
        for tick in range(12):
            assert journal.append(passage(tick)) == tick
            if tick % 4 == 3:
                assert rotate(journal)  # the outbox has no open file between two batches
            outbox.acknowledge(hub.take(outbox.unsent()))
            assert hub.tree.size == tick + 1


DEVICE_AT_WORK = """
import sys
from pathlib import Path
from samples.journals import UNVOUCHED, SegmentLimits, open_journal, passage

with open_journal(Path(sys.argv[1])) as journal:
    print("open", flush=True)
    closed = 0
    for tick in range(400):
        journal.append(passage(tick))
        closed += journal.rotate_if_due(SegmentLimits(40_000), UNVOUCHED) is not None
    print(closed)
"""


def test_one_process_writes_and_rotates_while_another_sends(path: Path, state: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", DEVICE_AT_WORK, str(path)]
    hub = Hub()
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as device,
        Outbox(path, state, HUB) as outbox,
    ):
        assert device.stdout is not None
        assert device.stdout.readline() == "open\n"
        while hub.tree.size < 400:
            assert device.poll() in (None, 0)
            outbox.acknowledge(hub.take(outbox.unsent(limit=50)))
        closed = int(device.stdout.read())
    assert device.returncode == 0
    assert closed == len(closed_segments(path)) > 0


# -- the cursor -----------------------------------------------------------------------------------


def test_the_cursor_outlives_the_process(path: Path, state: Path, journal: Journal) -> None:
    fill(journal, 3, files=3)
    hub = Hub()
    while hub.tree.size < 9:
        with Outbox(path, state, HUB) as outbox:
            assert outbox.next == hub.tree.size
            outbox.acknowledge(hub.take(outbox.unsent(limit=2)))


def test_an_acknowledgement_never_goes_back(path: Path, state: Path, journal: Journal) -> None:
    fill(journal, 9)
    with Outbox(path, state, HUB) as outbox:
        for said, kept in [(4, 4), (4, 4), (2, 4), (0, 4), (9, 9)]:
            outbox.acknowledge(said)
            assert (outbox.next, outbox.acknowledged) == (kept, kept)


def test_a_hub_that_is_behind_gets_the_records_again(path: Path, state: Path, journal: Journal) -> None:
    fill(journal, 3, files=3)
    with Outbox(path, state, HUB) as outbox:
        outbox.acknowledge(9)
        outbox.resume(4)
        assert (outbox.next, outbox.acknowledged) == (4, 9)
        assert acknowledged(state, HUB) == 4  # the hub lost the records after it
        assert outbox.unsent().first == 4


def test_a_hub_that_is_ahead_moves_the_cursor_but_acknowledges_nothing(
    path: Path, state: Path, journal: Journal
) -> None:
    fill(journal, 9)
    with Outbox(path, state, HUB) as outbox:
        outbox.resume(6)
        assert outbox.unsent().first == 6
        assert acknowledged(state, HUB) == 0
        outbox.acknowledge(9)
        assert acknowledged(state, HUB) == 9


def test_each_hub_has_a_cursor_of_its_own(path: Path, state: Path, journal: Journal) -> None:
    fill(journal, 9)
    with Outbox(path, state, HUB) as one, Outbox(path, state, "https://other.example") as other:
        one.acknowledge(5)
        assert (one.next, other.next) == (5, 0)
    assert acknowledged(state, "https://third.example") == 0


def test_nothing_is_acknowledged_without_an_outbox(state: Path) -> None:
    assert acknowledged(state, HUB) == 0
    assert not state.exists()


@pytest.mark.parametrize("verb", ["acknowledge", "resume"])
def test_a_hub_with_more_records_than_the_journal_is_an_error(
    path: Path, state: Path, journal: Journal, verb: str
) -> None:
    fill(journal, 3)
    with Outbox(path, state, HUB) as outbox:
        with pytest.raises(HistoryDiffers, match="was sent 4 records") as caught:
            getattr(outbox, verb)(4)
        assert "outbox.db" in caught.value.hint
        assert outbox.next == 0
        fill(journal, 1)
        getattr(outbox, verb)(4)  # the reader was only a moment behind
        assert outbox.next == 4


def test_a_replaced_journal_is_not_sent_as_the_old_one(tmp_path: Path, path: Path, state: Path) -> None:
    write_chain(tmp_path, [5])
    with Outbox(path, state, HUB) as outbox:
        outbox.acknowledge(5)
    path.unlink()
    write_chain(tmp_path, [2])
    with Outbox(path, state, HUB) as outbox, pytest.raises(HistoryDiffers):
        outbox.unsent()


def test_damaged_peaks_of_a_cursor_are_read_from_the_journal(
    path: Path, state: Path, journal: Journal
) -> None:
    fill(journal, 3, files=3)
    with Outbox(path, state, HUB) as outbox:
        outbox.unsent(limit=7)
        outbox.acknowledge(7)
        good = outbox.unsent()
    for damage in ("zeroblob(96)", "x'00'", "NULL"):
        editor = sqlite3.connect(state / "outbox.db")
        with editor:
            editor.execute(f"UPDATE hubs SET peaks = {damage}")
        editor.close()
        with Outbox(path, state, HUB) as outbox:
            assert outbox.unsent() == good


@settings(max_examples=40)
@given(st.data())
def test_after_any_events_the_hub_has_the_journal(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("day")
    path, state, hub = folder / "journal.db", folder / "state", Hub()
    # Hypothesis ends an example in the middle, when it draws: the outbox closes then too.
    with open_journal(path) as journal, ExitStack() as opened:
        outbox = opened.enter_context(Outbox(path, state, HUB))
        for event in data.draw(st.lists(st.sampled_from(["append", "rotate", "send", "lost", "restart"]))):
            match event:
                case "append":
                    journal.append(passage(journal.size))
                case "rotate":
                    rotate(journal)
                case "send":
                    outbox.acknowledge(hub.take(outbox.unsent(limit=data.draw(st.integers(0, 4)))))
                case "lost":  # the answer is lost: the next batch is equal, and the hub answers 409
                    hub.take(outbox.unsent(limit=2))
                    outbox.resume(hub.take(outbox.unsent(limit=2)))
                case "restart":
                    opened.close()
                    outbox = opened.enter_context(Outbox(path, state, HUB))
            assert acknowledged(state, HUB) <= hub.tree.size <= journal.size
        while hub.tree.size < journal.size:
            outbox.resume(hub.take(outbox.unsent()))
        assert [decode(body).seq for body in hub.bodies] == list(range(journal.size))


# -- with retention -------------------------------------------------------------------------------


def test_proofs_continue_after_sent_records_are_removed(tmp_path: Path, path: Path, state: Path) -> None:
    write_chain(tmp_path, [5, 4, 6, 2])
    hub = Hub()
    with Outbox(path, state, HUB) as outbox:
        while hub.tree.size < 17:
            outbox.acknowledge(hub.take(outbox.unsent(limit=3)))
            erase_sent(path, acknowledged(state, HUB))
        records = [decode(body).record for body in outbox.unsent().bodies]
    # The hub is told of each erasure, by a record as any other.
    assert [record.upto for record in records if isinstance(record, Erased)] == [9]
    assert len(list(tmp_path.glob("journal*.db"))) == 2  # the newest closed one stays


def test_a_new_hub_gets_the_number_of_removed_records(tmp_path: Path, path: Path, state: Path) -> None:
    write_chain(tmp_path, [5, 4, 6, 2])
    erase_sent(path, 9)
    with Outbox(path, state, HUB) as outbox:
        unsent = outbox.unsent(limit=3)
        assert (unsent.first, unsent.missing, unsent.next) == (9, 9, 12)
        outbox.acknowledge(unsent.next)
        assert outbox.unsent().missing == 0


# -- faults ---------------------------------------------------------------------------------------


def test_no_journal_yet_is_a_fault_with_a_hint(path: Path, state: Path) -> None:
    with Outbox(path, state, HUB) as outbox, pytest.raises(StorageFault) as caught:
        outbox.unsent()
    assert "doorward run" in caught.value.hint


CHANGED = {
    "a record": "UPDATE records SET body = CAST(replace(CAST(body AS TEXT), '89ab', '89ac') AS BLOB) WHERE seq = 1",
    "a hash": "UPDATE records SET leaf = zeroblob(32) WHERE seq = 2",
    "its seq": "UPDATE records SET seq = CASE seq WHEN 0 THEN 9 ELSE 0 END WHERE seq < 2",
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_changed_journal_is_not_sent(tmp_path: Path, path: Path, state: Path, change: str) -> None:
    write_chain(tmp_path, [3])
    editor = sqlite3.connect(path)
    with editor:
        editor.execute(CHANGED[change])
    editor.close()
    with Outbox(path, state, HUB) as outbox, pytest.raises(JournalBroken):
        outbox.unsent(limit=2)


@pytest.mark.parametrize(
    ("to", "message"),
    [("elsewhere", "record 3 is missing"), ("journal.000000000002.db", "begins at record 3")],
)
def test_a_missing_or_renamed_file_is_found(
    tmp_path: Path, path: Path, state: Path, to: str, message: str
) -> None:
    write_chain(tmp_path, [3, 3, 3])
    (tmp_path / "journal.000000000003.db").rename(tmp_path / to)
    with Outbox(path, state, HUB) as outbox, pytest.raises(JournalBroken, match=message):
        outbox.unsent(limit=9)


def test_a_damaged_outbox_is_a_fault_whose_hint_is_to_remove_it(
    path: Path, state: Path, journal: Journal
) -> None:
    state.mkdir()
    (state / "outbox.db").write_bytes(b"not a database, for sure" * 40)
    with pytest.raises(StorageFault, match="outbox") as caught:
        Outbox(path, state, HUB)
    assert "remove this file" in caught.value.hint
    assert acknowledged(state, HUB) == 0


# -- a long backlog -------------------------------------------------------------------------------


def test_a_backlog_is_read_once_in_any_number_of_batches(
    path: Path, state: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(journal, 300, files=4)
    read = 0

    class Counting(journal_reader.JournalReader):
        def leaves(self, start: int, stop: int) -> Iterator[bytes]:
            nonlocal read
            for leaf in super().leaves(start, stop):
                read += 1
                yield leaf

    monkeypatch.setattr(journal_reader, "JournalReader", Counting)
    hub = Hub()
    with Outbox(path, state, HUB) as outbox:
        while hub.tree.size < 1_200:
            outbox.acknowledge(hub.take(outbox.unsent(limit=100)))
    # Complete blocks once; for each of the 12 proofs at most the rest of a block at each end.
    assert read <= 1_200 + 12 * 2 * journal_reader.BLOCK
