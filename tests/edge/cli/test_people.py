"""`doorward people`: import, output, and the answer of the rules at a time."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.venues.door.occupancy_store import OccupancyFile

DOOR_TOML = '[door]\nsite = "tower-1/lobby"\n[permits]\nrules = "site.toml"\n'
SITE_TOML = """
version = "1"
zone = "Europe/Lisbon"
groups = ["guards", "staff", "visitors"]
[schedules]
office = ["mon-fri 08:00-18:00"]
night = ["sun 01:30-05:00"]
[[permits]]
groups = ["staff"]
doors = ["tower-1"]
schedule = "office"
after = "guards"
[[permits]]
groups = ["guards"]
doors = ["tower-1"]
[[permits]]
groups = ["visitors"]
doors = ["tower-1/lobby"]
schedule = "night"
"""
LIST = """issuer,subject,groups,valid_from,valid_until,assisted,no_face,duress_of
CN-GD,anna,staff,,,yes,,
CN-GD,gus,staff;guards,,,,,
CN-GD,vera,visitors,2023-03-26,2023-03-27T12:00,,yes,
CN-GD,anna-2,,,,,,anna
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `doorward people ...` in a folder with a door's configuration."""
    (tmp_path / "door.toml").write_text(DOOR_TOML)
    (tmp_path / "site.toml").write_text(SITE_TOML)
    (tmp_path / "people.csv").write_text(LIST)
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["people", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def rows(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_list_is_enrolled_and_shown_without_names(run: Run) -> None:
    assert run("import", "people.csv") == (0, "taken     4\nenrolled  4\n", "")
    code, out, _ = run("list")
    assert code == 0
    assert len(out.splitlines()) == 4
    assert not any(word in out for word in ("anna", "gus", "vera", "CN-GD"))
    code, out, _ = run("list", "--group", "guards", "--json")
    assert [row["groups"] for row in rows(out)] == [["guards", "staff"]]


def test_one_person_is_shown_by_issuer_and_subject(run: Run) -> None:
    run("import", "people.csv")
    code, out, _ = run("show", "CN-GD", "vera", "--json")
    assert code == 0
    (row,) = rows(out)
    assert (row["groups"], row["no_face"]) == (["visitors"], True)
    assert (row["valid_from"], row["valid_until"]) == ("2023-03-26T00:00:00Z", "2023-03-27T11:00:00Z")


def test_an_unknown_subject_is_an_error_that_does_not_repeat_it(run: Run) -> None:
    run("import", "people.csv")
    code, out, err = run("show", "CN-GD", "zacharias")
    assert (code, out) == (2, "")
    assert err.startswith("error: no person with this issuer and subject is enrolled\nhint: ")
    assert "zacharias" not in err


def test_before_the_first_import(run: Run, tmp_path: Path) -> None:
    assert run("list") == (
        2,
        "",
        "error: people.db: no person is enrolled yet\nhint: enrol people: doorward people import FILE\n",
    )
    assert not (tmp_path / "people.db").exists()


def test_a_list_with_mistakes_enrols_no_person_and_names_every_line(run: Run, tmp_path: Path) -> None:
    run("import", "people.csv")
    (tmp_path / "bad.csv").write_text(
        "issuer,subject,groups,assisted\nA,b,staff,maybe\nA,,staff,\nA,c,staf,\nA,d,staff,\n"
    )
    code, out, err = run("import", "bad.csv", "--replace")
    assert (code, out) == (2, "")
    assert [line for line in err.splitlines() if line.startswith("error: ")] == [
        "error: bad.csv: line 2: assisted is not yes or no",
        "error: bad.csv: line 3: subject is missing",
        'error: bad.csv: line 4: groups: site.toml has no group "staf"',
        "error: bad.csv: 3 mistakes, and no person was enrolled",
    ]
    assert len(run("list")[1].splitlines()) == 4


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("people.csv", b"issuer,subject\nA,\xff\n", "people.csv: line 2: is not UTF-8 text"),
        ("people.csv", b"\xef\xbb\xbfissuer,grops\n", 'people.csv: line 1: unknown column "grops"'),
        ("people.json", b"[", "people.json: not a JSON array of objects"),
        ("nothing.csv", None, "nothing.csv: no such file or directory"),
        (".", None, ".: is a directory"),
    ],
)
def test_a_file_that_is_not_a_list_is_an_error(
    run: Run, tmp_path: Path, name: str, data: bytes | None, says: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    code, out, err = run("import", name)
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == f"error: {says}"


_JSON = [
    {"issuer": "CN-GD", "subject": "anna", "groups": ["staff"]},
    {"issuer": "CN-GD", "subject": "gus", "groups": ["guards"]},
    {"issuer": "CN-GD", "subject": "vera", "groups": ["visitors"]},
    {"issuer": "CN-GD", "subject": "anna-2", "duress_of": "anna"},
]
FORMS = {
    "a byte order mark and CRLF": ("a.csv", b"\xef\xbb\xbf" + LIST.encode().replace(b"\n", b"\r\n")),
    "CR": ("a.csv", LIST.replace("\n", "\r").encode()),
    "UTF-16 with tabs": ("a.csv", LIST.replace(",", "\t").encode("utf-16")),
    "semicolons and blanks": (
        "a.csv",
        LIST.replace(";", "+").replace(",", " ; ").replace("+", " ").encode(),
    ),
    "JSON with a byte order mark": ("a.json", json.dumps(_JSON).encode("utf-8-sig")),
    "JSON in UTF-16": ("a.JSON", json.dumps(_JSON).encode("utf-16")),
    "JSON Lines with a byte order mark": ("a.jsonl", "\n".join(map(json.dumps, _JSON)).encode("utf-8-sig")),
}


@pytest.mark.parametrize(("name", "data"), FORMS.values(), ids=FORMS)
def test_a_list_is_read_in_every_form_that_programs_write(
    run: Run, tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    assert run("import", name, "--json") == (0, '{"taken":4,"enrolled":4}\n', "")
    assert run("show", "CN-GD", "gus")[0] == 0


def test_an_export_enrols_the_same_people_again(run: Run, tmp_path: Path) -> None:
    run("import", "people.csv")
    exported = run("export")[1]
    (tmp_path / "out.jsonl").write_text(exported)
    (tmp_path / "people.db").unlink()
    assert run("import", "out.jsonl", "--json")[1] == '{"taken":4,"enrolled":4}\n'
    assert run("export")[1] == exported


def test_a_pin_is_set_and_exported_as_its_verifier(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("import", "people.csv")
    monkeypatch.setattr("sys.stdin", io.StringIO("271828\n314159\n"))
    assert run("pin", "CN-GD", "vera", "--duress") == (0, "pin set  duress_pin yes\n", "")
    assert "pin        yes, and a duress PIN\n" in run("show", "CN-GD", "vera")[1]
    exported = run("export")[1]
    assert "$argon2id$" in exported
    assert "271828" not in exported
    assert run("pin", "CN-GD", "vera", "--remove") == (0, "pin none\n", "")
    assert "$argon2id$" not in run("export")[1]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("12\n", "not a PIN of 6 to 12 digits"),
        ("27182\n", "not a PIN of 6 to 12 digits"),
        ("271828\n271828\n", "both PINs are the same"),
    ],
)
def test_a_pin_that_is_not_accepted(run: Run, monkeypatch: pytest.MonkeyPatch, typed: str, says: str) -> None:
    run("import", "people.csv")
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    words = ("--duress",) if typed.count("\n") > 1 else ()
    code, _, err = run("pin", "CN-GD", "vera", *words)
    assert (code, err.splitlines()[0]) == (2, f"error: {says}")


def test_the_answer_of_the_rules_at_a_time(run: Run) -> None:
    code, out, _ = run("check", "--at", "2023-03-27T09:00")
    assert code == 0
    assert out.splitlines() == [
        "at         mon 2023-03-27 09:00 +0100, 2023-03-27T08:00:00Z, mon",
        "door       tower-1/lobby: normal; with no person inside",
        "lock-down  off; if it is on, no group may come in (site.locked_down); people inside can leave",
        "guards     passes",
        "staff      schedule.unattended   until mon 2023-03-27 18:00 +0100",
        "visitors   schedule.closed       until sun 2023-04-02 01:30 +0100",
        "(others)   person.unknown",
    ]


def test_a_time_that_the_clocks_skip(run: Run) -> None:
    out = run("check", "--at", "2023-03-26T01:30", "--group", "visitors")[1]
    assert "sun 2023-03-26 02:30 +0100, 2023-03-26T01:30:00Z" in out
    assert "the clocks skip this time" in out
    assert "visitors   passes                until sun 2023-03-26 05:00 +0100" in out


def test_a_time_that_comes_twice_is_told_twice(run: Run) -> None:
    told = rows(run("check", "--at", "2023-10-29T01:45", "--group", "visitors", "--json")[1])
    assert [(row["at"], row["says"], row["until"]) for row in told] == [
        ("2023-10-29T00:45:00+00:00", "passes", "2023-10-29T01:00:00+00:00"),
        ("2023-10-29T01:45:00+00:00", "passes", "2023-10-29T05:00:00+00:00"),
    ]


def test_the_answer_of_the_rules_for_one_person(run: Run) -> None:
    run("import", "people.csv")
    for at, says in (("2023-03-25T12:00", "visit.window"), ("2023-03-26T03:00", "passes")):
        (row,) = rows(run("check", "--at", at, "--person", "CN-GD", "vera", "--json")[1])
        assert row["says"] == says


def test_rules_can_be_checked_without_a_device(run: Run, tmp_path: Path) -> None:
    (tmp_path / "door.toml").unlink()
    code, out, _ = run("check", "--site", "site.toml", "--door", "tower-2", "--at", "2023-03-27T09:00")
    assert code == 0
    assert out.splitlines()[3:] == ["(others)   person.unknown"]
    assert run("check", "--site", "site.toml")[0] == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--at", "half past nine"), "--at: 'half past nine' is not a time"),
        (("--at", "9999-12-31T23:59"), "--at: '9999-12-31T23:59' is not a time"),
        (("--group", "clowns"), "--group: 'clowns' is not a group of this site"),
        (("--site", "nowhere.toml"), "nowhere.toml: cannot be read: no such file or directory"),
    ],
)
def test_a_check_that_cannot_be_made(run: Run, words: tuple[str, ...], says: str) -> None:
    code, out, err = run("check", *words)
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == f"error: {says}"


def test_the_configuration_is_checked_with_its_rules(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def findings() -> str:
        main(["config", "check", "door.toml"])
        return capsys.readouterr().err

    assert "site.toml" not in findings()
    run("import", "people.csv")
    (tmp_path / "people.key").unlink()
    (tmp_path / "site.toml").write_text(SITE_TOML.replace("Lisbon", "Lisboa"))
    found = findings()
    line = next(n for n, text in enumerate(SITE_TOML.splitlines(), 1) if text.startswith("zone"))
    error = (
        f'error: site.toml:{line}: zone: "Europe/Lisboa" is not a time zone\nhint: did you mean Europe/Lisbon'
    )
    assert error in found
    assert "error: the site's key people.key: no such file or directory\nhint: put it back" in found


def test_a_lock_down_is_switched_for_the_running_device(run: Run, tmp_path: Path) -> None:
    with closing(OccupancyFile(tmp_path / "state" / "presence.db")) as device:
        assert run("lock-down", "on") == (0, "lock-down on\n", "")
        assert device.is_locked_down()
        run("lock-down", "off")
        assert not device.is_locked_down()


def test_forgive_takes_one_person_or_everyone(run: Run) -> None:
    run("import", "people.csv")
    assert run("forgive", "CN-GD", "anna") == (0, "forgiven 0\n", "")
    assert run("forgive", "--json", "--yes") == (0, '{"forgiven":0}\n', "")
    assert run("forgive", "CN-GD")[0] == 2


def test_a_door_without_rules_has_nothing_to_lock_down(run: Run, tmp_path: Path) -> None:
    (tmp_path / "door.toml").write_text("")
    assert run("lock-down", "on")[2].startswith(
        "error: [permits] rules is not set: this door has no rules\nhint: "
    )
    assert run("check")[2].startswith("error: [permits] rules is not set: this door has no rules\nhint: ")
