from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from edge.files import durable


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_a_write_replaces_the_file_and_its_mode(tmp_path: Path, umask: int) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"old" * 1_000)
    before = os.umask(umask)
    try:
        durable.write_durably(file, b"new", mode=0o640)
    finally:
        os.umask(before)
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o640)
    assert names(tmp_path) == ["a"]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "a").symlink_to("other")
    durable.write_durably(tmp_path / "a", b"new")
    assert not (tmp_path / "a").is_symlink()
    assert (tmp_path / "other").read_bytes() == b"other"


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")

    def interrupted() -> None:
        with durable.replacing(tmp_path / "a", mode=0o600) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (tmp_path / "a").read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


def test_a_file_with_the_longest_name_can_be_written(tmp_path: Path) -> None:
    for name in ("a" * 255, "門" * 85):
        durable.write_durably(tmp_path / name, b"new")
    assert len(names(tmp_path)) == 2


def test_the_bytes_are_flushed_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    fsync, rename = os.fsync, os.rename

    def watched_fsync(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        fsync(handle)

    def watched_rename(*args: object, **kwargs: object) -> None:
        done.append("rename")
        rename(*args, **kwargs)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "rename", watched_rename)
    monkeypatch.setattr(os, "replace", watched_rename)
    durable.write_durably(tmp_path / "a", b"")
    durable.rename_durably(tmp_path / "a", tmp_path / "b")
    assert done == ["file", "rename", "folder"] * 2


def test_a_missing_folder_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        durable.write_durably(tmp_path / "nowhere" / "a", b"")


def test_many_files_are_written_with_one_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(os, "sync", lambda: done.append("sync"))
    real = os.rename
    monkeypatch.setattr(os, "rename", lambda *args, **more: done.append("rename") or real(*args, **more))
    (tmp_path / "a").write_bytes(b"old")
    durable.write_all_durably(tmp_path, {"a": b"new", "b" * 255: b"b"}, mode=0o600)
    assert done == ["sync", "rename", "rename"]
    assert names(tmp_path) == ["a", "b" * 255]
    assert (tmp_path / "a").read_bytes() == b"new"
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_many_files_that_cannot_all_be_written_leave_nothing_but_whole_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(OSError, match="name too long"):
        durable.write_all_durably(tmp_path, {"a": b"new", "c" * 300: b"c"}, mode=0o600)
    assert [(name, (tmp_path / name).read_bytes()) for name in names(tmp_path)] == [("a", b"new")]
