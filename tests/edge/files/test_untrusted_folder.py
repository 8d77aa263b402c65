"""A folder that another user may write: no link is followed, no path is resolved twice."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from peers import second_user

from edge.files.untrusted_folder import UntrustedFolder


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    path = tmp_path / "inbox"
    path.mkdir()
    (tmp_path / "secret").write_text("secret")
    return path


@pytest.fixture
def folder(inbox: Path) -> Iterator[UntrustedFolder]:
    with UntrustedFolder.open(inbox, mode=0o770) as folder:
        yield folder


def link(file: Path) -> None:
    file.symlink_to(file.parent.parent / "secret")


def hard_link(file: Path) -> None:
    os.link(file.parent.parent / "secret", file)


def device(file: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a device node")
    os.mknod(file, 0o666 | 0o020000, os.makedev(1, 3))  # that of /dev/null


KINDS: dict[str, Callable[[Path], object]] = {
    "a link": link,
    "a link without a target": lambda file: file.symlink_to("nowhere"),
    "a link to itself": lambda file: file.symlink_to(file.name),
    "a hard link": hard_link,
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a device node": device,
    "nothing": lambda file: None,
}


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_regular_file_with_one_name_is_read(folder: UntrustedFolder, inbox: Path, kind: str) -> None:
    KINDS[kind](inbox / "file")
    with pytest.raises(OSError, match=r"is a link|hard link|is not a regular file|No such file"):
        folder.reader("file")


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_replaces_the_name_and_never_a_target(
    folder: UntrustedFolder, inbox: Path, kind: str
) -> None:
    KINDS[kind](inbox / "file")
    if kind == "a folder":
        with pytest.raises(IsADirectoryError):
            folder.write("file", b"new", mode=0o600)
    else:
        folder.write("file", b"new", mode=0o600)
        assert (inbox / "file").read_bytes() == b"new"
        assert (inbox / "file").lstat().st_mode & 0o7777 == 0o600
    assert (inbox.parent / "secret").read_text() == "secret"
    assert [each.name for each in inbox.iterdir()] == ["file"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_moved_and_deleted_without_its_target(
    folder: UntrustedFolder, inbox: Path, kind: str
) -> None:
    KINDS[kind](inbox / "file")
    with folder.own("inner", mode=0o700) as inner:
        assert folder.move("file", inner, "moved") == (kind != "nothing")
        assert inner.names(limit=9) == ([] if kind == "nothing" else ["moved"])
        assert inner.remove("moved") == (kind != "nothing")
        assert inner.names(limit=9) == []
    assert (inbox.parent / "secret").read_text() == "secret"


@pytest.mark.parametrize("kind", ["a link", "a link without a target", "a pipe", "a hard link"])
def test_an_inner_folder_that_is_another_file_is_refused(
    folder: UntrustedFolder, inbox: Path, kind: str
) -> None:
    KINDS[kind](inbox / "inner")
    with pytest.raises(OSError, match=r"Not a directory|symbolic links"), folder.own("inner", mode=0o700):
        pass


def test_an_exchanged_folder_leads_nowhere_else(folder: UntrustedFolder, inbox: Path) -> None:
    with folder.own("inner", mode=0o700) as inner:
        (inbox / "inner").rename(inbox / "old")
        (inbox / "inner").symlink_to(inbox.parent)
        inner.write("secret", b"mine", mode=0o600)
        assert inner.remove("secret")
    assert (inbox.parent / "secret").read_text() == "secret"


@pytest.mark.skipif(os.geteuid() != 0, reason=second_user.REASON)
@pytest.mark.parametrize("where", ["the last name", "in the middle", "behind a link of ours"])
def test_a_link_of_another_user_on_the_way_is_refused(where: str) -> None:
    with second_user.shared_place() as place:
        second_user.share(place / "theirs")
        (place / "ours" / "inner").mkdir(parents=True)
        assert second_user.acts(lambda: (place / "theirs" / "link").symlink_to(place / "ours"))
        (place / "way").symlink_to("theirs/link")
        path = {"the last name": "theirs/link", "in the middle": "theirs/link/inner"}.get(where, "way/inner")
        with pytest.raises(PermissionError, match="link belongs to another user"):
            UntrustedFolder.open(place / path, mode=0o770).__enter__()


@pytest.mark.skipif(os.geteuid() != 0, reason=second_user.REASON)
def test_an_inner_folder_of_another_user_is_refused() -> None:
    with second_user.shared_place() as place:
        second_user.share(place / "inbox")
        assert second_user.acts((place / "inbox" / "inner").mkdir)
        with (
            UntrustedFolder.open(place / "inbox", mode=0o770) as folder,
            pytest.raises(PermissionError, match="inner belongs to another user"),
            folder.own("inner", mode=0o700),
        ):
            pass


def test_a_loop_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        UntrustedFolder.open(tmp_path / "a" / "inbox", mode=0o770).__enter__()


def test_a_path_with_links_of_ours_and_steps_back_is_followed(tmp_path: Path, inbox: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link").symlink_to("../inbox/./")
    (inbox / "file").write_text("here")
    with UntrustedFolder.open(tmp_path / "data/../data/link", mode=0o770) as folder:
        assert folder.names(limit=9) == ["file"]


def test_a_missing_folder_is_made_with_its_mode(tmp_path: Path) -> None:
    with UntrustedFolder.open(tmp_path / "a" / "b", mode=0o770) as folder:
        assert folder.names(limit=9) == []
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o770


def test_no_more_names_are_read_than_asked_for(folder: UntrustedFolder, inbox: Path) -> None:
    for number in range(20):
        (inbox / f"{number}").touch()
    assert len(folder.names(limit=5)) == 5


def test_a_name_that_is_too_long_is_no_file(folder: UntrustedFolder) -> None:
    assert folder.status("x" * 300) is None
    assert folder.changed_s("x" * 300) is None
    assert not folder.move("x" * 300, folder)


def test_one_process_holds_a_folder(folder: UntrustedFolder, inbox: Path) -> None:
    with UntrustedFolder.open(inbox, mode=0o770) as other:
        assert folder.lock()
        assert not other.lock()
