"""Compares the looks at both doors of a lane: whether they are at one person, and how strict they must be.

Either look compares with the card's reference. The second is compared with the first as well: two people who
are both like the reference, as relatives may be, are still two, and may not change places between the doors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge.face.fusion import FusionRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.passage.presented import Presented
    from edge.ports import Floats

# Two pictures of one face are never this little alike, though taken by two cameras: none of 336 pairs of one
# person in LFW with heads 20 to 35 degrees apart, but 97 % of pairs of strangers (edge/face/fusion.py).
ANOTHER: Final = FusionRule().newcomer
# Looks with two faces or more, apart from each other, that are not a face on a poster in passing.
SEVERAL_LOOKS: Final = 3


def are_two(before: Floats, after: Floats) -> bool:
    """Whether these two looks are at two people."""
    return before.shape != after.shape or float(before @ after) < ANOTHER


def strictest(presented: Sequence[Presented]) -> tuple[int, Presented] | None:
    """What all authorities ask of a face, as one: whose reference it is, and the highest of each demand.

    None where no card has a reference. It borrows the reference, and is not to be wiped by itself.
    """
    holding = [(at, each) for at, each in enumerate(presented) if each.reference is not None]
    if not holding:
        return None
    at, first = holding[0]
    similarity = max(each.policy.similarity for _, each in holding)
    pad_rule = replace(
        first.pad_rule,
        prompts=max(each.pad_rule.prompts for _, each in holding),
        consistency=any(each.pad_rule.consistency for _, each in holding),
    )
    return at, replace(first, policy=replace(first.policy, similarity=similarity), pad_rule=pad_rule)
