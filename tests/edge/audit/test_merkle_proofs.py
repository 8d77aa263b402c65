"""Proofs over small trees, all of them: each proves its own leaf or tree, and a changed one proves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from edge.audit.errors import JournalBroken
from edge.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"%d" % n) for n in range(18)]
ROOTS = [tree_root(LEAVES[:size]) for size in range(18)]
SIZES = range(1, 18)


def changed(proof: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Proofs that are a hash longer or shorter, or hold something that is no hash."""
    yield [*proof, LEAVES[0]]
    for place in range(len(proof)):
        yield [*proof[:place], *proof[place + 1 :]]
        for other in (proof[place][:-1], proof[place] + b"\0"):
            yield [*proof[:place], other, *proof[place + 1 :]]


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_has_its_proof_and_no_changed_one(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(LEAVES[:size], index)
        verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])
        for other in changed(proof):
            with pytest.raises(JournalBroken):
                verify_inclusion(LEAVES[index], index, size, other, ROOTS[size])


@pytest.mark.parametrize("size", SIZES)
def test_every_earlier_tree_has_its_proof_and_no_changed_one(size: int) -> None:
    for old in range(1, size):
        proof = consistency_proof(LEAVES[:size], old)
        verify_consistency(old, ROOTS[old], size, ROOTS[size], proof)
        for other in changed(proof):
            with pytest.raises(JournalBroken):
                verify_consistency(old, ROOTS[old], size, ROOTS[size], other)


@pytest.mark.parametrize("wrong", [-1, 18])
def test_there_is_no_proof_of_what_is_outside_a_tree(wrong: int) -> None:
    for refuse in (
        lambda: verify_inclusion(LEAVES[0], wrong, 17, [], ROOTS[17]),
        lambda: verify_consistency(wrong, ROOTS[17], 17, ROOTS[17], []),
        lambda: Frontier.from_bytes(-1, b""),
        lambda: Frontier.from_bytes(-1, LEAVES[0]),
        # each right but for a size below 0, which Python's shifts would take for a large one
        lambda: verify_inclusion(
            LEAVES[15], -1, 16, inclusion_proof(LEAVES[:16], 15), tree_root(LEAVES[:16])
        ),
        lambda: verify_consistency(-1, LEAVES[0], 2, ROOTS[2], [LEAVES[1]]),
    ):
        with pytest.raises(JournalBroken):
            refuse()


def test_something_that_is_no_hash_is_called_so() -> None:
    for length in (0, 31, 33):
        with pytest.raises(JournalBroken, match="no SHA-256 hash"):
            verify_inclusion(LEAVES[0], 0, 2, [bytes(length)], ROOTS[2])
        with pytest.raises(JournalBroken, match="no SHA-256 hash"):
            verify_consistency(1, ROOTS[1], 2, ROOTS[2], [bytes(length)])


def test_the_empty_tree_begins_every_tree() -> None:
    verify_consistency(0, EMPTY_ROOT, 17, ROOTS[17], [])
    with pytest.raises(JournalBroken):
        verify_consistency(0, ROOTS[1], 17, ROOTS[17], [])
