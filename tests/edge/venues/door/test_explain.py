"""The answer of the rules for one person: at one time, and over the hours of a day."""

from __future__ import annotations

from datetime import timedelta

from worlds.venues.building_door import local, rules

from edge.decision import Reason
from edge.venues.door.explain import hours, member, outlook
from edge.venues.door.occupancy import MemoryOccupancyStore
from edge.venues.door.person import EnrolledPerson

TEXT = """
[schedules]
office = ["daily 08:00-18:00"]
night = ["daily 22:00-06:00"]
[[permits]]
groups = ["staff"]
doors = ["tower-1"]
schedule = "office"
[[permits]]
groups = ["staff"]
doors = ["tower-1"]
schedule = "night"
after = "guards"
"""
STAFF = member(frozenset({"staff"}))
ZONE = "Asia/Macau"


def spans(text: str, person: EnrolledPerson = STAFF, *, first_came: bool = True) -> list[str]:
    begin = local("2027-03-01T00:00", ZONE)
    found = hours(rules(text), person, begin, begin + timedelta(days=1), first_came=first_came)
    return [f"{a - begin}/{b - begin}" for a, b in found]


def test_hours_of_a_day() -> None:
    assert spans(TEXT) == ["0:00:00/6:00:00", "8:00:00/18:00:00", "22:00:00/1 day, 0:00:00"]
    assert spans(TEXT, first_came=False) == ["8:00:00/18:00:00"]


def test_hours_end_with_the_validity_and_with_a_lock_down_by_the_hours() -> None:
    leaver = EnrolledPerson(b"a" * 16, frozenset({"staff"}), valid_until=local("2027-03-01T12:00", ZONE))
    assert spans(TEXT, leaver, first_came=False) == ["8:00:00/12:00:00"]
    assert spans(TEXT + '[lock_down]\nschedule = "office"\n', first_came=False) == []


def test_a_person_with_a_sealed_template_shows_the_card_that_points_to_it() -> None:
    sealed = EnrolledPerson(b"a" * 16, frozenset({"staff"}), template=b"t" * 16)
    assert spans(TEXT, sealed, first_came=False) == ["8:00:00/18:00:00"]
    at = local("2027-03-01T09:00", ZONE)
    assert outlook(rules(TEXT), sealed, at, MemoryOccupancyStore()).reason is None


def test_a_reader_that_lets_people_out_never_objects() -> None:
    out = rules(TEXT + '[doors."tower-1/lobby"]\ndirection = "out"\n')
    midnight = local("2027-03-01T00:00", ZONE)
    for person in (STAFF, None):
        assert outlook(out, person, midnight, MemoryOccupancyStore()).reason is None


def test_an_answer_says_whether_the_door_is_locked_down_although_a_group_may_pass() -> None:
    text = TEXT + '[lock_down]\nschedule = "night"\nmay_pass = ["guards"]\n'
    night = outlook(rules(text), STAFF, local("2027-03-01T23:00", ZONE), MemoryOccupancyStore())
    assert (night.locked_down, night.reason) == (True, Reason.SITE_LOCKED)
    assert night.until == local("2027-03-02T06:00", ZONE)
