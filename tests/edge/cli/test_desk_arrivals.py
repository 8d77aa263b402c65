"""`doorward desk import`, `clear` and `show`: no list is emptied by mistake, and staff can read the list."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from worlds.terminal import Terminal
from worlds.venues.desk import booking, guest
from worlds.venues.desk_house import House

from edge.__main__ import main

HEAD = "reference,arrival,departure,family_name,given_name\n"
Said = pytest.CaptureFixture[str]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


def line(number: int, day: str = "2027-03-01") -> str:
    return f"R-{number},{day},2027-03-04,Silva,Maria {number}\n"


def rows(count: int, *, wrong: int = 0) -> str:
    good = "".join(line(number) for number in range(count))
    return HEAD + good + "".join(line(1_000 + number, "01.03.2027") for number in range(wrong))


def put(house: House, text: str, name: str = "list.csv") -> str:
    file = house.folder / name
    file.write_text(text, "utf-8")
    return str(file)


def expected(house: House, capsys: Said) -> int:
    capsys.readouterr()
    house.run("show", "--json")
    return int(json.loads(capsys.readouterr().out)["expected"])


NOTHING = {
    "an empty file": ("list.csv", "", "no column reference, arrival, departure"),
    "a byte order mark alone": ("list.csv", "\ufeff", "no column reference, arrival, departure"),
    "a header alone": ("list.csv", HEAD, "no bookings in it can be used"),
    "a header and rows of delimiters": ("list.csv", HEAD + ",,,,\n" * 9, "no bookings in it can be used"),
    "one line of another date format": ("list.csv", rows(0, wrong=1), "stays: line 2: arrival"),
    "a hundred wrong lines of a hundred": ("list.csv", rows(0, wrong=100), "100 lines are wrong"),
    "every booking twice, so all in doubt": ("list.csv", rows(4) + rows(4)[len(HEAD) :], "no bookings"),
    "an empty JSON file": ("list.json", "", "no bookings in it can be used"),
    "an empty array": ("list.json", "[]", "no bookings in it can be used"),
    "JSON Lines without a line": ("list.jsonl", "\n\n", "no bookings in it can be used"),
    "zeros, as after a power cut": ("list.csv", "\0" * 4_096, "line 1: a NUL character"),
}


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("accept", [(), ("--accept-fewer",)])
def test_a_list_with_nothing_usable_never_replaces_one(
    house: House, capsys: Said, name: str, accept: tuple[str, ...]
) -> None:
    house.run("import", put(house, rows(4)))
    file, text, says = NOTHING[name]
    assert house.run("import", put(house, text, file), *accept) == 2
    assert says in capsys.readouterr().err
    assert expected(house, capsys) == 4


def test_a_first_list_may_be_in_doubt_as_a_whole(house: House, capsys: Said) -> None:
    assert house.run("import", put(house, rows(2) + rows(2)[len(HEAD) :])) == 1
    assert expected(house, capsys) == 2
    house.run("show")
    assert capsys.readouterr().out.count("in doubt: the list has it twice") == 2


@pytest.mark.parametrize(("count", "code", "left"), [(5, 0, 5), (4, 2, 10), (1, 2, 10)])
def test_a_list_with_less_than_half_of_the_bookings_is_refused(
    house: House, capsys: Said, count: int, code: int, left: int
) -> None:
    house.run("import", put(house, rows(10)))
    assert house.run("import", put(house, rows(count))) == code
    if code:
        said = capsys.readouterr().err
        assert f"list.csv: {10 - count} of 10 bookings would be gone: the list in use stays\n" in said
        assert "hint: if that is right, import it with --accept-fewer\n" in said
    assert expected(house, capsys) == left


def test_fewer_bookings_are_accepted_by_a_word_of_the_operator(house: House, capsys: Said) -> None:
    house.run("import", put(house, rows(10)))
    assert house.run("import", put(house, rows(1)), "--accept-fewer") == 0
    assert expected(house, capsys) == 1


@pytest.mark.parametrize(("typed", "code", "left"), [("y\n", 0, 1), ("n\n", 1, 10), ("", 1, 10)])
def test_a_terminal_asks_about_fewer_bookings(
    house: House, capsys: Said, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, left: int
) -> None:
    house.run("import", put(house, rows(10)))
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert house.run("import", put(house, rows(1))) == code
    assert "list.csv: 9 of 10 bookings will be gone. Import it? [y/N] " in capsys.readouterr().err
    assert expected(house, capsys) == left


@pytest.mark.parametrize(("text", "says"), [(HEAD, "no bookings"), (rows(1), "9 of 10 bookings would")])
def test_a_list_in_the_folder_is_set_aside_with_its_reason(
    house: House, capsys: Said, text: str, says: str
) -> None:
    inbox = house.folder / "inbox"
    inbox.mkdir()
    put(house, rows(10), "inbox/first.csv")
    assert house.run("work") == 0
    assert house.run("show") == 0
    put(house, text, "inbox/second.csv")
    assert house.run("work") == 1
    assert says in capsys.readouterr().err
    assert says in (inbox / "refused" / "second.csv.txt").read_text()
    assert house.run("show") == 1
    said = capsys.readouterr().out
    assert "expected       bookings 10" in said
    assert "  refused      list-" in said
    put(house, rows(9), "inbox/third.csv")
    assert house.run("work") == 0
    assert house.run("show") == 0  # a newer list is in use


def test_a_damaged_list_is_repaired_by_the_next_one(house: House, capsys: Said) -> None:
    house.run("import", put(house, rows(10)))
    (house.folder / "desk" / "arrivals.db").write_bytes(b"no database" * 100)
    assert house.run("import", put(house, rows(1))) == 0
    assert expected(house, capsys) == 1


def test_clear_deletes_the_list_and_keeps_the_register(house: House, capsys: Said) -> None:
    house.expect(booking("R-1", "Silva, Maria"))
    house.world.comes(guest("Silva", "Maria"))
    capsys.readouterr()
    assert house.run("clear") == 2  # no terminal, so it cannot ask
    assert "add --yes" in capsys.readouterr().err
    assert expected(house, capsys) == 1
    assert house.run("clear", "--yes") == 0
    assert "1 bookings deleted" in capsys.readouterr().out
    assert expected(house, capsys) == 0
    assert house.world.office.store.count() == 1
    assert house.world.comes(guest("Costa", "Ana")) == "booking.unknown"
    assert house.run("clear", "--yes") == 0  # again: there is nothing to delete


def test_show_lists_arrivals_and_opens_them_with_the_private_key(house: House, capsys: Said) -> None:
    house.expect(booking("R-7", "Silva, Maria", "Silva, Rui"), booking("R-8", "歐陽, 小明"))
    house.world.comes(guest("Silva", "Maria"))
    capsys.readouterr()
    assert house.run("show") == 0
    said = capsys.readouterr().out
    assert said.count("guests 2, registered 1") == 1
    assert said.count("guests 1, registered 0") == 1
    assert "references and names are sealed: to read them, add --key FILE" in said
    assert "Silva" not in said
    assert house.run("show", "--key", str(house.key)) == 0
    said = capsys.readouterr().out
    assert "guests 2, registered 1  R-7  Silva, Maria; Silva, Rui\n" in said
    assert "guests 1, registered 0  R-8  歐陽, 小明\n" in said
    assert house.run("show", "--key", str(house.key), "--json") == 0
    arrivals = json.loads(capsys.readouterr().out)["arrivals"]
    assert {row["reference"]: row["registered"] for row in arrivals} == {"R-7": 1, "R-8": 0}


def test_show_prints_the_next_arrivals_first_and_all_on_request(house: House, capsys: Said) -> None:
    over = "R-over,2020-01-01,2020-01-02,Costa,Ana\n"
    house.run("import", put(house, HEAD + over + rows(60)[len(HEAD) :]))
    capsys.readouterr()
    house.run("show", "--key", str(house.key))
    said = capsys.readouterr().out
    assert "and 11 more: add --all" in said
    assert "Costa" not in said
    house.run("show", "--key", str(house.key), "--all")
    said = capsys.readouterr().out
    assert said.count("  R-") == 61
    assert said.index("Silva") < said.index("Costa")


def test_another_key_opens_no_arrivals(house: House, capsys: Said) -> None:
    house.expect(booking("R-7", "Silva, Maria"))
    other = house.folder / "other.key"
    main(["desk", "key", str(other)])
    capsys.readouterr()
    assert house.run("show", "--key", str(other)) == 2
    assert "sealed to another key" in capsys.readouterr().err


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_a_copy_of_the_folder_is_read_with_the_private_key_alone(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    """Neither the public key nor a file of webhook and authority is on the machine of the back office."""
    device, office = tmp_path / "device", tmp_path / "office"
    device.mkdir()
    office.mkdir()
    more = {"webhook": "https://pms.hotel.example/x", "authority": "https://gov.example/y"}
    house = House(device, name="Hotel Müller", arrivals="/no/such/folder", **more)
    house.expect(booking("R-1", "Müller, Jörg"))
    house.world.comes(guest("Müller", "Jörg"))
    shutil.copytree(device / "desk", office / "desk")
    for name in ("door.toml", "desk.key"):
        shutil.copy(device / name, office / name)
    monkeypatch.chdir(office)
    capsys.readouterr()
    key = ("--key", "desk.key", "--config", "door.toml")
    assert main(["desk", "show", *key]) == 0
    assert "R-1  Müller, Jörg" in capsys.readouterr().out
    assert main(["desk", "export", "--format", format_, "--out", "out", *key]) == 0
    said = Path("out").read_bytes()
    assert "Müller,Jörg".encode() in said or '"Müller"'.encode() in said
    assert "Hotel Müller".encode() in said
    assert said.startswith(b"\xef\xbb\xbf") == (format_ == "csv")
    assert sorted(path.name for path in office.iterdir()) == ["desk", "desk.key", "door.toml", "out"]
    house.close()


def test_an_export_from_a_folder_without_a_register_makes_none(
    tmp_path: Path, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["desk", "key", "desk.key"])
    assert main(["desk", "export", "--key", "desk.key"]) == 2
    assert "desk/desk.db: no such file" in capsys.readouterr().err
    assert not (tmp_path / "desk").exists()
