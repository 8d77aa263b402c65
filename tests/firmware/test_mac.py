"""HMAC-SHA256 of the firmware, compared with RFC 4231 and with CPython's."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mac import Mac, same

KEYS = st.binary(min_size=32, max_size=32)

# RFC 4231 section 4 without 4.7 and 4.8, whose keys are longer than a block. A shorter key is filled up with zeros
# (RFC 2104 section 2), so all of these fit into 32 bytes.
RFC_4231 = {
    "4.2": (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    "4.3": (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    "4.4": (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    "4.5": (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    "4.6": (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
}


@pytest.mark.parametrize(("key", "message", "digest"), RFC_4231.values(), ids=RFC_4231)
def test_the_vectors_of_rfc_4231(key: bytes, message: bytes, digest: str) -> None:
    mac = Mac(key.ljust(32, b"\0"))
    assert mac.digest(message).hex().startswith(digest)
    assert mac.tag(message).hex() == digest[:16]


@given(key=KEYS, message=st.binary(max_size=200))
def test_every_digest_is_that_of_the_standard_library(key: bytes, message: bytes) -> None:
    mac = Mac(key)
    for form in (message, bytearray(message), memoryview(message)):
        assert mac.digest(form) == hmac.digest(key, message, "sha256")
    assert mac.tag(message) == hmac.digest(key, message, "sha256")[:8]


@given(key=KEYS, label=st.binary(max_size=40), message=st.binary(max_size=40))
def test_a_derived_key_is_the_digest_of_its_label(key: bytes, label: bytes, message: bytes) -> None:
    derived = hmac.digest(key, label, "sha256")
    assert Mac(key).derive(label).digest(message) == hmac.digest(derived, message, "sha256")


@given(tag=st.binary(min_size=8, max_size=8), before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_a_tag_is_compared_at_its_place_in_the_buffer(tag: bytes, before: bytes, after: bytes) -> None:
    assert same(tag, bytearray(before + tag + after), len(before))


@pytest.mark.parametrize("bit", range(64))
def test_a_tag_with_any_bit_changed_is_another(bit: int) -> None:
    tag = bytes(range(8))
    other = bytearray(tag)
    other[bit // 8] ^= 1 << bit % 8
    assert not same(tag, other, 0)
