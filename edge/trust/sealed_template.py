"""Templates that stay at the site, encrypted; only the card holds the key (FORMAT.md section 3.3).

An attacker who steals the device has boxes without keys; one who copies a code has a key without its box.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import nacl.exceptions
import nacl.secret

from edge.card import cbor, ecard
from edge.card import numbers as n
from edge.card.claims import SealedReference, TemplateReference
from edge.decision import Reason
from edge.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_SEALED_BYTES: Final = 512  # the largest template with its names, nonce and authenticator takes 324
_KEY_LABEL: Final = b"doorward sealed template key 1\0"
_NONCE_LABEL: Final = b"doorward sealed template nonce 1\0"


def box_id(box: bytes) -> bytes:
    """The id of a sealed template in a card: the first 16 bytes of its SHA-256."""
    return hashlib.sha256(box).digest()[: n.SEAL_BYTES]


def seal(template: TemplateReference, key: bytes) -> tuple[SealedReference, bytes]:
    """The reference for the card, and the box for the site. `key`: 16 random bytes, new each time.

    The nonce is a hash of key and content, so that a key that is used twice by mistake reveals nothing.
    """
    plain = cbor.encode(ecard.template_map(template))
    nonce = hashlib.sha256(_NONCE_LABEL + key + plain).digest()[: nacl.secret.SecretBox.NONCE_SIZE]
    box = bytes(_secret_box(key).encrypt(plain, nonce))
    return SealedReference(hash=box_id(box), key=key), box


def unseal(reference: SealedReference, boxes: Mapping[bytes, bytes]) -> TemplateReference:
    """The template that a verified card points at. Raises Refused(FACE_TEMPLATE) if it does not open."""
    box = boxes.get(reference.hash)
    if box is None:
        raise Refused(Reason.FACE_TEMPLATE, "this site does not hold the sealed template")
    try:
        plain = _secret_box(reference.key).decrypt(box)
        return ecard.read_template(cbor.decode(plain, limit=MAX_SEALED_BYTES))
    except (nacl.exceptions.CryptoError, ValueError, Refused) as error:
        raise Refused(Reason.FACE_TEMPLATE, "the sealed template does not open") from error


def _secret_box(key: bytes) -> nacl.secret.SecretBox:
    """XSalsa20-Poly1305 with a 32-byte key derived from the 16 bytes of the card."""
    return nacl.secret.SecretBox(hashlib.sha256(_KEY_LABEL + key).digest())
