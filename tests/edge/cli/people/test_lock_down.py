"""Lock-down: its switch, `doorward people status`, and the answer of `check`; wide verbs ask first."""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from worlds.people_folder import SITE, Run, come_in, lines, people_folder, row
from worlds.terminal import Terminal

from edge.venues.door.occupancy_store import OccupancyFile, Switch

if TYPE_CHECKING:
    from pathlib import Path

ZONE = ZoneInfo("Asia/Macau")
MIDDAY = ("--at", "2027-03-01T12:00")


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SUDO_USER", "marta")
    return people_folder(tmp_path, capsys, monkeypatch)


def test_status_prints_the_state_of_a_door(run: Run, tmp_path: Path) -> None:
    come_in(tmp_path, datetime.now(UTC), "gus", "anna")
    code, out, _ = run("status")
    assert code == 0
    assert lines(out) == {
        "door": ["tower-1/lobby; rules 1"],
        "lock-down": ["off"],
        "mode": ["normal; ask the controller: doorward door status"],
        "inside": ["tower-1: 2 of 50"],
        "enrolled": ["3 people"],
    }


def test_status_says_since_when_and_by_whom_a_door_is_locked_down(run: Run) -> None:
    run("lock-down", "on")
    state = row(run("status", "--json")[1])["lock_down"]
    since = datetime.fromisoformat(state.pop("since"))
    assert timedelta(0) <= datetime.now(UTC) - since < timedelta(minutes=5)
    assert state == {"on": True, "by": "marta", "may_pass": ["guards"]}
    (words,) = lines(run("status")[1])["lock-down"]
    assert f"on since {since.astimezone(ZONE):%a %Y-%m-%d %H:%M}".lower() in words
    assert "by marta; only guards may come in" in words
    run("lock-down", "off")
    assert row(run("status", "--json")[1])["lock_down"]["on"] is False


def test_a_second_switch_keeps_the_first_time_and_operator(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("lock-down", "on")
    first = row(run("status", "--json")[1])["lock_down"]
    monkeypatch.setenv("SUDO_USER", "nuno")
    assert "it is on since " in run("lock-down", "on")[1]
    assert row(run("status", "--json")[1])["lock_down"] == first


def test_a_lock_down_by_the_hours_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE.replace("[lock_down]", '[lock_down]\nschedule = "always"'))
    (words,) = lines(run("status")[1])["lock-down"]
    assert words.startswith("on by the hours in [lock_down] schedule; only guards may come in")


@pytest.mark.parametrize(("may_pass", "mode"), [('["guards"]', "normal"), ("[]", "lock-down")])
def test_status_prints_the_mode_of_the_controller(run: Run, tmp_path: Path, may_pass: str, mode: str) -> None:
    (tmp_path / "site.toml").write_text(SITE.replace('may_pass = ["guards"]', f"may_pass = {may_pass}"))
    run("lock-down", "on")
    assert row(run("status", "--json")[1])["mode"] == mode


def test_status_makes_no_file_and_knows_no_person_before_the_first_import(run: Run, tmp_path: Path) -> None:
    (tmp_path / "people.db").unlink()
    assert row(run("status", "--json")[1])["enrolled"] == 0
    assert not (tmp_path / "state" / "presence.db").exists()
    assert not (tmp_path / "people.db").exists()


def test_a_switch_of_an_earlier_version_is_read(run: Run, tmp_path: Path) -> None:
    run("lock-down", "on")
    with closing(sqlite3.connect(tmp_path / "state" / "presence.db")) as db:
        db.execute('ALTER TABLE switches DROP COLUMN "by"')
        db.commit()
    (words,) = lines(run("status")[1])["lock-down"]
    assert "by an operator who is not on record" in words


def test_check_says_what_a_locked_down_door_does(run: Run, tmp_path: Path) -> None:
    effect = "only guards may come in, by their permits; others: site.locked_down; people inside can leave"
    assert lines(run("check", *MIDDAY)[1])["lock-down"] == [f"off; if it is on, {effect}"]
    said = lines(run("check", *MIDDAY, "--lock-down")[1])
    assert said["door"] == ["tower-1/lobby: lock-down; with no person inside"]
    assert said["lock-down"] == [f"shown as if it were on: {effect}"]
    assert (said["guards"], said["staff"]) == (["passes"], ["site.locked_down"])
    (tmp_path / "site.toml").write_text(SITE.replace('may_pass = ["guards"]', ""))
    said = lines(run("check", *MIDDAY, "--lock-down")[1])
    assert said["guards"] == said["staff"] == ["site.locked_down"]
    assert "no group may come in (site.locked_down); people inside can leave" in said["lock-down"][0]


def test_check_of_now_knows_that_the_door_is_locked_down(run: Run) -> None:
    run("lock-down", "on")
    said = lines(run("check", "--group", "staff")[1])
    assert said["staff"] == ["site.locked_down"]
    assert said["door"] == ["tower-1/lobby: lock-down; with no person inside"]
    said = lines(run("check", "--group", "staff", *MIDDAY)[1])
    assert said["staff"] == ["passes                until mon 2027-03-01 18:00 +0800"]
    assert "shown as if it were off at this time" in said["lock-down"][0]
    run("lock-down", "off")
    assert "site.locked_down" not in lines(run("check", "--group", "staff")[1])["staff"][0]


def test_people_leave_by_a_reader_that_lets_out_also_in_a_lock_down(run: Run, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE.replace('may_pass = ["guards"]', ""))
    for door, answer in (("tower-1/exit", "passes"), ("tower-1/lobby", "site.locked_down")):
        words = ("check", "--door", door, "--lock-down", *MIDDAY, "--group", "staff")
        assert lines(run(*words)[1])["staff"] == [answer]


def test_forgive_of_everyone_asks_first(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    come_in(tmp_path, datetime.now(UTC), "gus", "anna")
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    code, out, err = run("forgive")
    assert (code, out) == (2, "")
    assert "hint: add --yes" in err
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    code, out, err = run("forgive")
    assert (code, out, err.endswith("nothing was changed\n")) == (1, "", True)
    assert "people 2, areas 1" in err
    assert row(run("status", "--json")[1])["inside"][0]["inside"] == 2
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert run("forgive")[:2] == (0, "forgiven 2\n")
    assert run("forgive", "--yes") == (0, "forgiven 0\n", "")


def test_forgive_of_one_person_asks_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert run("forgive", "tower-1", "gus") == (0, "forgiven 0\n", "")


def test_an_old_presence_file_of_a_running_device_gets_the_operator(tmp_path: Path) -> None:
    with closing(OccupancyFile(tmp_path / "presence.db")) as old:
        old.switch(Switch.CONTROLLER, 5)
        with closing(OccupancyFile(tmp_path / "presence.db")) as presence:
            presence.switch(Switch.LOCK_DOWN, 7, by="marta")
        assert old.is_locked_down()
