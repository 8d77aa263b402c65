"""The cases of a whole controller, on CPython; test_micropython.py runs them under MicroPython."""

from __future__ import annotations

import pytest
from door_cases import CASES, play


@pytest.mark.parametrize("steps", [steps for _, steps in CASES], ids=[name for name, _ in CASES])
def test_a_controller_follows_its_rules(steps: tuple[tuple[object, ...], ...]) -> None:
    play(steps)


def test_the_names_of_the_rules_are_not_used_twice() -> None:
    assert len({name for name, _ in CASES}) == len(CASES)


def test_a_step_that_does_not_hold_fails_its_case_and_is_named() -> None:
    with pytest.raises(AssertionError, match=r"step 1 \('energised', 0\): strike: 1, not 0"):
        play((("grant", 3_000, 1, 0), ("energised", 0)))
