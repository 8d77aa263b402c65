from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card.claims import SealedReference, TemplateReference
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.sealed_template import MAX_SEALED_BYTES, box_id, seal, unseal

KEY = b"k" * 16
TEMPLATE = TemplateReference(101, "mfn1", bytes(range(64)))


def refusal(reference: SealedReference, boxes: dict[bytes, bytes]) -> Reason:
    with pytest.raises(Refused) as caught:
        unseal(reference, boxes)
    return caught.value.reason


@given(st.binary(min_size=1, max_size=256), st.binary(min_size=16, max_size=16), st.integers(100, 200))
def test_a_sealed_template_opens_with_its_key(data, key, form):
    template = TemplateReference(form, "mfn1", data)
    reference, box = seal(template, key)
    assert unseal(reference, {reference.hash: box}) == template
    assert reference.hash == box_id(box)
    assert data not in box or len(data) < 4
    assert len(box) <= MAX_SEALED_BYTES


def test_the_labels_of_keys_and_nonces_never_change():
    """A box of today opens with every later version: the cards that point at it stay in use for years."""
    reference, box = seal(TEMPLATE, KEY)
    assert box[:24].hex() == "91ce9b21ce7420a476a1881273d5db97c49f50cc41be5d74"
    assert reference.hash.hex() == "b25682c34c022cd6583c44f540770e63"


def test_a_site_that_does_not_hold_the_box_has_no_template():
    reference, _ = seal(TEMPLATE, KEY)
    assert refusal(reference, {}) is Reason.FACE_TEMPLATE


def test_a_box_does_not_open_with_another_key():
    reference, box = seal(TEMPLATE, KEY)
    other = SealedReference(hash=reference.hash, key=b"x" * 16)
    assert refusal(other, {reference.hash: box}) is Reason.FACE_TEMPLATE


@given(st.data())
def test_fuzz_a_changed_box_does_not_open(data):
    reference, box = seal(TEMPLATE, KEY)
    at = data.draw(st.integers(0, len(box) - 1))
    changed = box[:at] + bytes([box[at] ^ data.draw(st.integers(1, 255))]) + box[at + 1 :]
    assert refusal(reference, {reference.hash: changed}) is Reason.FACE_TEMPLATE


@pytest.mark.parametrize("box", [b"", b"\0", bytes(24), bytes(40), bytes(600)])
def test_bytes_that_are_no_box_do_not_open(box):
    assert refusal(SealedReference(hash=b"h" * 16, key=KEY), {b"h" * 16: box}) is Reason.FACE_TEMPLATE


def test_one_key_for_two_templates_makes_two_nonces():
    """A key is for one template; if it is used twice, it must not reveal the difference of two faces."""
    _, first = seal(TEMPLATE, KEY)
    _, second = seal(TemplateReference(101, "mfn1", bytes(64)), KEY)
    assert first[:24] != second[:24]
