from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import Exit, StorageFault
from hw.system import files
from hw.system.files import Folder


@pytest.fixture(params=["here", pytest.param("card", marks=pytest.mark.hardware)])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    """A folder on this machine's disk; with `--hardware` also the folder of DOORWARD_FOLDER."""
    if request.param == "here":
        yield Folder(tmp_path / "root")
        return
    card = os.environ.get("DOORWARD_FOLDER") or pytest.skip("DOORWARD_FOLDER names no folder on a card")
    with tempfile.TemporaryDirectory(dir=card, prefix="doorward-test-") as place:
        yield Folder(Path(place) / "root")


def left(folder: Folder) -> list[str]:
    """All files in the folder, also hidden ones."""
    return sorted(str(path.relative_to(folder.root)) for path in folder.root.rglob("*") if path.is_file())


def test_a_written_file_is_read(folder: Folder) -> None:
    folder.write("a", b"")
    folder.write("issuers/b.json", b"{}")
    folder.write("issuers/deep/c", bytes(range(256)))
    assert folder.names() == ["a", "issuers/b.json", "issuers/deep/c"]
    assert [folder.read(name, limit=256) for name in folder.names()] == [b"", b"{}", bytes(range(256))]


def test_names_are_sorted_with_slashes_and_show_files_only(folder: Folder, tmp_path: Path) -> None:
    for name in ("b", "a/z", "a/B", "c/d/e", "a-1"):
        folder.write(name, b"")
    (folder.root / "empty").mkdir()
    (folder.root / ".hidden").write_bytes(b"")
    (folder.root / ".git").mkdir()
    (folder.root / ".git" / "x").write_bytes(b"")
    os.mkfifo(folder.root / "fifo")
    (folder.root / "link").symlink_to(folder.root / "b")
    (folder.root / "up").symlink_to(tmp_path)
    assert folder.names() == ["a-1", "a/B", "a/z", "b", "c/d/e"]


def test_writing_replaces_the_whole_file_and_leaves_nothing_else(folder: Folder) -> None:
    folder.write("a/b", b"long" * 1000)
    folder.write("a/b", b"short")
    assert folder.read("a/b", limit=5) == b"short"
    assert left(folder) == ["a/b"]


def test_the_limit_is_exact(folder: Folder) -> None:
    folder.write("a", b"12345")
    assert folder.read("a", limit=5) == b"12345"
    with pytest.raises(StorageFault, match="larger than 4 bytes"):
        folder.read("a", limit=4)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_secret_is_for_its_owner_alone_and_others_are_for_all_services(folder: Folder, umask: int) -> None:
    before = os.umask(umask)
    try:
        folder.write("open", b"")
        folder.write("secret", b"", secret=True)
        folder.write("became secret", b"")
        folder.write("became secret", b"", secret=True)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.root.iterdir()}
    assert modes == {"open": 0o644, "secret": 0o600, "became secret": 0o600}


NAMES = [
    "",
    "/",
    "/etc/passwd",
    "..",
    "../a",
    "a/../../b",
    "a/..",
    ".",
    "./a",
    "a//b",
    "a/",
    "\0",
    "a\0b",
    "a/" * 8 + "b",
]


@pytest.mark.parametrize("name", [*NAMES, "a" * 513], ids=ascii)
def test_no_name_leaves_the_folder(folder: Folder, name: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"outside")
    folder.write("a/b", b"inside")
    for act in (lambda: folder.read(name, limit=9), lambda: folder.write(name, b"x")):
        with pytest.raises(StorageFault, match="not a file name in this folder") as caught:
            act()
        assert caught.value.hint
    assert (tmp_path / "a").read_bytes() == b"outside"


def test_no_link_is_followed(folder: Folder, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"outside")
    folder.write("a", b"inside")
    (folder.root / "file").symlink_to(outside / "file")
    (folder.root / "folder").symlink_to(outside)
    for name in ("file", "folder/file"):
        with pytest.raises(StorageFault, match="cannot be read") as caught:
            folder.read(name, limit=99)
        assert "link" in caught.value.hint
    with pytest.raises(StorageFault, match="cannot be written"):
        folder.write("folder/file", b"x")
    folder.write("file", b"x")
    assert (outside / "file").read_bytes() == b"outside"
    assert (folder.root / "file").read_bytes() == b"x"
    assert not (folder.root / "file").is_symlink()


def test_the_root_itself_may_be_a_link(folder: Folder, tmp_path: Path) -> None:
    folder.write("a", b"1")
    (tmp_path / "current").symlink_to(folder.root)
    assert Folder(tmp_path / "current").read("a", limit=1) == b"1"


def test_special_files_are_refused_without_waiting(folder: Folder) -> None:
    folder.write("a", b"")
    os.mkfifo(folder.root / "fifo")
    with pytest.raises(StorageFault, match="not a regular file"):
        folder.read("fifo", limit=9)
    with pytest.raises(StorageFault, match="not a regular file"):
        Folder(Path("/dev")).read("zero", limit=9)
    with pytest.raises(StorageFault):
        Folder(folder.root.parent).read("root", limit=9)


def test_a_missing_or_blocked_path_is_a_fault_with_a_hint(folder: Folder) -> None:
    folder.write("a/b", b"")
    for act in (
        lambda: folder.read("missing", limit=9),
        lambda: folder.read("a/missing", limit=9),
        lambda: folder.read("a/b/c", limit=9),
        lambda: folder.write("a", b"x"),
        lambda: folder.write("a/b/c", b"x"),
        lambda: folder.write("a/" + "x" * 300, b"x"),
        lambda: Folder(folder.root / "nowhere").names(),
        lambda: Folder(folder.root / "a" / "b").names(),
        lambda: Folder(folder.root / "a" / "b").write("c", b"x"),
    ):
        with pytest.raises(StorageFault) as caught:
            act()
        assert str(folder.root) in caught.value.message
        assert "\n" not in caught.value.message
    assert caught.value.exit_code == Exit.DEVICE
    assert caught.value.hint
    assert left(folder) == ["a/b"]


def test_a_folder_with_too_many_files_is_the_wrong_folder(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b/c", "b/d"):
        folder.write(name, b"")
    monkeypatch.setattr(files, "MAX_NAMES", 3)
    assert len(folder.names()) == 3
    folder.write("e", b"")
    with pytest.raises(StorageFault, match="more than 3 files"):
        folder.names()


def test_a_deep_tree_ends(folder: Folder) -> None:
    (folder.root / "/".join("abcdefghijkl")).mkdir(parents=True)
    (folder.root / "/".join("abcdefghijkl") / "file").write_bytes(b"")
    folder.write("a/file", b"")
    assert folder.names() == ["a/file"]


@given(st.text(max_size=30))
def test_any_name_is_written_inside_or_is_a_fault(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    parent = tmp_path_factory.mktemp("any")
    folder = Folder(parent / "root")
    try:
        folder.write(name, b"x")
    except StorageFault:
        assert not any(path.is_file() for path in parent.rglob("*"))
    else:
        assert folder.read(name, limit=1) == b"x"
    assert [path.name for path in parent.iterdir()] in ([], ["root"])


def in_a_child(folder: Folder, script: str) -> str:
    """Run a script in its own process, which it may break, and return its output."""
    code = "import os, resource, sys\nfrom pathlib import Path\nfrom hw.system.files import Folder\nfrom edge.errors import StorageFault\n"
    code += f"folder = Folder(Path({str(folder.root)!r}))\n" + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    return done.stdout + done.stderr


def test_a_write_that_does_not_fit_keeps_the_old_file_and_has_a_hint(folder: Folder) -> None:
    folder.write("a", b"old")
    said = in_a_child(
        folder,
        """
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            folder.write("a", bytes(100_000))
        except StorageFault as fault:
            print(fault.message, "|", fault.hint)
        """,
    )
    assert "a: cannot be written: file too large | raise ulimit -f" in said
    assert folder.read("a", limit=9) == b"old"
    assert left(folder) == ["a"]


def test_a_process_killed_in_the_middle_leaves_the_old_file(folder: Folder) -> None:
    folder.write("a", b"old")
    said = in_a_child(
        folder,
        """
        def die(*_, **__):
            print("about to rename", flush=True)
            os._exit(1)
        os.rename = die
        folder.write("a", b"new")
        """,
    )
    assert said == "about to rename\n"
    assert folder.read("a", limit=9) == b"old"
    assert folder.names() == ["a"]


def test_file_and_folder_are_synced_before_write_returns(folder: Folder) -> None:
    said = in_a_child(
        folder,
        """
        real_fsync, real_rename = os.fsync, os.rename
        def fsync(fd):
            print("sync", "folder" if os.path.isdir(f"/proc/self/fd/{fd}") else "file")
            real_fsync(fd)
        def rename(*args, **kwargs):
            print("rename")
            real_rename(*args, **kwargs)
        os.fsync, os.rename = fsync, rename
        folder.write("a", b"new")
        print("done")
        """,
    )
    assert said.splitlines() == ["sync file", "rename", "sync folder", "done"]


def test_a_folder_that_may_not_be_written_is_a_fault_with_a_hint(folder: Folder) -> None:
    said = in_a_child(
        folder,
        """
        import shutil, tempfile
        if os.geteuid() == 0:  # root may write anywhere
            os.setgid(65534)
            os.setuid(65534)
        folder = Folder(Path(tempfile.mkdtemp()))
        try:
            folder.write("a", b"old")
            folder.root.chmod(0o500)
            try:
                folder.write("a", b"new")
            except StorageFault as fault:
                print(fault.message, "|", fault.hint, "|", folder.read("a", limit=3).decode())
        finally:
            folder.root.chmod(0o700)
            shutil.rmtree(folder.root)
        """,
    )
    assert "a: cannot be written: permission denied | check the owner" in said
    assert said.endswith("| old\n")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_each_error_of_the_disk_has_its_hint(
    folder: Folder, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.write("a", b"old")

    def refuse(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageFault) as caught:
        folder.write("a", b"new")
    monkeypatch.undo()
    assert os.strerror(code).lower() in caught.value.message
    assert caught.value.hint
    assert (folder.read("a", limit=9), left(folder)) == (b"old", ["a"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_file_system_without_links_or_files_is_a_fault() -> None:
    with pytest.raises(StorageFault):
        Folder(Path("/dev/full")).write("a", b"x")


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_descriptors_are_all_closed(folder: Folder) -> None:
    folder.write("a/b/c", b"x")
    (folder.root / "link").symlink_to("a")
    before = open_descriptors()
    for name in ("a/b/c", "a/b/missing", "link/b/c", "a/missing/c"):
        try:
            folder.read(name, limit=1)
        except StorageFault:
            continue
    folder.write("a/b/d", b"x")
    assert open_descriptors() == before


def test_a_mapped_file_reads_as_it_was_written_and_cannot_be_changed(folder: Folder) -> None:
    folder.write("a/b", bytes(range(256)))
    view = folder.map("a/b", limit=256)
    assert view == bytes(range(256))
    with pytest.raises(TypeError):
        view[0] = 1


def test_a_mapping_stays_readable_after_its_file_is_deleted(folder: Folder) -> None:
    folder.write("a", b"before")
    view = folder.map("a", limit=6)
    folder.write("a", b"after!")
    (folder.root / "a").unlink()
    assert view == b"before"


def test_an_empty_file_maps_to_nothing(folder: Folder) -> None:
    folder.write("a", b"")
    assert folder.map("a", limit=0) == b""


def test_mapping_refuses_the_same_files_as_reading(folder: Folder, tmp_path: Path) -> None:
    folder.write("a", b"12345")
    (tmp_path / "outside").write_bytes(b"1")
    (folder.root / "link").symlink_to(tmp_path / "outside")
    (folder.root / "up").symlink_to(tmp_path)
    (folder.root / "inner").mkdir()
    os.mkfifo(folder.root / "fifo")
    for name in ("a", "link", "up/outside", "../outside", "inner", "fifo", "missing", "", "a\0"):
        messages = []
        for open_one in (folder.read, folder.map):
            with pytest.raises(StorageFault) as caught:
                open_one(name, limit=4)
            messages.append((caught.value.message.replace("mapped", "read"), caught.value.hint))
        assert messages[0] == messages[1]
