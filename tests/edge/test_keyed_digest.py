from __future__ import annotations

from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.keyed_digest import DIGEST_BYTES, DigestDomain, keyed_digest

KEY = bytes(range(32))
PARTS = st.lists(st.binary(max_size=6), min_size=1, max_size=3).map(tuple)


def test_a_digest_is_blake2b_in_its_domain() -> None:
    expected = blake2b(b"anna", digest_size=16, key=KEY, person=b"desk name").digest()
    assert keyed_digest(KEY, DigestDomain.DESK_NAME, b"anna") == expected
    expected = blake2b(b"\0\0\0\2CNanna", digest_size=16, key=KEY, person=b"doorward person").digest()
    assert keyed_digest(KEY, DigestDomain.PERSON, b"CN", b"anna") == expected


def test_each_domain_key_and_size_has_its_own_digest() -> None:
    digests = {keyed_digest(KEY, domain, b"anna") for domain in DigestDomain}
    digests |= {
        keyed_digest(bytes(32), DigestDomain.PERSON, b"anna"),
        keyed_digest(KEY, DigestDomain.PERSON, b"anna", size=32)[:DIGEST_BYTES],
    }
    assert len(digests) == len(DigestDomain) + 2


@given(PARTS, PARTS)
def test_only_equal_parts_have_equal_digests(one: tuple[bytes, ...], other: tuple[bytes, ...]) -> None:
    if len(one) == len(other):  # a domain has one number of parts
        digests = [keyed_digest(KEY, DigestDomain.PERSON, *parts) for parts in (one, other)]
        assert (digests[0] == digests[1]) == (one == other)


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_key_has_32_bytes(size: int) -> None:
    with pytest.raises(AssertionError):
        keyed_digest(bytes(size), DigestDomain.PERSON, b"anna")
