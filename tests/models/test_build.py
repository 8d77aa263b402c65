"""The command line of models/build.py: offline runs, exit codes, and what is left when it stops half way."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import build
import pytest
from conftest import ROOT, shared

from edge.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = ROOT / "models" / "build.py"


@pytest.mark.usefixtures("built_models", "photos")
def test_a_complete_build_is_left_alone_without_pip_npm_or_network(tmp_path: Path) -> None:
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


def test_without_a_cache_an_offline_build_stops_with_error_and_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "CACHE", tmp_path / "cache")
    assert build.main(["--offline", "--into", str(tmp_path / "out")]) == Exit.DEVICE
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in said] == ["error", "hint"]
    assert not list((tmp_path / "out").iterdir())


def test_a_place_without_the_optional_weights_stops_before_anything_is_fetched_or_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(build, "CACHE", tmp_path / "cache")
    words = ["--into", str(tmp_path / "out"), "--pad-weights", str(tmp_path)]
    assert build.main(words) == Exit.DEVICE
    assert f"error: {tmp_path}: holds no minifasnet_v2.tflite" in capsys.readouterr().err
    assert not (tmp_path / "cache").exists()


def test_optional_weights_are_built_beside_the_rest_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given, archives = shared("models"), build.CACHE
    page = build.pages.load(build.MANIFEST)
    cache = tmp_path / "cache"
    cache.mkdir()
    for package in page.packages.values():
        if not (archives / package.archive).exists():
            pytest.skip("the packages are not fetched: make models")
        (cache / package.archive).symlink_to(archives / package.archive)
    monkeypatch.setattr(build, "CACHE", cache)
    monkeypatch.setenv("DOORWARD_PAD_WEIGHTS", str(given))
    assert build.main(["--offline", "--into", str(tmp_path / "one")]) == Exit.OK
    monkeypatch.delenv("DOORWARD_PAD_WEIGHTS")
    for target in ("one", "two"):
        assert build.main(["--offline", "--into", str(tmp_path / target)]) == Exit.OK
        built = {path.name: build.durable.sha256(path) for path in (tmp_path / target).glob("pad_*")}
        assert built == {name: file.sha256 for name, file in page.pad.files.items()}
    assert "one: complete" in capsys.readouterr().out


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


def test_tools_that_are_not_installed_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not (ROOT / "models" / "cache").is_dir():
        pytest.skip("the packages are not fetched: make models")
    monkeypatch.setitem(sys.modules, "recipe", None)  # what a failed import leaves behind
    assert build.main(["--offline", "--into", str(tmp_path / "out")]) == Exit.DEVICE
    assert "copy models/built from another machine" in capsys.readouterr().err


def test_the_manifest_is_written_last_and_removed_first(tmp_path: Path) -> None:
    page = build.pages.load(build.MANIFEST)
    target, folder = tmp_path / "built", tmp_path / "new"
    target.mkdir()
    folder.mkdir()
    (target / "manifest.toml").write_text("of an older build")
    first = next(iter(page.files))
    (folder / first).write_bytes(b"the only one that was finished")
    with pytest.raises(build.EdgeError):
        build._publish(list(page.files), folder, target)
    assert [path.name for path in target.iterdir()] == [first]
