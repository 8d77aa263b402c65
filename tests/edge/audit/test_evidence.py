"""Verification: a copy of the file is enough, and every change in it is found."""

from __future__ import annotations

import os
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey
from samples.journals import DEVICE, SEED, edit, open_journal, passage, write_journal

from edge.audit.checkpoint import Checkpoint, open_checkpoint, origin_of, sign_checkpoint
from edge.audit.errors import JournalBroken
from edge.audit.evidence import Verified, open_segment_reader, verify
from edge.audit.merkle import EMPTY_ROOT, Frontier, leaf_hash
from edge.audit.record import JournalEntry, encode
from edge.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

KEY = SigningKey(SEED)
RECORDS = 21  # three peaks: 16, 4 and 1


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_journal(tmp_path_factory.mktemp("pristine") / "journal.db", RECORDS)


@pytest.fixture
def copy(pristine: Path, tmp_path: Path) -> Path:
    return shutil.copy(pristine, tmp_path / "copy.db")


# -- valid journals -----------------------------------------------------------------------------------


def test_a_copy_alone_is_enough(copy: Path) -> None:
    verified = verify(copy, key=bytes(KEY.verify_key))
    assert (verified.size, verified.device, verified.key) == (RECORDS, DEVICE, bytes(KEY.verify_key))
    assert verified.first is not None
    assert verified.last is not None
    assert (verified.first.seq, verified.last.seq) == (0, RECORDS - 1)


def test_verification_writes_nothing_to_the_file_or_its_folder(copy: Path) -> None:
    before = copy.read_bytes()
    verify(copy)
    assert copy.read_bytes() == before
    assert list(copy.parent.iterdir()) == [copy]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_enough(copy: Path) -> None:
    copy.parent.chmod(0o500)
    try:
        assert verify(copy).size == RECORDS
    finally:
        copy.parent.chmod(0o700)


def pulled(tmp_path: Path, *, suffixes: tuple[str, ...]) -> Path:
    """The SD card of a device that lost power: the journal and some of its WAL files."""
    card = tmp_path / "card"
    card.mkdir()
    with open_journal(tmp_path / "journal.db") as journal:
        for tick in range(5):
            journal.append(passage(tick))
        for suffix in ("", *suffixes):
            shutil.copy(tmp_path / f"journal.db{suffix}", card / f"journal.db{suffix}")
    return card / "journal.db"


@pytest.mark.parametrize("suffixes", [("-wal",), ("-wal", "-shm"), ("-wal", "-shm", ".lock")])
def test_the_wal_of_a_copy_is_read_and_not_changed(tmp_path: Path, suffixes: tuple[str, ...]) -> None:
    path = pulled(tmp_path, suffixes=suffixes)
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    assert verify(path).size == 5
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before


def test_only_a_checkpoint_reveals_that_the_wal_of_a_copy_is_missing(tmp_path: Path) -> None:
    path = pulled(tmp_path, suffixes=())
    assert verify(path).size == 0
    with pytest.raises(JournalBroken, match="had 3 records at the checkpoint and has 0 now"):
        verify(path, previous=Checkpoint(origin_of(DEVICE), 3, bytes(32)))


def test_a_journal_is_verified_while_its_device_writes(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_journal(path) as journal:
        journal.append(passage(0))
        with open_segment_reader(path) as segment:
            journal.append(passage(1))
            assert segment.verify().size == 1  # a snapshot: head and records match
        assert verify(path).size == 2


def test_the_last_entries_are_read(copy: Path) -> None:
    with open_segment_reader(copy) as segment:
        assert [entry.seq for entry in segment.entries(3)] == [18, 19, 20]
        assert len(list(segment.entries(1_000))) == RECORDS


@pytest.mark.parametrize("size", range(RECORDS + 1))
def test_every_earlier_checkpoint_is_consistent(copy: Path, size: int) -> None:
    frontier = Frontier()
    for seq in range(size):
        frontier = frontier.append(leaf_hash(encode(JournalEntry(seq=seq, record=passage(seq)))))
    assert verify(copy, previous=Checkpoint(origin_of(DEVICE), size, frontier.root)).size == RECORDS


# -- invalid journals --------------------------------------------------------------------------------

CHANGES = {
    "a record was removed": "DELETE FROM records WHERE seq = 7",
    "the first record was removed": "DELETE FROM records WHERE seq = 0",
    "the last record was removed": "DELETE FROM records WHERE seq = 20",
    "all records were removed": "DELETE FROM records",
    "a record was copied to the end": "INSERT INTO records SELECT 21, body, leaf FROM records WHERE seq = 20",
    "a record was inserted before the first": "INSERT INTO records SELECT -1, body, leaf FROM records WHERE seq = 0",
    "two records changed places": "UPDATE records SET seq = CASE seq WHEN 3 THEN 1000 ELSE 3 END WHERE seq IN (3, 4)",
    "a denial became a grant": "UPDATE records SET body = CAST(replace(replace(CAST(body AS TEXT), '\"deny\"', '\"grant\"'), '\"card.revoked\"', 'null') AS BLOB) WHERE seq = 5",
    "a body was replaced by another": "UPDATE records SET body = (SELECT body FROM records WHERE seq = 6) WHERE seq = 5",
    "a body and its hash were replaced": "UPDATE records SET (body, leaf) = (SELECT body, leaf FROM records WHERE seq = 6) WHERE seq = 5",
    "a hash was changed": "UPDATE records SET leaf = zeroblob(32) WHERE seq = 5",
    "the frontier was changed": "UPDATE head SET frontier = zeroblob(96)",
    "the frontier was emptied": "UPDATE head SET frontier = x''",
    "the checkpoint names another size": "UPDATE head SET note = replace(note, char(10) || '21' || char(10), char(10) || '20' || char(10))",
    "the checkpoint is no note": "UPDATE head SET note = 'hello'",
    "the checkpoint is gone": "DELETE FROM head",
    "there are two heads": "INSERT INTO head SELECT 1, frontier, note FROM head",
    "the key was changed": "UPDATE meta SET key = zeroblob(32)",
    "the key was cut": "UPDATE meta SET key = x'00'",
    "the device was renamed": "UPDATE meta SET device = 'lobby-2'",
    "the device is not ASCII": "UPDATE meta SET device = 'löbby-1'",
    "the device is gone": "DELETE FROM meta",
    "a table is gone": "DROP TABLE records",
    "the base is gone": "DELETE FROM base",
    "there are two bases": "INSERT INTO base SELECT 1, frontier, note FROM base",
    "the base was moved": "UPDATE base SET (frontier, note) = (SELECT frontier, note FROM head)",
    "the base is no note": "UPDATE base SET note = 'hello'",
    "the table of the base is gone": "DROP TABLE base",
    "a huge body": "UPDATE records SET body = zeroblob(1000000) WHERE seq = 5",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_change_by_sql_is_found(copy: Path, change: str) -> None:
    edit(copy, change)
    with pytest.raises(JournalBroken):
        verify(copy)


def test_a_table_replaced_by_an_endless_view_is_found_at_once(copy: Path) -> None:
    edit(
        copy,
        "DROP TABLE records",
        "CREATE VIEW records AS WITH RECURSIVE n(seq) AS (SELECT 0 UNION ALL SELECT seq + 1 FROM n)"
        " SELECT seq, x'00' AS body, x'00' AS leaf FROM n",
    )
    with pytest.raises(JournalBroken, match="a table is missing"):
        verify(copy)


COLUMNS = [
    ("records", "body"),
    ("records", "leaf"),
    ("head", "frontier"),
    ("head", "note"),
    ("base", "note"),
    ("meta", "key"),
    ("meta", "device"),
]


@given(st.data())
def test_every_bit_of_records_hashes_and_head_that_is_flipped_by_sql_is_found(
    tmp_path_factory: pytest.TempPathFactory, pristine: Path, data: st.DataObject
) -> None:
    path = shutil.copy(pristine, tmp_path_factory.mktemp("flip") / "copy.db")
    table, column = data.draw(st.sampled_from(COLUMNS))
    rowid = data.draw(st.integers(0, RECORDS - 1)) if table == "records" else None
    where = "" if rowid is None else f" WHERE rowid = {rowid}"
    reader = sqlite3.connect(path)
    (value,) = reader.execute(f"SELECT CAST({column} AS BLOB) FROM {table}{where}").fetchone()
    reader.close()
    bit = data.draw(st.integers(0, 8 * len(value) - 1))
    cast = "TEXT" if column in {"note", "device"} else "BLOB"
    edit(path, f"UPDATE {table} SET {column} = CAST(:value AS {cast}){where}", value=_flipped(value, bit))
    with pytest.raises(JournalBroken):
        verify(path)


@settings(max_examples=300)
@given(data=st.data())
def test_a_bit_flipped_anywhere_in_the_file_is_found_or_changes_no_record(
    tmp_path_factory: pytest.TempPathFactory, pristine: Path, data: st.DataObject
) -> None:
    """Free space between SQLite's cells may change; records may not."""
    content = pristine.read_bytes()
    path = tmp_path_factory.getbasetemp() / f"raw-{os.getpid()}.db"
    path.write_bytes(_flipped(content, data.draw(st.integers(0, 8 * len(content) - 1))))
    truth = _said(pristine)
    try:
        said = _said(path)
    except (JournalBroken, InputError):
        return
    assert said == truth


@given(data=st.data())
def test_a_file_truncated_or_overwritten_is_found_or_has_equal_records(
    tmp_path_factory: pytest.TempPathFactory, pristine: Path, data: st.DataObject
) -> None:
    content = bytearray(pristine.read_bytes())
    start = data.draw(st.integers(0, len(content)))
    if data.draw(st.booleans()):
        del content[start:]
    else:
        junk = data.draw(st.binary(min_size=1, max_size=600))
        content[start : start + len(junk)] = junk
    path = tmp_path_factory.getbasetemp() / f"cut-{os.getpid()}.db"
    path.write_bytes(content)
    try:
        said = _said(path)
    except (JournalBroken, InputError):
        return
    assert said == _said(pristine)


def _said(path: Path) -> tuple[Verified, list[JournalEntry]]:
    with open_segment_reader(path) as segment:
        return segment.verify(), list(segment.entries())


def _flipped(value: bytes, bit: int) -> bytes:
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# -- history and key ------------------------------------------------------------------------------


def forge(path: Path, ticks: list[int], key: SigningKey) -> None:
    """Rewrite a whole journal consistently, as an attacker with a signing key could."""
    frontier, rows = Frontier(), []
    for seq, tick in enumerate(ticks):
        body = encode(JournalEntry(seq=seq, record=passage(tick)))
        frontier = frontier.append(leaf_hash(body))
        rows.append((seq, body, leaf_hash(body)))
    note = sign_checkpoint(Checkpoint(origin_of(DEVICE), frontier.size, frontier.root), key)
    editor = sqlite3.connect(path)
    with editor:
        editor.execute("DELETE FROM records")
        editor.executemany("INSERT INTO records VALUES (?, ?, ?)", rows)
        editor.execute("UPDATE head SET frontier = ?, note = ?", (frontier.to_bytes(), note))
        editor.execute("UPDATE meta SET key = ?", (bytes(key.verify_key),))
        begun = sign_checkpoint(Checkpoint(origin_of(DEVICE), 0, EMPTY_ROOT), key)
        editor.execute("UPDATE base SET note = ?", (begun,))
    editor.close()


def checkpoint_of(path: Path) -> Checkpoint:
    return open_checkpoint(verify(path).note.encode(), origin=origin_of(DEVICE), key=KEY.verify_key)


def test_a_journal_forged_with_another_key_is_valid_but_not_of_this_device(copy: Path) -> None:
    forge(copy, [1, 2, 3], SigningKey(bytes(32)))
    assert verify(copy).size == 3
    with pytest.raises(JournalBroken, match="another device's key"):
        verify(copy, key=bytes(KEY.verify_key))


@pytest.mark.parametrize(
    ("ticks", "found"),
    [
        ([*range(20)], "had 21 records at the checkpoint and has 20 now"),
        ([*range(20), 99], "some of the first 21 records changed"),
        ([99, *range(1, 30)], "some of the first 21 records changed"),
        ([], "had 21 records at the checkpoint and has 0 now"),
    ],
    ids=["shortened", "last one changed", "first one changed and longer", "emptied"],
)
def test_history_rewritten_with_the_devices_own_key_is_found_by_an_earlier_checkpoint(
    copy: Path, ticks: list[int], found: str
) -> None:
    previous = checkpoint_of(copy)
    forge(copy, ticks, KEY)
    assert verify(copy, key=bytes(KEY.verify_key)).size == len(ticks)
    with pytest.raises(JournalBroken, match=found):
        verify(copy, key=bytes(KEY.verify_key), previous=previous)


# -- other files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [None, b"", b"SQLite", b"hello" * 100], ids=["missing", "empty", "short", "text"]
)
def test_a_file_that_is_no_journal_is_an_input_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        verify(path)
    assert caught.value.hint


def test_a_folder_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="directory"):
        verify(tmp_path)


def test_another_database_is_an_input_error(tmp_path: Path) -> None:
    edit(tmp_path / "other.db", "CREATE TABLE visits (name)")
    with pytest.raises(InputError, match="not a journal"):
        verify(tmp_path / "other.db")


def test_a_journal_of_a_later_format_is_an_input_error(copy: Path) -> None:
    edit(copy, "PRAGMA user_version = 3")
    with pytest.raises(InputError, match="format 3"):
        verify(copy)
