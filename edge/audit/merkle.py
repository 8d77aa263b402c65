"""RFC 6962 Merkle tree: append in O(log n), and the two proofs with their verification (RFC 9162, 2.1).

Hashes are SHA-256, 32 bytes. The first hashed byte tells leaves from nodes, so that neither can replace the
other. A function that verifies a proof returns nothing or raises JournalBroken.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from edge.audit.errors import JournalBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    """The leaf hash of one record's bytes."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two adjacent subtrees."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The data of a tree that appending needs.

    `peaks`: roots of its complete subtrees, largest first, one for each set bit of `size`.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, node: bytes, level: int = 0) -> Frontier:
        """The tree with one more leaf hash, or with the root of 2**level more leaves.

        2**level must divide `size`, because a subtree begins at a multiple of its own size.
        """
        peaks, units = list(self.peaks), self.size >> level
        assert units << level == self.size
        while units & 1:
            node = node_hash(peaks.pop(), node)
            units >>= 1
        return Frontier(self.size + (1 << level), (*peaks, node))

    @property
    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node

    def to_bytes(self) -> bytes:
        return b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """The frontier that `to_bytes` wrote. Raises JournalBroken."""
        if size < 0 or len(data) != size.bit_count() * HASH_BYTES:
            raise JournalBroken(f"the frontier is not that of a tree of {size}")
        return cls(size, tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)))


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier.root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The path from leaf `index` to the root over `leaves`, lowest sibling first."""
    assert 0 <= index < len(leaves)
    if len(leaves) == 1:
        return ()
    k = _split(len(leaves))
    if index < k:
        return (*inclusion_proof(leaves[:k], index), tree_root(leaves[k:]))
    return (*inclusion_proof(leaves[k:], index - k), tree_root(leaves[:k]))


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """The proof that the tree over `leaves` begins with the tree over its first `old_size` leaves."""
    assert 0 <= old_size <= len(leaves)
    return () if old_size == 0 else _subproof(leaves, old_size, whole=True)


def _subproof(leaves: Sequence[bytes], old_size: int, *, whole: bool) -> tuple[bytes, ...]:
    if old_size == len(leaves):
        return () if whole else (tree_root(leaves),)
    k = _split(len(leaves))
    if old_size <= k:
        return (*_subproof(leaves[:k], old_size, whole=whole), tree_root(leaves[k:]))
    return (*_subproof(leaves[k:], old_size - k, whole=False), tree_root(leaves[:k]))


def growth_proof(old: Frontier, size: int, subtree: Callable[[int, int], bytes]) -> tuple[bytes, ...]:
    """The consistency proof from `old` to the tree of `size`, without a leaf of the old tree.

    Each of its nodes is a peak of `old` or covers new leaves only; `subtree(start, stop)` gives the latter.
    `stop - start` is at most the power of two that divides `start`, so each node is a subtree.
    """
    assert 0 <= old.size <= size
    if old.size in {0, size}:
        return ()
    peaks = iter(old.peaks)
    start, stop = 0, size
    path: list[bytes] = []
    while old.size != stop:
        middle = start + _split(stop - start)
        if old.size <= middle:
            path.append(subtree(middle, stop))
            stop = middle
        else:
            path.append(next(peaks))
            start = middle
    if start:  # else the old tree is a subtree of the new one, and its root is known
        path.append(next(peaks))
    return tuple(reversed(path))


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the tree of `size` with `root` has `leaf` at `index` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise JournalBroken(f"leaf {index} is outside a tree of {size}")
    _check_hashes(proof)
    fn, sn, node = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise JournalBroken("inclusion proof is too long")
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise JournalBroken("inclusion proof is too short")
    if node != root:
        raise JournalBroken("the inclusion proof gives another root")


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of `size` begins with the tree of `old_size` (RFC 9162, 2.1.4.2)."""
    if not 0 <= old_size <= size:
        raise JournalBroken(f"a tree of {size} cannot begin with a tree of {old_size}")
    _check_hashes(proof)
    if old_size in {0, size}:
        expected = EMPTY_ROOT if old_size == 0 else root
        if proof or old_root != expected or (size == 0 and root != EMPTY_ROOT):
            raise JournalBroken(
                "a consistency proof of empty or equal trees is not empty, or their roots differ"
            )
    elif _fold_consistency(old_size, old_root, size, proof) != (old_root, root):
        raise JournalBroken("the consistency proof gives other roots")


def _fold_consistency(
    old_size: int, old_root: bytes, size: int, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The old and the new root that the proof leads to, for 0 < old_size < size."""
    path = [old_root, *proof] if old_size.bit_count() == 1 else list(proof)
    if not path:
        raise JournalBroken("consistency proof is too short")
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old_node = node = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise JournalBroken("consistency proof is too long")
        if fn & 1 or fn == sn:
            old_node, node = node_hash(sibling, old_node), node_hash(sibling, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise JournalBroken("consistency proof is too short")
    return old_node, node


def _check_hashes(proof: Sequence[bytes]) -> None:
    # Without this a sibling of 31 or 33 bytes would be hashed as if it were one.
    if any(len(sibling) != HASH_BYTES for sibling in proof):
        raise JournalBroken("proof holds something that is no SHA-256 hash")
