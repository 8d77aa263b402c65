"""`doorward config check` with the files of the machine: every problem at once, each with a hint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from worlds.folders import write_secret

from edge.__main__ import main

RIGHT = """
[door]
face = "none"
[strike]
kind = "controller"
lock = "fail-secure"
[hub]
url = "https://hub.example/"
cert = "hub.pem"
cert_key = "hub.key"
[mqtt]
host = "broker.example"
user = "door"
password_file = "mqtt.password"
"""
SECRETS = {"device.key": bytes(32), "door.key": bytes(32), "hub.key": b"PEM", "mqtt.password": b"sesame"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A machine with all files of the configuration."""
    (tmp_path / "door.toml").write_text(RIGHT)
    (tmp_path / "trust").mkdir()
    (tmp_path / "hub.pem").touch()
    for name, data in SECRETS.items():
        write_secret(tmp_path / name, data)
    return tmp_path


def check(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = main(["config", "check", str(folder / "door.toml")])
    return code, capsys.readouterr().err.splitlines()


def test_with_all_files_the_configuration_is_valid(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(folder.iterdir())
    assert check(folder, capsys) == (0, [])
    assert sorted(folder.iterdir()) == before, "the check makes no file"


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_that_others_can_read_is_found(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / name).chmod(0o640)
    code, (error, hint) = check(folder, capsys)
    assert code == 1
    assert f"{folder / name}: others can read" in error
    assert f"chmod 600 {folder / name}" in hint


@pytest.mark.parametrize("name", ["door.key", "hub.key", "mqtt.password", "hub.pem", "trust"])
def test_a_missing_file_is_found(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / name).rmdir() if name == "trust" else (folder / name).unlink()
    code, told = check(folder, capsys)
    assert code == 1
    assert f"{folder / name}: no such f" in told[0]


def test_the_device_key_can_be_missing_because_the_first_start_makes_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "device.key").unlink()
    assert check(folder, capsys) == (0, [])


NO_FACES = '[door]\nface = "none"\n'
# The configuration, and words of the problem.
UNFIT = {
    "faces without models": ('[door]\nface = "required"\n[paths]\nmodels = "none"\n', "needs models"),
    "a missing calibration": (NO_FACES + '[face]\ncalibration = "c"\n', "[face] calibration"),
    "a repository without a root": (NO_FACES + '[sync]\nurl = "https://t.example/"\n', "[sync] root"),
    "a journal nowhere": (NO_FACES + '[paths]\njournal = "a/b.db"\n', "[paths] journal: "),
}
LANE = '[door]\nvenue = "lane"\n[paths]\nmodels = "."\n[lane]\nother_trust = "other"\n'
HUB = 'other_hub_url = "https://hub.example/"\n'
# Keys of a joint lane for its other authority, and words of the problem.
OTHER = {
    "trust that is updated by hand": ("", "[lane] other_trust"),
    "a repository without a root": ('other_sync_url = "https://t.example/"\n', "[lane] other_sync_root"),
    "a hub's authority": (
        f'other_sync_baked = "image"\n{HUB}other_hub_ca = "ca.pem"\n',
        "[lane] other_hub_ca",
    ),
    "a journal nowhere": ('other_sync_baked = "image"\nother_journal = "a/b.db"\n', "[lane] other_journal"),
    "a key that others can read": ('other_sync_baked = "image"\nother_key = "open.key"\n', "open.key"),
}


UNFIT |= {f"the other authority: {case}": (LANE + text, words) for case, (text, words) in OTHER.items()}


@pytest.mark.parametrize("case", UNFIT)
def test_a_problem_is_found(case: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, words = UNFIT[case]
    (folder / "manifest.toml").touch()
    (folder / "open.key").write_bytes(bytes(32))
    (folder / "door.toml").write_text(text)
    code, told = check(folder, capsys)
    assert code == 1
    of_models = [
        number for number, line in enumerate(told) if "models/manifest.toml" in line
    ]  # it is empty here
    for number in reversed(of_models):
        del told[number : number + 2]
    assert len(told) == 2, "one problem, one hint"
    assert words in told[0]
    assert told[1].startswith("hint: ")


def test_all_problems_are_found_at_once_and_the_text_alone_is_valid(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in SECRETS:
        (folder / name).chmod(0o644)
    file = str(folder / "door.toml")
    assert main(["config", "check", "--json", file]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["result"] == "unfit"
    assert err.count("others can read") == len(SECRETS)
    assert main(["config", "check", "--text", file]) == 0
