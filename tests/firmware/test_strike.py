"""The output to the strike in a free passage, for both kinds of lock, and without a lock."""

from __future__ import annotations

import pytest
from strike import FAIL_SAFE, FAIL_SECURE, Strike

LEVELS = {  # lock: (level while locked, level while free)
    FAIL_SECURE: (0, 1),
    FAIL_SAFE: (1, 0),
    0: (0, 0),
    3: (0, 0),
    255: (0, 0),
}


@pytest.mark.parametrize("lock", LEVELS)
def test_a_strike_is_driven_for_its_kind_of_lock(lock: int) -> None:
    driven: list[int] = []
    strike = Strike(lock, driven.append)
    for is_free in (False, True, True, False):
        strike.set_free(is_free)
        assert strike.energised == bool(driven[-1])
    locked, free = LEVELS[lock]
    assert driven == [locked, locked, free, free, locked]


@pytest.mark.parametrize("lock", LEVELS)
@pytest.mark.parametrize("before", LEVELS)
def test_a_lock_is_locked_as_soon_as_it_is_known(before: int, lock: int) -> None:
    driven: list[int] = []
    strike = Strike(before, driven.append)
    strike.set_free(True)
    strike.use_lock(lock)
    assert driven[-1] == LEVELS[lock][0]
    assert strike.energised == bool(driven[-1])
    strike.set_free(True)
    assert driven[-1] == LEVELS[lock][1]


def test_the_kinds_of_lock_have_the_numbers_of_the_specification() -> None:
    assert (FAIL_SECURE, FAIL_SAFE) == (1, 2)
