"""`doorward log`: output, exit codes, hints."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from nacl.signing import SigningKey
from samples.journals import DEVICE, SEED, edit, erase_sent, open_journal, passage, write_chain, write_journal

from edge.__main__ import main
from edge.audit.evidence import verify
from edge.audit.journal import Journal
from edge.audit.record import (
    ClockChange,
    ClockEvent,
    DevicePart,
    DoorChange,
    Faulted,
    Outcome,
    Passage,
    Started,
    StopCause,
    Stopped,
)
from edge.errors import Exit
from edge.ports import DoorEventKind

if TYPE_CHECKING:
    from pathlib import Path

    from edge.audit.record import AuditRecord

KEY = bytes(SigningKey(SEED).verify_key).hex()
COMMON: dict[str, Any] = {"time_ms": 1_767_340_800_000, "tick_ms": 1, "door": "a", "version": "0.1.0"}


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "journal.db", 6)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# -- verify ---------------------------------------------------------------------------------------


def test_an_intact_journal_is_one_line_and_exit_0(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "verify", str(journal), "--json"]) == Exit.OK
    assert lines(capsys) == [
        {
            "path": str(journal),
            "result": "intact",
            "records": 6,
            "first": 0,
            "erased": 0,
            "files": 1,
            "root": verify(journal).root.hex(),
            "device": DEVICE,
            "key": KEY,
            "key_pinned": False,
            "checkpoint_time": "2026-01-02T08:00:00.005Z",
        }
    ]


def test_an_empty_journal_is_intact_and_has_no_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", "verify", str(write_journal(tmp_path / "j.db", 0)), "--json"]) == Exit.OK
    (row,) = lines(capsys)
    assert row["records"] == 0
    assert "checkpoint_time" not in row


def test_the_devices_key_can_be_pinned(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "verify", str(journal), "--json", "--key", KEY]) == Exit.OK
    assert lines(capsys)[0]["key_pinned"] is True
    assert main(["log", "verify", str(journal), "--json", "--key", "00" * 32]) == Exit.REFUSED
    (row,) = lines(capsys)
    assert row["result"] == "another device's key"
    assert KEY[:16] in row["reason"]
    assert "0" * 16 in row["reason"]


def test_the_key_of_another_device_is_not_called_tampering(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(journal, "DELETE FROM records WHERE seq = 2")  # also not if the journal is broken besides
    assert main(["log", "verify", str(journal), "--key", "00" * 32]) == Exit.REFUSED
    said = capsys.readouterr()
    assert said.out == f"{journal}: another device's key\n"
    assert "broken" not in said.out + said.err


def test_the_checkpoint_of_another_device_says_nothing_about_the_journal(
    tmp_path: Path, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Journal.open(tmp_path / "other.db", bytes(32), "lobby-2")
    kept = tmp_path / "kept.txt"
    kept.write_text(other.note, encoding="utf-8")
    other.close()
    assert main(["log", "verify", str(journal), "--checkpoint", str(kept)]) == Exit.REFUSED
    said = capsys.readouterr()
    assert said.out == f"{journal}: not compared\n"
    assert "not signed by this device's key, but by another key of doorward/lobby-2" in said.err


def test_a_broken_journal_is_exit_1_with_a_reason(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(journal, "DELETE FROM records WHERE seq = 2")
    assert main(["log", "verify", str(journal), "--json"]) == Exit.REFUSED
    (row,) = lines(capsys)
    assert (row["path"], row["result"], row["records"], row["root"]) == (str(journal), "broken", None, None)
    assert "record 2 is missing" in row["reason"]


def test_the_text_has_the_same_facts(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "verify", str(journal)]) == Exit.OK
    out = capsys.readouterr().out
    assert "intact, 6 records" in out
    assert f"--key {KEY}" in out
    assert main(["log", "verify", str(journal), "--key", KEY]) == Exit.OK
    assert "--key" not in capsys.readouterr().out
    edit(journal, "DELETE FROM head")
    assert main(["log", "verify", str(journal)]) == Exit.REFUSED
    said = capsys.readouterr()
    assert "broken" in said.out
    assert said.err.startswith("error: ")


def test_an_earlier_checkpoint_shows_that_records_were_removed(
    tmp_path: Path, journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(verify(journal).note, encoding="utf-8")
    assert main(["log", "verify", str(journal), "--json", "--checkpoint", str(kept)]) == Exit.OK
    shorter = write_journal(tmp_path / "shorter.db", 5)
    assert main(["log", "verify", str(shorter), "--json", "--checkpoint", str(kept)]) == Exit.REFUSED
    assert lines(capsys)[-1]["reason"] == "it had 6 records at the checkpoint and has 5 now"


@pytest.mark.parametrize("content", [None, "hello\n"], ids=["missing", "no note"])
def test_a_file_that_is_not_a_checkpoint_is_exit_2_without_a_result(
    tmp_path: Path, journal: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    kept = tmp_path / "kept.txt"
    if content is not None:
        kept.write_text(content, encoding="utf-8")
    assert main(["log", "verify", str(journal), "--json", "--checkpoint", str(kept)]) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")


@pytest.mark.parametrize("verb", ["show", "verify", "export"])
@pytest.mark.parametrize("content", [None, b"", b"binary \x00\xff" * 99], ids=["missing", "empty", "garbage"])
def test_a_file_that_is_not_a_journal_is_exit_2_with_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, content: bytes | None
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    assert main(["log", verb, str(path)]) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert "error: " in said.err
    assert "hint: " in said.err


# Verb, option, words of the error, and values that are refused.
WRONG_VALUES = (
    ("verify", "--key", "64 hexadecimal digits", ("zz", "00", "")),
    ("export", "--until", "2026-01-31", ("yesterday", "", "2026-13-01", "12:00", "0001-01-01T00:00+14:00")),
    ("export", "--since", "2h or 3d", ("yesterday", "", "2026-13-01", "12:00", "2y", "2 h", "٢h")),
    ("show", "--since", "before the year 1", ("999999w",)),
    ("show", "--card", "12 of the digits", ("", "0123456789AB", "0123456789a", "lobby", "0123456789abc")),
    ("show", "--reason", "is not a reason code", ("", "card.revokd", "Card.revoked", "cards.", "*")),
    ("show", "--last", "is not a whole number", ("0", "-1", "x", "1e3", "9" * 5_000)),
)


@pytest.mark.parametrize(
    ("verb", "option", "words", "value"), [(*row, value) for *row, values in WRONG_VALUES for value in values]
)
def test_a_wrong_value_is_a_usage_error(
    journal: Path, capsys: pytest.CaptureFixture[str], verb: str, option: str, words: str, value: str
) -> None:
    assert main(["log", verb, str(journal), option, value]) == Exit.USAGE
    assert words in capsys.readouterr().err


# -- several files --------------------------------------------------------------------------------


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """A folder with a journal of 4, 3 and 2 records."""
    folder = tmp_path / "device"
    folder.mkdir()
    write_chain(folder, [4, 3, 2])
    return folder


def test_a_folder_and_its_files_verify_as_one(chain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(file) for file in chain.glob("*.db")]
    for arguments in ([str(chain)], files):
        assert main(["log", "verify", *arguments, "--json"]) == Exit.OK
        (row,) = lines(capsys)
        assert (row["result"], row["first"], row["records"], row["files"]) == ("intact", 0, 9, 3)


def test_the_newest_file_is_verified_with_the_closed_files_next_to_it(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", "verify", str(chain / "journal.db"), "--json"]) == Exit.OK
    (row,) = lines(capsys)
    assert (row["first"], row["records"], row["files"]) == (0, 9, 3)


def test_one_closed_file_alone_is_incomplete_and_may_be_verified_as_a_part(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = str(chain / "journal.000000000004.db")
    assert main(["log", "verify", closed, "--json"]) == Exit.REFUSED
    (row,) = lines(capsys)
    assert (row["result"], row["first"], row["records"], row["files"]) == ("incomplete", 4, 3, 1)
    assert main(["log", "verify", closed, "--json", "--part"]) == Exit.OK
    (row,) = lines(capsys)
    assert (row["result"], row["first"], row["records"], row["files"]) == ("intact", 4, 3, 1)
    assert main(["log", "verify", closed, "--part"]) == Exit.OK
    assert "the first record is 4; those before it were not asked for" in capsys.readouterr().out


@pytest.fixture
def emptied(journal: Path) -> Path:
    """A journal without a record: an attacker without the key copied its head over its base."""
    edit(journal, "INSERT OR REPLACE INTO base SELECT id, frontier, note FROM head")
    edit(journal, "DELETE FROM records")
    return journal


def test_an_emptied_journal_is_incomplete_and_exit_1(
    emptied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = "records 0 to 5 are missing, and no signed record says that they were erased"
    assert main(["log", "verify", str(emptied), "--json"]) == Exit.REFUSED
    (row,) = lines(capsys)
    assert (row["result"], row["records"], row["reason"]) == ("incomplete", 0, reason)
    assert main(["log", "verify", str(emptied)]) == Exit.REFUSED
    said = capsys.readouterr()
    assert "incomplete, 0 records" in said.out
    assert said.err.startswith(f"error: {reason}")


@pytest.mark.parametrize("verb", ["show", "export"])
def test_an_emptied_journal_is_neither_shown_nor_exported_as_if_it_were_whole(
    emptied: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    with open_journal(emptied) as journal:
        journal.append(passage(99))
    assert main(["log", verb, str(emptied)]) == Exit.REFUSED
    said = capsys.readouterr()
    assert "records 0 to 5 are missing" in said.err
    assert ("card.revoked" in said.out) is (verb == "show")
    assert main(["log", "export", str(emptied), "--unverified"]) == Exit.OK


def test_a_journal_whose_device_erased_old_files_is_intact(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    erase_sent(chain / "journal.db", 4)
    assert not (chain / "journal.000000000000.db").exists()
    for verb in ("verify", "show", "export"):
        assert main(["log", verb, str(chain)]) == Exit.OK
    out = capsys.readouterr().out
    assert "the first record is 4; the device erased those before it" in out
    assert "erased before 4" in out
    assert main(["log", "verify", str(chain), "--json"]) == Exit.OK
    (row,) = lines(capsys)
    assert (row["result"], row["first"], row["erased"]) == ("intact", 4, 4)


def test_a_file_that_is_missing_between_two_is_exit_1_and_named(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (chain / "journal.000000000004.db").unlink()
    assert main(["log", "verify", str(chain), "--json"]) == Exit.REFUSED
    reason = lines(capsys)[0]["reason"]
    assert reason == "records 4 to 6 are missing, between journal.000000000000.db and journal.db"


def test_a_checkpoint_holds_across_files_and_is_exit_2_before_them(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = chain / "journal.000000000000.db"
    kept = chain / "kept.txt"
    kept.write_text(verify(first).note, encoding="utf-8")
    assert main(["log", "verify", str(chain), "--checkpoint", str(kept)]) == Exit.OK
    with open_journal(chain.parent / "shorter.db") as shorter:
        for tick in range(2):
            shorter.append(passage(tick))
        kept.write_text(shorter.note, encoding="utf-8")
    assert main(["log", "verify", str(chain), "--checkpoint", str(kept)]) == Exit.OK
    first.unlink()
    assert main(["log", "verify", str(chain), "--checkpoint", str(kept)]) == Exit.USAGE
    assert "begin at record 4" in capsys.readouterr().err


@pytest.mark.parametrize("name", [".", "journal.db"])
def test_show_goes_across_files(chain: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["log", "show", str(chain / name), "--json"]) == Exit.OK
    assert [row["seq"] for row in lines(capsys)] == list(range(9))
    assert main(["log", "show", str(chain / name), "--json", "--last", "3"]) == Exit.OK
    assert [row["seq"] for row in lines(capsys)] == [6, 7, 8]
    assert main(["log", "show", str(chain / name)]) == Exit.OK
    assert f"{DEVICE}: 9 records" in capsys.readouterr().out


def test_the_last_records_are_shown_also_if_the_first_are_damaged(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (chain / "journal.000000000000.db").write_bytes(b"damaged" * 100)
    assert main(["log", "show", str(chain / "journal.db"), "--last", "5", "--json"]) == Exit.REFUSED
    said = capsys.readouterr()
    assert [json.loads(line)["seq"] for line in said.out.splitlines()] == [4, 5, 6, 7, 8]
    assert "journal.000000000000.db: not a journal" in said.err


# -- export ---------------------------------------------------------------------------------------


def rows_of_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("name", [".", "journal.db"])
def test_csv_is_the_whole_chain_in_order(chain: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["log", "export", str(chain / name)]) == Exit.OK
    rows = rows_of_csv(capsys.readouterr().out)
    assert [row["seq"] for row in rows] == [str(seq) for seq in range(9)]
    assert rows[8]["time"] == "2026-01-02T08:00:00.008Z"
    assert rows[8]["reason"] == "card.revoked"


def test_json_lines_are_what_show_prints(chain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "show", str(chain), "--json"]) == Exit.OK
    shown = lines(capsys)
    assert main(["log", "export", str(chain), "--format", "jsonl"]) == Exit.OK
    assert lines(capsys) == shown


@pytest.mark.parametrize(
    ("limits", "seqs"),
    [
        (["--since", "2026-01-02T08:00:00.003Z"], range(3, 9)),
        (["--until", "2026-01-02T08:00:00.003Z"], range(3)),
        (["--since", "2026-01-02T10:00:00.002+02:00", "--until", "2026-01-02T08:00:00.004"], range(2, 4)),
        (["--since", "2026-01-02", "--until", "2026-01-03"], range(9)),
        (["--since", "2026-01-03"], range(0)),
    ],
)
def test_only_records_of_the_given_time(
    chain: Path, capsys: pytest.CaptureFixture[str], limits: list[str], seqs: range
) -> None:
    assert main(["log", "export", str(chain), *limits]) == Exit.OK
    assert [int(row["seq"]) for row in rows_of_csv(capsys.readouterr().out)] == list(seqs)


def test_a_file_is_written_whole_or_not_at_all(chain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = chain / "records.csv"
    assert main(["log", "export", str(chain), "--out", str(out)]) == Exit.OK
    assert len(rows_of_csv(out.read_text("ascii"))) == 9
    assert capsys.readouterr().out == ""
    edit(chain / "journal.000000000004.db", "UPDATE records SET body = x'7b7d' WHERE seq = 5")
    before = set(chain.iterdir())
    other = chain / "other.csv"
    assert main(["log", "export", str(chain), "--out", str(other), "--unverified"]) == Exit.REFUSED
    assert set(chain.iterdir()) == before


def test_a_broken_journal_is_exported_with_unverified_only(
    chain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(chain / "journal.000000000004.db", "UPDATE records SET leaf = zeroblob(32) WHERE seq = 5")
    assert main(["log", "export", str(chain)]) == Exit.REFUSED
    said = capsys.readouterr()
    assert said.out == ""
    assert "record 5" in said.err
    assert main(["log", "export", str(chain), "--unverified"]) == Exit.OK
    assert len(rows_of_csv(capsys.readouterr().out)) == 9


def test_an_output_folder_that_is_missing_is_exit_3(chain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "export", str(chain), "--out", str(chain / "absent" / "a.csv")]) == Exit.DEVICE
    assert "no such file" in capsys.readouterr().err


# -- show -----------------------------------------------------------------------------------------


def test_show_json_is_one_record_a_line(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "show", str(journal), "--json"]) == Exit.OK
    rows = lines(capsys)
    assert [row["seq"] for row in rows] == list(range(6))
    assert rows[5]["time"] == "2026-01-02T08:00:00.005Z"
    assert (
        rows[5]
        | {
            "kind": "passage",
            "outcome": "deny",
            "reason": "card.revoked",
            "card": "0123456789ab",
            "similarity_milli": 512,
            "stages_us": {"code": 4_100, "verify": 310, "face": 11_200},
        }
        == rows[5]
    )


@pytest.mark.parametrize("json_flag", [["--json"], []])
def test_last_shows_the_last_ones(
    journal: Path, capsys: pytest.CaptureFixture[str], json_flag: list[str]
) -> None:
    assert main(["log", "show", str(journal), "--last", "2", *json_flag]) == Exit.OK
    out = capsys.readouterr().out
    rows = [line for line in out.splitlines() if "deny" in line or '"card.revoked"' in line]
    assert len(rows) == 2


def test_the_table_has_every_kind_of_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records: list[AuditRecord] = [
        Started(**COMMON),
        Passage(**COMMON, outcome=Outcome.GRANT),
        DoorChange(**COMMON, change=DoorEventKind.FORCED),
        Faulted(**COMMON, part=DevicePart.CAMERA),
        Stopped(**COMMON, cause=StopCause.FAULT),
        passage(),
    ]
    with open_journal(tmp_path / "j.db") as journal:
        for record in records:
            journal.append(record)
    assert main(["log", "show", str(tmp_path / "j.db")]) == Exit.OK
    title, _, *rows, empty, pointer = capsys.readouterr().out.splitlines()
    assert (empty, pointer) == ("", "what a code means, and what to do: doorward explain card.revoked")
    assert title.strip() == f"{DEVICE}: 6 records"
    cells = [row.split() for row in rows]
    assert [row[0] for row in cells] == ["0", "1", "2", "3", "4", "5"]
    assert [" ".join(row[3:]) for row in cells] == [
        "start",
        "grant",
        "door forced",
        "fault camera",
        "stop fault",
        "deny card.revoked 0123456789ab 512 / 412 15.6",
    ]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (Passage(outcome=Outcome.GRANT, **COMMON), None),
        (DoorChange(change=DoorEventKind.OPENED, **COMMON), None),
        (DoorChange(change=DoorEventKind.FORCED, **COMMON), "door.forced"),
        (Faulted(part=DevicePart.CAMERA, **COMMON), "fault.camera"),
        (Stopped(cause=StopCause.BUG, **COMMON), "stop.bug"),
        (Stopped(cause=StopCause.SIGNAL, **COMMON), None),
        (ClockChange(event=ClockEvent.BACK, **COMMON), "clock.back"),
    ],
)
def test_the_table_ends_with_the_command_that_explains_its_last_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], record: AuditRecord, code: str | None
) -> None:
    with open_journal(tmp_path / "j.db") as journal:
        journal.append(record)
    assert main(["log", "show", str(tmp_path / "j.db")]) == Exit.OK
    (*_, last) = capsys.readouterr().out.splitlines()
    assert last.partition("doorward explain ")[2] == (code or "")
