"""The one word for what the sensors show: the graver thing first."""

from __future__ import annotations

import itertools

from edge.ports import LaneView
from edge.venue.lane.situation import Situation, situation

# people, outer shut, inner shut
VIEWS = {
    (0, True, True): Situation.EMPTY,
    (1, True, True): Situation.ONE,
    (2, True, True): Situation.SEVERAL,
    (None, True, True): Situation.BLIND,
    (0, False, True): Situation.OUTER_OPEN,
    (1, False, True): Situation.OUTER_OPEN,
    (2, False, True): Situation.SEVERAL,
    (None, False, True): Situation.BLIND,
    (0, True, False): Situation.INNER_OPEN,
    (1, True, False): Situation.INNER_OPEN,
    (2, True, False): Situation.SEVERAL,
    (None, True, False): Situation.BLIND,
} | {(people, False, False): Situation.BOTH_OPEN for people in (None, 0, 1, 2)}


def test_every_view_has_one_word() -> None:
    for view in itertools.product((None, 0, 1, 2), (True, False), (True, False)):
        assert situation(LaneView(*view)) is VIEWS[view]


def test_both_leaves_are_shut_where_somebody_is_alone_or_nobody_is_there() -> None:
    shut = {view for view, word in VIEWS.items() if word in (Situation.ONE, Situation.EMPTY)}
    assert all(outer and inner for _, outer, inner in shut)
