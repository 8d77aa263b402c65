"""Properties of a door for any order of visits, refusals, broken-off visits and changes of the clock."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from worlds.venues.building_door import MONDAY, SITE_KEY, Entrance, card, decided, rules

from edge.decision import Decision, Deny, Grant, Reason
from edge.policy.obligations import Factor, Obligations, StaffNotice
from edge.venues.door.occupancy import MemoryOccupancyStore
from edge.venues.door.person import EnrolledPerson

PEOPLE: dict[str, dict] = {
    "anna": {},
    "anna-2": {"same_as": "anna", "duress": True},
    "ben": {"no_face": True},
    "gus": {"groups": {"guards"}},
    "olga": {"groups": {"staff", "guards"}, "assisted": True},
    "vera": {"groups": {"visitors"}, "valid_until": MONDAY + timedelta(hours=1)},
}
SAME = {"anna-2": "anna"}
PERMITS = """
[schedules]
office = ["mon-sat 08:00-18:00", "fri 22:00-02:00"]
[[permits]]
groups = ["staff", "visitors"]
doors = ["tower-1"]
schedule = "office"
after = "guards"
[[permits]]
groups = ["guards", "staff"]
doors = ["tower-1"]
"""


def tower(*, settings: str, door: str = "", head: str = "") -> str:
    return (
        f'{head}\n{PERMITS}[doors."tower-1/lobby"]\narea = "tower-1"\n{door}\n[areas.tower-1]\n{settings}\n'
    )


steps = st.lists(
    st.tuples(
        st.sampled_from([*PEOPLE, "stranger"]),
        st.sampled_from(["in", "in", "in", "out"]),
        st.sampled_from(["grant", "grant", "deny", "walks off"]),
        st.sampled_from([0, 1, 20, 61, 3_600, 86_400, -5, -3_600, -400 * 86_400]),  # seconds later
    ),
    max_size=40,
)
any_rules = st.builds(
    tower,
    settings=st.builds(
        "{}\n{}\n{}".format,
        st.sampled_from(["", "limit = 1", "limit = 3"]),
        st.sampled_from(
            ["", 'passback = "hard"', 'passback = "soft"', 'passback = "timed"\npassback_min = 2']
        ),
        st.sampled_from(["", 'reset = "never"']),
    ),
    door=st.sampled_from(
        ["", "two_people_s = 30", 'unlock = "office"', 'unlock_after = "guards"\nunlock = "office"']
    ),
    head=st.sampled_from(["", 'not_enrolled = ["visitors"]', 'no_face = "pin"']),
)


class Both:
    """A reader outside and one inside, of one area."""

    def __init__(self, text: str) -> None:
        inward = rules(text)
        outward = replace(inward, doorway=replace(inward.doorway, direction="out"))
        self.occupancy = MemoryOccupancyStore()
        self.doors = {
            "in": Entrance(inward, PEOPLE, self.occupancy),
            "out": Entrance(outward, PEOPLE, self.occupancy),
        }


def settled(said: Obligations | Reason, outcome: str) -> Decision | None:
    """The decision of the passage; None if the visit was broken off."""
    if isinstance(said, Obligations) and outcome == "deny":
        return Deny(Reason.FACE_NO_MATCH)
    return None if isinstance(said, Obligations) and outcome == "walks off" else decided(said)


@given(any_rules, steps)
def test_evaluate_changes_nothing_and_gives_the_same_result_again(
    text: str, day: list[tuple[str, str, str, int]]
) -> None:
    both, now = Both(text), MONDAY
    for who, way, outcome, later in day:
        now += timedelta(seconds=later)
        door = both.doors[way]
        before = copy.deepcopy(vars(both.occupancy))
        said = door.asks(who, now)
        assert door.asks(who, now) == said
        door.notes(who, now)
        door.venue.mode_at(now)
        assert vars(both.occupancy) == before
        decision = settled(said, outcome)
        if decision is not None:
            door.venue.commit(door.visit(who, now), decision, 1)


@given(st.sampled_from(["", "two_people_s = 60", 'unlock = "office"']), steps)
def test_no_person_passes_a_hard_passback_twice_without_going_out(
    door: str, day: list[tuple[str, str, str, int]]
) -> None:
    both, now = Both(tower(settings='passback = "hard"\nreset = "never"', door=door)), MONDAY
    inside: set[str] = set()
    for who, way, outcome, later in day:
        now += timedelta(seconds=later)
        entrance = both.doors[way]
        visit = entrance.visit(who, now)
        decision = settled(entrance.asks(who, now), outcome)
        if decision is None:
            continue
        before = {
            name: both.occupancy.inside("tower-1", _name(entrance, name)) is not None for name in PEOPLE
        }
        entrance.venue.commit(visit, decision, 1)
        person = SAME.get(who, who)
        if isinstance(decision, Grant) and way == "in":
            assert person not in inside
            came = {
                SAME.get(name, name)
                for name in PEOPLE
                if not before[name] and both.occupancy.inside("tower-1", _name(entrance, name))
            }
            assert not came & inside, "this also holds for the person who waited"
            inside |= came | {person}
        elif isinstance(decision, Grant):
            inside.discard(person)


@given(st.integers(1, 3), st.sampled_from(["", "two_people_s = 60", 'unlock = "office"']), steps)
def test_the_number_of_people_inside_never_exceeds_the_limit(
    limit: int, door: str, day: list[tuple[str, str, str, int]]
) -> None:
    text = tower(settings=f"limit = {limit}", door=door, head='not_enrolled = ["visitors"]')
    both, now = Both(text), MONDAY
    for who, way, outcome, later in day:
        now += timedelta(seconds=later)
        entrance = both.doors[way]
        decision = settled(entrance.asks(who, now), outcome)
        if decision is not None:
            entrance.venue.commit(entrance.visit(who, now), decision, 1)
        days = {seen.day for seen in both.occupancy._inside.values()}
        assert all(both.occupancy.count("tower-1", number) <= limit for number in days)


@given(any_rules, steps)
def test_a_person_without_a_face_always_has_another_factor(
    text: str, day: list[tuple[str, str, str, int]]
) -> None:
    both, now = Both(text), MONDAY
    for who, way, _, later in day:
        now += timedelta(seconds=later)
        said = both.doors[way].asks(who, now)
        if isinstance(said, Obligations) and StaffNotice.NO_FACE in said.notices:
            assert {asked.factor for asked in said.required} & {Factor.PIN, Factor.STAFF}


@given(any_rules, st.sampled_from(sorted(PEOPLE)), st.integers(0, 8 * 1440))
def test_a_duress_card_gets_the_result_of_its_person(text: str, who: str, minute: int) -> None:
    door = Both(text).doors["in"]
    now = MONDAY + timedelta(minutes=minute)
    usual = door.asks(who, now)
    people = door.enrolled.by_name
    name = _name(door, who)
    people[name] = replace(people[name], duress=True)
    forced = door.asks(who, now)
    assert StaffNotice.DURESS in door.notes(who, now)
    if isinstance(usual, Obligations):
        assert forced == replace(usual, notices=usual.notices | {StaffNotice.DURESS})
    else:
        assert forced is usual


def _name(door: Entrance, subject: str) -> bytes:
    from edge.venues.door.person import person_name

    person: EnrolledPerson | None = door.enrolled.find(person_name(card(subject).person, SITE_KEY))
    assert person is not None
    return person.name
