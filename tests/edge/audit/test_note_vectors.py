"""Every file under tests/vectors/note: a checkpoint is believed as a whole, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT
from nacl.signing import VerifyKey

from edge.audit.checkpoint import open_checkpoint
from edge.audit.errors import JournalBroken
from edge.errors import InputError

FILES = sorted((ROOT / "tests" / "vectors" / "note").glob("*.json"))


def outcome(file: Path) -> tuple[str, str]:
    """The expected outcome of a vector, and that of the verifier."""
    vector = json.loads(file.read_text("utf-8"))
    note = vector["note"].encode() if "note" in vector else bytes.fromhex(vector["note-hex"])
    key = VerifyKey(bytes.fromhex(vector["key"]))
    try:
        checkpoint = open_checkpoint(note, origin=vector["name"], key=key)
    except InputError:
        return vector["expect"], "malformed"
    except JournalBroken:
        return vector["expect"], "broken"
    return vector["expect"], "valid" if checkpoint.size == 3 else "another checkpoint"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_note_is_as_its_vector_says(file: Path) -> None:
    expected, said = outcome(file)
    assert said == expected


def test_the_vectors_hold_each_outcome() -> None:
    assert {outcome(file)[0] for file in FILES} == {"valid", "malformed", "broken"}
