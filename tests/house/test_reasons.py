"""The table of reason codes: a row for each code, a code for each row, and commands that exist."""

from __future__ import annotations

import re
import shlex
from enum import StrEnum

import pytest
from conftest import ROOT

from edge.__main__ import main
from edge.audit.record import ClockEvent, DevicePart, ErasureCause, StopCause
from edge.decision import Reason, Signal, signal_for
from edge.errors import Exit
from edge.face.quality import Component
from edge.policy.obligations import StaffNotice
from edge.ports import Cause, DoorEventKind
from edge.reasons.table import find, reasons
from tools.hub.intake import Dispute
from tools.manual.reasons import reasons_page

# The words of each field of a record, by the prefix of their rows. Two of the notices are a lane's own words.
KINDS: dict[str, set[str]] = {
    "notice": {*map(str, StaffNotice), "officer", "emptied"},
    "fault": set(map(str, DevicePart)),
    "clock": set(map(str, ClockEvent)),
    "door": set(map(str, DoorEventKind)),
    "cause": set(map(str, Cause)),
    "stop": set(map(str, StopCause)),
    "erased": set(map(str, ErasureCause)),
    "alarm": set(map(str, Dispute)),
    "fta": set(map(str, Component)),
}
TABLE = reasons()


def test_every_code_has_a_row_and_every_row_a_code() -> None:
    records = {f"{prefix}.{word}" for prefix, words in KINDS.items() for word in words}
    denials = set(map(str, Reason))
    assert not denials & records
    assert set(TABLE) == denials | records


def test_a_denial_has_its_signal_and_a_record_has_none() -> None:
    denials: dict[str, StrEnum] = {str(reason): signal_for(reason) for reason in Reason}
    assert {code: row.signal for code, row in TABLE.items()} == {code: denials.get(code) for code in TABLE}
    assert {row.signal for row in TABLE.values()} == {None, Signal.TRY_AGAIN, Signal.WAIT, Signal.ASK_STAFF}


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.code)
def test_a_row_is_whole_sentences(row) -> None:
    for text in filter(None, (row.meaning, row.staff, row.technician)):
        assert text[0].isupper()
        assert text.endswith((".", "`"))
        for sentence in re.split(r"(?<=[.:]) ", text):
            assert len(sentence.split()) <= 26
    if row.code in set(map(str, Reason)):
        assert row.staff, "a visitor stands before the door: staff must know what to do"


def test_the_commands_in_the_table_parse(capsys: pytest.CaptureFixture[str]) -> None:
    texts = "\n".join(text for row in TABLE.values() for text in (row.meaning, row.staff, row.technician))
    named = set(re.findall("`(doorward [^`]+)`", texts))
    assert len(named) > 15
    assert texts.count("doorward ") == len(re.findall("`doorward ", texts))
    for command in named:
        # An option that does not exist stops the verb before it runs.
        main([*shlex.split(command)[1:], "--no-such-option"])
        assert "unknown option --no-such-option" in capsys.readouterr().err, command


def test_a_word_finds_its_code_its_group_or_its_ending() -> None:
    assert [row.code for row in find("card.revoked")] == ["card.revoked"]
    assert [row.code for row in find("face")] == [code for code in TABLE if code.startswith("face.")]
    assert [row.code for row in find("duress")] == ["notice.duress"]
    assert find("card.nothing") == []


def test_the_page_is_written_from_the_table() -> None:
    page = (ROOT / "edge" / "REASONS.md").read_text("utf-8")
    assert page == reasons_page(), "run: python tools/manual pages"
    assert re.findall(r"^\| `(\S+)` \|", page, re.MULTILINE) == list(TABLE)


def test_explain_prints_a_code_a_group_and_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "card.revoked"]) == Exit.OK
    told = capsys.readouterr().out
    assert told.startswith("card.revoked\n  meaning ")
    assert "ask staff" in told
    assert main(["explain", "card"]) == Exit.OK
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert rows == [row.code for row in find("card")]
    assert main(["explain"]) == Exit.OK
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert rows == list(TABLE)


def test_explain_json_is_one_object_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert main(["explain", "--json"]) == Exit.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["code"] for row in rows] == list(TABLE)
    assert set(rows[0]) == {"code", "group", "signal", "meaning", "staff", "technician"}


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("card.revokd", "hint: write doorward explain card.revoked"),
        ("cards", "hint: write doorward explain card"),
        ("fault camera", "hint: write doorward explain fault.camera"),
        ("xyzzy", "hint: read the list of all codes: doorward explain"),
    ],
)
def test_an_unknown_code_gives_the_nearest_ones(
    word: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", word]) == Exit.USAGE
    error, told = capsys.readouterr().err.splitlines()
    assert error == f"error: doorward explain: '{word}' is not a reason code"
    assert told.startswith(hint)
