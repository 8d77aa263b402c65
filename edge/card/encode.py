"""Encoder of cards, for an issuer, and of presentations, for a phone. Pure: keys and times in, bytes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import base45

from edge.card import cbor, cose, ecard
from edge.card import numbers as n
from edge.card.attributes import NUMBERS
from edge.card.claims import Claims, SealedReference, TemplateReference
from edge.card.code import parse_code
from edge.errors import InputError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from edge.card.attributes import Disclosure


def sign_card(claims: Claims, issuer_seed: bytes) -> bytes:
    """A card that the issuer signs and the phone keeps.

    Raises InputError for claims that a verifier would refuse as malformed; those are never signed.
    """
    protected = {
        n.HEADER_ALG: n.ALG_EDDSA,
        n.HEADER_KID: cose.kid_of(cose.public_key(issuer_seed)),
        n.HEADER_TYP: n.TYP_CARD,
    }
    card = cose.sign(protected, _claims_map(claims), issuer_seed)
    try:
        ecard.decode_card(cbor.decode(card, limit=n.MAX_CODE_BYTES))
    except Refused as refused:
        raise InputError(
            f"these claims do not make a card: {refused.detail}", hint="see the limits in FORMAT.md section 5"
        ) from refused
    return card


def sign_presentation(
    card: bytes,
    holder_seed: bytes,
    *,
    iat: datetime,
    aud: str | None = None,
    cnonce: bytes | None = None,
    disclosures: Iterable[Disclosure] = (),
) -> str:
    """The text of a code with `card`, signed by its holder and valid for the window that begins at `iat`.

    `disclosures`: the attributes that the holder chose, in any order. Raises InputError for a malformed card,
    a disclosure without a digest in it, a key that is not its holder's, or a code that is too long.
    """
    try:
        value = cbor.decode(card, limit=n.MAX_CODE_BYTES)
        _, claims, _ = ecard.decode_card(value)
        if cose.public_key(holder_seed) != claims.holder_key:
            raise InputError(
                "holder key: not the key that the card names",
                hint="use the key for which this card was issued",
            )
        protected = {n.HEADER_ALG: n.ALG_EDDSA, n.HEADER_KCWT: value, n.HEADER_TYP: n.TYP_PRESENTATION}
        payload: dict[int, object] = {n.CLAIM_IAT: int(iat.timestamp())}
        if aud is not None:
            payload[n.CLAIM_AUD] = aud
        if cnonce is not None:
            payload[n.CLAIM_CNONCE] = cnonce
        if told := sorted(disclosures, key=lambda disclosure: NUMBERS[disclosure.attribute]):
            payload[n.CLAIM_DISCLOSED] = [ecard.disclosure_array(disclosure) for disclosure in told]
        text: str = n.PREFIX + base45.b45encode(cose.sign(protected, payload, holder_seed)).decode()
        ecard.decode(parse_code(text))
    except Refused as refused:
        raise InputError(
            f"this does not make a code: {refused.detail}", hint="see the limits in FORMAT.md section 5"
        ) from refused
    return text


def _claims_map(claims: Claims) -> dict[int, Any]:
    body: dict[int, Any] = {
        n.CLAIM_ISS: claims.issuer,
        n.CLAIM_EXP: int(claims.expires.timestamp()),
        n.CLAIM_IAT: int(claims.issued_at.timestamp()),
        n.CLAIM_CTI: claims.card_id,
        n.CLAIM_CNF: {n.CNF_COSE_KEY: cose.cose_key(claims.holder_key)},
        n.CLAIM_STATUS: {
            n.STATUS_LIST: {n.STATUS_INDEX: claims.status.index, n.STATUS_URI: claims.status.uri}
        },
    }
    if claims.subject is not None:
        body[n.CLAIM_SUB] = claims.subject
    if claims.not_before != claims.issued_at:
        body[n.CLAIM_NBF] = int(claims.not_before.timestamp())
    match claims.face:
        case TemplateReference() as template:
            body[n.CLAIM_169] = {n.FACE_TEMPLATES: [ecard.template_map(template)]}
        case SealedReference(hash=digest, key=key):
            body[n.CLAIM_SEALED_FACE] = [digest, key]
    if claims.documents:
        body[n.CLAIM_DOCUMENTS] = [[d.type, d.ref, d.expires_day, d.index] for d in claims.documents]
    if claims.scope:
        body[n.CLAIM_SCOPE] = list(claims.scope)
    if claims.assurance:
        body[n.CLAIM_ASSURANCE] = claims.assurance
    if claims.redacted:
        body[n.CLAIM_REDACTED] = list(claims.redacted)
    return body
