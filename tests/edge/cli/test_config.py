"""`doorward config`: the text that it prints is itself a configuration."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import msgspec
import pytest

from edge.__main__ import main
from edge.cli.config import read
from edge.config import MAX_CONFIG_BYTES, Config, parse_config
from edge.errors import ConfigError

UNUSUAL = r"""
[door]
site = "tower-1/garage"
release_ms = 700
[face]
one_in = 10000
[camera]
device = '/dev/v4l/by-id/usb-"Cam"-\index0'
[paths]
models = "modèles"
"""


@pytest.fixture
def unusual(tmp_path: Path) -> Path:
    file = tmp_path / "door.toml"
    file.write_text(UNUSUAL, "utf-8")
    return file


def test_show_prints_the_default_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show"]) == 0
    assert parse_config(capsys.readouterr().out.encode(), Path("shown")) == Config()


def test_show_prints_the_profile_of_a_venue(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--venue", "lane"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("# A border lane")
    assert tomllib.loads(shown)["door"]["venue"] == "lane"
    assert main(["config", "show", "--venue", "library", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["door"]["face"] == "if-bound"


def test_the_old_name_of_a_venue_shows_its_profile(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--venue", "gate"]) == 0
    old = capsys.readouterr().out
    assert main(["config", "show", "--venue", "library"]) == 0
    assert capsys.readouterr().out == old
    assert old.startswith("# A library's entrance")


def test_a_file_names_its_own_venue(unusual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", str(unusual), "--venue", "desk"]) == 2
    assert "leave one of the two out" in capsys.readouterr().err


def test_show_prints_the_configuration_of_a_file(unusual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", str(unusual)]) == 0
    shown = capsys.readouterr().out
    assert parse_config(shown.encode(), Path("shown")) == read(unusual) != Config()
    assert "# Time for which the strike is released" in shown
    assert "# Allowed: one of required, if-bound, none." in shown


def test_the_json_holds_the_same_configuration(unusual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "show", "--json", str(unusual)]) == 0
    assert main(["config", "check", "--text", "--json", str(unusual)]) == 0
    shown, checked = map(json.loads, capsys.readouterr().out.splitlines())
    assert checked == {"file": str(unusual), "result": "valid", "config": shown}
    assert msgspec.convert(shown, Config) == read(unusual)


def test_check_tells_that_a_file_is_valid(unusual: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", "--text", str(unusual)]) == 0
    assert capsys.readouterr().out == f"{unusual}: valid\n"


MISTAKES: dict[str, tuple[bytes, str]] = {
    "an empty path": (b"[paths]\njournal = ''\n", 'door.toml:2: [paths] journal: "" is not a path'),
    "a NUL in a path": (
        b'[paths]\ntrust = "a\\u0000b"\n',
        'door.toml:2: [paths] trust: "a\\u0000b" is not a path',
    ),
    "one byte too long": (b"#" * (MAX_CONFIG_BYTES + 1), "door.toml: is larger than 64 kB"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_an_error_with_a_hint(
    mistake: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, message = MISTAKES[mistake]
    (tmp_path / "door.toml").write_bytes(data)
    assert main(["config", "check", str(tmp_path / "door.toml")]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith(f"error: {tmp_path}/{message}")
    assert hint.startswith("hint: ")


def test_the_hint_for_an_unreadable_file_names_config_show(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: is a directory") as caught:
        read(tmp_path)
    assert "config show" in caught.value.hint
