"""The door's rules: the whole table, the states at rest, the times, and the reasons for a free passage."""

from __future__ import annotations

import ast
import itertools
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import door as d
import pytest
from door_table import (
    EVERYWHERE,
    FIRE,
    GRANT_MS,
    HAPPENINGS,
    HOUR_MS,
    LID,
    OPEN,
    REX,
    RULES,
    SITUATIONS,
    Rig,
    brought_into,
    check,
    rule,
)
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition
from hypothesis.stateful import rule as act
from limits import (
    FREE_ACCESS_MS,
    LATE_OPENING_MS,
    LONGEST_TURN_MS,
    MAX_RELEASE_MS,
    OPEN_TOO_LONG_MS,
    PRE_ALARM_MS,
    REX_RELEASE_MS,
    STUCK_REX_MS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

WRAP = 2**30
STARTS = (0, WRAP - 1, WRAP - 15, WRAP - 2_500)

# -- the whole table ------------------------------------------------------------------------------


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_meets_everything_that_can_happen(situation: str) -> None:
    for happening, now in itertools.product(HAPPENINGS, STARTS):
        check(situation, happening, now)


def test_every_rule_is_needed() -> None:
    spoken = {rule(situation, happening)[0] for situation in SITUATIONS for happening in HAPPENINGS}
    assert {words for words, *_ in RULES} == spoken - {""}


def test_the_rules_reach_every_state() -> None:
    assert {state for state, *_ in SITUATIONS.values()} == set(range(11))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_state_ends_before_its_time(situation: str) -> None:
    rig = brought_into(situation)
    before = rig.door.state, rig.door.is_free
    lasts = {"released": GRANT_MS, "open": PRE_ALARM_MS, "pre-alarm": OPEN_TOO_LONG_MS - PRE_ALARM_MS}
    lasts |= {"free access": FREE_ACCESS_MS, "free access, open": FREE_ACCESS_MS - 10}  # the leaf took 10 ms
    # the button was let go 10 ms ago
    rig.step(lasts.get(situation, REX_RELEASE_MS - 10 if "egress" in situation else HOUR_MS) - 1)
    assert (rig.door.state, rig.door.is_free) == before
    assert rig.told() == []


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_buzzer_sounds_in_an_alarm_and_a_pre_alarm(situation: str) -> None:
    assert brought_into(situation).door.alarm == situation.startswith(("pre-alarm", "too long", "forced"))


# -- states at rest -------------------------------------------------------------------------------

LOCKED_BY = {"no cause": d.NORMAL, "lock-down": d.LOCK_DOWN, "fault": d.FAULT, "lock-down and fault": d.FAULT}
ENDINGS = {
    "a leaf closes": lambda rig: rig.on(OPEN).off(OPEN),
    "egress is over": lambda rig: rig.tap().step(REX_RELEASE_MS),
    "a fire is over": lambda rig: rig.on(FIRE).off(FIRE),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("locked_by", LOCKED_BY)
def test_the_state_at_rest_follows_mode_and_fault(locked_by: str, ending: str) -> None:
    rig = Rig()
    if "lock-down" in locked_by:
        rig.mode(d.MODE_LOCK_DOWN)
    if "fault" in locked_by:
        rig.fault()
    assert rig.door.state == LOCKED_BY[locked_by]
    ENDINGS[ending](rig)
    assert rig.door.state == LOCKED_BY[locked_by]
    assert not rig.door.is_free


def test_lock_down_continues_after_a_fault() -> None:
    rig = Rig()
    rig.mode(d.MODE_LOCK_DOWN)
    rig.fault()
    rig.fault(0)
    assert rig.door.state == d.LOCK_DOWN


def test_lock_down_stays_without_a_host() -> None:
    rig = brought_into("lock-down")
    rig.door.host_lost(rig.now)
    rig.wait(60_000)
    assert (rig.door.state, rig.door.mode, rig.told()) == (d.LOCK_DOWN, d.MODE_LOCK_DOWN, [])


def test_free_access_begins_after_a_fire_unless_the_host_was_lost_in_it() -> None:
    rig = brought_into("fire")
    rig.mode(d.MODE_FREE_ACCESS)
    assert rig.off(FIRE).door.state == d.FREE_ACCESS
    rig.on(FIRE)
    rig.door.host_lost(rig.now)
    assert rig.off(FIRE).door.state == d.NORMAL


@pytest.mark.parametrize("ends", ["a fault", "the lid comes off"])
def test_free_access_that_waits_in_a_fire_ends_with_a_fault_or_the_lid(ends: str) -> None:
    rig = brought_into("fire")
    rig.mode(d.MODE_FREE_ACCESS)
    HAPPENINGS[ends](rig)
    rig.off(FIRE)
    assert not rig.door.is_free
    assert rig.door.mode == d.MODE_NORMAL


def test_free_access_does_not_come_back_by_itself_after_a_fault() -> None:
    rig = brought_into("free access")
    rig.fault()
    rig.fault(0)
    assert (rig.door.state, rig.door.mode) == (d.NORMAL, d.MODE_NORMAL)


def test_closing_the_lid_is_an_event_and_changes_nothing() -> None:
    rig = Rig().on(LID)
    assert rig.door.tampered
    rig.told()
    rig.off(LID)
    assert (rig.told(), rig.door.tampered, rig.door.state) == (["lid on"], False, d.NORMAL)


def test_another_fault_is_an_event_too() -> None:
    told: list[tuple[int, int, int]] = []
    door = d.Door(0, 0, lambda *event: told.append(event))
    for code in (1, 1, 2, 0):
        door.set_fault(code, 7)
    assert told == [(d.EV_FAULT, 7, 1), (d.EV_FAULT, 7, 2), (d.EV_FAULT, 7, 0)]
    assert (door.fault, door.state) == (0, d.NORMAL)


# -- denials --------------------------------------------------------------------------------------


@pytest.mark.parametrize("for_ms", [0, -1])
@pytest.mark.parametrize("situation", EVERYWHERE)
def test_a_grant_for_no_time_is_malformed_everywhere(situation: str, for_ms: int) -> None:
    rig = brought_into(situation)
    assert rig.grant(for_ms) == d.DENIED_MALFORMED
    assert (rig.door.state, rig.told()) == (SITUATIONS[situation][0], [])


@pytest.mark.parametrize("mode", [3, 4, 255])
def test_a_mode_that_does_not_exist_is_malformed(mode: int) -> None:
    rig = brought_into("free access")
    assert rig.mode(mode) == d.DENIED_MALFORMED
    assert (rig.door.mode, rig.told()) == (d.MODE_FREE_ACCESS, [])


@pytest.mark.parametrize("situation", EVERYWHERE)
def test_a_grant_is_denied_while_the_lid_is_off(situation: str) -> None:
    rig = brought_into(situation).on(LID)
    before, mode = (rig.door.state, rig.door.is_free), rig.door.mode
    rig.told()
    assert rig.grant() == d.DENIED_TAMPER
    assert rig.mode(d.MODE_FREE_ACCESS) == d.DENIED_TAMPER
    assert (rig.door.state, rig.door.is_free) == before
    assert (rig.door.mode, rig.told()) == (mode, [])


def test_lock_down_can_be_set_with_the_lid_off_and_in_a_fault() -> None:
    rig = Rig().on(LID)
    rig.fault()
    assert rig.mode(d.MODE_LOCK_DOWN) == d.OBEYED
    assert rig.mode(d.MODE_NORMAL) == d.OBEYED


def test_the_order_of_reasons_to_deny() -> None:
    rig = Rig()
    rig.mode(d.MODE_LOCK_DOWN)
    rig.on(OPEN)
    assert rig.grant() == d.DENIED_LOCK_DOWN
    rig.fault()
    assert rig.grant() == d.DENIED_FAULT
    rig.on(LID)
    assert rig.grant() == d.DENIED_TAMPER
    assert rig.grant(left_ms=0) == d.DENIED_EXPIRED


# -- expiries -------------------------------------------------------------------------------------


@pytest.mark.parametrize("left_ms", [0, 1, LONGEST_TURN_MS])
@pytest.mark.parametrize("situation", EVERYWHERE)
def test_what_has_expired_is_denied_everywhere(situation: str, left_ms: int) -> None:
    rig = brought_into(situation)
    mode = rig.door.mode
    assert rig.grant(left_ms=left_ms) == d.DENIED_EXPIRED
    assert rig.mode(d.MODE_FREE_ACCESS, left_ms) == d.DENIED_EXPIRED
    assert (rig.door.state, rig.door.mode, rig.told()) == (SITUATIONS[situation][0], mode, [])


@pytest.mark.parametrize("mode", [d.MODE_NORMAL, d.MODE_LOCK_DOWN])
def test_a_mode_that_lets_nobody_in_has_no_expiry(mode: int) -> None:
    rig = brought_into("free access")
    assert rig.mode(mode, left_ms=0) == d.OBEYED
    assert rig.door.mode == mode
    rig.wait(2 * FREE_ACCESS_MS)
    assert rig.door.mode == mode


@pytest.mark.parametrize("now", STARTS)
@pytest.mark.parametrize("left_ms", [LONGEST_TURN_MS + 1, 500, GRANT_MS, GRANT_MS + LONGEST_TURN_MS - 1])
def test_a_release_ends_a_turn_of_the_loop_before_it_expires(left_ms: int, now: int) -> None:
    rig = Rig(now=now)
    assert rig.grant(GRANT_MS, left_ms) == d.OBEYED
    for _ in range(left_ms - LONGEST_TURN_MS - 1):
        rig.step(1)
    assert rig.door.is_free
    assert not rig.step(1).door.is_free
    assert rig.told() == ["released", "relocked: time"]


@pytest.mark.parametrize("now", STARTS)
@pytest.mark.parametrize(
    ("left_ms", "lasts"),
    [
        (LONGEST_TURN_MS + 1, 1),
        (20_000, 20_000 - LONGEST_TURN_MS),
        (FREE_ACCESS_MS + LONGEST_TURN_MS, FREE_ACCESS_MS),
        (HOUR_MS, FREE_ACCESS_MS),
    ],
)
def test_free_access_ends_by_itself_and_never_later_than_the_longest(
    left_ms: int, lasts: int, now: int
) -> None:
    rig = Rig(now=now)
    rig.mode(d.MODE_FREE_ACCESS, left_ms)
    rig.step(lasts - 1)
    assert rig.door.is_free
    assert not rig.step(1).door.is_free
    assert rig.told() == ["mode free access", "mode normal", "relocked: time"]


def test_free_access_that_is_asked_for_again_goes_on_and_is_told_once() -> None:
    rig = Rig()
    for _ in range(10):
        assert rig.mode(d.MODE_FREE_ACCESS, 50_000) == d.OBEYED
        assert rig.step(40_000).door.is_free
    assert rig.told() == ["mode free access"]
    rig.mode(d.MODE_FREE_ACCESS, 1_000)  # the newest word counts, also where it is shorter
    assert not rig.step(1_000).door.is_free


def test_free_access_that_expires_in_a_fire_is_over_after_it() -> None:
    rig = brought_into("fire")
    rig.mode(d.MODE_FREE_ACCESS, 1_000)
    assert rig.step(1_000).door.is_free
    assert (rig.door.mode, rig.told()) == (d.MODE_NORMAL, ["mode free access", "mode normal"])
    assert rig.off(FIRE).door.state == d.NORMAL


def test_egress_outlives_free_access_that_expires() -> None:
    rig = brought_into("free access").tap()
    rig.mode(d.MODE_FREE_ACCESS, 1_000)
    rig.step(1_000)
    assert (rig.door.state, rig.door.is_free, rig.door.mode) == (d.EGRESS, True, d.MODE_NORMAL)


# -- clocks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", STARTS)
@pytest.mark.parametrize(
    ("asked", "lasts"),
    [
        (1, 1),
        (10, 10),
        (3_000, 3_000),
        (MAX_RELEASE_MS - 1, MAX_RELEASE_MS - 1),
        (MAX_RELEASE_MS, MAX_RELEASE_MS),
        (MAX_RELEASE_MS + 1, MAX_RELEASE_MS),
        (65_535, MAX_RELEASE_MS),
    ],
)
def test_a_release_lasts_its_time_and_never_longer_than_the_limit(asked: int, lasts: int, now: int) -> None:
    rig = Rig(now=now)
    rig.grant(asked)
    for _ in range(lasts - 1):
        rig.step(1)
    assert rig.door.is_free
    assert not rig.step(1).door.is_free
    assert rig.told() == ["released", "relocked: time"]


def test_a_second_grant_starts_its_time_again_and_is_an_event() -> None:
    rig = Rig()
    rig.grant(9_000)
    rig.step(8_000)
    rig.grant(2_000)
    assert rig.step(1_999).door.is_free
    assert not rig.step(1).door.is_free
    assert rig.told() == ["released", "released", "relocked: time"]


def test_a_grant_during_egress_has_its_whole_time() -> None:
    rig = Rig().tap()
    rig.step(REX_RELEASE_MS - 100)
    rig.grant(3_000)
    assert rig.step(2_999).door.is_free
    assert not rig.step(1).door.is_free


@pytest.mark.parametrize(
    "ends",
    ["the host revokes", "the host is lost", "the lid comes off", "a fault", "mode lock-down"],
)
def test_the_end_of_a_grant_does_not_end_egress(ends: str) -> None:
    rig = Rig()
    rig.grant(9_000)
    rig.tap()
    HAPPENINGS[ends](rig)
    assert rig.door.state == d.EGRESS
    rig.told()
    began = rig.now
    while rig.door.is_free:
        rig.step()
    assert REX_RELEASE_MS - 30 <= rig.now - began <= REX_RELEASE_MS
    assert rig.told() == ["relocked: time"]


@pytest.mark.parametrize("ends", ["the host is lost", "mode normal", "the lid comes off", "a fault"])
def test_egress_continues_after_free_access(ends: str) -> None:
    rig = brought_into("free access").tap()
    rig.step(1_000)
    HAPPENINGS[ends](rig)
    assert (rig.door.state, rig.door.is_free) == (d.EGRESS, True)
    rig.step(REX_RELEASE_MS - 1_100)
    assert rig.door.is_free
    assert not rig.step(100).door.is_free


def test_egress_continues_after_a_short_fire() -> None:
    rig = brought_into("fire").tap()
    assert rig.off(FIRE).door.state == d.EGRESS
    assert not rig.step(REX_RELEASE_MS).door.is_free


def test_egress_that_is_over_before_the_fire_leaves_nothing() -> None:
    rig = brought_into("fire").tap().step(REX_RELEASE_MS)
    rig.told()
    assert rig.off(FIRE).door.state == d.NORMAL
    assert rig.told() == ["fire over", "relocked: fire over"]


@pytest.mark.parametrize("now", STARTS)
def test_egress_lasts_from_the_release_of_the_button(now: int) -> None:
    rig = Rig(now=now).on(REX)
    rig.wait(20_000)
    assert rig.door.is_free
    rig.inputs = 0
    rig.step(REX_RELEASE_MS - 1)
    assert rig.door.is_free
    assert not rig.step(1).door.is_free
    assert rig.told() == ["rex", "relocked: time"]


def test_a_button_that_is_held_keeps_the_passage_free_while_the_leaf_moves() -> None:
    rig = Rig().on(REX)
    for _ in range(3):
        assert rig.on(OPEN).door.is_free
        assert rig.off(OPEN).door.is_free
    assert rig.told() == ["rex", *["opened", "closed"] * 3]
    rig.on(OPEN)
    rig.off(REX)
    assert not rig.off(OPEN).door.is_free
    assert rig.told() == ["opened", "closed", "relocked: closed"]


def test_egress_ends_if_the_button_is_released_as_the_leaf_opens() -> None:
    rig = Rig().on(REX)
    rig.inputs = OPEN
    assert not rig.step().door.is_free


@pytest.mark.parametrize("now", STARTS)
@pytest.mark.parametrize("leaf", [0, OPEN])
def test_a_jammed_button_frees_the_door_for_a_minute_and_works_after_its_release(leaf: int, now: int) -> None:
    rig = Rig(leaf, now)
    rig.inputs |= REX
    rig.step(1)
    rig.wait(STUCK_REX_MS - 1, every=STUCK_REX_MS - 1)
    assert "rex stuck" not in rig.told()
    rig.step(1)
    assert rig.told() == ["rex stuck"]
    assert rig.door.is_free
    rig.step(REX_RELEASE_MS - 2)
    assert rig.door.is_free
    assert not rig.step(1).door.is_free
    assert rig.told()[:1] == ["relocked: time"]
    rig.wait(3 * STUCK_REX_MS, every=1_000)
    assert not rig.door.is_free
    assert "rex stuck" not in rig.told()
    rig.off(REX)
    assert not rig.door.is_free
    assert rig.on(REX).door.is_free
    rig.wait(STUCK_REX_MS + REX_RELEASE_MS)
    assert not rig.door.is_free


def test_a_jammed_button_does_not_keep_the_leaf_from_relocking() -> None:
    rig = Rig().on(REX).wait(STUCK_REX_MS, every=1_000)
    assert rig.door.is_free
    assert not rig.on(OPEN).door.is_free
    assert not rig.off(OPEN).door.is_free


# Events that lock a passage again: the situation in which it is free, and the event.
LOCKS = {
    "time is up": ("released", lambda rig: rig.step(GRANT_MS)),
    "egress is over": ("egress", lambda rig: rig.step(REX_RELEASE_MS)),
    "the host revokes": ("released", lambda rig: rig.door.relock(rig.now)),
    "the host is lost": ("released", lambda rig: rig.door.host_lost(rig.now)),
    "lock-down": ("free access", lambda rig: rig.mode(d.MODE_LOCK_DOWN)),
    "the lid comes off": ("released", lambda rig: rig.on(LID)),
    "a fault": ("free access", lambda rig: rig.fault()),
    "a fire is over": ("fire", lambda rig: rig.off(FIRE)),
    "the leaf closes in egress": ("open, egress", lambda rig: rig.off(OPEN)),
}


@pytest.mark.parametrize("now", STARTS)
@pytest.mark.parametrize("after_ms", [1, LATE_OPENING_MS - 1, LATE_OPENING_MS, HOUR_MS])
@pytest.mark.parametrize("lock", LOCKS)
def test_a_leaf_that_opens_is_forced_unless_the_passage_was_free_just_before(
    lock: str, after_ms: int, now: int
) -> None:
    situation, happens = LOCKS[lock]
    rig = brought_into(situation, now)
    happens(rig)
    assert not rig.door.is_free
    rig.told()
    rig.inputs |= OPEN
    rig.step(after_ms)
    assert rig.told() == (["opened"] if after_ms < LATE_OPENING_MS else ["opened", "forced open"])
    assert rig.door.state == (d.OPEN if after_ms < LATE_OPENING_MS else d.FORCED)


def test_a_leaf_that_opens_as_the_passage_locks_is_not_forced() -> None:
    rig = brought_into("released")
    rig.on(OPEN | LID)
    assert rig.door.state == d.OPEN
    assert rig.told() == ["lid off", "relocked: tamper", "opened"]


@pytest.mark.parametrize("situation", ["normal", "fault", "lock-down"])
def test_a_leaf_that_opens_as_the_lid_comes_off_is_forced(situation: str) -> None:
    rig = brought_into(situation)
    rig.on(OPEN | LID)
    assert rig.told() == ["lid off", "opened", "forced open"]
    assert rig.door.state == d.FORCED


def test_a_wrapped_clock_does_not_excuse_a_forced_leaf() -> None:
    rig = brought_into("released").step(GRANT_MS)
    rig.step(WRAP // 2)
    rig.step(WRAP // 2 - 1)
    rig.told()
    assert rig.on(OPEN).door.state == d.FORCED


def test_a_leaf_open_at_boot_may_be_forced_directly_after_it_closed() -> None:
    rig = Rig(OPEN).off(OPEN)
    assert rig.on(OPEN).door.state == d.FORCED


@pytest.mark.parametrize("now", STARTS)
def test_alarms_of_an_open_leaf_start_at_their_times_and_end(now: int) -> None:
    rig = Rig(now=now)
    rig.grant()
    rig.on(OPEN)
    rig.told()
    rig.wait(OPEN_TOO_LONG_MS, every=1)
    assert [(tick - now) % WRAP for tick in rig.ticks[-2:]] == [PRE_ALARM_MS + 10, OPEN_TOO_LONG_MS + 10]
    assert rig.told() == ["pre-alarm", "open too long"]
    rig.wait(10 * OPEN_TOO_LONG_MS, every=1_000)
    assert rig.told() == []
    rig.off(OPEN)
    assert rig.told() == ["closed", "alarm over"]
    rig.wait(OPEN_TOO_LONG_MS)
    assert rig.told() == []


@pytest.mark.parametrize("situation", ["open", "pre-alarm"])
def test_a_grant_for_an_open_leaf_starts_its_time_again(situation: str) -> None:
    rig = brought_into(situation)
    rig.step(5_000)
    rig.grant()
    rig.step(PRE_ALARM_MS - 1)
    assert rig.told() == []
    rig.step(1)
    assert rig.told() == ["pre-alarm"]


@pytest.mark.parametrize("happening", [name for name in HAPPENINGS if name not in ("grant", "time passes")])
@pytest.mark.parametrize(
    ("situation", "lasts"), [("open", PRE_ALARM_MS), ("pre-alarm", OPEN_TOO_LONG_MS - PRE_ALARM_MS)]
)
def test_nothing_else_starts_the_time_of_an_open_leaf_again(
    situation: str, lasts: int, happening: str
) -> None:
    rig = brought_into(situation)
    state, began = rig.door.state, rig.now
    rig.step(5_000)
    HAPPENINGS[happening](rig)
    if rig.door.state != state:
        return
    rig.step(lasts - (rig.now - began) - 1)
    assert rig.door.state == state
    assert rig.step(1).door.state == state + 1


@pytest.mark.parametrize("situation", EVERYWHERE)
def test_events_have_the_time_at_which_they_happened(situation: str) -> None:
    for happening in HAPPENINGS:
        rig = brought_into(situation, 4_711)
        rig.ticks.clear()
        HAPPENINGS[happening](rig)
        assert set(rig.ticks) <= {rig.now}


# -- boot -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs", range(32))
def test_at_boot_the_passage_is_locked_for_any_inputs_without_fire_and_rex(inputs: int) -> None:
    rig = Rig(inputs, 5)
    assert not rig.door.is_free
    assert rig.told() == []
    rig.step()
    assert rig.door.is_free == bool(inputs & (REX | FIRE))
    wanted = [(FIRE, "fire"), (LID, "lid off"), (REX, "rex")]
    assert rig.told() == [word for bit, word in wanted if inputs & bit]


def test_a_leaf_open_at_boot_is_not_forced_but_may_be_open_too_long() -> None:
    rig = Rig(OPEN)
    assert rig.door.state == d.OPEN
    assert rig.step(PRE_ALARM_MS - 1).told() == []
    assert rig.step(1).told() == ["pre-alarm"]


def test_a_door_without_a_fault_boots_in_the_normal_mode() -> None:
    door = Rig().door
    assert (door.mode, door.fault, door.tampered, door.alarm) == (d.MODE_NORMAL, 0, False, False)


# -- several inputs in one step -------------------------------------------------------------------


@pytest.mark.parametrize("now", range(16))
@pytest.mark.parametrize("situation", EVERYWHERE)
def test_with_several_changes_at_once_fire_and_rex_free_and_the_lid_locks(situation: str, now: int) -> None:
    rig = brought_into(situation)
    was_free, leaf = rig.door.is_free, rig.inputs & OPEN
    rig.inputs = now
    rig.step()
    if now & (FIRE | REX):
        assert rig.door.is_free
        return
    through = (now & OPEN) != leaf and not situation.startswith("free access")
    if not was_free or through or (now & LID and "egress" not in situation):
        assert not rig.door.is_free


@pytest.mark.parametrize("locked_by", LOCKED_BY)
@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("leaf", ["closes", "opens"])
def test_the_door_is_locked_after_a_fire_also_if_the_leaf_moves(
    leaf: str, asked: bool, locked_by: str
) -> None:
    rig = Rig()
    if "lock-down" in locked_by:
        rig.mode(d.MODE_LOCK_DOWN)
    if "fault" in locked_by:
        rig.fault()
    rig.on(FIRE)
    if leaf == "closes":
        rig.on(OPEN)
    if asked:
        rig.tap()
    rig.inputs ^= FIRE | OPEN
    rig.step()
    assert rig.door.state == (LOCKED_BY[locked_by] if leaf == "closes" else d.OPEN)
    assert not rig.door.is_free


# -- reasons for a free passage -------------------------------------------------------------------


class Passage(RuleBasedStateMachine):
    """Random events of a door and a model with reasons: the passage is free exactly while there is a reason.

    The model has no states. The reasons are a grant with its time, egress with its time, a fire, and free access.
    For alarms the model has the time for which the leaf is open, and whether a reason let it open.
    """

    @initialize(inputs=st.integers(0, 31), now=st.sampled_from(STARTS) | st.integers(0, WRAP - 1))
    def boot(self, inputs: int, now: int) -> None:
        self.now = now  # never wraps here
        self.rig = Rig(inputs, now)
        self.leaf = inputs & OPEN
        self.grant: tuple[int, int] | None = None
        self.asked: int | None = None
        self.fire = self.free_access = self.lid = self.rex = self.stuck = False
        self.free_until = now
        self.pressed = now
        self.lock_down = False
        self.fault = 0
        self.open: tuple[str, int] | None = ("open", now) if self.leaf else None
        self.was_free = False
        self.locked: int | None = None  # the time at which the last reason ended
        assert not self.rig.door.is_free

    @act(
        flips=st.sets(st.sampled_from([OPEN, REX, LID, FIRE, 16]), max_size=2),
        ms=st.sampled_from(
            [
                1,
                10,
                LATE_OPENING_MS - 1,
                LATE_OPENING_MS,
                1_000,
                REX_RELEASE_MS,
                MAX_RELEASE_MS,
                PRE_ALARM_MS,
                STUCK_REX_MS,
            ]
        )
        | st.integers(1, STUCK_REX_MS),
    )
    def look(self, flips: set[int], ms: int) -> None:
        self.was_free = self.rig.door.is_free
        self.now += ms
        self.rig.inputs ^= sum(flips)
        inputs = self.rig.inputs
        leaf = inputs & OPEN
        moved, self.leaf = leaf != self.leaf, leaf
        with self._reasons():
            self._fire(bool(inputs & FIRE))
        if inputs & LID and not self.lid:
            self._end(grant=True, free_access=True)
        self.lid = bool(inputs & LID)
        pressed = bool(inputs & REX)
        if moved:
            with self._reasons():
                self._move(held=pressed and not (self.stuck and self.rex))
        if pressed != self.rex:
            self.rex, self.pressed, self.stuck = pressed, self.now, False
        if self.rex and not self.stuck:
            self.stuck = self.now - self.pressed >= STUCK_REX_MS
            if not self.stuck:
                self.asked = self.now
        with self._reasons():
            self._pass_time()
        self.rig.step(ms)

    @act(
        for_ms=st.sampled_from([0, 1, 500, 5_000, MAX_RELEASE_MS, MAX_RELEASE_MS + 1, 65_535]),
        left_ms=st.sampled_from([0, 25, 26, 1_000, MAX_RELEASE_MS, HOUR_MS]),
    )
    def release(self, for_ms: int, left_ms: int) -> None:
        self.was_free = self.rig.door.is_free
        code = self.rig.grant(for_ms, left_ms)
        alarm = self.open is not None and self.open[0] in ("forced", "long")
        keeps_shut = self.lid or self.fault or self.lock_down or alarm
        assert (code == d.OBEYED) == (for_ms > 0 and left_ms > LONGEST_TURN_MS and not keeps_shut)
        if code != d.OBEYED or self.fire or self.free_access:
            return
        if self.leaf:
            self.open = "open", self.now
        else:
            self.grant = self.now, min(for_ms, left_ms - LONGEST_TURN_MS, MAX_RELEASE_MS)

    @act()
    def relock(self) -> None:
        self.was_free = self.rig.door.is_free
        self.rig.door.relock(self.rig.now)
        self._end(grant=True)

    @act()
    def lose_the_host(self) -> None:
        self.was_free = self.rig.door.is_free
        self.rig.door.host_lost(self.rig.now)
        self._end(grant=True, free_access=True)

    @act(mode=st.integers(0, 3), left_ms=st.sampled_from([0, 25, 26, 5_000, FREE_ACCESS_MS, HOUR_MS]))
    def change_mode(self, mode: int, left_ms: int) -> None:
        self.was_free = self.rig.door.is_free
        before = self.rig.door.mode
        code = self.rig.mode(mode, left_ms)
        may_be_free = left_ms > LONGEST_TURN_MS and not self.lid and not self.fault
        assert (code == d.OBEYED) == (mode < 2 or (mode == 2 and may_be_free))
        if code == d.OBEYED and mode == d.MODE_FREE_ACCESS:
            self.free_until = self.now + min(left_ms - LONGEST_TURN_MS, FREE_ACCESS_MS)
        if code != d.OBEYED or mode == before:
            return
        self._end(grant=True, free_access=True)
        self.lock_down, self.free_access = mode == d.MODE_LOCK_DOWN, mode == d.MODE_FREE_ACCESS
        if self.free_access:
            self.open = None

    @act(code=st.sampled_from([0, 3]))
    def change_health(self, code: int) -> None:
        self.was_free = self.rig.door.is_free
        self.rig.fault(code)
        if code:
            self._end(grant=True, free_access=True)
        self.fault = code

    @precondition(lambda self: self.rig.door.is_free)
    @act()
    def walk_through(self) -> None:
        """The leaf opens in a free passage, and closes: Hypothesis seldom does this by itself."""
        self.look({OPEN}, 10)
        self.look({OPEN}, 1_000)

    @invariant()
    def it_is_free_exactly_while_there_is_a_reason(self) -> None:
        assert self.rig.door.is_free == self._may_pass()

    @invariant()
    def it_buzzes_exactly_while_the_leaf_is_a_reason(self) -> None:
        assert self.rig.door.alarm == (self.open is not None and self.open[0] != "open"), self.open

    @invariant()
    def each_relock_is_one_event(self) -> None:
        told = self.rig.told()
        is_free = self.rig.door.is_free
        relocked = [word for word in told if word.startswith("relocked")]
        if self.was_free and not is_free:
            assert len(relocked) == 1
        if relocked and is_free:  # in one step one reason ended, and another one began
            assert "rex" in told or "fire" in told or self.asked == self.now
        self.was_free = is_free

    # -- the model

    def _may_pass(self) -> bool:
        return self.grant is not None or self.asked is not None or self.fire or self.free_access

    @contextmanager
    def _reasons(self) -> Iterator[None]:
        """Note the time if the last reason ends inside this block."""
        could = self._may_pass()
        yield
        if could and not self._may_pass():
            self.locked = self.now

    def _fire(self, fire: bool) -> None:
        if fire and not self.fire:
            self.grant = self.open = None
        ended = self.fire and not fire
        self.fire = fire
        if ended:
            self._rest()

    def _end(self, *, grant: bool = False, free_access: bool = False) -> None:
        ends = (grant and self.grant is not None) or (free_access and self.free_access)
        with self._reasons():
            self.grant = None if grant else self.grant
            self.free_access = self.free_access and not free_access
        if ends:
            self._rest()

    def _rest(self) -> None:
        """The time of an open leaf starts, unless a fire or free access keeps the passage free."""
        if self.leaf and not self.fire and not self.free_access:
            self.open = "open", self.now

    def _move(self, *, held: bool) -> None:
        lately = self.locked is not None and self.now - self.locked < LATE_OPENING_MS
        let = self.grant is not None or self.asked is not None or lately
        self.grant = None
        if not held:
            self.asked = None
        if not self.leaf:
            self.open = None
        elif not self.fire and not self.free_access and self.open is None:
            self.open = ("open" if let else "forced"), self.now

    def _pass_time(self) -> None:
        if self.asked is not None and self.now - self.asked >= REX_RELEASE_MS:
            self.asked = None
        if self.grant is not None and self.now - self.grant[0] >= self.grant[1]:
            self.grant = None
        if self.free_access and self.now >= self.free_until:
            self.free_access = False
            if self.leaf and not self.fire:
                self.open = "open", self.now
        if self.open is not None:
            phase, since = self.open
            if phase == "open" and self.now - since >= PRE_ALARM_MS:
                self.open = "pre", self.now
            elif phase == "pre" and self.now - since >= OPEN_TOO_LONG_MS - PRE_ALARM_MS:
                self.open = "long", self.now


TestPassage = Passage.TestCase
TestPassage.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


# -- the numbers on the wire -----------------------------------------------------------------------

NUMBERS = {
    "state": "NORMAL RELEASED EGRESS OPEN PRE_ALARM TOO_LONG FORCED FAULT LOCK_DOWN FREE_ACCESS FIRE",
    "mode(1)": "MODE_NORMAL MODE_LOCK_DOWN MODE_FREE_ACCESS",
    "kind": "- - EV_RELEASED EV_RELOCKED EV_OPENED EV_CLOSED EV_REX EV_FORCED_OPEN EV_PRE_ALARM EV_OPEN_TOO_LONG EV_TAMPER "
    "EV_FIRE EV_MODE EV_FAULT - EV_ALARM_OVER - EV_REX_STUCK",
    "code": "OBEYED DENIED_MALFORMED - - - - DENIED_LOCK_DOWN DENIED_FAULT DENIED_TAMPER DENIED_NOT_NOW - DENIED_EXPIRED",
}


@pytest.mark.parametrize("names", NUMBERS.values(), ids=NUMBERS)
def test_numbers_on_the_wire_are_those_of_the_specification(names: str) -> None:
    for number, name in enumerate(names.split()):
        assert name == "-" or getattr(d, name) == number


def test_inputs_are_the_bits_of_the_specification() -> None:
    assert (d.CONTACT_IS_OPEN, d.REX_IS_PRESSED, d.TAMPER_IS_OPEN, d.FIRE_IS_ON) == (1, 2, 4, 8)


# -- the file itself ------------------------------------------------------------------------------


def test_the_door_imports_only_numbers_and_ticks() -> None:
    tree = ast.parse(Path(d.__file__).read_text("utf-8"))
    assert {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} == {
        "limits",
        "micropython",
        "ticks",
    }
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
