"""`doorward run` and `doorward lane run` at a lane: the same, from a configuration to its last line."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from worlds import folders

from edge.__main__ import main

LONG_S = 60.0  # a loaded machine is slow; nothing waits so long where it works


@pytest.fixture
def config(tmp_path_factory: pytest.TempPathFactory, built_models: Path) -> Path:
    """A lane that looks at two films of nobody."""
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
def test_a_lane_is_worked_whichever_way_it_is_asked_for(
    command: list[str], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--config", str(config)]) == 0
    assert capsys.readouterr().out == "ready: tower-1/lobby; Ctrl-C stops\n"
    assert main(["log", "verify", "--json", str(config.parent / "journal.db")]) == 0
    assert json.loads(capsys.readouterr().out)["records"] == 2


def test_the_service_manager_hears_of_it(
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
def test_what_a_lane_cannot_do_is_said_so(
    words: list[str], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--config", str(config), *words]) == 2
    assert "two cameras" in capsys.readouterr().err
