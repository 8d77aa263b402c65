"""Keyed digests, which stand for people in a device's files and reveal nothing without its key.

BLAKE2b (RFC 7693) with a key of 32 bytes and its personalisation as the domain: one text has a different
digest in each domain. Published formats use HMAC-SHA256 instead (FORMAT.md, LINK.md).
"""

from __future__ import annotations

from enum import Enum, unique
from hashlib import blake2b
from typing import Final

KEY_BYTES: Final = 32
DIGEST_BYTES: Final = 16  # among 100,000 people two have equal digests with probability 2^-95


@unique
class DigestDomain(Enum):
    """Purposes of a digest, each at most 16 bytes for BLAKE2b."""

    PERSON = b"doorward person"
    DESK_NAME = b"desk name"
    DESK_BOOKING = b"desk booking"
    DESK_BIRTH = b"desk birth"
    DESK_SUBJECT = b"desk subject"
    CHECK_SUBJECT = b"check subject"
    LIBRARY_SUBJECT = b"library subject"
    LIBRARY_PATRON = b"library patron"
    LIBRARY_BOX = b"library box"


def keyed_digest(key: bytes, domain: DigestDomain, *parts: bytes, size: int = DIGEST_BYTES) -> bytes:
    """The digest of these parts, `size` bytes; to compute it takes the 32-byte `key`."""
    assert len(key) == KEY_BYTES
    # The length before each part but the last makes ("ab", "c") and ("a", "bc") different.
    data = b"".join(len(part).to_bytes(4, "big") + part for part in parts[:-1]) + b"".join(parts[-1:])
    return blake2b(data, digest_size=size, key=key, person=domain.value).digest()
