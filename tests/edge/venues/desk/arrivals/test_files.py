"""Files of lists of arrivals: in force as a whole or not at all, also after a power cut or a forgery."""

from __future__ import annotations

import csv
import os
import tracemalloc
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from worlds.venues.desk import DeskWorld, booking, guest

from edge.errors import InputError
from edge.venues.desk.arrivals.arrivals import MAX_FILE_BYTES, MAX_MISTAKES
from edge.venues.desk.arrivals.folder import RECEIPTS_KEPT, REFUSED_KEPT
from edge.vouched_time import UNVOUCHED, VouchedTime

HEADER = "reference,arrival,departure,guests,minors,family_name,given_name\n"
LIST = HEADER + "R-1001,2026-06-15,2026-06-18,1,0,Silva,Maria\n"
OTHER = HEADER + "R-2002,2026-06-15,2026-06-18,1,0,Costa,Ana\n"
SIGNER = SigningKey(bytes(range(32)))
KEY_ID = b"property"
MINUTE = timedelta(minutes=1)
PUBLIC = b64encode(b"Ed" + KEY_ID + bytes(SIGNER.verify_key)).decode()


def open_world(folder: Path, **desk: str) -> Iterator[DeskWorld]:
    world = DeskWorld(folder, arrivals="inbox", **desk)
    (folder / "inbox").mkdir()
    yield world
    world.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[DeskWorld]:
    yield from open_world(tmp_path)


@pytest.fixture
def signed_world(tmp_path: Path) -> Iterator[DeskWorld]:
    yield from open_world(tmp_path, arrivals_key=PUBLIC)


def put(world: DeskWorld, text: str | bytes, name: str = "today.csv") -> Path:
    file = world.folder / "inbox" / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def sign(file: Path, content: bytes | None = None, *, signer: SigningKey = SIGNER) -> None:
    """As minisign does."""
    made = signer.sign(blake2b(content if content is not None else file.read_bytes()).digest()).signature
    comment = "arrivals"
    lines = (
        "untrusted comment: signature",
        b64encode(b"ED" + KEY_ID + made).decode(),
        f"trusted comment: {comment}",
        b64encode(signer.sign(made + comment.encode()).signature).decode(),
    )
    file.with_name(f"{file.name}.minisig").write_text("\n".join(lines) + "\n")


def look(world: DeskWorld) -> list:
    world.office.glance()
    return world.office.look()


def left(world: DeskWorld) -> list[str]:
    inbox = world.folder / "inbox"
    return sorted(str(path.relative_to(inbox)) for path in inbox.rglob("*") if path.is_file())


def test_a_list_in_the_folder_is_imported_and_deleted_and_leaves_a_receipt(world: DeskWorld) -> None:
    put(world, LIST)
    (taken,) = look(world)
    assert (taken.imported.bookings, taken.error) == (1, None)
    assert left(world) == ["done/today.csv.txt"]
    assert "1 bookings, 1 guests" in (world.folder / "inbox/done/today.csv.txt").read_text()
    assert world.comes(guest("Silva")) == "in"


def test_a_list_that_is_still_being_written_is_left_until_it_is_complete(world: DeskWorld) -> None:
    file = put(world, LIST[:50])
    world.office.glance()
    file.write_text(LIST)
    assert world.office.look() == []
    assert len(world.office.look()) == 1


def test_a_list_may_have_a_name_in_upper_case(world: DeskWorld) -> None:
    put(world, LIST, "ARRIVALS.CSV")
    assert [taken.error for taken in look(world)] == [None]


@pytest.mark.parametrize("name", [".hidden.csv", "notes.txt", "today.csv.tmp"])
def test_a_file_with_another_ending_is_ignored(world: DeskWorld, name: str) -> None:
    put(world, LIST, name)
    assert look(world) == []
    assert left(world) == [name]


def test_a_link_is_not_followed(world: DeskWorld) -> None:
    outside = world.folder / "outside.csv"
    outside.write_text(LIST)
    (world.folder / "inbox" / "today.csv").symlink_to(outside)
    assert look(world) == []
    assert outside.exists()


def test_a_wrong_list_is_moved_with_line_and_reason_and_the_old_list_stays(world: DeskWorld) -> None:
    put(world, LIST)
    look(world)
    put(world, "reference,arrival\nR-1,2026-06-15\n")
    (taken,) = look(world)
    assert taken.error is not None
    assert left(world) == ["done/today.csv.txt", "refused/today.csv", "refused/today.csv.txt"]
    reason = (world.folder / "inbox/refused/today.csv.txt").read_text()
    assert reason.startswith("today.csv: line 1: no column departure\n")
    assert (world.folder / "inbox/refused").stat().st_mode & 0o007 == 0
    assert world.comes(guest("Silva")) == "in"


def test_the_receipt_has_the_lines_that_were_left_out_without_a_name(world: DeskWorld) -> None:
    put(world, LIST + "R-9,2026-06-15,2026-06-10,1,0,Mustermann,Erika\n")
    look(world)
    receipt = (world.folder / "inbox/done/today.csv.txt").read_text()
    assert "line 3: departure is before arrival" in receipt
    assert "Mustermann" not in receipt


def test_refused_lists_and_old_receipts_are_deleted_in_time(world: DeskWorld) -> None:
    put(world, "nonsense", "wrong.csv")
    put(world, LIST)
    look(world)
    moved = datetime.fromtimestamp((world.folder / "inbox/refused/wrong.csv").stat().st_ctime, UTC)
    whole = left(world)
    for past, expected in (
        (UNVOUCHED, whole),
        (VouchedTime(moved + REFUSED_KEPT - MINUTE), whole),
        (VouchedTime(moved + REFUSED_KEPT + MINUTE), ["done/today.csv.txt"]),
        (VouchedTime(moved + RECEIPTS_KEPT + MINUTE), []),
    ):
        world.office.erase(past, 0)
        assert left(world) == expected


def test_a_list_that_was_picked_up_before_a_power_cut_is_imported_afterwards(world: DeskWorld) -> None:
    file = put(world, LIST)
    look(world)
    taken = world.folder / "inbox" / ".taken"
    file.write_text(OTHER)
    file.rename(taken / "later.csv")  # picked up, and not read yet
    world.restart()
    assert [one.name for one in world.office.look()] == ["later.csv"]
    assert world.comes(guest("Costa", "Ana")) == "in"


def test_the_latest_of_several_lists_is_in_force(world: DeskWorld) -> None:
    os.utime(put(world, LIST, "b.csv"), (1_000, 1_000))
    os.utime(put(world, OTHER, "a.csv"), (2_000, 2_000))
    assert [taken.name for taken in look(world)] == ["b.csv", "a.csv"]
    assert world.comes(guest("Costa", "Ana")) == "in"
    assert world.comes(guest("Silva")) == "booking.unknown"


def test_an_unfinished_file_of_arrivals_is_deleted(world: DeskWorld) -> None:
    world.expect(booking("R-1001", "Silva, Maria"))
    (world.folder / "desk" / "arrivals.new").write_bytes(b"half")
    put(world, OTHER)
    look(world)
    assert world.comes(guest("Costa", "Ana")) == "in"
    assert not (world.folder / "desk" / "arrivals.new").exists()


def test_a_signed_list_is_imported(signed_world: DeskWorld) -> None:
    sign(put(signed_world, LIST))
    (taken,) = look(signed_world)
    assert taken.error is None
    assert left(signed_world) == ["done/today.csv.txt"]
    assert signed_world.comes(guest("Silva")) == "in"


def test_a_list_waits_for_its_signature(signed_world: DeskWorld) -> None:
    file = put(signed_world, LIST)
    assert look(signed_world) == []
    assert left(signed_world) == ["today.csv"]
    sign(file)
    assert len(look(signed_world)) == 1


FORGED = {
    "another list": lambda file: sign(file, OTHER.encode()),
    "another key": lambda file: sign(file, signer=SigningKey(bytes(32))),
    "no signature": lambda file: file.with_name(f"{file.name}.minisig").write_text("hello"),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_a_list_with_a_wrong_signature_is_refused(signed_world: DeskWorld, forgery: str) -> None:
    FORGED[forgery](put(signed_world, LIST))
    (taken,) = look(signed_world)
    assert isinstance(taken.error, InputError)
    assert left(signed_world) == ["refused/today.csv", "refused/today.csv.minisig", "refused/today.csv.txt"]
    assert signed_world.comes(guest("Silva")) == "booking.unknown"


NO_LISTS = {
    "not text": (b"reference,arrival,departure\n\xff\xfe\n", "not UTF-8 text"),
    "one very long line": (b"reference,arrival,departure" + b"x" * 200_000, "is too long"),
    "another kind of file": (HEADER + "x,y,z\n" * (MAX_MISTAKES + 1), "101 lines are wrong"),
    "empty": ("", "no column reference"),
}


@pytest.mark.parametrize("name", NO_LISTS)
def test_a_file_that_is_not_a_list_is_refused(world: DeskWorld, name: str) -> None:
    content, message = NO_LISTS[name]
    with pytest.raises(InputError, match=message):
        world.office.take(put(world, content))


@pytest.mark.parametrize("kind", ["missing", "a folder", "a pipe", "a link"])
def test_a_path_that_is_not_a_plain_file_is_refused(world: DeskWorld, kind: str) -> None:
    path = world.folder / "list.csv"
    match kind:
        case "a folder":
            path.mkdir()
        case "a pipe":
            os.mkfifo(path)
        case "a link":
            path.symlink_to(put(world, LIST))
    with pytest.raises(InputError):
        world.office.take(path)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(world: DeskWorld) -> None:
    file = put(world, LIST)
    os.truncate(file, MAX_FILE_BYTES + 1)  # sparse: takes no room
    with pytest.raises(InputError, match="larger than 256 MB"):
        world.office.take(file)


_NAMES = '"names": [{"family_name": "Silva", "given_name": "Maria"}]'
_JSON = f'[{{"reference": "R-1", "arrival": " 2026-06-15 ", "departure": "2026-06-18", {_NAMES}}}]'
FORMS = {
    "a byte order mark and CRLF": ("a.csv", b"\xef\xbb\xbf" + LIST.replace("\n", "\r\n").encode()),
    "CR": ("a.csv", LIST.replace("\n", "\r").encode()),
    "UTF-16 with tabs": ("a.csv", LIST.replace(",", "\t").encode("utf-16")),
    "semicolons and blanks": ("a.csv", LIST.replace(",", " ; ").encode()),
    "JSON with a byte order mark": ("a.json", _JSON.encode("utf-8-sig")),
    "JSON Lines with a byte order mark": ("a.jsonl", _JSON[1:-1].encode("utf-8-sig")),
    "JSON in UTF-16": ("a.json", _JSON.encode("utf-16")),
}


@pytest.mark.parametrize(("name", "data"), FORMS.values(), ids=FORMS)
def test_a_list_is_taken_in_every_form_that_programs_write(world: DeskWorld, name: str, data: bytes) -> None:
    imported = world.office.take(put(world, data, name))
    assert (imported.bookings, imported.mistakes) == (1, ())
    assert world.comes(guest("Silva")) == "in"


def test_a_list_is_read_in_pieces(world: DeskWorld) -> None:
    file = world.folder / "many.csv"
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER.strip().split(","))
        writer.writerows(
            (f"R-{number}", "2026-06-15", "2026-06-18", 1, 0, f"Família {number}", "Ana")
            for number in range(3_000)
        )
    seen: list[tuple[int, int]] = []
    imported = world.office.take(file, watch=lambda done, total: seen.append((done, total)))
    assert (imported.bookings, imported.mistakes) == (3_000, ())
    assert len(seen) > 2
    assert seen[-1][0] == seen[-1][1] == file.stat().st_size
    assert world.comes(guest("Família 2999", "Ana")) == "in"


def endless(world: DeskWorld, begin: str, more: str, name: str = "endless.csv") -> Path:
    """A file of 40 MB: a beginning, and then the same again and again."""
    file = world.folder / "inbox" / name
    with file.open("w") as out:
        out.write(begin)
        for _ in range(40):
            out.write(more * (1_048_576 // len(more)))
    return file


ONE_BOOKING = "R-1001,2026-06-15,2026-06-18,1,0,Silva,Maria\n"
POISONS: dict[str, tuple[str, str, str, str]] = {
    "a row of quoted line ends": ("endless.csv", HEADER + 'R-1,"', '\n","', "the row is longer than"),
    "a quoted field": ("endless.csv", HEADER + '"', "text\n", "the row is longer than"),
    "a row of commas": ("endless.csv", HEADER, ",", "is too long"),
    "a header of quoted line ends": ("endless.csv", '"', '\n","', "the row is longer than"),
    "rows that are wrong": ("endless.csv", HEADER, "x,y\n", "101 lines are wrong"),
    "a JSON string": ("endless.json", '[{"reference": "', "silva", "not JSON, or an object too large"),
    "open brackets": ("endless.json", "[", "[", "not JSON, or an object too large"),
    "open braces": ("endless.json", '[{"a":', '{"a":', "not JSON, or an object too large"),
    "a number": ("endless.json", '[{"guests": 1', "1", "not JSON, or an object too large"),
    "one object with many keys": ("endless.json", '[{"a": 1', ', "a": 1', "not JSON, or an object too large"),
    "combining marks": ("endless.csv", HEADER + "R-1,2026-06-15,2026-06-18,1,0,", "\u0301", "is too long"),
}


@pytest.mark.parametrize("poison", POISONS)
def test_a_list_without_an_end_takes_little_memory_and_is_refused(world: DeskWorld, poison: str) -> None:
    name, begin, more, message = POISONS[poison]
    file = endless(world, begin, more, name)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=message):
            world.office.take(file)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4_000_000


def test_a_booking_does_not_grow_with_its_lines(world: DeskWorld) -> None:
    lines = (f"R-1,2026-06-15,2026-06-18,1,0,Silva,Maria {number}\n" for number in range(20_000))
    other = "R-2,2026-06-15,2026-06-18,1,0,Costa,Ana\n"
    file = put(world, HEADER + "".join(lines) + other)
    imported = world.office.take(file)
    assert imported.bookings == 1
    assert [str(mistake) for mistake in imported.mistakes] == ["line 2: more than 60 guests"]


def test_a_text_that_utf_8_does_not_have_is_a_mistake(world: DeskWorld) -> None:
    row = '{"reference": "R-1", "arrival": "2026-06-15", "departure": "2026-06-18", '
    good = row.replace("R-1", "R-2") + '"guests": 1}\n'
    for key in ('"family_name": "\\ud800"', '"names": [{"family_name": "A", "given_name": "\\udfff"}]'):
        imported = world.office.take(put(world, good + row + key + "}", "one.json"))
        assert [mistake.reason.split(" is")[0] for mistake in imported.mistakes] == [
            key.split('"')[-4 if "names" in key else 1]
        ]
    imported = world.office.take(
        put(world, good + row.replace("R-1", "\\udc00") + '"guests": 1}', "one.json")
    )
    assert len(imported.mistakes) == 1


def test_names_that_grow_when_they_are_compared_are_imported(world: DeskWorld) -> None:
    name = "\ufdfa" * 200  # NFKC makes 18 letters of this one
    imported = world.office.take(put(world, HEADER + f"R-1,2026-06-15,2026-06-18,1,0,{name},{name}\n"))
    assert imported.bookings == 1


def test_nothing_of_a_list_is_parsed_before_its_signature_is_checked(signed_world: DeskWorld) -> None:
    """Every poison gets the answer of an unsigned list, not that of the parser."""
    for name, begin, more, _ in POISONS.values():
        file = endless(signed_world, begin, more, name)
        sign(file, LIST.encode())
        with pytest.raises(InputError, match="the signature is for another content"):
            signed_world.office.take(file)


def test_a_list_that_changes_after_its_signature_was_checked_is_imported_as_it_was(
    signed_world: DeskWorld,
) -> None:
    """The property's system may keep the file open, and write into it while it is imported."""
    many = HEADER + "".join(f"R-{n},2026-06-15,2026-06-18,1,0,Silva,Maria {n}\n" for n in range(3_000))
    file = put(signed_world, many + LIST.removeprefix(HEADER))
    sign(file)

    def exchange(_done: int, _total: int) -> None:
        with file.open("r+") as out:
            out.write(many + LIST.removeprefix(HEADER).replace("Silva,Maria", "Costa,Maria"))

    signed_world.office.take(file, watch=exchange)
    assert "Costa" in file.read_text()
    assert signed_world.comes(guest("Costa")) == "booking.unknown"


def test_a_copy_of_a_list_has_no_name(world: DeskWorld) -> None:
    seen: set[str] = set()
    desk = world.folder / "desk"
    world.office.take(
        put(world, LIST), watch=lambda _done, _total: seen.update(each.name for each in desk.iterdir())
    )
    assert {name for name in seen if not name.startswith(("arrivals.", "desk.db", "match.key"))} == set()
