"""A file that root makes belongs to the owner of its folder."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from edge import sqlite
from edge.files import owner
from edge.files.durable import write_durably
from hw.system.files import Folder

USER = 12_345

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user: run as root")


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of another user."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, USER, USER)
    return folder


def owners(folder: Path) -> set[tuple[int, int]]:
    """The users and groups of everything in a folder."""
    return {(path.lstat().st_uid, path.lstat().st_gid) for path in folder.rglob("*")}


@as_root
def test_every_way_to_make_a_file_gives_it_to_the_owner_of_the_folder(theirs: Path) -> None:
    write_durably(theirs / "a", b"1")
    Folder(theirs / "inner").write("deep/b", b"2", secret=True)
    db = sqlite.connect(
        theirs / "state" / "c.db", prepare=lambda db: db.execute("CREATE TABLE IF NOT EXISTS t (x)")
    )
    db.execute("INSERT INTO t VALUES (1)")
    names = {path.name for path in theirs.rglob("*")}
    assert {"a", "inner", "deep", "b", "state", "c.db", "c.db-wal", "c.db-shm"} == names
    assert owners(theirs) == {(USER, USER)}
    db.close()
    sqlite.open_draft(theirs / "new" / "d.db", cache_kb=100).close()
    owner.make_folder(theirs / "e" / "f")
    assert owners(theirs) == {(USER, USER)}
    assert (theirs / "inner" / "deep" / "b").stat().st_mode & 0o777 == 0o600


@as_root
def test_what_is_there_keeps_its_owner(theirs: Path) -> None:
    (theirs / "kept").mkdir()
    (theirs / "file").write_bytes(b"1")
    owner.make_folder(theirs / "kept")
    owner.make_empty(theirs / "file")
    assert owners(theirs) == {(0, 0)}
    assert (theirs / "file").read_bytes() == b"1"


@as_root
def test_a_link_leads_to_no_file_of_root(theirs: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir()
    (theirs / "link").symlink_to(ours / "made")
    owner.make_empty(theirs / "link")
    assert list(ours.iterdir()) == []


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    owner.make_folder(tmp_path / "a" / "b")
    owner.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        owner.make_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        owner.make_folder(tmp_path / "file" / "inner")


@as_root
def test_the_owner_of_the_nearest_folder_counts(theirs: Path, tmp_path: Path) -> None:
    assert owner.other_owner(theirs / "no" / "such") == f"#{USER}"
    assert owner.other_owner(tmp_path) is None
    assert owner.other_owner(theirs / ("x" * 300)) == f"#{USER}"


def test_a_user_has_a_name_or_a_number() -> None:
    assert owner.user_name(0) == pwd.getpwuid(0).pw_name
    assert owner.user_name(USER) == f"#{USER}"
