"""Compares the faces at both doors of a lane, and joins the face rules of all authorities.

Each face is compared with the card's reference. The face inside is also compared with the face outside: two
relatives may both match the reference, but they must not change places between the doors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge.face.fusion import FusionRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.passage.presented import Presented
    from edge.ports import Floats

# Two pictures of one face by two cameras are never below this similarity: none of 336 pairs of one person in
# LFW with heads 20 to 35 degrees apart is, and 97 % of pairs of strangers are (edge/face/fusion.py).
ANOTHER: Final = FusionRule().newcomer
# Frames with two faces or more, apart from each other; fewer may be a face on a poster that comes into view.
SEVERAL_LOOKS: Final = 3


def are_two(before: Floats, after: Floats) -> bool:
    """Whether these two embeddings are of two people."""
    # A NaN is not the same face.
    return before.shape != after.shape or not float(before @ after) >= ANOTHER


def strictest(presented: Sequence[Presented]) -> tuple[int, Presented] | None:
    """The strictest face rules of all authorities, with the index of the authority whose reference it uses.

    None if no card has a reference. The result shares the reference of that authority: do not wipe it.
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
