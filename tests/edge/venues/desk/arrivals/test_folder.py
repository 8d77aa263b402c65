"""The folder of lists under attack by the property's own user, and lists that end the importing process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from peers import second_user
from worlds.venues.desk import DeskWorld, guest

from edge.errors import EdgeError, StorageFault
from edge.venues.desk.arrivals.folder import MAX_NAME_BYTES, REFUSED_KEPT, log_name
from edge.vouched_time import UNVOUCHED, VouchedTime

HEADER = "reference,arrival,departure,guests,minors,family_name,given_name\n"
LIST = HEADER + "R-1001,2026-06-15,2026-06-18,1,0,Silva,Maria\n"
LATER = VouchedTime(datetime(2096, 10, 2, tzinfo=UTC))  # every list and receipt is old by then

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason=second_user.REASON)


@pytest.fixture
def world() -> Iterator[DeskWorld]:
    """A desk with the files of a device, and an inbox that the property's user may write."""
    with second_user.shared_place() as place:
        state = place / "state"
        state.mkdir(mode=0o700)
        for name in ("door.toml", "journal.db", "timestamp.json", "people.csv"):
            (state / name).write_text(f"content of {name}")
        if os.geteuid() == 0:
            second_user.share(place / "inbox")
        else:
            (place / "inbox").mkdir()
        world = DeskWorld(state, arrivals="../inbox")
        yield world
        world.close()


def inbox(world: DeskWorld) -> Path:
    return world.folder.parent / "inbox"


def put(world: DeskWorld, text: str = LIST, name: str = "today.csv") -> Path:
    file = inbox(world) / name
    file.write_text(text)
    return file


def look(world: DeskWorld, past: VouchedTime = UNVOUCHED) -> list:
    world.office.glance()
    taken = world.office.look()
    world.office.erase(past, 0)
    return taken


def device_files(world: DeskWorld) -> dict[str, bytes]:
    """The files of the device, without the store of the desk, which an import may change."""
    names = ("door.toml", "journal.db", "timestamp.json", "people.csv", "desk.key.pub")
    return {name: (world.folder / name).read_bytes() for name in names if (world.folder / name).exists()}


def modes(world: DeskWorld) -> dict[str, int]:
    return {name: (world.folder / name).stat().st_mode & 0o777 for name in device_files(world)}


def swapped(name: str) -> Callable[[Path, Path], None]:
    """Move a folder of the desk away, and put a link to the device's own folder in its place."""

    def act(box: Path, state: Path) -> None:
        (box / name).rename(box / ".old")
        (box / name).symlink_to(state)

    return act


def replaced(name: str) -> Callable[[Path, Path], None]:
    """Move a folder of the desk away, and put a folder of one's own in its place, with links in it."""

    def act(box: Path, state: Path) -> None:
        (box / name).rename(box / ".old")
        (box / name).mkdir()
        (box / name).chmod(0o777)
        for ending in ("csv", "csv.txt"):
            (box / name / f"wrong.{ending}").symlink_to(state / "door.toml")

    return act


def reason_link(box: Path, state: Path) -> None:
    (box / "refused" / "wrong.csv.txt").symlink_to(state / "door.toml")


def receipt_link(box: Path, state: Path) -> None:
    (box / "done" / "today.csv.txt").symlink_to(state / "door.toml")


def pipe(box: Path, state: Path) -> None:
    os.mkfifo(box / "people.csv", 0o666)


def link_as_list(box: Path, state: Path) -> None:
    (box / "people.csv").symlink_to(state / "people.csv")


def link_as_signature(box: Path, state: Path) -> None:
    (box / "wrong.csv.minisig").symlink_to(state / "door.toml")


def folder_as_list(box: Path, state: Path) -> None:
    (box / "people.csv").mkdir()
    (box / "people.csv" / "more.csv").write_text(LIST)


def unreadable(box: Path, state: Path) -> None:
    (box / "people.csv").write_text(LIST)
    (box / "people.csv").chmod(0)


ATTACKS: dict[str, Callable[[Path, Path], None]] = {
    "a link in place of a reason": reason_link,
    "a link in place of a receipt": receipt_link,
    **{f"{name} is a link to the device's folder": swapped(name) for name in ("done", "refused", ".taken")},
    ".trying is a link to the device's folder": swapped(".trying"),
    **{f"{name} is another user's folder": replaced(name) for name in ("done", "refused", ".taken")},
    "a pipe in place of a list": pipe,
    "a link in place of a list": link_as_list,
    "a link in place of a signature": link_as_signature,
    "a folder in place of a list": folder_as_list,
    "a list that cannot be read": unreadable,
}


@needs_root
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_act_of_the_other_user_changes_a_file_of_the_device(world: DeskWorld, attack: str) -> None:
    look(world)  # makes the folders
    before, rights = device_files(world), modes(world)
    second_user.acts(lambda: ATTACKS[attack](inbox(world), world.folder))
    second_user.acts(lambda: put(world, "nonsense", "wrong.csv"))
    second_user.acts(lambda: put(world))
    for past in (UNVOUCHED, LATER, LATER):
        with suppress(StorageFault):  # it can stop the imports, which are its own
            look(world, past)
    assert (device_files(world), modes(world)) == (before, rights)


@needs_root
@pytest.mark.parametrize("name", ["done", "refused", ".taken", ".trying"])
def test_the_other_user_cannot_write_where_the_desk_writes(world: DeskWorld, name: str) -> None:
    look(world)
    assert not second_user.acts(lambda: (inbox(world) / name / "file").write_text("mine"))


@needs_root
def test_folders_of_an_earlier_version_are_closed_to_the_other_user(world: DeskWorld) -> None:
    for name in ("done", "refused", ".taken"):
        second_user.share(inbox(world) / name)
    look(world)
    assert not second_user.acts(lambda: (inbox(world) / "refused" / "x.csv.txt").symlink_to("/etc/passwd"))


@needs_root
def test_the_other_user_reads_the_reason(world: DeskWorld) -> None:
    put(world, "nonsense")
    look(world)
    assert second_user.acts((inbox(world) / "refused/today.csv.txt").read_text)


@needs_root
def test_an_inbox_that_is_a_link_of_another_user_is_refused(world: DeskWorld) -> None:
    place = inbox(world).parent / "property"
    second_user.share(place)
    second_user.acts(lambda: (place / "out").symlink_to(world.folder))
    before = device_files(world)
    other = DeskWorld(world.folder, arrivals="../property/out")
    with pytest.raises(StorageFault, match="the link out belongs to another user"):
        look(other)
    other.close()
    assert device_files(world) == before | {"desk.key.pub": (world.folder / "desk.key.pub").read_bytes()}


def test_an_inbox_that_is_a_link_of_our_own_is_used(world: DeskWorld) -> None:
    (inbox(world).parent / "link").symlink_to(inbox(world))
    other = DeskWorld(world.folder, arrivals="../link")
    put(world)
    assert [taken.error for taken in look(other)] == [None]
    other.close()


def test_a_list_with_a_second_name_is_refused_and_its_other_name_stays(world: DeskWorld) -> None:
    secret = world.folder / "people.csv"
    secret.chmod(0o600)
    os.link(secret, inbox(world) / "today.csv")
    (taken,) = look(world)
    assert "has a second name, a hard link" in taken.error.message
    look(world, LATER)
    assert secret.read_text() == "content of people.csv"
    assert secret.stat().st_mode & 0o777 == 0o600


NAMES = {
    "of the greatest length": "n" * 250 + ".csv",
    "of many bytes": "歐" * 83 + ".csv",
    "with a line break": "to\nday.csv",
    "of bytes that are not text": os.fsdecode(b"\xff\xfe.csv"),
    "with an escape": "\x1b[2J.csv",
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", [LIST, "nonsense"], ids=["good", "wrong"])
def test_a_list_may_have_any_name(world: DeskWorld, name: str, text: str) -> None:
    put(world, text, NAMES[name])
    (taken,) = look(world)
    assert (taken.error is None) == (text == LIST)
    assert len(taken.name.encode()) <= MAX_NAME_BYTES
    assert look(world) == []


@pytest.mark.parametrize("text", [LIST, "nonsense"], ids=["good", "wrong"])
def test_the_log_gets_no_name_of_a_file(world: DeskWorld, text: str) -> None:
    put(world, text, "silva-maria.csv")
    (taken,) = look(world)
    said = f"{taken.log_name} {taken.logged_error.message if taken.logged_error else ''}"
    assert "silva" not in said
    kept = "done" if text == LIST else "refused"
    assert log_name("silva-maria.csv") in (inbox(world) / kept / "silva-maria.csv.txt").read_text()


def dies_in_the_middle(world: DeskWorld, how: Callable[[], None]) -> None:
    """Import in a process of its own, which ends while it reads the first list."""
    child = os.fork()
    if child == 0:

        def die(_done: int, _total: int) -> None:
            how()

        try:
            world.office.glance()
            world.office.look(watch=die)
        finally:
            os._exit(70)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) != 0


def fails() -> None:
    raise AssertionError("a bug of the parser")


ENDS = {"kill -9": lambda: os.kill(os.getpid(), signal.SIGKILL), "a bug": fails}


@pytest.mark.parametrize("how", ENDS)
def test_a_list_that_ends_the_process_is_set_aside_and_the_good_one_behind_it_is_imported(
    world: DeskWorld, how: str
) -> None:
    os.utime(put(world, LIST, "poison.csv"), (1_000, 1_000))
    put(world, LIST, "good.csv")
    dies_in_the_middle(world, ENDS[how])
    world.restart()
    first, second = world.office.look()
    assert (first.name, second.name, second.error) == ("poison.csv", "good.csv", None)
    assert "did not end" in first.error.message
    assert (inbox(world) / "refused/poison.csv").exists()
    assert world.office.look() == []
    assert world.comes(guest("Silva")) == "in"


def test_a_list_is_read_again_after_an_operator_stopped_the_import(world: DeskWorld) -> None:
    put(world)
    world.office.glance()

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.office.look(watch=stop)
    assert [taken.error for taken in world.office.look()] == [None]


def test_a_list_for_which_the_disk_has_no_space_does_not_hold_up_the_next(world: DeskWorld) -> None:
    os.utime(put(world, LIST, "first.csv"), (1_000, 1_000))
    put(world, LIST, "second.csv")
    world.office.glance()
    full = iter([True, False])

    def watch(_done: int, _total: int) -> None:
        if next(full, False):
            raise StorageFault("the disk is full", hint="free some space")

    first, second = world.office.look(watch=watch)
    assert (isinstance(first.error, StorageFault), second.error) == (True, None)


def test_two_processes_do_not_import_at_the_same_time(world: DeskWorld) -> None:
    put(world)
    world.office.glance()
    inner: list[list[object]] = []
    other = DeskWorld(world.folder, arrivals="../inbox")
    (taken,) = world.office.look(watch=lambda _done, _total: inner.append(other.office.look()))
    other.close()
    assert taken.error is None
    assert inner
    assert not any(inner)


def test_an_error_names_no_content(world: DeskWorld) -> None:
    put(world, HEADER + '"R-1001,2026-06-15\nMustermann', "wrong.csv")
    (taken,) = look(world)
    assert isinstance(taken.error, EdgeError)
    assert "Mustermann" not in taken.error.message


def test_refused_lists_are_kept_for_their_time(world: DeskWorld) -> None:
    put(world, "nonsense", "wrong.csv")
    look(world)
    changed_s = (inbox(world) / "refused/wrong.csv").stat().st_ctime
    look(world, VouchedTime(datetime.fromtimestamp(changed_s - 60, UTC) + REFUSED_KEPT))
    assert (inbox(world) / "refused/wrong.csv").exists()
