"""Keyed digests: names under which a device keeps people, which say nothing without its key.

BLAKE2b (RFC 7693) under a key of 32 bytes, with its personalisation as the domain: the digest of one text is
another one in each domain. HMAC-SHA256 stays where a published format has it (FORMAT.md, LINK.md).
"""

from __future__ import annotations

from enum import Enum, unique
from hashlib import blake2b
from typing import Final

KEY_BYTES: Final = 32
DIGEST_BYTES: Final = 16  # of 100,000 people two share one with probability 2^-95


@unique
class DigestDomain(Enum):
    """Purposes of a digest. BLAKE2b takes up to 16 bytes of these."""

    PERSON = b"doorward person"
    CARD = b"doorward card"
    DESK_NAME = b"desk name"
    DESK_BOOKING = b"desk booking"
    DESK_BIRTH = b"desk birth"
    DESK_SUBJECT = b"desk subject"
    CHECK_SUBJECT = b"check subject"
    LIBRARY_SUBJECT = b"library subject"
    LIBRARY_PATRON = b"library patron"
    LIBRARY_BOX = b"library box"


def keyed_digest(key: bytes, domain: DigestDomain, *parts: bytes, size: int = DIGEST_BYTES) -> bytes:
    """`size` bytes that stand for these parts; only a holder of the 32-byte `key` can compute them."""
    assert len(key) == KEY_BYTES
    # The length before each part but the last keeps ("ab", "c") and ("a", "bc") apart.
    data = b"".join(len(part).to_bytes(4, "big") + part for part in parts[:-1]) + b"".join(parts[-1:])
    return blake2b(data, digest_size=size, key=key, person=domain.value).digest()
