"""`doorward log` as a script meets it: output, exit codes, hints."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from journals import DEVICE, SEED, open_journal, passage, write_journal
from nacl.signing import SigningKey

from edge.__main__ import main
from edge.audit.evidence import verify
from edge.audit.record import DoorChange, Faulted, Outcome, Part, Passage, Started, StopCause, Stopped
from edge.errors import Exit
from edge.ports import DoorEventKind

if TYPE_CHECKING:
    from pathlib import Path

    from edge.audit.record import AuditRecord

KEY = bytes(SigningKey(SEED).verify_key).hex()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "journal.db", 6)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def edit(path: Path, statement: str) -> None:
    editor = sqlite3.connect(path)
    with editor:
        editor.execute(statement)
    editor.close()


# -- verify ---------------------------------------------------------------------------------------


def test_an_intact_journal_is_one_line_and_exit_0(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["log", "verify", str(journal), "--json"]) == Exit.OK
    assert lines(capsys) == [
        {
            "path": str(journal),
            "result": "intact",
            "records": 6,
            "first": 0,
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
    assert "another key" in lines(capsys)[0]["reason"]


def test_a_broken_journal_is_exit_1_with_a_reason(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(journal, "DELETE FROM records WHERE seq = 2")
    assert main(["log", "verify", str(journal), "--json"]) == Exit.REFUSED
    (row,) = lines(capsys)
    assert (row["path"], row["result"], row["records"], row["root"]) == (str(journal), "broken", None, None)
    assert "record 2 is missing" in row["reason"]


def test_without_json_a_person_reads_the_same(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
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
    assert lines(capsys)[-1]["reason"] == "it had 6 records once and has 5 now"


@pytest.mark.parametrize("content", [None, "hello\n"], ids=["missing", "no note"])
def test_a_checkpoint_file_that_is_none_is_exit_2_and_says_nothing_about_the_journal(
    tmp_path: Path, journal: Path, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    kept = tmp_path / "kept.txt"
    if content is not None:
        kept.write_text(content, encoding="utf-8")
    assert main(["log", "verify", str(journal), "--json", "--checkpoint", str(kept)]) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")


@pytest.mark.parametrize("verb", ["show", "verify"])
@pytest.mark.parametrize("content", [None, b"", b"binary \x00\xff" * 99], ids=["missing", "empty", "garbage"])
def test_what_is_no_journal_is_exit_2_with_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str, content: bytes | None
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    assert main(["log", verb, str(path), "--json"]) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert "error: " in said.err
    assert "hint: " in said.err


@pytest.mark.parametrize(
    "arguments",
    [["--key", "zz"], ["--key", "00"], ["--key", ""]],
)
def test_a_key_that_is_none_is_a_usage_error(
    journal: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["log", "verify", str(journal), *arguments])
    assert caught.value.code == Exit.USAGE
    assert "64 hex digits" in capsys.readouterr().err


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
    rows = [line for line in out.splitlines() if "card.revoked" in line]
    assert len(rows) == 2


@pytest.mark.parametrize("count", ["0", "-1", "x", "1e3", "9" * 5_000])
def test_a_count_that_is_none_is_a_usage_error(
    journal: Path, capsys: pytest.CaptureFixture[str], count: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["log", "show", str(journal), "--last", count])
    assert caught.value.code == Exit.USAGE
    assert "give a number" in capsys.readouterr().err


def test_the_table_has_every_kind_of_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common: dict[str, Any] = {"time_ms": 1_767_340_800_000, "tick_ms": 1, "door": "a", "version": "0.1.0"}
    records: list[AuditRecord] = [
        Started(**common),
        Passage(**common, outcome=Outcome.GRANT),
        DoorChange(**common, change=DoorEventKind.FORCED),
        Faulted(**common, part=Part.CAMERA),
        Stopped(**common, cause=StopCause.FAULT),
        passage(),
    ]
    with open_journal(tmp_path / "j.db") as journal:
        for record in records:
            journal.append(record)
    assert main(["log", "show", str(tmp_path / "j.db")]) == Exit.OK
    title, _, *rows = capsys.readouterr().out.splitlines()
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


def test_show_stops_at_a_record_that_cannot_be_one(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(journal, "UPDATE records SET body = x'7b7d' WHERE seq = 3")
    assert main(["log", "show", str(journal), "--json"]) == Exit.REFUSED
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 3
    assert said.err.startswith("error: ")
