"""Occupancy stores in memory and in a file: equal, and in a file also after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import StorageFault
from edge.venues.door.occupancy import (
    Inside,
    MemoryOccupancyStore,
    OccupancyChange,
    OccupancyStore,
    WaitingPerson,
)
from edge.venues.door.occupancy_store import OccupancyFile, Switch
from tools.bench.growth.sqlite_steps import counted

ANNA, BEN, CARL, DORA = (letter * 16 for letter in (b"a", b"b", b"c", b"d"))
PLAIN = {"door": "lobby", "area": "hall", "at": 1_000, "day": 7, "today": 70}


@pytest.fixture(params=["memory", "file"])
def occupancy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OccupancyStore]:
    if request.param == "memory":
        yield MemoryOccupancyStore()
        return
    with closing(OccupancyFile(tmp_path / "presence.db")) as presence:
        yield presence


def test_a_new_store_is_empty(occupancy: OccupancyStore) -> None:
    assert occupancy.inside("hall", ANNA) is None
    assert occupancy.count("hall", 7) == 0
    assert occupancy.opened("hall", "guards") is None
    assert occupancy.waiting("lobby") is None
    assert not occupancy.is_locked_down()


def test_a_person_who_came_in_is_inside_until_they_leave(occupancy: OccupancyStore) -> None:
    occupancy.write(OccupancyChange(**PLAIN, came=(ANNA, BEN)))
    assert occupancy.inside("hall", ANNA) == Inside(1_000, 7)
    assert occupancy.count("hall", 7) == 2
    assert (occupancy.inside("attic", ANNA), occupancy.count("attic", 7)) == (None, 0)
    occupancy.write(OccupancyChange(**PLAIN, left=(ANNA,)))
    assert occupancy.inside("hall", ANNA) is None
    assert occupancy.count("hall", 7) == 1


def test_a_person_who_comes_in_again_counts_once(occupancy: OccupancyStore) -> None:
    occupancy.write(OccupancyChange(**PLAIN, came=(ANNA,)))
    occupancy.write(OccupancyChange(**PLAIN | {"at": 2_000}, came=(ANNA,)))
    assert occupancy.inside("hall", ANNA) == Inside(2_000, 7)
    assert occupancy.count("hall", 7) == 1


@pytest.mark.parametrize("other", [8, 6])
def test_on_another_day_the_area_is_empty(occupancy: OccupancyStore, other: int) -> None:
    occupancy.write(OccupancyChange(**PLAIN, came=(ANNA,)))
    assert occupancy.count("hall", other) == 0
    occupancy.write(OccupancyChange(**PLAIN | {"day": other}, came=(BEN,)))
    assert occupancy.count("hall", other) == 1


def test_a_clock_that_is_a_day_ahead_empties_no_area(occupancy: OccupancyStore) -> None:
    """One start with a wrong clock, one passage by a phone that agrees, and the clock is right again."""
    occupancy.write(OccupancyChange(**PLAIN, came=(ANNA, BEN)))
    occupancy.write(OccupancyChange(**PLAIN | {"day": 8, "over": 7}, came=(CARL,)))
    assert occupancy.inside("hall", ANNA) == Inside(1_000, 7)
    occupancy.write(OccupancyChange(**PLAIN | {"at": 2_000, "over": 7}, came=(DORA,)))
    assert occupancy.count("hall", 7) == 3
    occupancy.write(OccupancyChange(**PLAIN | {"at": 3_000}, left=(ANNA,)))
    assert (occupancy.count("hall", 7), occupancy.count("hall", 8)) == (2, 1)


def test_people_of_a_day_that_is_over_are_deleted(occupancy: OccupancyStore) -> None:
    occupancy.write(OccupancyChange(**PLAIN, came=(ANNA,)))
    occupancy.write(OccupancyChange(**PLAIN | {"area": "attic"}, came=(ANNA,)))
    occupancy.write(OccupancyChange(**PLAIN | {"day": 8, "over": 8}, came=(BEN,)))
    assert occupancy.inside("hall", ANNA) is None, "rows are kept only as long as the rules need"
    assert occupancy.inside("attic", ANNA) is not None


def test_a_person_of_yesterday_who_comes_again_counts_once(occupancy: OccupancyStore) -> None:
    occupancy.write(OccupancyChange(**PLAIN, came=(ANNA, BEN)))
    occupancy.write(OccupancyChange(**PLAIN | {"day": 8}, came=(CARL,)))
    occupancy.write(OccupancyChange(**PLAIN | {"day": 8}, came=(ANNA,)))
    occupancy.write(OccupancyChange(**PLAIN | {"day": 8}, left=(BEN,)))
    assert occupancy.count("hall", 8) == 2


def test_the_last_day_on_which_a_group_came(occupancy: OccupancyStore) -> None:
    occupancy.write(OccupancyChange(**PLAIN, opened=frozenset({"guards", "staff"})))
    occupancy.write(OccupancyChange(**PLAIN | {"today": 71}, opened=frozenset({"guards"})))
    assert (occupancy.opened("hall", "guards"), occupancy.opened("hall", "staff")) == (71, 70)
    assert occupancy.opened("attic", "guards") is None


def test_the_next_change_at_the_door_deletes_the_waiting_person(occupancy: OccupancyStore) -> None:
    occupancy.write(OccupancyChange(**PLAIN, waiting=WaitingPerson(ANNA, 1_000)))
    assert occupancy.waiting("lobby") == WaitingPerson(ANNA, 1_000)
    assert occupancy.waiting("side") is None
    occupancy.write(OccupancyChange(**PLAIN | {"door": "side"}, came=(BEN,)))
    assert occupancy.waiting("lobby") == WaitingPerson(ANNA, 1_000)
    occupancy.write(OccupancyChange(**PLAIN, came=(BEN,)))
    assert occupancy.waiting("lobby") is None


changes = st.builds(
    OccupancyChange,
    door=st.sampled_from(["lobby", "side"]),
    area=st.sampled_from(["hall", "attic"]),
    at=st.integers(0, 10),
    day=st.integers(6, 8),
    today=st.integers(6, 8),
    over=st.integers(5, 9),
    came=st.lists(st.sampled_from([ANNA, BEN]), unique=True, max_size=2).map(tuple),
    left=st.lists(st.sampled_from([ANNA, BEN]), unique=True, max_size=1).map(tuple),
    opened=st.frozensets(st.sampled_from(["guards", "staff"])),
    waiting=st.none() | st.builds(WaitingPerson, person=st.sampled_from([ANNA, BEN]), at=st.integers(0, 10)),
).filter(lambda change: change.over <= change.day)


def _seen(occupancy: OccupancyStore) -> list[object]:
    areas, doors = ("hall", "attic"), ("lobby", "side")
    return [
        *(occupancy.inside(area, person) for area in areas for person in (ANNA, BEN)),
        *(occupancy.count(area, day) for area in areas for day in (6, 7, 8)),
        *(occupancy.opened(area, group) for area in areas for group in ("guards", "staff")),
        *(occupancy.waiting(door) for door in doors),
    ]


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.lists(changes, max_size=12))
def test_the_file_equals_the_store_in_memory_also_after_a_restart(
    tmp_path: Path, told: list[OccupancyChange]
) -> None:
    path, memory = tmp_path / "presence.db", MemoryOccupancyStore()
    path.unlink(missing_ok=True)
    for change in told:
        memory.write(change)
        with closing(OccupancyFile(path)) as file:
            file.write(change)
        with closing(OccupancyFile(path)) as file:
            assert _seen(file) == _seen(memory)


def test_two_doors_of_one_board_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "presence.db"
    with closing(OccupancyFile(path)) as outside, closing(OccupancyFile(path)) as inside:
        outside.write(OccupancyChange(**PLAIN, came=(ANNA,)))
        assert inside.inside("hall", ANNA) == Inside(1_000, 7)
        inside.write(OccupancyChange(**PLAIN | {"door": "side"}, left=(ANNA,)))
        assert outside.count("hall", 7) == 0


def test_a_switch_stays_on_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "presence.db"
    with closing(OccupancyFile(path)) as presence:
        presence.switch(Switch.LOCK_DOWN, 5)
        presence.switch(Switch.LOCK_DOWN, 6)
    with closing(OccupancyFile(path)) as presence:
        assert presence.is_locked_down()
        assert not presence.is_on(Switch.CONTROLLER)
        presence.switch(Switch.LOCK_DOWN, None)
        assert not presence.is_locked_down()


def test_forgive_removes_one_person_or_all_people(tmp_path: Path) -> None:
    with closing(OccupancyFile(tmp_path / "presence.db")) as presence:
        presence.write(OccupancyChange(**PLAIN, came=(ANNA, BEN)))
        presence.write(OccupancyChange(**PLAIN | {"area": "attic"}, came=(ANNA,)))
        assert presence.forgive(ANNA) == 2
        assert [presence.count(area, 7) for area in ("hall", "attic")] == [1, 0]
        assert presence.forgive() == 1
        assert presence.count("hall", 7) == 0


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "presence.db"
    with closing(OccupancyFile(path)) as presence:
        presence.write(OccupancyChange(**PLAIN, came=(ANNA,)))
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TRIGGER fails BEFORE INSERT ON opened BEGIN SELECT raise(ABORT, 'no'); END")
            other.commit()
        with pytest.raises(StorageFault):
            presence.write(OccupancyChange(**PLAIN, came=(BEN,), left=(ANNA,), opened=frozenset({"guards"})))
        assert presence.inside("hall", BEN) is None
        assert presence.inside("hall", ANNA) is not None
        assert presence.count("hall", 7) == 1


def test_a_file_that_is_not_a_database_is_a_fault_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "presence.db"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StorageFault, match=r"presence\.db: it is not a database"):
        OccupancyFile(path)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "presence.db"
    OccupancyFile(path).close()
    assert path.stat().st_mode & 0o077 == 0


# -- growth ------------------------------------------------------------------------------------------------------


def steps_of_a_passage(path: Path, inside: int) -> int:
    """Instructions of SQLite's machine for one passage into an area with so many people inside."""
    crowd = tuple(number.to_bytes(16, "big") for number in range(inside))
    with closing(OccupancyFile(path)) as presence:
        presence.write(OccupancyChange(**PLAIN, came=crowd))
        with counted(presence._db) as steps:
            assert presence.inside("hall", ANNA) is None
            assert presence.count("hall", 7) == inside
            presence.write(OccupancyChange(**PLAIN, came=(ANNA,), left=(crowd[0],), over=7))
        assert presence.count("hall", 7) == inside
    return steps.count


def test_a_passage_reads_as_much_beside_a_hundred_people_as_beside_ten_thousand(tmp_path: Path) -> None:
    assert steps_of_a_passage(tmp_path / "a.db", 100) == steps_of_a_passage(tmp_path / "b.db", 10_000)


def test_a_file_of_an_older_release_gets_its_index_and_keeps_the_people_inside(tmp_path: Path) -> None:
    path = tmp_path / "presence.db"
    with closing(OccupancyFile(path)) as presence:
        presence.write(OccupancyChange(**PLAIN, came=(ANNA, BEN)))
    with closing(sqlite3.connect(path)) as older:
        older.execute("DROP INDEX inside_by_day")
        older.execute('ALTER TABLE switches DROP COLUMN "by"')
        older.commit()
    with closing(OccupancyFile(path)) as presence:
        assert presence.inside("hall", ANNA) == Inside(1_000, 7)
        assert presence.count("hall", 7) == 2
        presence.switch(Switch.LOCK_DOWN, 5, by="eva")
        (plan,) = presence._db.execute(
            "EXPLAIN QUERY PLAN DELETE FROM inside WHERE area = ? AND day < ?", ("hall", 7)
        ).fetchall()
    assert "inside_by_day (area=? AND day<?)" in plan[3]
