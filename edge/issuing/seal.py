"""A face template sealed to one card: the site keeps the box, the card its key; neither helps alone.

key32 = SHA-256("doorward sealed template 1" 00, key16)
box   = XSalsa20-Poly1305(key32, nonce = 24 zero bytes, CBOR [format, model, template])
hash  = first 16 bytes of SHA-256(box)
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import nacl.secret

from edge.card import cbor
from edge.card import numbers as n
from edge.card.claims import SealedReference

if TYPE_CHECKING:
    from edge.card.claims import TemplateReference

_LABEL: Final = b"doorward sealed template 1\0"
_NONCE: Final = bytes(nacl.secret.SecretBox.NONCE_SIZE)  # each key closes one box, so its nonce need not vary


def seal(template: TemplateReference, key: bytes) -> tuple[SealedReference, bytes]:
    """What the card carries, and the box for the site's folder. `key`: 16 random bytes, never used before."""
    assert len(key) == n.SEAL_BYTES, "a seal key has 16 bytes"
    plain = cbor.encode([template.format, template.model, template.data])
    box = nacl.secret.SecretBox(hashlib.sha256(_LABEL + key).digest()).encrypt(plain, _NONCE).ciphertext
    return SealedReference(hashlib.sha256(box).digest()[: n.SEAL_BYTES], key), box
