"""Pages and placeholders of `doorward config show`."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from edge.__main__ import main
from edge.config import Config, explain, parse_config
from edge.config.profiles import VENUES
from edge.config.profiles.pages import OF_KEY, OF_TABLE
from edge.config.profiles.placeholders import is_placeholder, placeholders, profile_with_placeholders
from edge.config.source import ConfigSource

KEYS = {(table, key) for table, key, _, _ in explain()}


def test_each_table_has_a_page_with_its_heading() -> None:
    assert set(OF_TABLE) == {table for table, _ in KEYS}
    assert set(OF_KEY) <= KEYS
    for page, heading in (*OF_TABLE.values(), *OF_KEY.values()):
        lines = (ROOT / page).read_text("utf-8").splitlines()
        assert any(line.lstrip("#").strip() == heading and line.startswith("#") for line in lines), (
            page,
            heading,
        )


def test_show_names_choices_and_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show"]) == 0
    out = capsys.readouterr().out
    assert '[library]\n# Explained in edge/venues/library/LIBRARY.md, "1. Order of the rules".\n' in out
    assert "# Allowed: one of deny, members, everyone.\noffline = " in out
    assert "# Allowed: true or false.\nlending = false\n" in out
    assert "Placeholder" not in out
    assert r"\A" not in out, "no regular expressions"


@pytest.mark.parametrize("name", [*VENUES, "gate"])
def test_the_shown_file_of_a_venue_is_valid_and_names_its_placeholders(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "show", "--venue", name]) == 0
    text = capsys.readouterr().out
    file = tmp_path / "door.toml"
    file.write_text(text)
    venue = "library" if name == "gate" else name
    assert parse_config(text.encode(), file) == profile_with_placeholders(venue)
    lines = text.splitlines()
    marked = [number for number, line in enumerate(lines, 1) if line.startswith("# Placeholder: replace it.")]
    assert len(marked) == (3 if venue == "library" else 2)
    assert main(["config", "check", "--text", str(file)]) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert [line.split(":")[2] for line in told] == [str(number + 1) for number in marked]
    assert all(line.endswith(" is still a placeholder") for line in told)


def test_a_file_without_placeholders_is_told_nothing() -> None:
    assert not list(placeholders(Config(), ConfigSource("", Path("d"))))
    assert not is_placeholder(3)
    assert is_placeholder(("a", "PLACEHOLDER-b"))


@pytest.mark.parametrize("words", [["run"], ["request", "key"], ["people", "list"], ["trust", "show"]])
def test_no_command_works_with_a_placeholder(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "door.toml"
    file.write_text(
        '[door]\nsite = "Placeholder"\n'.replace("P", "p") + '[gate]\nhost = "PLACEHOLDER.example"\n'
    )
    assert main([*words, "--config", str(file)]) == 2
    error, _, other, hint = capsys.readouterr().err.splitlines()
    assert error == f'error: {file}:2: [door] site: "placeholder" is still a placeholder'
    assert other == f'error: {file}:4: [gate] host: "PLACEHOLDER.example" is still a placeholder'
    assert hint.startswith("hint: set it to the value of this site")
    assert sorted(tmp_path.iterdir()) == [file]
