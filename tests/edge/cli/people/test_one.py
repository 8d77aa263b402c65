"""`doorward people show` and `remove`: one person, and all that the rules say of them."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from worlds.people_folder import DOOR, SITE, Run, come_in, lines, people_folder, row

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    return people_folder(tmp_path, capsys, monkeypatch)


def now() -> datetime:
    return datetime.now(UTC)


def test_a_person_is_shown_with_permits_hours_of_today_and_areas(run: Run) -> None:
    code, out, _ = run("show", "tower-1", "anna")
    said = lines(out)
    assert code == 0
    assert said["groups"] == ["staff"]
    assert said["valid"] == ["until thu 2099-12-31 00:00 +0800"]
    assert said["pin"] == ["no"]
    assert said["permits"] == [
        "tower-1/lobby: office (staff)",
        "tower-1/lab: night, after guards came in (staff)",
    ]
    assert said["today"] == [
        "tower-1/lobby: 08:00-18:00",
        "tower-1/lab: 00:00-06:00, 22:00-24:00; before the group in `after` came in: not",
    ]
    assert said["areas"] == ["tower-1, tower-1/lab"]
    assert said["inside"] == ["no area"]


def test_a_permit_for_a_place_counts_at_each_door_in_it(run: Run) -> None:
    said = lines(run("show", "tower-1", "gus")[1])
    assert said["today"] == [
        "tower-1/lobby: 00:00-24:00",
        "tower-1/exit: always: this reader lets people out",
        "tower-1/lab: 00:00-24:00",
        "tower-1/vault: 00:00-24:00; only with a second person",
    ]
    assert said["now"] == ["tower-1/lobby: passes"]


def test_a_person_without_a_permit_comes_in_at_no_time(run: Run) -> None:
    said = lines(run("show", "tower-1", "vera")[1])
    assert said["permits"] == ["none"]
    assert said["today"] == ["tower-1/lobby: not today"]
    assert said["now"] == ["tower-1/lobby: door.not_permitted"]
    assert said["areas"] == ["none"]
    assert said["face"] == ["not compared: staff in its place"]


def test_hours_of_today_end_with_the_validity_of_the_person(run: Run, tmp_path: Path) -> None:
    ended = (now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    (tmp_path / "more.csv").write_text(f"issuer,subject,groups,valid_until\ntower-1,gus,guards,{ended}\n")
    run("import", "more.csv")
    said = row(run("show", "tower-1", "gus", "--json")[1])
    assert [day["hours"] for day in said["today"] if day["door"] == "tower-1/lobby"] == [[]]
    assert said["now"] == "visit.window"


def test_a_person_inside_is_shown_with_area_and_time(run: Run, tmp_path: Path) -> None:
    come_in(tmp_path, now(), "gus")
    out = run("show", "tower-1", "gus")[1]
    assert re.search(
        r"^inside     tower-1 since [a-z]{3} \d{4}-\d\d-\d\d \d\d:\d\d \+0800$", out, re.MULTILINE
    )
    assert lines(out)["now"][0].startswith("tower-1/lobby: person.passback until ")
    assert lines(run("show", "tower-1", "anna")[1])["inside"] == ["no area"]


def test_a_person_who_came_in_on_an_earlier_day_is_not_inside(run: Run, tmp_path: Path) -> None:
    come_in(tmp_path, now() - timedelta(days=2), "gus")
    assert row(run("show", "tower-1", "gus", "--json")[1])["inside"] == []


def test_a_lock_down_shows_in_the_answer_for_now_only(run: Run) -> None:
    run("lock-down", "on")
    said = row(run("show", "tower-1", "anna", "--json")[1])
    assert said["now"] == "site.locked_down"
    assert said["today"][0]["hours"] == [["08:00", "18:00"]]


def test_a_pin_is_shown_as_yes_and_never_itself(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("271828\n"))
    run("pin", "tower-1", "anna")
    out = run("show", "tower-1", "anna")[1]
    assert lines(out)["pin"] == ["yes"]
    assert "271828" not in out
    assert "argon2" not in out


def test_show_makes_no_file(run: Run, tmp_path: Path) -> None:
    run("show", "tower-1", "anna")
    assert not (tmp_path / "state" / "presence.db").exists()


def test_a_door_without_rules_shows_the_entry_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "door.toml").write_text(DOOR.partition("[permits]")[0])
    said = lines(run("show", "tower-1", "anna")[1])
    assert said["permits"] == ["not used: [permits] rules is not set"]
    assert "today" not in said


def test_a_removed_person_is_gone_with_duress_cards(run: Run) -> None:
    code, out, _ = run("remove", "tower-1", "anna")
    assert (code, out.splitlines()[:2]) == (0, ["removed   1; duress cards deleted: 1", "enrolled  2"])
    assert run("show", "tower-1", "anna")[0] == 2
    assert run("show", "tower-1", "anna-2")[0] == 2
    code, out, err = run("remove", "tower-1", "anna")
    assert (code, out) == (2, "")
    assert err.startswith("error: no person with this issuer and subject is enrolled\nhint: ")


def test_a_removed_duress_card_leaves_its_person(run: Run) -> None:
    assert row(run("remove", "tower-1", "anna-2", "--json")[1]) == {
        "removed": 1,
        "duress_cards": 0,
        "enrolled": 3,
    }
    assert run("show", "tower-1", "anna")[0] == 0


def test_remove_says_that_a_card_still_passes_as_one_that_is_not_enrolled(run: Run, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        SITE.replace("[schedules]", 'not_enrolled = ["visitors"]\n[schedules]')
    )
    assert "the card still passes as not_enrolled: visitors\n" in run("remove", "tower-1", "gus")[1]


def test_a_removed_person_who_is_inside_can_be_forgiven(run: Run, tmp_path: Path) -> None:
    come_in(tmp_path, now(), "gus")
    run("remove", "tower-1", "gus")
    assert run("forgive", "tower-1", "gus") == (0, "forgiven 1\n", "")
    assert run("forgive", "tower-1", "gus")[0] == 2
