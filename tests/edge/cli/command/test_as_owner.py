"""Root works no device of another user: the command refuses, and says how that user runs it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.__main__ import DOORWARD, main
from edge.cli.verbs import Verb

USER = 12_345
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs a folder of another user: run as root")
DOORS = {
    "door.toml": '[door]\nface = "none"\n[permits]\nrules = "site.toml"\n[sync]\nbaked = "baked"\n',
    "desk.toml": '[door]\nvenue = "desk"\nface = "none"\n',
    "lane.toml": '[door]\nvenue = "lane"\n',
}
ONLY_READ = {"trust show", "people check"}


def commands() -> Iterator[str]:
    """Each verb that takes a configuration, with a word for each of its arguments."""
    todo: list[tuple[tuple[str, ...], Verb]] = [((), DOORWARD)]
    while todo:
        path, verb = todo.pop()
        todo += [((*path, each.name), each) for each in verb.load_verbs()]
        arguments = [each for one in verb.load_arguments() for each in getattr(one, "arguments", (one,))]
        if any("--config" in each.names for each in arguments):
            plain = [each for each in arguments if not each.names[0].startswith("-")]
            words = [each.options.get("choices", "1")[0] for each in plain]
            config = "lane.toml" if path[0] == "lane" else "door.toml"
            yield " ".join((*path, "--config", config, *words))


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the service's user with configurations, in which the command starts."""
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to other users
        folder = Path(name)
        for file, text in DOORS.items():
            (folder / file).write_text(text)
        (folder / "site.toml").touch()
        for path in (folder, *folder.iterdir()):
            os.chown(path, USER, USER)
        monkeypatch.chdir(folder)
        yield folder


@pytest.mark.parametrize("command", [each for each in commands() if not each.startswith(tuple(ONLY_READ))])
def test_root_is_refused_and_makes_no_file(
    command: str, device: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(device.rglob("*"))
    monkeypatch.setattr(sys, "argv", ["/opt/bin/doorward", *command.split()])
    assert main(command.split()) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert f"belongs to #{USER}, who could not use files that root makes there" in error
    assert hint == f"hint: run it as that user: sudo -u '#{USER}' /opt/bin/doorward {command}"
    assert sorted(device.rglob("*")) == before


def test_each_verb_of_a_device_is_tried() -> None:
    tried = list(commands())
    assert len(tried) > 30
    assert all(any(each.startswith(name) for each in tried) for name in ONLY_READ)


@pytest.mark.parametrize(
    "command", ["config check desk.toml", "config show desk.toml", "config unit desk.toml"]
)
def test_root_may_read_the_configuration(
    command: str, device: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(device.rglob("*"))
    main(command.split())
    assert "belongs to" not in capsys.readouterr().err
    assert sorted(device.rglob("*")) == before


def test_a_state_folder_elsewhere_counts_too(
    device: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.toml").write_text(f'[paths]\njournal = "{device}/journal.db"\n')
    assert main(["request", "key", "--config", str(tmp_path / "own.toml")]) == 2
    assert f"[paths] journal: {device} belongs to" in capsys.readouterr().err


@pytest.mark.parametrize("name", sorted(ONLY_READ))
def test_a_command_that_only_reads_makes_no_file(name: str, device: Path) -> None:
    before = sorted(device.rglob("*"))
    main([*name.split(), "--config", "door.toml"])
    assert sorted(device.rglob("*")) == before


def test_the_user_of_the_folder_is_not_refused(device: Path, tmp_path: Path) -> None:
    (tmp_path / "door.toml").touch()
    assert main(["request", "key", "--config", str(tmp_path / "door.toml")]) == 0, (
        "root may use root's folder"
    )
    os.setegid(USER)
    os.seteuid(USER)
    try:
        assert main(["request", "key", "--config", "door.toml"]) == 0
    finally:
        os.seteuid(0)
        os.setegid(0)
    assert (device / "device.key").stat().st_uid == USER
    assert (tmp_path / "device.key").stat().st_uid == 0


def test_a_file_that_root_made_is_found_by_config_check(
    device: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (device / "desk").mkdir()
    os.chown(device / "desk", USER, USER)
    (device / "desk" / "arrivals.db").touch()
    (device / "journal.db-wal").touch()
    (device / "unrelated").touch()
    main(["config", "check", "desk.toml"])
    told = capsys.readouterr().err
    assert f"[desk] folder: desk/arrivals.db belongs to root, and its folder to #{USER}" in told
    assert f"[paths] journal: journal.db-wal belongs to root, and its folder to #{USER}" in told
    assert "sudo chown -R --reference=desk desk/arrivals.db" in told
    assert "unrelated" not in told
