"""Every file under tests/vectors/result, through the steps of CHECK.md section 4."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT
from nacl.public import PrivateKey

from edge.delivery.sealed_box import unseal
from edge.errors import InputError
from edge.venues.check.result import from_text, verify

FILES = sorted((ROOT / "tests" / "vectors" / "result").glob("*.txt"))
STEPS = {  # beginnings of the refusals at each step
    1: ("not a result", "longer than 12292", "not base45"),
    2: ("not CBOR", "not the deterministic", "not a COSE_Sign1"),
    3: ("the headers are not", "the algorithm is not", "the signed type is not", "signed by another device"),
    4: ("not signed by this device",),
}


def read(path: Path) -> tuple[dict[str, str], str]:
    head, _, text = path.read_text("ascii").partition("\n\n")
    return dict(line.split(": ", 1) for line in head.split("\n")), text.removesuffix("\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_vector_ends_at_its_step(path: Path) -> None:
    headers, text = read(path)
    key = bytes.fromhex(headers["key"])
    if headers["expect"] == "valid":
        assert verify(from_text(text), key).device == "rail-3"
        return
    with pytest.raises(InputError) as caught:
        verify(from_text(text), key)
    said = caught.value.message
    step = next((step for step, words in STEPS.items() if said.startswith(words)), 5)
    assert (step, said) == (int(headers["step"]), said)
    assert "Silva" not in said


def test_the_hosts_key_opens_the_attributes_of_the_genuine_result() -> None:
    headers, text = read(ROOT / "tests/vectors/result/valid_granted.txt")
    result = verify(from_text(text), bytes.fromhex(headers["key"]))
    assert result.sealed is not None
    opened = unseal(result.sealed, PrivateKey(bytes.fromhex(headers["host-private-key"])))
    assert json.loads(opened) == {"family_name": "Silva", "nationality": "PRT"}


def test_there_is_a_vector_for_every_step() -> None:
    assert {int(read(path)[0]["step"]) for path in FILES} == {1, 2, 3, 4, 5}
    assert len(FILES) > 60
