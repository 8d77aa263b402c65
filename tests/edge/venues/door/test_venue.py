"""The obligations and refusals of a building's door, and the occupancy it keeps between passages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from worlds.venues.building_door import MONDAY, SITE_KEY, Entrance, card, local, name_of, rules

from edge.card.claims import SealedReference
from edge.card.person import Person
from edge.decision import Deny, Grant, Reason
from edge.link.messages import Mode
from edge.policy.obligations import Factor, Obligation, Obligations, StaffNotice
from edge.policy.pin import Pin
from edge.venues.door.occupancy import OccupancyChange
from edge.venues.door.person import person_name
from edge.vouched_time import VouchedTime

OFFICE = """
[schedules]
office = ["mon-fri 08:00-18:00"]
night = ["daily 22:00-06:00"]
[[permits]]
groups = ["staff"]
doors = ["tower-1"]
schedule = "office"
"""
OPEN = '[[permits]]\ngroups = ["staff", "visitors", "guards"]\ndoors = ["tower-1"]\n'
DAY = timedelta(days=1)


def at(clock: str, day: int = 1) -> datetime:
    """A time in Macau, in March 2027; the 1st is a Monday."""
    return local(f"2027-03-{day:02}T{clock}", "Asia/Macau")


# -- people, doors and hours ---------------------------------------------------------------------------


def test_staff_pass_in_office_hours_and_at_no_other_time() -> None:
    door = Entrance(rules(OFFICE), {"anna": {}})
    assert door.asks("anna", at("09:00")) == Obligations()
    assert door.asks("anna", at("18:00")) is Reason.SCHEDULE_CLOSED
    assert door.asks("anna", at("09:00", day=6)) is Reason.SCHEDULE_CLOSED


def test_a_person_in_two_groups_has_the_hours_of_both() -> None:
    text = OFFICE + '[[permits]]\ngroups = ["guards"]\ndoors = ["tower-1/lobby"]\nschedule = "night"\n'
    door = Entrance(rules(text), {"anna": {"groups": {"staff", "guards"}}})
    assert [door.asks("anna", at(clock)) for clock in ("09:00", "19:00", "23:00")] == [
        Obligations(),
        Reason.SCHEDULE_CLOSED,
        Obligations(),
    ]


def test_a_permit_for_another_door_is_none_here() -> None:
    door = Entrance(rules(OFFICE.replace('"tower-1"', '"tower-1/lab", "tower-2"')), {"anna": {}})
    assert door.asks("anna") is Reason.DOOR_NOT_PERMITTED


def test_a_group_without_a_permit_does_not_pass() -> None:
    door = Entrance(rules(OFFICE), {"anna": {"groups": {"visitors"}}, "ben": {"groups": set()}})
    assert door.asks("anna") is Reason.DOOR_NOT_PERMITTED
    assert door.asks("ben") is Reason.DOOR_NOT_PERMITTED


def test_a_person_who_is_not_enrolled_passes_only_with_a_group_in_not_enrolled() -> None:
    assert Entrance(rules(OPEN)).asks("carl") is Reason.PERSON_UNKNOWN
    assert Entrance(rules(OPEN)).asks(None) is Reason.PERSON_UNKNOWN
    assert Entrance(rules('not_enrolled = ["visitors"]\n' + OPEN)).asks("carl") == Obligations()
    assert Entrance(rules('not_enrolled = ["visitors"]\n' + OPEN)).asks(None) == Obligations()
    assert Entrance(rules('not_enrolled = ["visitors"]\n' + OFFICE)).asks("carl") is Reason.DOOR_NOT_PERMITTED


def test_the_same_subject_of_another_issuer_is_another_person() -> None:
    door = Entrance(rules(OPEN), {"anna": {}})
    assert door.asks("anna") == Obligations()
    assert door.asks("anna", issuer="MO") is Reason.PERSON_UNKNOWN


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("08:59:59", Reason.VISIT_WINDOW),
        ("09:00:00", Obligations()),
        ("10:59:59", Obligations()),
        ("11:00:00", Reason.VISIT_WINDOW),
    ],
)
def test_a_visitor_passes_between_valid_from_and_valid_until(
    clock: str, expected: Obligations | Reason
) -> None:
    window = {"groups": {"visitors"}, "valid_from": at("09:00"), "valid_until": at("11:00")}
    assert Entrance(rules(OPEN), {"vera": window}).asks("vera", at(clock)) == expected


def test_an_assisted_person_gets_a_longer_release_and_staff_know() -> None:
    door = Entrance(rules("assisted_ms = 9000\n" + OPEN), {"anna": {"assisted": True}})
    assert door.asks("anna") == Obligations(release_ms=9_000, notices=frozenset({StaffNotice.ASSISTED}))


@pytest.mark.parametrize(("choice", "factor"), [("pin", Factor.PIN), ("staff", Factor.STAFF)])
def test_a_person_without_a_face_must_give_another_factor(choice: str, factor: Factor) -> None:
    door = Entrance(rules(f'no_face = "{choice}"\n' + OPEN), {"anna": {"no_face": True}})
    assert door.asks("anna") == Obligations(
        required=(Obligation(factor, Reason.FACTOR_ABSENT),), notices=frozenset({StaffNotice.NO_FACE})
    )


def test_the_obligations_hold_the_pin_of_the_person() -> None:
    pin = Pin(b"kept")
    people = {"anna": {"pin": pin}, "anna-2": {"same_as": "anna", "duress": True, "pin": pin}}
    door = Entrance(rules(OPEN), people)
    assert door.asks("anna") == Obligations(pin=pin)
    assert door.asks("anna-2") == Obligations(pin=pin, notices=frozenset({StaffNotice.DURESS}))


def test_a_resident_is_compared_with_the_face_that_was_enrolled() -> None:
    door = Entrance(rules(OPEN), {"anna": {"template": bytes(16)}})
    assert door.asks("anna", face=SealedReference(bytes(16), bytes(16))) == Obligations()
    assert door.asks("anna", face=SealedReference(b"x" * 16, bytes(16))) is Reason.FACE_TEMPLATE
    assert door.asks("anna") is Reason.FACE_TEMPLATE, "a template in the card is not the enrolled one"
    assert door.asks("anna", face=None) is Reason.FACE_TEMPLATE


def test_a_duress_card_opens_as_usual_and_staff_know() -> None:
    door = Entrance(
        rules(OPEN),
        {"anna": {"assisted": True}, "anna-2": {"same_as": "anna", "duress": True, "assisted": True}},
    )
    usual, forced = door.asks("anna"), door.asks("anna-2")
    assert isinstance(usual, Obligations)
    assert forced == replace(usual, notices=usual.notices | {StaffNotice.DURESS})


def test_staff_know_of_duress_also_if_the_door_stays_locked() -> None:
    door = Entrance(rules(OFFICE), {"anna": {}, "anna-2": {"same_as": "anna", "duress": True}})
    assert door.asks("anna-2", at("23:00")) is Reason.SCHEDULE_CLOSED
    assert door.notes("anna-2", at("23:00")) == {StaffNotice.DURESS}


# -- the first to come ---------------------------------------------------------------------------------

FIRST = OFFICE + 'after = "guards"\n[[permits]]\ngroups = ["guards"]\ndoors = ["tower-1"]\n'
TWO = {"anna": {}, "gus": {"groups": {"guards"}}}


def test_staff_pass_only_after_a_guard() -> None:
    door = Entrance(rules(FIRST), TWO)
    assert door.comes("anna", at("09:00")) is Reason.SCHEDULE_UNATTENDED
    assert door.asks("gus", at("09:05")) == Obligations(notices=frozenset({StaffNotice.FIRST_IN}))
    assert door.asks("anna", at("09:05")) is Reason.SCHEDULE_UNATTENDED, "evaluate is not commit"
    assert door.comes("gus", at("09:05")) is None
    assert door.asks("gus", at("09:06")) == Obligations(), "only the first guard"
    assert door.comes("anna", at("09:06")) is None


def test_a_guard_who_was_denied_opens_nothing() -> None:
    door = Entrance(rules(FIRST), TWO)
    door.venue.commit(door.visit("gus", at("09:00")), Deny(Reason.FACE_NO_MATCH), 1)
    assert door.asks("anna", at("09:01")) is Reason.SCHEDULE_UNATTENDED


def test_yesterdays_guard_opens_nothing_today() -> None:
    door = Entrance(rules(FIRST), TWO)
    door.comes("gus", at("09:00"))
    assert door.asks("anna", at("09:00", day=2)) is Reason.SCHEDULE_UNATTENDED


def test_a_guard_who_came_early_opens_the_hours_and_not_more() -> None:
    door = Entrance(rules(FIRST), TWO)
    door.comes("gus", at("06:00"))
    assert door.asks("anna", at("07:59")) is Reason.SCHEDULE_CLOSED
    assert door.asks("anna", at("08:00")) == Obligations()


def test_a_guard_before_midnight_opens_the_night_shift() -> None:
    door = Entrance(rules(FIRST.replace('schedule = "office"', 'schedule = "night"')), TWO)
    door.comes("gus", at("22:05"))
    assert door.asks("anna", at("00:30", day=2)) == Obligations()
    assert door.asks("anna", at("22:30", day=2)) is Reason.SCHEDULE_UNATTENDED


def test_a_guard_who_came_on_a_day_in_the_future_opens_nothing() -> None:
    door = Entrance(rules(FIRST), TWO)
    door.comes("gus", at("09:00", day=9))
    assert door.asks("anna", at("09:00", day=2)) is Reason.SCHEDULE_UNATTENDED
    door.comes("gus", at("09:01", day=2))
    assert door.asks("anna", at("09:02", day=2)) == Obligations()


def test_a_member_of_both_groups_opens_for_herself() -> None:
    door = Entrance(rules(FIRST), {"olga": {"groups": {"staff", "guards"}}})
    assert door.asks("olga", at("09:00")) == Obligations(notices=frozenset({StaffNotice.FIRST_IN}))


# -- free access and lock-down -------------------------------------------------------------------------

FREE = OFFICE + '[doors."tower-1/lobby"]\nunlock = "office"\n'


def test_a_door_in_free_access_requires_only_a_card() -> None:
    door = Entrance(
        rules(FREE.replace('"staff"]\ndoors', '"guards"]\ndoors')), {"vera": {"valid_until": at("08:00")}}
    )
    assert door.asks("carl", at("09:00")) == Obligations()
    assert door.asks("vera", at("09:00")) == Obligations()
    assert door.asks("carl", at("19:00")) is Reason.PERSON_UNKNOWN
    assert door.asks("vera", at("19:00")) is Reason.VISIT_WINDOW


@pytest.mark.parametrize(
    ("clock", "mode"), [("07:59", Mode.NORMAL), ("08:00", Mode.FREE_ACCESS), ("18:00", Mode.NORMAL)]
)
def test_the_mode_of_the_controller_follows_the_schedule(clock: str, mode: Mode) -> None:
    assert Entrance(rules(FREE)).venue.mode_at(at(clock)) is mode


def test_free_access_may_begin_only_after_a_person_of_a_group_came_in() -> None:
    door = Entrance(rules(FREE + 'unlock_after = "staff"\n'), {"anna": {}})
    assert door.venue.mode_at(at("09:00")) is Mode.NORMAL
    assert door.comes("anna", at("09:01")) is None
    assert door.venue.mode_at(at("09:01")) is Mode.FREE_ACCESS
    assert door.venue.mode_at(at("09:01", day=2)) is Mode.NORMAL


def test_in_a_lock_down_only_groups_in_may_pass_pass() -> None:
    door = Entrance(rules(OPEN + '[lock_down]\nmay_pass = ["guards"]\n'), TWO)
    door.occupancy.locked_down = True
    assert door.asks("anna") is Reason.SITE_LOCKED
    assert door.asks("gus") == Obligations()
    assert door.venue.mode_at(MONDAY) is Mode.NORMAL, "a controller in lock-down would deny the guard"


def test_the_controller_does_a_lock_down_without_exceptions() -> None:
    door = Entrance(rules(FREE), {"anna": {}})
    door.occupancy.locked_down = True
    assert door.venue.mode_at(at("09:00")) is Mode.LOCK_DOWN, "also in the hours of free access"
    assert door.asks("anna", at("09:00")) is Reason.SITE_LOCKED


def test_a_lock_down_by_the_hours() -> None:
    door = Entrance(rules(OFFICE + OPEN + '[lock_down]\nschedule = "night"\n'), {"anna": {}})
    assert [door.asks("anna", at(clock)) for clock in ("21:59", "22:00", "06:00")] == [
        Obligations(),
        Reason.SITE_LOCKED,
        Obligations(),
    ]


# -- passback ------------------------------------------------------------------------------------------


def area(settings: str, door: str = "") -> str:
    return OPEN + f'[doors."tower-1/lobby"]\narea = "tower-1"\n{door}\n[areas.tower-1]\n{settings}\n'


def leaving(entrance: Entrance) -> Entrance:
    """A reader that lets people out of this area, with the same occupancy store."""
    out = replace(entrance.rules, doorway=replace(entrance.rules.doorway, direction="out"))
    return Entrance(out, entrance.people, entrance.occupancy)


HARD = area('passback = "hard"')


def test_hard_a_person_comes_in_twice_only_after_going_out() -> None:
    door = Entrance(rules(HARD), {"anna": {}, "ben": {}})
    assert door.comes("anna", at("09:00")) is None
    assert door.comes("anna", at("09:01")) is Reason.PERSON_PASSBACK
    assert door.comes("ben", at("09:01")) is None
    assert leaving(door).comes("anna", at("09:02")) is None
    assert door.comes("anna", at("09:03")) is None


def test_hard_a_duress_card_is_the_same_person() -> None:
    door = Entrance(rules(HARD), {"anna": {}, "anna-2": {"same_as": "anna", "duress": True}})
    assert door.comes("anna", at("09:00")) is None
    assert door.comes("anna-2", at("09:01")) is Reason.PERSON_PASSBACK


def test_hard_a_denied_person_is_not_inside() -> None:
    door = Entrance(rules(HARD), {"anna": {}})
    door.venue.commit(door.visit("anna", at("09:00")), Deny(Reason.FACE_NO_MATCH), 1)
    assert door.asks("anna", at("09:01")) == Obligations()


def test_hard_all_people_count_as_gone_after_the_reset() -> None:
    door = Entrance(rules(HARD), {"anna": {}})
    door.comes("anna", at("09:00"))
    assert door.asks("anna", at("03:59", day=2)) is Reason.PERSON_PASSBACK
    assert door.asks("anna", at("04:00", day=2)) == Obligations()


def test_hard_without_a_reset_it_holds_until_the_person_goes_out() -> None:
    door = Entrance(rules(area('passback = "hard"\nreset = "never"')), {"anna": {}})
    door.comes("anna", at("09:00"))
    assert door.asks("anna", at("09:00") + 100 * DAY) is Reason.PERSON_PASSBACK


def test_people_can_always_go_out() -> None:
    door = Entrance(rules(OFFICE + OPEN.replace('"staff", ', "") + '[doors."tower-1/lobby"]\ndirection = "out"\n'
                          '[lock_down]\nschedule = "always"\n'))  # fmt: skip
    for who in ("carl", None):
        assert door.asks(who, at("23:00")) == Obligations()
    assert door.venue.mode_at(at("23:00")) is Mode.NORMAL, "a controller in lock-down would keep them in"


def test_timed_passback_holds_for_its_minutes() -> None:
    door = Entrance(rules(area('passback = "timed"\npassback_min = 10')), {"anna": {}})
    door.comes("anna", at("09:00"))
    assert door.asks("anna", at("09:09:59")) is Reason.PERSON_PASSBACK
    assert door.asks("anna", at("09:10")) == Obligations()


def test_timed_a_clock_that_is_set_back_locks_no_person_out_for_long() -> None:
    door = Entrance(rules(area('passback = "timed"\npassback_min = 10')), {"anna": {}})
    door.comes("anna", at("09:00", day=20))
    assert door.asks("anna", at("09:00", day=2)) == Obligations()
    assert door.asks("anna", at("08:55", day=20)) is Reason.PERSON_PASSBACK
    assert door.asks("anna", at("08:50", day=20)) == Obligations()


def test_hard_a_clock_that_is_set_back_locks_no_person_out_for_long() -> None:
    door = Entrance(rules(HARD), {"anna": {}})
    door.comes("anna", at("09:00", day=20))
    assert door.asks("anna", at("09:00", day=2)) == Obligations()


def test_soft_the_person_passes_and_staff_know() -> None:
    door = Entrance(rules(area('passback = "soft"')), {"anna": {}})
    assert door.comes("anna", at("09:00")) is None
    assert door.asks("anna", at("09:01")) == Obligations(notices=frozenset({StaffNotice.PASSBACK}))


def test_an_area_without_limit_and_passback_stores_no_occupancy() -> None:
    door = Entrance(rules(OPEN), {"anna": {}})
    door.comes("anna")
    assert door.occupancy.inside("tower-1/lobby", name_of("anna")) is None


# -- how many ------------------------------------------------------------------------------------------


def test_a_full_area_refuses_people_until_a_person_goes_out() -> None:
    door = Entrance(rules(area("limit = 2")), {"anna": {}, "ben": {}, "carl": {}})
    assert [door.comes(who, at("09:00")) for who in ("anna", "ben", "carl")] == [None, None, Reason.SITE_FULL]
    assert door.comes("ben", at("09:01")) is None, "a person who is already inside takes no room"
    assert leaving(door).comes("anna", at("09:02")) is None
    assert door.comes("carl", at("09:03")) is None


def test_a_person_who_goes_out_without_coming_in_makes_no_room() -> None:
    door = Entrance(rules(area("limit = 1")), {"anna": {}, "ben": {}})
    door.comes("anna", at("09:00"))
    leaving(door).comes("ben", at("09:01"))
    assert door.asks("ben", at("09:02")) is Reason.SITE_FULL


# -- two people ----------------------------------------------------------------------------------------

PAIR = area('passback = "hard"', "two_people_s = 30")
FOUR = {"anna": {}, "anna-2": {"same_as": "anna", "duress": True}, "ben": {}, "carl": {}}


ALONE = Obligations(required=(Obligation(Factor.COMPANION, Reason.PERSON_ALONE),))


def test_the_first_of_two_waits_and_the_second_opens() -> None:
    door = Entrance(rules(PAIR), FOUR)
    assert door.comes("anna", at("09:00")) is Reason.PERSON_ALONE
    assert door.comes("ben", at("09:00:30")) is None
    assert door.asks("anna", at("09:01")) is Reason.PERSON_PASSBACK, "both came in"
    assert door.asks("ben", at("09:01")) is Reason.PERSON_PASSBACK
    assert door.asks("carl", at("09:00:45")) == ALONE, "the next two people begin again"


def test_evaluate_alone_stores_no_waiting_person() -> None:
    door = Entrance(rules(PAIR), FOUR)
    assert door.asks("anna", at("09:00")) == ALONE
    assert door.asks("ben", at("09:00:01")) == ALONE


@pytest.mark.parametrize("second", ["anna", "anna-2"])
def test_one_person_does_not_count_as_two(second: str) -> None:
    door = Entrance(rules(PAIR), FOUR)
    door.comes("anna", at("09:00"))
    said = door.asks(second, at("09:00:10"))
    assert isinstance(said, Obligations)
    assert said.required == ALONE.required


@pytest.mark.parametrize("later", [timedelta(seconds=31), -timedelta(seconds=31), -300 * DAY])
def test_a_second_person_who_comes_too_late_or_after_the_clock_was_set_back_is_alone(
    later: timedelta,
) -> None:
    door = Entrance(rules(PAIR), FOUR)
    door.comes("anna", at("09:00"))
    assert door.asks("ben", at("09:00") + later) == ALONE


def test_a_person_who_may_not_pass_does_not_count_as_second() -> None:
    people = FOUR | {"vera": {"valid_until": at("08:00")}}
    door = Entrance(rules('not_enrolled = ["visitors"]\n' + PAIR), people)
    door.comes("anna", at("09:00"))
    assert door.comes("vera", at("09:00:05")) is Reason.VISIT_WINDOW
    assert door.comes("stranger", at("09:00:05")) is Reason.PERSON_UNKNOWN
    assert door.comes("ben", at("09:00:10")) is None


def test_a_person_who_may_not_pass_does_not_count_as_first() -> None:
    door = Entrance(rules(PAIR), FOUR | {"vera": {"valid_until": at("08:00")}})
    door.comes("vera", at("09:00"))
    assert door.asks("anna", at("09:00:05")) == ALONE


def test_after_a_second_person_with_a_wrong_face_the_first_still_waits() -> None:
    door = Entrance(rules(PAIR), FOUR)
    door.comes("anna", at("09:00"))
    door.venue.commit(door.visit("ben", at("09:00:05")), Deny(Reason.FACE_NO_MATCH), 1)
    assert door.asks("carl", at("09:00:10")) == Obligations()


def test_a_person_with_a_wrong_face_does_not_count_as_first() -> None:
    door = Entrance(rules(PAIR), FOUR)
    assert door.asks("anna", at("09:00")) == ALONE
    door.venue.commit(door.visit("anna", at("09:00")), Deny(Reason.FACE_NO_MATCH), 1)
    assert door.asks("ben", at("09:00:05")) == ALONE


def test_a_person_without_a_face_gives_a_pin_before_the_wait() -> None:
    door = Entrance(rules('no_face = "pin"\n' + PAIR), {"anna": {"no_face": True}})
    said = door.asks("anna", at("09:00"))
    assert isinstance(said, Obligations)
    assert [asked.factor for asked in said.required] == [Factor.PIN, Factor.COMPANION]


def test_the_area_must_have_room_for_both() -> None:
    door = Entrance(rules(area("limit = 2", "two_people_s = 30")), FOUR)
    door.occupancy.write(_one_inside(door))
    assert door.asks("anna", at("09:00")) is Reason.SITE_FULL


def test_a_first_person_who_came_in_by_another_door_does_not_count() -> None:
    door = Entrance(rules(PAIR), FOUR)
    door.comes("anna", at("09:00"))
    side = replace(door.rules, doorway=replace(door.rules.doorway, site="tower-1/side", companion_s=None))
    assert Entrance(side, FOUR, door.occupancy).comes("anna", at("09:00:05")) is None
    assert door.asks("ben", at("09:00:10")) == ALONE


def _one_inside(door: Entrance) -> OccupancyChange:
    day = door.rules.calendar.day_since(240, at("09:00"))
    return OccupancyChange("tower-1/lobby", "tower-1", 0, day, 0, came=(b"x" * 16,))


def test_people_are_forgotten_once_their_day_is_over_for_certain() -> None:
    """One start with a clock a day ahead, and a holder whose phone agrees with it."""
    door = Entrance(rules(HARD), FOUR)
    door.comes("anna")
    tomorrow = door.visit("ben", MONDAY + timedelta(days=1))
    for visit in (tomorrow, replace(tomorrow, passed=VouchedTime(MONDAY))):
        door.venue.commit(visit, Grant(3_000), 1)
        assert door.comes("anna") is Reason.PERSON_PASSBACK
    door.venue.commit(replace(tomorrow, passed=VouchedTime(tomorrow.now)), Grant(3_000), 1)
    assert door.comes("anna") is None


# -- keyed names ---------------------------------------------------------------------------------------


def test_a_keyed_name_depends_on_the_key_the_issuer_and_the_subject() -> None:
    assert person_name(card("anna").person, SITE_KEY) == person_name(Person("CN-GD", "anna"), SITE_KEY)
    assert person_name(Person("CN-GD", "anna"), SITE_KEY) != person_name(Person("CN-GD", "anna"), bytes(32))
    assert person_name(Person("ab", "c"), SITE_KEY) != person_name(Person("a", "bc"), SITE_KEY)


def test_each_card_without_a_subject_has_its_own_name() -> None:
    first, second = card(None), card(None, card_id=b"another1")
    assert person_name(first.person, SITE_KEY) != person_name(second.person, SITE_KEY)
    later = replace(first, presented_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert person_name(first.person, SITE_KEY) == person_name(later.person, SITE_KEY)


def test_no_repr_shows_data_of_a_person() -> None:
    door = Entrance(rules(HARD), {"anna": {"template": b"t" * 16}})
    door.venue.commit(door.visit("anna", MONDAY), Grant(1), 1)
    person = door.enrolled.find(name_of("anna"))
    seen = door.occupancy.inside("tower-1", name_of("anna"))
    assert seen is not None
    assert name_of("anna").hex()[:8] not in f"{person} {seen}"
    assert repr(name_of("anna"))[2:-1] not in f"{person} {seen}"
    assert "ttt" not in repr(person)
