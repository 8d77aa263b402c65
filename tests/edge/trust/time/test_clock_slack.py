"""One slack for every rule that compares a signed time with this clock: two correct clocks differ by seconds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from worlds.clocks import HOUR, SIGNED, S, at, running, trust
from worlds.trust import GATE, ISSUER, KID, LIST, NOW, TRUST, URI, shown

from edge.card import ecard
from edge.card.claims import Freshness
from edge.card.code import parse_code
from edge.errors import Refused
from edge.trust.snapshot import TrustSnapshot
from edge.trust.time.clock_slack import CLOCK_SLACK, is_ahead
from edge.trust.time.code_window import check_floor, window
from edge.trust.time.freshness import AgeRule, Budgets, TrustInput, aged, freshness
from edge.trust.time.trusted_clock import ClockMemory, TrustedClock
from edge.trust.verify import verify
from edge.vouched_time import UNVOUCHED

if TYPE_CHECKING:
    from collections.abc import Callable


def passes(trust: TrustSnapshot, *, made: datetime = NOW, **card: object) -> bool:
    """Whether a card passes at NOW, with a fresh list."""
    with suppress(Refused):
        signed = ecard.decode(parse_code(shown(made, **card)))
        return verify(signed, trust, now=NOW, context=GATE).list_freshness is Freshness.FRESH
    return False


def of(**issuer: object) -> TrustSnapshot:
    return TrustSnapshot.of([replace(ISSUER, **issuer)], TRUST.status_lists)


def listed(signed: datetime) -> TrustSnapshot:
    return TrustSnapshot.of([ISSUER], {(KID, URI): replace(LIST, issued_at=signed)})


def while_it_runs(signed: datetime) -> bool:
    """A sync brings a time to a device that runs, and nothing happens in the seconds after it."""
    device = running(for_s=60)
    now = NOW + 60 * S
    news = trust(signed=signed + 60 * S, synced=now)
    return all(at(device, now + s * S, 60 + s, news).anomaly is None for s in range(20))


def after_a_jump(signed: datetime) -> bool:
    """A clock that was set forward is right again, and the sync that confirms it brings this time."""
    device = running(for_s=60)
    assert at(device, NOW + 2 * HOUR, 61).anomaly is not None
    back = at(device, NOW, 62, trust(signed=signed, synced=NOW))
    return back.anomaly is None


# Whether a rule accepts, at NOW, what was signed at this time by another machine.
RULES: dict[str, Callable[[datetime], bool]] = {
    "the floor": lambda signed: check_floor(NOW, signed) is None,
    "the age of any trust input": lambda signed: freshness(NOW - signed, Budgets()) is Freshness.FRESH,
    "the age in a record": lambda signed: (
        aged(TrustInput.TIME, signed, NOW, AgeRule()).freshness is Freshness.FRESH
    ),
    "a status list": lambda signed: passes(listed(signed)),
    "an issuer's file": lambda signed: passes(of(issued_at=signed)),
    "the first day of a key": lambda signed: passes(of(valid_from=signed), issued_at=signed, not_before=NOW),
    "the first day of a card": lambda signed: passes(TRUST, not_before=signed),
    "the code of a phone": lambda signed: passes(TRUST, made=signed),
    "the window of a phone": lambda signed: signed - NOW <= window(timedelta(0)).ahead,
    "the clock at a start": lambda signed: at(TrustedClock(), NOW, 0, trust(signed=signed)).anomaly is None,
    "the stored time at a start": lambda signed: (
        at(TrustedClock(ClockMemory(signed, SIGNED)), NOW, 0).anomaly is None
    ),
    "the image's time at a start": lambda signed: at(TrustedClock(built=signed), NOW, 0).anomaly is None,
    "the clock while it runs": while_it_runs,
    "the clock after a jump": after_a_jump,
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("ahead_s", [0, 1, 4, 10])
def test_a_time_that_was_signed_a_few_seconds_ahead_is_accepted(rule: str, ahead_s: int) -> None:
    assert RULES[rule](NOW + ahead_s * S)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("ahead", [CLOCK_SLACK + S, HOUR], ids=str)
def test_a_time_further_ahead_is_not(rule: str, ahead: timedelta) -> None:
    with suppress(Refused):
        assert not RULES[rule](NOW + ahead)


def test_the_limit_itself_is_within() -> None:
    assert not is_ahead(NOW + CLOCK_SLACK, NOW)
    assert is_ahead(NOW + CLOCK_SLACK + timedelta(microseconds=1), NOW)


def test_the_time_judged_by_is_never_before_a_signed_time() -> None:
    device = TrustedClock()
    for second in range(15):
        judged = at(device, NOW + second * S, second, trust(signed=NOW + 4 * S)).now
        assert judged == NOW + max(second, 4) * S


def test_nothing_is_destroyed_before_the_wall_clock_reaches_the_signed_time() -> None:
    device = TrustedClock()
    news = trust(signed=NOW + 4 * S)
    assert [at(device, NOW + s * S, s, news).vouched == UNVOUCHED for s in (0, 3, 4, 5)] == [1, 1, 0, 0]


def test_a_slack_once_taken_does_not_accuse_the_clock_later() -> None:
    """The device's own time stays ahead by these seconds, over a restart too, until a newer signed time."""
    device = TrustedClock()
    news = trust(signed=NOW + 9 * S)
    assert at(device, NOW, 0, news).anomaly is None
    assert at(device, NOW + HOUR, 3_600, news).anomaly is None
    assert at(TrustedClock(device.memory), NOW + HOUR + S, 0, news).anomaly is None
