"""The demo's passages, end to end: real pictures, keys, models and journal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edge.app.demo.passages import SCENES
from edge.face.challenge import Prompt

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("built_models", "photos")]


def doorward(*args: str | Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, doorward("demo", "--json", "--out", folder)


def test_every_passage_ends_as_expected(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    rows = [json.loads(line) for line in demo[1].stdout.splitlines()]
    assert [row for row in rows[:-1] if not row["as_expected"]] == []
    assert rows[-1] == {"passages": len(SCENES), "as_expected": len(SCENES), "journal": "intact"}
    assert demo[1].returncode == 0, demo[1].stderr


def test_the_strike_moves_for_grants_and_for_nothing_else(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    rows = [json.loads(line) for line in demo[1].stdout.splitlines()][:-1]
    assert {row["story"] for row in rows if row["released"]} == {
        scene.story for scene in SCENES if scene.expected is None
    }


def test_the_journal_verifies_and_a_changed_copy_is_broken(
    demo: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    journal = demo[0] / "journal.db"
    verified = doorward("log", "verify", journal, "--json")
    assert json.loads(verified.stdout)["result"] == "intact"
    assert verified.returncode == 0
    data = bytearray(journal.read_bytes())
    at = data.index(b'"outcome":"deny"') + 12
    data[at] ^= 1
    touched = tmp_path / "touched.db"
    touched.write_bytes(data)
    broken = doorward("log", "verify", touched, "--json")
    assert json.loads(broken.stdout)["result"] == "broken"
    assert broken.returncode == 1


def test_the_journal_holds_no_name_and_no_code(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    data = (demo[0] / "journal.db").read_bytes()
    words = {scene.who.encode() for scene in SCENES} | {b"EC1:", b"example.org", b"CN-GD"}
    assert not [word for word in words if word in data]


def test_the_page_shows_every_passage_and_loads_no_other_file(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    page = (demo[0] / "report.html").read_text("utf-8")
    assert page.count("<section") == len(SCENES)
    assert page.count("data:image/jpeg;base64,") > len(SCENES)
    assert 'src="http' not in page
    assert "<script" not in page


def test_the_page_shows_what_visitors_were_asked_to_do(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    page = (demo[0] / "report.html").read_text("utf-8")
    passages = dict(zip(SCENES, page.split("<section")[1:], strict=True))
    asked = {scene for scene, text in passages.items() if any(prompt in text for prompt in Prompt)}
    assert asked == {scene for scene in SCENES if scene.asks_to_move}
    moves, tilts = (text for scene, text in passages.items() if scene.asks_to_move)
    for prompt in (Prompt.TURN_LEFT, Prompt.NOD):
        assert f'<span class="said">{prompt}</span>' in moves
    assert f'<span class="said">{Prompt.TURN_LEFT}</span>' in tilts  # the movement showed the attack
    assert f'<span class="said">{Prompt.NOD}</span>' not in tilts
