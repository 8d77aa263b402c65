"""The PAD rule of a door."""

from __future__ import annotations

import pytest

from edge.passage.face.pad_rule import PadRule
from edge.policy.obligations import Factor


def test_a_door_without_a_rule_requires_no_proof_of_a_living_face() -> None:
    rule = PadRule()
    assert rule.prompts == 0
    assert not any((rule.pin_in_place, rule.flash, rule.needs_colour, rule.consistency, rule.mirrored))
    assert rule.random_below is None


@pytest.mark.parametrize(
    ("pin_in_place", "asked", "prompts"),
    [(True, {Factor.PIN}, 0), (True, set(), 2), (True, {Factor.NONCE}, 2), (False, {Factor.PIN}, 2)],
)
def test_a_pin_stands_in_for_movements_only_where_it_is_asked_for_and_the_door_allows_it(
    pin_in_place: bool, asked: set[Factor], prompts: int
) -> None:
    assert PadRule(prompts=2, pin_in_place=pin_in_place).prompts_beside(asked) == prompts
