"""`doorward run` and `doorward lane run` work a lane alike, from the configuration to the last line."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from worlds import folders

from edge.__main__ import main

LONG_S = 60.0  # a loaded machine is slow; a test that passes does not wait so long


@pytest.fixture
def config(tmp_path_factory: pytest.TempPathFactory, built_models: Path) -> Path:
    """A lane whose two cameras are films of an empty lane."""
    folder = tmp_path_factory.mktemp("l")
    folders.trust(folder / "trust")
    folders.shoot(folder / "film.avi")
    file = folder / "lane.toml"
    file.write_text(
        "door.venue = 'lane'\ncamera.device = 'film.avi'\nlane.inner_camera = 'film.avi'\n"
        f"paths.models = '{built_models}'\n"
    )
    return file


@pytest.mark.parametrize("command", [["run"], ["lane", "run"]])
def test_both_commands_work_a_lane(
    command: list[str], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--config", str(config)]) == 0
    assert capsys.readouterr().out == "ready: tower-1/lobby; Ctrl-C stops\n"
    assert main(["log", "verify", "--json", str(config.parent / "journal.db")]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == 2


def test_the_service_manager_is_told_start_and_stop(
    config: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = tmp_path_factory.mktemp("n") / "s"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(LONG_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(address))
        assert main(["lane", "run", "--config", str(config)]) == 0
        first, last = manager.recv(1_000), manager.recv(1_000)
    assert b"READY=1" in first
    assert b"STOPPING=1" in last


@pytest.mark.parametrize("words", [["--camera", "0"], ["--passages", "3"]])
def test_options_that_a_lane_does_not_have_are_refused(
    words: list[str], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--config", str(config), *words]) == 2
    assert "do not work for a lane" in capsys.readouterr().err
