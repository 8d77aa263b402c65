from __future__ import annotations

import json
from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st

from edge.audit.errors import JournalBroken
from edge.audit.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    growth_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

if TYPE_CHECKING:
    from collections.abc import Callable

LEAVES = [leaf_hash(b"%d" % n) for n in range(70)]


def naive_root(leaves: list[bytes]) -> bytes:
    """The definition in RFC 6962, section 2.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def test_the_known_roots_of_certificate_transparency() -> None:
    # From the reference trees of certificate-transparency-go and the test data of RFC 6962.
    inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    leaves = [leaf_hash(bytes.fromhex(text)) for text in inputs]
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree_root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree_root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.lists(st.binary(max_size=3), max_size=70))
def test_appending_gives_the_root_of_the_definition(bodies: list[bytes]) -> None:
    leaves = [leaf_hash(body) for body in bodies]
    assert tree_root(leaves) == naive_root(leaves)


@pytest.mark.parametrize("size", range(70))
def test_a_stored_frontier_is_read_back(size: int) -> None:
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier = frontier.append(leaf)
    restored = Frontier.from_bytes(size, frontier.to_bytes())
    assert restored == frontier
    assert restored.append(LEAVES[0]).root == naive_root([*LEAVES[:size], LEAVES[0]])


@pytest.mark.parametrize(("size", "length"), [(-1, 0), (0, 32), (1, 0), (1, 31), (2, 64), (3, 32), (4, 33)])
def test_a_frontier_of_another_size_is_refused(size: int, length: int) -> None:
    with pytest.raises(JournalBroken):
        Frontier.from_bytes(size, bytes(length))


@pytest.mark.parametrize("level", range(4))
def test_appending_a_subtree_equals_appending_its_leaves(level: int) -> None:
    frontier, width = Frontier(), 1 << level
    for start in range(0, 64, width):
        frontier = frontier.append(tree_root(LEAVES[start : start + width]), level)
        assert frontier.root == tree_root(LEAVES[: start + width])


@pytest.mark.parametrize("size", range(70))
def test_a_growth_proof_is_the_consistency_proof_without_an_old_leaf(size: int) -> None:
    old = Frontier()
    for old_size in range(size + 1):

        def subtree(start: int, stop: int, old_size: int = old_size) -> bytes:
            assert old_size <= start < stop <= size
            assert start % (1 << (stop - start - 1).bit_length()) == 0  # it is a subtree
            return tree_root(LEAVES[start:stop])

        assert growth_proof(old, size, subtree) == consistency_proof(LEAVES[:size], old_size)
        old = old.append(LEAVES[old_size])


@given(st.data())
def test_every_leaf_has_a_proof_and_no_other_hash_has(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    leaves, root = LEAVES[:size], naive_root(LEAVES[:size])
    proof = inclusion_proof(leaves, index)
    verify_inclusion(leaves[index], index, size, proof, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index) if size > 1 else st.just(size))
    _refuses(lambda: verify_inclusion(leaves[index], other, size, proof, root))
    _refuses(lambda: verify_inclusion(leaf_hash(b"else"), index, size, proof, root))
    for wrong in _spoiled(data, proof):
        _refuses(lambda wrong=wrong: verify_inclusion(leaves[index], index, size, wrong, root))


@given(st.data())
def test_every_earlier_tree_has_a_proof_and_no_other_root_has(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    old = data.draw(st.integers(0, size))
    root, old_root = naive_root(LEAVES[:size]), naive_root(LEAVES[:old])
    proof = consistency_proof(LEAVES[:size], old)
    verify_consistency(old, old_root, size, root, proof)
    _refuses(lambda: verify_consistency(old, leaf_hash(b"else"), size, root, proof))
    _refuses(lambda: verify_consistency(size + 1, old_root, size, root, proof))
    for wrong in _spoiled(data, proof):
        _refuses(lambda wrong=wrong: verify_consistency(old, old_root, size, root, wrong))


def _spoiled(data: st.DataObject, proof: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    wrong = [(*proof, bytes(32)), (bytes(32), *proof)]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        changed = (int.from_bytes(proof[at]) ^ 1 << bit).to_bytes(32)
        wrong += [proof[:-1], proof[1:], (*proof[:at], changed, *proof[at + 1 :])]
        wrong += [
            (*proof[:at], proof[at][:31], *proof[at + 1 :]),
            (*proof[:at], proof[at] + b"\0", *proof[at + 1 :]),
        ]
    return wrong


def _refuses(check: Callable[[], None]) -> None:
    with pytest.raises(JournalBroken):
        check()


def test_the_proofs_of_transparency_dev_are_accepted_or_refused_as_labelled() -> None:
    """Checks every proof; a tree of size 0 has the empty root, as in RFC 9162."""
    files = sorted(shared("vectors", "merkle").glob("*.json"))
    assert files
    wrong = []
    for file in files:
        case = json.loads(file.read_text())
        proof = [b64decode(step) for step in case["proof"] or []]
        try:
            if file.name.startswith("inclusion"):
                leaf, root = b64decode(case["leafHash"]), b64decode(case["root"])
                verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
            else:
                old_root, root = b64decode(case["root1"] or ""), b64decode(case["root2"] or "")
                verify_consistency(case["size1"], old_root, case["size2"], root, proof)
            refused = False
        except JournalBroken:
            refused = True
        if refused != case["wantErr"]:
            wrong.append(file.name)
    assert wrong == []
