"""`doorward log show`: records that do not fit are marked and named, the rest is shown; filters."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from samples.journals import open_journal, passage, rotate, write_chain, write_journal

from edge.__main__ import main
from edge.audit.merkle import leaf_hash
from edge.audit.record import (
    DevicePart,
    Faulted,
    JournalEntry,
    Outcome,
    Passage,
    Path,
    Visited,
    decode,
    encode,
)
from edge.decision import Reason
from edge.errors import Exit

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable


@pytest.fixture
def journal(tmp_path: pathlib.Path) -> pathlib.Path:
    return write_journal(tmp_path / "journal.db", 6)


def edit(path: pathlib.Path, statement: str, *values: object) -> None:
    editor = sqlite3.connect(path)
    with editor:
        editor.execute(statement, values)
    editor.close()


def rewrite(path: pathlib.Path, seq: int, *, with_hash: bool) -> None:
    """Change a denial into a grant, as an attacker without the device's key would."""
    reader = sqlite3.connect(path)
    (body,) = reader.execute("SELECT body FROM records WHERE seq = ?", (seq,)).fetchone()
    reader.close()
    record = decode(body).record
    assert isinstance(record, Passage)
    forged = encode(JournalEntry(seq=seq, record=Passage(**_grant(record))))
    edit(path, "UPDATE records SET body = ? WHERE seq = ?", forged, seq)
    if with_hash:
        edit(path, "UPDATE records SET leaf = ? WHERE seq = ?", leaf_hash(forged), seq)


def _grant(record: Passage) -> dict[str, Any]:
    kept = {name: getattr(record, name) for name in record.__struct_fields__}
    return kept | {"outcome": Outcome.GRANT, "reason": None}


def shown(capsys: pytest.CaptureFixture[str], *words: object, exit_code: Exit) -> list[dict[str, Any]]:
    assert main(["log", "show", *map(str, words), "--json"]) == exit_code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# --- tampering ---------------------------------------------------------------------------------------------

# An attack on a journal of the records 0 to 5; the seqs that are marked, and words about the first of them.
ATTACKS: dict[str, tuple[Callable[[pathlib.Path], None], list[int], str]] = {
    "a content": (lambda path: rewrite(path, 2, with_hash=False), [2], "changed after it was written"),
    "garbage": (lambda path: edit(path, "UPDATE records SET body = x'7b7d' WHERE seq = 3"), [3], "cannot be read"),
    "a stored hash": (
        lambda path: edit(path, "UPDATE records SET leaf = zeroblob(32) WHERE seq = 1"), [1], "its content is the signed"
    ),
    "a content and its hash": (lambda path: rewrite(path, 4, with_hash=True), [4, 5], "together with its hash"),
    "a record is gone": (lambda path: edit(path, "DELETE FROM records WHERE seq = 2"), [2], "removed from the file"),
    "the last is gone": (lambda path: edit(path, "DELETE FROM records WHERE seq = 5"), [5], "removed from the file"),
    "the first two are gone": (
        lambda path: edit(path, "DELETE FROM records WHERE seq < 2"), [0], "removed from the file"
    ),
    "one is added": (
        lambda path: edit(path, "INSERT INTO records SELECT 6, body, leaf FROM records WHERE seq = 5"), [6], "added"
    ),
    "one is repeated": (
        lambda path: edit(path, "UPDATE records SET (body, leaf) = (SELECT body, leaf FROM records WHERE seq = 0) WHERE seq = 1"),
        [0, 1, 2, 3], "together with its hash",
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_record_that_does_not_fit_is_marked_and_the_rest_is_shown(
    journal: pathlib.Path, capsys: pytest.CaptureFixture[str], attack: str
) -> None:
    tamper, marked, words = ATTACKS[attack]
    tamper(journal)
    assert main(["log", "show", str(journal), "--json"]) == Exit.REFUSED
    said = capsys.readouterr()
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["seq"] for row in rows if "tampered" in row] == marked
    assert {row["seq"] for row in rows} >= {0, 1, 2, 3, 4, 5} - ({1} if "two" in attack else set())
    assert words in said.err
    assert f"record {marked[0]}" in said.err or f"records {marked[0]} to" in said.err
    assert "journal.db" in said.err


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_table_marks_it_too(
    journal: pathlib.Path, capsys: pytest.CaptureFixture[str], attack: str
) -> None:
    tamper, marked, _ = ATTACKS[attack]
    tamper(journal)
    assert main(["log", "show", str(journal)]) == Exit.REFUSED
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in lines if "tampered" in line] == marked


def test_what_an_attacker_wrote_does_not_hide_a_record_from_a_filter(
    journal: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(journal, 2, with_hash=False)
    rows = shown(capsys, journal, "--reason", "face.", exit_code=Exit.REFUSED)
    assert [(row["seq"], row["outcome"]) for row in rows] == [(2, "grant")]


def test_one_that_is_not_among_the_last_is_named_all_the_same(
    journal: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rewrite(journal, 0, with_hash=False)
    assert main(["log", "show", str(journal), "--last", "2"]) == Exit.REFUSED
    said = capsys.readouterr()
    assert "tampered" not in said.out
    assert "record 0 (journal.db): it was changed" in said.err


def test_many_are_counted(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = write_journal(tmp_path / "journal.db", 30)
    edit(journal, "UPDATE records SET leaf = zeroblob(32)")
    assert len(shown(capsys, journal, exit_code=Exit.REFUSED)) == 30
    assert main(["log", "show", str(journal)]) == Exit.REFUSED
    assert "and 20 more" in capsys.readouterr().err


def test_a_file_whose_head_is_lost_shows_its_records_as_unproven(
    journal: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(journal, "UPDATE head SET note = replace(note, '6', '7')")
    rows = shown(capsys, journal, exit_code=Exit.REFUSED)
    assert [row["seq"] for row in rows] == [0, 1, 2, 3, 4, 5]
    assert all(row["tampered"] for row in rows)


def test_a_file_that_is_lost_does_not_hide_the_others(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, _ = write_chain(tmp_path, [4, 3, 2])
    first.write_bytes(b"damaged" * 100)
    second.unlink()
    assert main(["log", "show", str(tmp_path / "journal.db"), "--json"]) == Exit.REFUSED
    said = capsys.readouterr()
    assert [json.loads(line)["seq"] for line in said.out.splitlines()] == [7, 8]
    assert f"{first.name}: not a journal" in said.err
    assert "records 0 to 6 are missing" in said.err


def test_a_lost_file_between_two_is_named(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_chain(tmp_path, [4, 3, 2])[1].unlink()
    assert main(["log", "show", str(tmp_path), "--json"]) == Exit.REFUSED
    said = capsys.readouterr()
    assert [json.loads(line)["seq"] for line in said.out.splitlines()] == [0, 1, 2, 3, 7, 8]
    assert "records 4 to 6 are missing, between journal.000000000000.db and journal.db" in said.err


# --- filters -----------------------------------------------------------------------------------------------

CARDS = ("0123456789ab", "ba9876543210")


@pytest.fixture
def busy(tmp_path: pathlib.Path) -> pathlib.Path:
    """A journal whose eight records, in two files, are an hour apart and end 30 minutes ago."""
    path = tmp_path / "busy.db"
    newest = datetime.now(UTC) - timedelta(minutes=30)
    reasons = (Reason.CARD_REVOKED, Reason.FACE_NO_MATCH, Reason.CARD_EXPIRED, Reason.CODE_STALE)
    with open_journal(path) as journal:
        for place in range(8):
            at_ms = int((newest - timedelta(hours=7 - place)).timestamp() * 1_000)
            kept = {name: getattr(passage(), name) for name in Passage.__struct_fields__}
            kept |= {"time_ms": at_ms, "reason": reasons[place % 4], "card": CARDS[place % 2]}
            if place == 6:
                kept["visit"] = Visited(
                    venue="door", path=Path.FACE, notices=("duress",), risk_signals=("risk.hour",)
                )
            if place == 4:
                assert rotate(journal)
            journal.append(
                Faulted(time_ms=at_ms, tick_ms=1, door="a", version="0.1.0", part=DevicePart.CAMERA)
                if place == 7
                else Passage(**kept)
            )
    return path


FILTERS: dict[str, tuple[list[str], list[int]]] = {
    "a reason": (["--reason", "card.revoked"], [0, 4]),
    "a group": (["--reason", "card."], [0, 2, 4, 6]),
    "a group without the dot": (["--reason", "card"], [0, 2, 4, 6]),
    "a fault": (["--reason", "fault.camera"], [7]),
    "a notice": (["--reason", "notice.duress"], [6]),
    "a risk signal": (["--reason", "risk.hour"], [6]),
    "a reason that no record has": (["--reason", "patron.blocked"], []),
    "a card": (["--card", CARDS[1]], [1, 3, 5]),
    "two hours": (["--since", "2h"], [6, 7]),
    "minutes": (["--since", "100m"], [6, 7]),
    "a day": (["--since", "1d"], [0, 1, 2, 3, 4, 5, 6, 7]),
    "a time to come": (["--since", "2099-01-01"], []),
    "all three": (["--card", CARDS[0], "--reason", "card.", "--since", "4h"], [4, 6]),
    "with the last": (["--reason", "card.", "--last", "3"], [2, 4, 6]),
    "the last over two files": (["--card", CARDS[1], "--last", "2"], [3, 5]),
}


@pytest.mark.parametrize("case", FILTERS)
def test_filters_combine(busy: pathlib.Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    options, seqs = FILTERS[case]
    assert [row["seq"] for row in shown(capsys, busy, *options, exit_code=Exit.OK)] == seqs


def test_a_file_that_is_older_than_the_time_is_not_read(
    busy: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(busy.with_name("busy.000000000000.db"), "UPDATE records SET body = x'7b7d' WHERE seq = 1")
    assert [row["seq"] for row in shown(capsys, busy, "--since", "4h", exit_code=Exit.OK)] == [4, 5, 6, 7]
    shown(capsys, busy, "--since", "1d", exit_code=Exit.REFUSED)


def test_an_attacker_cannot_date_a_file_out_of_sight(
    busy: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = busy.with_name("busy.000000000000.db")
    edit(
        closed,
        "UPDATE records SET body = CAST(replace(body, '\"time_ms\":17', '\"time_ms\":16') AS BLOB) WHERE seq = 3",
    )
    assert [row["seq"] for row in shown(capsys, busy, "--since", "6h", exit_code=Exit.REFUSED)][:2] == [2, 3]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("card.revokd", "card.revoked"),
        ("face.no-match", "face.no_match"),
        ("cards", "card"),
        ("fault.cam", "fault.camera"),
    ],
)
def test_an_unknown_reason_gives_the_nearest(
    busy: pathlib.Path, capsys: pytest.CaptureFixture[str], word: str, near: str
) -> None:
    assert main(["log", "show", str(busy), "--reason", word]) == Exit.USAGE
    assert f"--reason {near}" in capsys.readouterr().err
