"""A mutant's functions in place of those that every module has imported already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tools.mutation import code_swap

if TYPE_CHECKING:
    from types import CodeType

ORIGINAL = """\
from functools import lru_cache

LIMIT = 3
PAIRS = [n + 1 for n in range(3)]

class Counter:
    most = 5

    def __init__(self, n=1):
        self.n = n

    def add(self, n):
        return self.n + n

    @property
    def twice(self):
        return 2 * self.n

    @lru_cache
    def cached(self):
        return self.n - 1

def over(limit):
    def inner(n):
        return n > limit
    return inner
"""
# by what changes: the change, and whether new code in old functions is enough
CHANGES = {
    "nothing": ("LIMIT", "LIMIT", True),
    "a method": ("self.n + n", "self.n - n", True),
    "a property": ("2 * self.n", "3 * self.n", True),
    "a decorated method": ("self.n - 1", "self.n - 2", True),
    "a function within a function": ("n > limit", "n >= limit", True),
    "a constant of a module": ("LIMIT = 3", "LIMIT = 4", False),
    "a truth for a number": ("LIMIT = 3", "LIMIT = True", False),
    "a field of a class": ("most = 5", "most = 6", False),
    "a default": ("n=1", "n=2", False),
    "a comprehension that the import runs": ("n + 1 for", "n - 1 for", False),
    "a function more": ("LIMIT = 3", "LIMIT = (lambda: 3)()", False),
    "a variable of the outer function that is no longer used": ("n > limit", "n > 0", True),
}


def compiled(source: str) -> CodeType:
    return compile(source, "counter.py", "exec", dont_inherit=True)


@pytest.mark.parametrize(("old", "new", "enough"), CHANGES.values(), ids=CHANGES)
def test_new_code_in_old_functions_is_enough_for_a_change_within_functions(
    old: str, new: str, *, enough: bool
) -> None:
    module: dict[str, Any] = {}
    exec(compiled(ORIGINAL), module)
    mutant = compiled(ORIGINAL.replace(old, new))
    assert code_swap.swap(compiled(ORIGINAL), mutant, code_swap.live_functions()) is enough


def test_every_reference_to_a_function_sees_the_change() -> None:
    module: dict[str, Any] = {}
    exec(compiled(ORIGINAL), module)
    counter, add, over = module["Counter"](1), module["Counter"](1).add, module["over"]
    changes = (("self.n + n", "self.n - n"), ("2 * self.n", "3 * self.n"), ("n > limit", "n >= limit"))
    mutant = ORIGINAL
    for old, new in changes:
        mutant = mutant.replace(old, new)
    assert (counter.add(5), add(5), counter.twice, over(2)(2)) == (6, 6, 2, False)
    assert code_swap.swap(compiled(ORIGINAL), compiled(mutant), code_swap.live_functions())
    assert (counter.add(5), add(5), counter.twice, over(2)(2)) == (-4, -4, 3, True)


def test_a_change_that_moves_the_lines_below_it_replaces_its_own_function_alone() -> None:
    shorter = ORIGINAL.replace("        self.n = n\n\n", "        self.n = n\n")
    assert code_swap.changed_functions(compiled(ORIGINAL), compiled(shorter)) == []
    changed = code_swap.changed_functions(
        compiled(ORIGINAL), compiled(shorter.replace("2 * self.n", "3 * self.n"))
    )
    assert changed is not None
    assert [old.co_qualname for old, _ in changed] == ["Counter.twice"]
