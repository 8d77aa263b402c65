"""Lists of people: their content, their errors by line, and the import of the whole list or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.venues.building_door import SITE_KEY

from edge.card.person import Person
from edge.errors import InputError, StorageFault
from edge.policy.pin import Entered, Pin, verifier
from edge.venues.door.enrolment import COLUMNS, Enrolment, EnrolmentContext, gather, read_csv, read_json
from edge.venues.door.people_store import PeopleFile
from edge.venues.door.person import EnrolledPerson, person_name

SITE = EnrolmentContext(SITE_KEY, ZoneInfo("Europe/Lisbon"), frozenset({"staff", "guards"}))
ANNA = person_name(Person("CN-GD", "anna"), SITE_KEY)
HEAD = "issuer,subject,groups,valid_from,valid_until,assisted,no_face,duress_of,template"


def people(text: str) -> list[Enrolment]:
    found, wrong = gather(read_csv(text.splitlines(keepends=True), SITE))
    assert not wrong
    return found


def wrong(text: str) -> list[str]:
    return [error.message for error in gather(read_csv(text.splitlines(keepends=True), SITE))[1]]


def one(row: str) -> Enrolment:
    (person,) = people(f"{HEAD}\n{row}\n")
    return person


def test_a_row_with_all_columns() -> None:
    told = one(f"CN-GD,anna,staff;guards,2027-03-01,2027-03-02T12:30,yes,,,{'0f' * 16}")
    assert told == Enrolment(
        ANNA,
        frozenset({"staff", "guards"}),
        datetime(2027, 3, 1, tzinfo=UTC),
        datetime(2027, 3, 2, 12, 30, tzinfo=UTC),
        assisted=True,
        template=b"\x0f" * 16,
    )


TIMES = {  # Lisbon's clocks skip 01:00 to 02:00 on 2023-03-26
    "2023-07-01": "2023-06-30T23:00Z",
    "2023-07-01T09:00": "2023-07-01T08:00Z",
    "2023-07-01 09:00:30": "2023-07-01T08:00:30Z",
    "2023-07-01T09:00Z": "2023-07-01T09:00Z",
    "2023-07-01T09:00+08:00": "2023-07-01T01:00Z",
    "2023-03-26T01:30": "2023-03-26T01:30Z",
}


@pytest.mark.parametrize("text", TIMES)
def test_a_time_without_a_zone_is_the_sites(text: str) -> None:
    assert one(f"CN-GD,anna,staff,{text},,,,,").valid_from == datetime.fromisoformat(TIMES[text])


def test_a_duress_card_belongs_to_a_person() -> None:
    told = one("CN-GD,anna-2,,,,,,anna,")
    assert told == Enrolment(person_name(Person("CN-GD", "anna-2"), SITE_KEY), same_as=ANNA)


WRONG = {
    "no subject": ("CN-GD,,staff,,,,,,", "subject is missing"),
    "no issuer": (",anna,staff,,,,,,", "issuer is missing"),
    "a long subject": (f"CN-GD,{'a' * 201},staff,,,,,,", "subject is longer than 200 characters"),
    "a long value": (f"CN-GD,anna,{'staff ' * 700},,,,,,", "groups is longer than 4000 characters"),
    "a group that is not in site.toml": ("CN-GD,anna,staf,,,,,,", 'groups: site.toml has no group "staf"'),
    "a group with other characters": (
        "CN-GD,anna,Staff!,,,,,,",
        "groups: a name has characters other than a-z, 0-9, _ and -, or more than 40",
    ),
    "no time": ("CN-GD,anna,staff,tomorrow,,,,,", "valid_from is not a time such as 2027-03-28T09:00"),
    "no day": ("CN-GD,anna,staff,2027-02-30,,,,,", "valid_from is not a time such as 2027-03-28T09:00"),
    "a time long ago": ("CN-GD,anna,staff,1066-10-14,,,,,", "valid_from is not in the years 1970 to 2099"),
    "a window without a time in it": (
        "CN-GD,anna,staff,2027-03-02,2027-03-02,,,,",
        "valid_until is not after valid_from",
    ),
    "not yes or no": ("CN-GD,anna,staff,,,maybe,,,", "assisted is not yes or no"),
    "no hash": ("CN-GD,anna,staff,,,,,,0F", "template is not 32 hex digits"),
    "a duress card of itself": ("CN-GD,anna,,,,,,anna,", "duress_of is the subject of this row itself"),
    "a duress card with its own groups": (
        "CN-GD,anna-2,staff,,,,,anna,",
        "duress_of takes all data from its person: leave the other columns empty",
    ),
    "too many values": ("CN-GD,anna,staff,,,,,,,x", "more values than columns"),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_error_names_its_line_and_no_person(name: str) -> None:
    row, expected = WRONG[name]
    assert wrong(f"{HEAD}\nCN-GD,ben,staff,,,,,,\n{row}\n") == [f"line 3: {expected}"]


def test_every_error_is_reported() -> None:
    rows = "CN-GD,anna,staff,,,x,,,\nCN-GD,ben,staff,,,,,,\nCN-GD,ben,guards,,,,,,\n,,,,,,,,\n"
    assert wrong(f"{HEAD}\n{rows}") == [
        "line 2: assisted is not yes or no",
        "line 4: the same person as in line 3",
        "line 5: issuer is missing",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: no column issuer, subject"),
        ("issuer,grops\n", 'line 1: unknown column "grops"'),
        ("issuer,groups\n", "line 1: no column subject"),
        ('issuer,subject\n"a', "not CSV"),
    ],
)
def test_a_file_that_is_not_a_list_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        people(text)


def test_json_gives_the_same_people_as_csv() -> None:
    rows = '{"issuer":"CN-GD","subject":"anna","groups":["staff","guards"],"assisted":true,"valid_from":null}'
    csv = people(f"{HEAD}\nCN-GD,anna,staff guards,,,yes,,,\n")
    for data in (f"[{rows}]", rows, f"\n{rows}\n\n"):
        assert gather(read_json(data.encode(), SITE)) == (csv, [])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"[1]", "not a JSON array of objects"),
        (b"[", "not a JSON array of objects"),
        (b"{}\n{", "line 2: not a JSON object"),
        (b"nonsense", "line 1: not a JSON object"),
        (b"\xff\xfe", "line 1: not a JSON object"),
        (b"[" * 100_000, "not a JSON array of objects"),
    ],
)
def test_json_that_is_not_a_list_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        gather(read_json(data, SITE))


def test_json_with_a_mistake_names_the_person_by_number() -> None:
    data = b'[{"issuer":"CN-GD","subject":"anna"},{"issuer":"CN-GD","subject":5},{"isuer":"x"}]'
    assert [error.message for error in gather(read_json(data, SITE))[1]] == [
        "person 2: subject is not text",
        'person 3: unknown key "isuer"',
    ]


values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.lists(st.text(max_size=5), max_size=2)
)


@given(
    st.lists(st.dictionaries(st.sampled_from(COLUMNS) | st.text(max_size=5), values, max_size=5), max_size=3)
)
def test_fuzz_any_json_is_people_or_mistakes(rows: list[dict[str, object]]) -> None:
    found, mistakes = gather(read_json(msgspec.json.encode(rows), SITE))
    assert len(found) + len(mistakes) == len(rows)


@given(st.text(max_size=200))
def test_fuzz_any_text_is_people_or_an_input_error(text: str) -> None:
    lines = (HEAD + "\n" + text).splitlines(keepends=True)
    try:
        found, mistakes = gather(read_csv(lines, SITE))
    except InputError:
        return
    assert len(found) + len(mistakes) <= len(lines)


# -- the file ------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Iterator[PeopleFile]:
    with closing(PeopleFile(tmp_path / "people.db")) as opened:
        yield opened


def test_an_enrolled_person_is_found_after_a_restart(tmp_path: Path) -> None:
    told = one(f"CN-GD,anna,staff,2027-03-01,2027-03-02,yes,yes,,{'0f' * 16}")
    with closing(PeopleFile(tmp_path / "people.db")) as file:
        assert file.take([told]) == 1
    with closing(PeopleFile(tmp_path / "people.db")) as file:
        assert file.find(ANNA) == EnrolledPerson(
            ANNA,
            told.groups,
            told.valid_from,
            told.valid_until,
            assisted=True,
            no_face=True,
            template=b"\x0f" * 16,
        )
        assert file.find(bytes(16)) is None


def test_a_duress_card_finds_its_person_under_duress(file: PeopleFile) -> None:
    rows = people(f"{HEAD}\nCN-GD,anna-2,,,,,,anna,\nCN-GD,anna,staff,,,yes,,,\n")
    file.take(rows)
    usual, forced = file.find(ANNA), file.find(rows[0].name)
    assert usual is not None
    assert forced == EnrolledPerson(ANNA, usual.groups, assisted=True, duress=True)


def test_others_stay_unless_they_are_replaced(file: PeopleFile) -> None:
    first, second = people(f"{HEAD}\nCN-GD,anna,staff,,,,,,\nCN-GD,ben,staff,,,,,,\n")
    file.take([first])
    file.take([second])
    assert len(file) == 2
    file.take([second], replace=True)
    assert (len(file), file.find(ANNA)) == (1, None)


def test_the_last_row_of_a_person_replaces_the_earlier_one(file: PeopleFile) -> None:
    file.take([one("CN-GD,anna,staff,,,yes,,,")])
    file.take([one("CN-GD,anna,guards,,,,,,")])
    assert file.find(ANNA) == EnrolledPerson(ANNA, frozenset({"guards"}))


KEPT = verifier("271828").decode()


def test_a_pin_is_imported_as_its_verifier(file: PeopleFile) -> None:
    row = {"issuer": "CN-GD", "subject": "anna", "pin": KEPT, "duress_pin": verifier("314159").decode()}
    found, mistakes = gather(read_json(msgspec.json.encode([row]), SITE))
    assert not mistakes
    file.take(found)
    person = file.find(ANNA)
    assert person is not None
    assert person.pin is not None
    assert [person.pin.judge(digits) for digits in ("271828", "314159", "0000")] == [
        Entered.RIGHT,
        Entered.DURESS,
        Entered.WRONG,
    ]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"pin": "271828"}, "pin is not a verifier"),
        ({"pin": KEPT.replace("m=8192", "m=999999")}, "pin is not a verifier"),
        ({"pin": KEPT.replace("t=4", "t=99")}, "pin is not a verifier"),
        ({"pin": KEPT.replace("argon2id", "argon2i")}, "pin is not a verifier"),
        ({"pin": KEPT + "x" * 128}, "pin is not a verifier"),
        ({"duress_pin": KEPT}, "duress_pin needs a pin"),
    ],
)
def test_a_pin_in_the_clear_or_a_slow_one_is_refused(row: dict[str, str], says: str) -> None:
    data = msgspec.json.encode([{"issuer": "CN-GD", "subject": "anna"} | row])
    (mistake,) = gather(read_json(data, SITE))[1]
    assert mistake.message.startswith(f"person 1: {says}")
    assert "271828" not in mistake.message


@pytest.mark.parametrize("replace", [False, True])
def test_a_pin_that_was_set_here_stays_after_the_next_list(file: PeopleFile, replace: bool) -> None:
    file.take([one("CN-GD,anna,staff,,,,,,")])
    file.set_pin(ANNA, Pin(KEPT.encode()))
    file.take([one("CN-GD,anna,guards,,,,,,")], replace=replace)
    assert file.find(ANNA) == EnrolledPerson(ANNA, frozenset({"guards"}), pin=Pin(KEPT.encode()))
    file.set_pin(ANNA, None)
    assert file.find(ANNA) == EnrolledPerson(ANNA, frozenset({"guards"}))


@pytest.mark.parametrize("replace", [False, True])
def test_a_list_with_a_duress_card_of_an_unknown_person_is_refused_whole(
    file: PeopleFile, replace: bool
) -> None:
    file.take([one("CN-GD,anna,staff,,,,,,")])
    rows = people(f"{HEAD}\nCN-GD,ben,staff,,,,,,\nCN-GD,carl-2,,,,,,carl,\n")
    with pytest.raises(InputError, match="1 duress cards name a person who is not enrolled"):
        file.take(rows, replace=replace)
    assert (len(file), file.find(ANNA)) == (1, EnrolledPerson(ANNA, frozenset({"staff"})))


def test_a_duress_card_of_a_duress_card_is_refused(file: PeopleFile) -> None:
    rows = people(f"{HEAD}\nCN-GD,anna,staff,,,,,,\nCN-GD,anna-2,,,,,,anna,\nCN-GD,anna-3,,,,,,anna-2,\n")
    with pytest.raises(InputError):
        file.take(rows)


def test_an_import_that_stops_halfway_enrols_no_person(file: PeopleFile) -> None:
    def cut_short() -> Iterator[Enrolment]:
        yield one("CN-GD,anna,staff,,,,,,")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        file.take(cut_short())
    assert len(file) == 0


def test_a_running_door_finds_a_person_whom_a_command_enrols(tmp_path: Path) -> None:
    path = tmp_path / "people.db"
    with closing(PeopleFile(path)) as door, closing(PeopleFile(path)) as command:
        assert door.find(ANNA) is None
        command.take([one("CN-GD,anna,staff,,,,,,")])
        assert door.find(ANNA) is not None


def test_an_export_can_be_imported_again(tmp_path: Path, file: PeopleFile) -> None:
    file.take(people(f"{HEAD}\nCN-GD,anna,staff,2027-03-01,,yes,,,\nCN-GD,anna-2,,,,,,anna,\n"))
    with closing(sqlite3.connect(tmp_path / "people.db")) as db:
        text = "\n".join(str(row) for row in db.execute("SELECT * FROM people"))
    assert "anna" not in text, "no subject is stored"
    rows = [
        {"name": name.hex(), "duress_of": same_as and same_as.hex(), "groups": sorted(person.groups)}
        for name, same_as, person in file.rows()
    ]
    found, mistakes = gather(read_json(msgspec.json.encode(rows), SITE))
    assert not mistakes
    assert {(told.name, told.same_as) for told in found} == {(name, same) for name, same, _ in file.rows()}


def test_a_file_that_is_not_a_database_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "people.db").write_bytes(b"x" * 5_000)
    with pytest.raises(StorageFault, match=r"people\.db"):
        PeopleFile(tmp_path / "people.db")
