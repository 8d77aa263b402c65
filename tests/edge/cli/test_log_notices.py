"""`doorward log show`: the notices to staff of each passage, with the neutral word for duress."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from samples.journals import open_journal, passage

from edge.__main__ import main
from edge.audit.record import Outcome, Visited
from edge.audit.record import Path as Way


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal with a grant under duress, and a denial with a notice."""
    path = tmp_path / "journal.db"
    forced = Visited(venue="door", path=Way.FACE, notices=("assisted", "duress"))
    again = Visited(venue="door", path=Way.FACE, notices=("passback",))
    with open_journal(path) as journal:
        journal.append(msgspec.structs.replace(passage(1), outcome=Outcome.GRANT, reason=None, visit=forced))
        journal.append(msgspec.structs.replace(passage(2), visit=again))
    return path


def test_the_table_has_the_notices_and_a_neutral_word_for_duress(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", "show", str(journal)]) == 0
    table = " ".join(capsys.readouterr().out.split())
    assert "grant assisted, routine 0123456789ab" in table
    assert "deny card.revoked, passback" in table
    assert "duress" not in table


def test_json_lines_are_the_records_as_they_were_signed(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", "show", str(journal), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["visit"]["notices"] for row in rows] == [["assisted", "duress"], ["passback"]]
