"""`doorward people import --replace`: asks at a terminal before people are deleted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from worlds.people_folder import PEOPLE, Run, people_folder, row
from worlds.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_VERA = "\n".join(line for line in PEOPLE.splitlines() if "vera" not in line)


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    run = people_folder(tmp_path, capsys, monkeypatch)
    (tmp_path / "new.csv").write_text(WITHOUT_VERA)
    return run


def enrolled(run: Run) -> int:
    return row(run("status", "--json")[1])["enrolled"]


def test_replace_asks_at_a_terminal_how_many_are_deleted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    code, out, err = run("import", "new.csv", "--replace")
    assert (code, out) == (1, "")
    assert "1 of 4 enrolled entries are not in new.csv, and will be deleted with their PINs\n" in err
    assert err.endswith("nothing was changed\n")
    assert enrolled(run) == 3
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert run("import", "new.csv", "--replace")[0] == 0
    assert enrolled(run) == 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (Terminal(""), ["new.csv", "--replace", "--yes"]),
        (io.StringIO(""), ["new.csv", "--replace"]),
        (Terminal(""), ["people.csv", "--replace"]),
        (Terminal(""), ["new.csv"]),
    ],
    ids=["with --yes", "in a script", "where all people stay", "without --replace"],
)
def test_no_question(run: Run, monkeypatch: pytest.MonkeyPatch, typed: io.StringIO, words: list[str]) -> None:
    monkeypatch.setattr("sys.stdin", typed)
    code, _, err = run("import", *words)
    assert (code, err) == (0, "")
