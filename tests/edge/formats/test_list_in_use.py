"""One rule for every list that takes the place of another."""

from __future__ import annotations

import pytest

from edge.errors import InputError
from edge.formats.list_in_use import FewerError, check_replacement

# Entries in use, how many of them stay, usable entries of the new list, and whether an operator agrees.
TAKEN = {
    "the first list": (0, 0, 1, False),
    "one entry more": (100, 100, 101, False),
    "one entry less": (100, 99, 99, False),
    "half": (100, 50, 50, False),
    "one of two": (2, 1, 1, False),
    "one of a hundred, agreed": (100, 1, 1, True),
    "others, agreed": (100, 0, 100, True),
}
FEWER = {
    "less than half": (100, 49, 49, "51 of 100 things would be gone"),
    "one of three": (3, 1, 1, "2 of 3 things would be gone"),
    "as many, and all of them others": (10, 0, 10, "10 of 10 things would be gone"),
}


@pytest.mark.parametrize(("in_use", "stay", "usable", "agreed"), TAKEN.values(), ids=TAKEN)
def test_a_list_is_taken(in_use: int, stay: int, usable: int, agreed: bool) -> None:
    check_replacement("things", in_use=in_use, stay=stay, usable=usable, accept_fewer=agreed)


@pytest.mark.parametrize(("in_use", "stay", "usable", "says"), FEWER.values(), ids=FEWER)
def test_a_large_fall_needs_an_operator(in_use: int, stay: int, usable: int, says: str) -> None:
    with pytest.raises(FewerError, match=says) as refused:
        check_replacement("things", in_use=in_use, stay=stay, usable=usable)
    assert refused.value.question == f"{says.replace('would', 'will')}. Import it?"


@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("in_use", [0, 1, 100])
def test_a_list_with_nothing_usable_is_refused_also_if_fewer_are_accepted(in_use: int, agreed: bool) -> None:
    with pytest.raises(InputError, match=r"no things in it can be used, .*: line 2: no day") as refused:
        check_replacement(
            "things", in_use=in_use, stay=0, usable=0, accept_fewer=agreed, because="line 2: no day"
        )
    assert not isinstance(refused.value, FewerError)
