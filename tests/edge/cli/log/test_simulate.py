"""`doorward simulate`: its output and its errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from samples.journals import passage

from edge.__main__ import main
from edge.audit.journal import Journal

POLICY = """
version = "2"
issued_at = 2026-01-01T00:00:00Z
site = "*"
[door]
min_assurance = 3
"""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    with Journal.open(path, bytes(32), "doorward-1") as written:
        for number in range(30):
            written.append(passage(number))
    return path


def run(*words: object) -> int:
    return main(["simulate", *map(str, words)])


def test_it_prints_the_decisions_that_change(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door = tmp_path / "door.toml"
    door.write_text("[door]\nmin_assurance = 3\n")
    assert run("--journal", journal, "--policy", door) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("30 passages, 0 with another decision")


def test_a_sites_policy_is_recognised_by_its_time_of_issue(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY)
    assert run("--journal", journal, "--policy", policy, "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"passages": 30, "changed": 0}


MISTAKES = {
    "no such policy": (("--policy", "nowhere.toml"), "no such file"),
    "no cosine": (("--similarity", "40"), "40.0 is not a number from -1 to 1"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_has_a_hint(
    case: str, journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, message = MISTAKES[case]
    (tmp_path / "door.toml").write_text("")
    assert run("--journal", journal, "--policy", tmp_path / "door.toml", *words) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "hint:" in said
