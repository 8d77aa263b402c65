"""The movements that a door asks for: by its own number, or by its staff."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.app.stages import adopted, prompts_of, stages_for
from edge.config import Config, parse_config
from edge.policy.obligations import Factor

LIBRARY = "[library]\nhost = 'h'\n[door]\nvenue = 'library'\n"
# configuration: movements of a visit without more factors, and of one that must give a PIN
RULES = {
    "a door": ("", 2, 0),
    "a door that staff see": ("[door]\nstaffed = true", 0, 0),
    "a library": (LIBRARY, 2, 0),
    "a library whose staff see the entrance": (LIBRARY + "staffed = true", 0, 0),
    "the site's own number without staff": ("[face]\nprompts = 3", 3, 3),
    "the site's own number with staff": ("[door]\nstaffed = true\n[face]\nprompts = 1", 1, 1),
    "the site wants none": ("[face]\nprompts = 0", 0, 0),
    "a desk": ("[door]\nvenue = 'desk'", 0, 0),
    "a desk without staff": ("[door]\nvenue = 'desk'\nstaffed = false", 2, 0),
    "a check": ("[door]\nvenue = 'check'\n[check]\nvia = 'none'", 0, 0),
    "a lane": ("[door]\nvenue = 'lane'", 1, 1),
}


def config(text: str) -> Config:
    return parse_config(text.encode(), Path("door.toml"))


@pytest.mark.parametrize("case", RULES)
def test_a_door_without_staff_asks_for_two_movements(case: str) -> None:
    text, alone, with_pin = RULES[case]
    rule = stages_for(config(text), None).pad_rule
    assert prompts_of(config(text)) == rule.prompts == alone
    assert rule.prompts_beside({Factor.NONCE, Factor.DOCUMENT, Factor.HOST}) == alone
    assert rule.prompts_beside({Factor.PIN}) == with_pin


def test_a_door_that_gets_staff_asks_for_none_from_the_next_passage_on() -> None:
    before = stages_for(config(""), None)
    after = adopted(before, config("[door]\nstaffed = true"))
    assert (before.pad_rule.prompts, after.pad_rule.prompts) == (2, 0)
