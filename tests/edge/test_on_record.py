"""The proof of a record cannot be made of another one, or changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest
from samples.proofs import proof

from edge.on_record import LockMovement, OnRecord


def test_a_proof_has_no_other_form() -> None:
    made = proof(7)
    assert (made.door, made.seq, made.movement) == ("tower-1/lobby", 7, LockMovement.RELEASE)
    with pytest.raises(TypeError):
        replace(made, seq=8)
    with pytest.raises(FrozenInstanceError):
        made.seq = 8
    with pytest.raises(TypeError):
        OnRecord()
