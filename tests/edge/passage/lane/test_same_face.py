"""The faces at both doors of a lane, and the strictest rules of all authorities."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from worlds.trust import NOW, TRUST, verified_card

from edge.face import template
from edge.face.template import TemplateFormat
from edge.passage.face.pad_rule import PadRule
from edge.passage.lane.same_face import ANOTHER, SEVERAL_LOOKS, are_two, strictest
from edge.passage.presented import Presented
from edge.policy.decide import DoorPolicy
from edge.trust.site_policy import age_policy_for
from edge.trust.time.trust_age import trust_state
from edge.trust.time.trusted_clock import TrustedTime

ONE = np.array([1.0, 0.0])
PAIRS = {
    "one face": (np.array([0.8, 0.6]), False),
    "at the limit": (np.array([ANOTHER, 0.9]), False),
    "below the limit": (np.array([ANOTHER - 0.001, 0.9]), True),
    "no number": (np.array([np.nan, 0.0]), True),
    "an embedding of another size": (np.array([1.0, 0.0, 0.0]), True),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_faces_at_both_doors_are_of_two_people_unless_they_are_alike(pair: str) -> None:
    after, two = PAIRS[pair]
    assert are_two(ONE, after) is two


def test_three_frames_with_two_faces_are_no_poster_that_comes_into_view() -> None:
    assert SEVERAL_LOOKS == 3


POLICY = DoorPolicy("border/lane-1", 0.4)
STATE = trust_state(TRUST, TrustedTime(NOW, since_sync=timedelta()), age_policy_for(None, POLICY.lists))
REFERENCE = template.decode(bytes(range(1, 65)), fmt=TemplateFormat.INT8_64, model="sim", expected="sim")


def held(similarity: float, prompts: int, *, consistency: bool = False) -> Presented:
    rule = PadRule(prompts=prompts, consistency=consistency)
    return Presented(verified_card(), REFERENCE, replace(POLICY, similarity=similarity), STATE, rule)


@pytest.mark.parametrize("reverse", [False, True])
def test_the_strictest_of_each_rule_counts(reverse: bool) -> None:
    both = [held(0.5, 2), held(0.6, 1, consistency=True)]
    found = strictest(both[::-1] if reverse else both)
    assert found is not None
    at, rules = found
    assert (at, rules.policy.similarity, rules.pad_rule.prompts) == (0, 0.6, 2)
    assert rules.pad_rule.consistency


def test_the_reference_is_that_of_the_first_authority_that_has_one() -> None:
    without = replace(held(0.9, 4), reference=None)
    found = strictest([without, held(0.5, 1), held(0.6, 0)])
    assert found is not None
    assert (found[0], found[1].policy.similarity) == (1, 0.6)
    assert strictest([without]) is None
