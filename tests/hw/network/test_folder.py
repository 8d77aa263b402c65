from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.errors import FetchError, NotThere
from hw.network.folder import FolderSource


def fetched(root: Path, name: str) -> bytes:
    return b"".join(FolderSource(root).fetch(name))


def test_the_mount_point_of_a_stick_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real" / "metadata").mkdir(parents=True)
    (tmp_path / "real" / "metadata" / "a").write_bytes(b"a")
    (tmp_path / "stick").symlink_to("real")
    assert fetched(tmp_path / "stick", "metadata/a") == b"a"


def test_no_link_on_a_stick_is_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "metadata").symlink_to(outside)
    (stick / "file").symlink_to(outside / "file")
    for name in ("metadata/file", "file"):
        with pytest.raises(FetchError, match="cannot be read") as caught:
            fetched(stick, name)
        assert not isinstance(caught.value, NotThere)
        assert caught.value.hint


def test_no_special_file_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "folder"):
        with pytest.raises(FetchError, match=r"regular file|is a directory"):
            fetched(tmp_path, name)


def test_a_missing_stick_is_not_an_empty_repository(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="no such folder") as caught:
        fetched(tmp_path / "usb", "metadata/timestamp.json")
    assert not isinstance(caught.value, NotThere)
    assert "mount it" in caught.value.hint
