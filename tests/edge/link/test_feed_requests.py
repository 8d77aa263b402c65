"""The feed alone: the event that it asks for, the moment at which it asks, and the events that it calls missed."""

from __future__ import annotations

import pytest

from edge.link import messages as m
from edge.link.feed import ASK_EVERY_MS, KEPT, RETRY_MS, Feed, LastEvent

DAY_MS = 86_400_000


def event(number: int, tick_ms: int = 0) -> m.Happened:
    return m.Happened(number, m.LinkEventKind.REX, tick_ms or 1_000 * number, 0)


def taking(feed: Feed, *numbers: int) -> list[int]:
    """The numbers, of events that come in this order, that the feed takes."""
    return [number for number in numbers if feed.take(event(number))]


@pytest.fixture
def new() -> Feed:
    """The feed of a new controller, which has logged three events."""
    feed = Feed()
    feed.opened(next_event=4)
    return feed


@pytest.fixture
def known() -> Feed:
    """A feed that knows event 5 of a controller, which has logged eight."""
    feed = Feed(after=LastEvent(5, 5_000))
    feed.opened(next_event=9)
    return feed


def test_before_a_session_nothing_is_known_and_the_first_event_is_wanted() -> None:
    feed = Feed()
    assert (feed.is_complete, feed.missed, feed.wants(DAY_MS)) == (False, 0, 1)


def test_a_feed_is_complete_with_the_last_event_that_is_known_to_exist(new: Feed) -> None:
    for number in (1, 2, 3):
        assert not new.is_complete
        assert new.take(event(number))
    assert new.is_complete


def test_an_event_that_came_too_early_is_known_to_exist(new: Feed) -> None:
    assert taking(new, 1, 2, 3, 5, 4) == [1, 2, 3, 4]
    assert not new.is_complete
    assert taking(new, 5) == [5]
    assert new.is_complete


def test_a_feed_that_may_be_of_another_boot_is_not_complete() -> None:
    feed = Feed(after=LastEvent(5, 5_000))
    feed.opened(next_event=6)
    assert not feed.is_complete
    assert not feed.take(event(5)), "it is recorded already"
    assert feed.is_complete


def test_an_event_is_taken_once(new: Feed) -> None:
    assert taking(new, 1, 1, 2, 1, 2, 3, 3) == [1, 2, 3]
    assert new.missed == 0


def test_the_next_event_is_asked_for_every_few_seconds(new: Feed) -> None:
    assert new.wants(DAY_MS) == 1
    assert taking(new, 1, 2) == [1, 2]
    assert new.wants(DAY_MS + RETRY_MS) is None
    assert new.wants(DAY_MS + ASK_EVERY_MS - 1) is None
    assert new.wants(DAY_MS + ASK_EVERY_MS) == 3


def test_an_event_that_was_lost_on_the_cable_is_asked_for_soon(new: Feed) -> None:
    assert new.wants(DAY_MS) == 1
    assert taking(new, 2) == []
    assert new.wants(DAY_MS + RETRY_MS - 1) is None
    assert new.wants(DAY_MS + RETRY_MS) == 1


def test_a_new_session_asks_at_once(new: Feed) -> None:
    assert new.wants(DAY_MS) == 1
    new.opened(next_event=5)
    assert new.wants(DAY_MS + 1) == 1


def test_after_a_restart_the_last_known_event_is_asked_for_until_it_comes(known: Feed) -> None:
    assert known.wants(DAY_MS) == 5
    assert taking(known, 6, 7) == []
    assert known.wants(DAY_MS + RETRY_MS) == 5
    assert taking(known, 5, 6, 7, 8) == [6, 7, 8]


@pytest.mark.parametrize("next_event", [1, 4, 5])
def test_a_controller_whose_next_event_is_known_has_booted(next_event: int) -> None:
    feed = Feed(after=LastEvent(5, 5_000))
    feed.opened(next_event)
    assert feed.wants(DAY_MS) == 1


def test_a_boot_that_was_noticed_is_not_forgotten_with_the_session() -> None:
    feed = Feed(after=LastEvent(5, 5_000))
    feed.opened(next_event=3)
    feed.opened(next_event=9)
    assert feed.wants(DAY_MS) == 1


def test_another_event_with_the_known_number_is_of_another_boot(known: Feed) -> None:
    assert not known.take(event(5, tick_ms=4_999))
    assert known.wants(DAY_MS) == 1
    assert taking(known, 1, 2) == [1, 2]


@pytest.mark.parametrize(("more", "taken"), [(0, [6]), (1, [5, 6])])
def test_the_oldest_kept_event_still_tells_the_boot(more: int, taken: list[int]) -> None:
    """Event 5 is the oldest of those that the controller keeps, or the first that it does not."""
    feed = Feed(after=LastEvent(5, 5_000))
    feed.opened(next_event=5 + KEPT + more)
    assert taking(feed, 6, 5, 6) == taken


@pytest.mark.parametrize(("first", "missed"), [(38, 37), (39, None)])
def test_what_the_controller_no_longer_keeps_is_missed_at_once(first: int, missed: int | None) -> None:
    """It keeps 36 to 99, and its own loss and opening of a session overwrite two more."""
    feed = Feed()
    feed.opened(next_event=36 + KEPT)
    assert feed.take(event(first)) is (missed is not None)
    assert feed.missed == (missed or 0)


def test_each_gap_is_asked_for_with_the_same_patience(new: Feed) -> None:
    """Three gaps, each of which is closed at the fifth try: none is given up because of those before."""
    now = DAY_MS
    for number in (1, 3, 5):
        for _ in range(5):
            assert taking(new, number + 1) == []
            now += ASK_EVERY_MS
            assert new.wants(now) == number
        assert taking(new, number, number + 1) == [number, number + 1]
        assert new.missed == 0
