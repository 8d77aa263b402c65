"""The native format: bytes to an untrusted SignedCard (FORMAT.md sections 3 to 5). A closed world: no key is ignored."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from edge.card import cbor, cose
from edge.card import numbers as n
from edge.card.claims import (
    Claims,
    Document,
    FaceReference,
    Presentation,
    SealedReference,
    SignedCard,
    StatusPointer,
    TemplateReference,
)

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from edge.card.code import Code

T = TypeVar("T")

_CARD_HEADER: Final = frozenset({n.HEADER_ALG, n.HEADER_KID, n.HEADER_TYP})
_PRESENTATION_HEADER: Final = frozenset({n.HEADER_ALG, n.HEADER_KCWT, n.HEADER_TYP})
_PRESENTATION_MUST: Final = frozenset({n.CLAIM_IAT})
_PRESENTATION_MAY: Final = frozenset({n.CLAIM_AUD, n.CLAIM_CNONCE})
_CARD_MUST: Final = frozenset(
    {n.CLAIM_ISS, n.CLAIM_EXP, n.CLAIM_IAT, n.CLAIM_CTI, n.CLAIM_CNF, n.CLAIM_STATUS}
)
_CARD_MAY: Final = frozenset(
    {
        n.CLAIM_SUB,
        n.CLAIM_NBF,
        n.CLAIM_169,
        n.CLAIM_SEALED_FACE,
        n.CLAIM_DOCUMENTS,
        n.CLAIM_SCOPE,
        n.CLAIM_ASSURANCE,
    }
)
_NONE: Final[frozenset[int]] = frozenset()
_WORD: Final = re.compile(
    r"[!-~]+"
)  # visible ASCII: nothing that a screen or a log could draw as something else
_SITE: Final = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*")


def decode(code: Code) -> SignedCard:
    """What a code says, if it is one. Raises Refused(CARD_MALFORMED); believes nothing."""
    outer = cose.parse(cbor.decode(code.payload, limit=n.MAX_CODE_BYTES))
    header = _map(_embedded(outer.protected), _PRESENTATION_HEADER, "presentation header")
    _fixed(header, typ=n.TYP_PRESENTATION)
    kid, claims, inner = decode_card(header[n.HEADER_KCWT])
    return SignedCard(kid, claims, _presentation(_embedded(outer.payload)), inner, outer)


def decode_card(value: object) -> tuple[bytes, Claims, cose.Sign1]:
    """Key id, claims and envelope of an issuer's card, from its decoded tag. Raises Refused(CARD_MALFORMED)."""
    inner = cose.parse(value)
    header = _map(_embedded(inner.protected), _CARD_HEADER, "card header")
    _fixed(header, typ=n.TYP_CARD)
    kid = _octets(header[n.HEADER_KID], n.KID_BYTES, n.KID_BYTES, "key id")
    return kid, _claims(_embedded(inner.payload)), inner


def is_site(text: str) -> bool:
    """Whether `text` can name a site or a door: words of a-z, 0-9 and hyphen, joined by slashes."""
    return len(text) <= n.MAX_SITE_CHARS and _SITE.fullmatch(text) is not None


def _claims(value: object) -> Claims:
    body = _map(value, _CARD_MUST, "card", _CARD_MAY)
    issued_at = _time(body[n.CLAIM_IAT], "iat")
    not_before = _time(body[n.CLAIM_NBF], "nbf") if n.CLAIM_NBF in body else issued_at
    expires = _time(body[n.CLAIM_EXP], "exp")
    if expires <= not_before or expires <= issued_at:
        raise cbor.malformed("exp is not after nbf and iat")
    return Claims(
        issuer=_word(body[n.CLAIM_ISS], n.MAX_ISS_CHARS, "iss"),
        subject=_word(body[n.CLAIM_SUB], n.MAX_SUB_CHARS, "sub") if n.CLAIM_SUB in body else None,
        issued_at=issued_at,
        not_before=not_before,
        expires=expires,
        card_id=_octets(body[n.CLAIM_CTI], n.CTI_BYTES, n.CTI_BYTES, "cti"),
        holder_key=_holder_key(body[n.CLAIM_CNF]),
        status=_status(body[n.CLAIM_STATUS]),
        face=_face(body),
        documents=_documents(body[n.CLAIM_DOCUMENTS]) if n.CLAIM_DOCUMENTS in body else (),
        scope=_scope(body[n.CLAIM_SCOPE]) if n.CLAIM_SCOPE in body else (),
        assurance=_number(body.get(n.CLAIM_ASSURANCE, 0), 0, n.MAX_ASSURANCE, "assurance"),
    )


def _presentation(value: object) -> Presentation:
    body = _map(value, _PRESENTATION_MUST, "presentation", _PRESENTATION_MAY)
    return Presentation(
        presented_at=_time(body[n.CLAIM_IAT], "presentation iat"),
        audience=_word(body[n.CLAIM_AUD], n.MAX_AUD_CHARS, "aud") if n.CLAIM_AUD in body else None,
        nonce=_octets(body[n.CLAIM_CNONCE], n.MIN_NONCE_BYTES, n.MAX_NONCE_BYTES, "cnonce")
        if n.CLAIM_CNONCE in body
        else None,
    )


def _holder_key(value: object) -> bytes:
    key = _map(
        _map(value, {n.CNF_COSE_KEY}, "cnf")[n.CNF_COSE_KEY], {n.KEY_KTY, n.KEY_CRV, n.KEY_X}, "COSE_Key"
    )
    _number(key[n.KEY_KTY], n.KTY_OKP, n.KTY_OKP, "kty")
    _number(key[n.KEY_CRV], n.CRV_ED25519, n.CRV_ED25519, "crv")
    return _octets(key[n.KEY_X], n.PUBLIC_KEY_BYTES, n.PUBLIC_KEY_BYTES, "holder key")


def _status(value: object) -> StatusPointer:
    pointer = _map(_map(value, {"status_list"}, "status")["status_list"], {"idx", "uri"}, "status list")
    index = _number(pointer["idx"], 0, n.MAX_INDEX, "idx")
    return StatusPointer(_word(pointer["uri"], n.MAX_URI_CHARS, "uri"), index)


def _face(body: dict[Any, Any]) -> FaceReference | None:
    if n.CLAIM_169 in body and n.CLAIM_SEALED_FACE in body:
        raise cbor.malformed("two face references")
    if n.CLAIM_169 in body:
        (template,) = _array(
            _map(body[n.CLAIM_169], {n.FACE_TEMPLATES}, "claim 169")[n.FACE_TEMPLATES], 1, 1, "templates"
        )
        return _template(template)
    if n.CLAIM_SEALED_FACE in body:
        digest, key = _array(body[n.CLAIM_SEALED_FACE], 2, 2, "sealed face")
        return SealedReference(
            _octets(digest, n.SEAL_BYTES, n.SEAL_BYTES, "seal hash"),
            _octets(key, n.SEAL_BYTES, n.SEAL_BYTES, "seal key"),
        )
    return None


def _template(value: object) -> TemplateReference:
    keys = {n.TEMPLATE_DATA, n.TEMPLATE_KIND, n.TEMPLATE_FORMAT, n.TEMPLATE_MODEL}
    template = _map(value, keys, "template")
    _number(template[n.TEMPLATE_KIND], n.KIND_TEMPLATE, n.KIND_TEMPLATE, "template kind")
    return TemplateReference(
        format=_number(
            template[n.TEMPLATE_FORMAT], n.MIN_TEMPLATE_FORMAT, n.MAX_TEMPLATE_FORMAT, "template format"
        ),
        model=_word(template[n.TEMPLATE_MODEL], n.MAX_MODEL_CHARS, "template model"),
        data=_octets(template[n.TEMPLATE_DATA], 1, n.MAX_TEMPLATE_BYTES, "template"),
    )


def _documents(value: object) -> tuple[Document, ...]:
    return tuple(_document(item) for item in _array(value, 1, n.MAX_DOCUMENTS, "documents"))


def _document(value: object) -> Document:
    kind, ref, day, index = _array(value, 4, 4, "document")
    return Document(
        type=_number(kind, 0, n.MAX_DOCUMENT_TYPE, "document type"),
        ref=_octets(ref, n.DOCUMENT_REF_BYTES, n.DOCUMENT_REF_BYTES, "document reference"),
        expires_day=_number(day, 0, n.MAX_TIME // n.SECONDS_A_DAY, "document day"),
        index=_number(index, 0, n.MAX_INDEX, "document idx"),
    )


def _scope(value: object) -> tuple[str, ...]:
    sites = _array(value, 1, n.MAX_SITES, "scope")
    if not all(isinstance(site, str) and is_site(site) for site in sites):
        raise cbor.malformed("scope names no site")
    return tuple(sites)


def _embedded(data: bytes) -> object:
    return cbor.decode(data, limit=n.MAX_CODE_BYTES)


def _fixed(header: dict[Any, Any], *, typ: int) -> None:
    _number(header[n.HEADER_ALG], n.ALG_EDDSA, n.ALG_EDDSA, "alg")
    _number(header[n.HEADER_TYP], typ, typ, "typ")


def _map(value: object, must: AbstractSet[T], what: str, may: AbstractSet[int] = _NONE) -> dict[Any, Any]:
    if not isinstance(value, dict) or not must <= value.keys() <= must | may:
        raise cbor.malformed(f"{what}: not a map with exactly the keys of this format")
    return value


def _array(value: object, least: int, most: int, what: str) -> list[Any]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise cbor.malformed(f"{what}: not an array of {least} to {most}")
    return value


def _number(value: object, least: int, most: int, what: str) -> int:
    if not isinstance(value, int) or not least <= value <= most:
        raise cbor.malformed(f"{what}: not a whole number from {least} to {most}")
    return value


def _octets(value: object, least: int, most: int, what: str) -> bytes:
    if not isinstance(value, bytes) or not least <= len(value) <= most:
        raise cbor.malformed(f"{what}: not {least} to {most} bytes")
    return value


def _word(value: object, most: int, what: str) -> str:
    if not isinstance(value, str) or len(value) > most or not _WORD.fullmatch(value):
        raise cbor.malformed(f"{what}: not 1 to {most} visible ASCII characters")
    return value


def _time(value: object, what: str) -> datetime:
    return datetime.fromtimestamp(_number(value, 0, n.MAX_TIME, what), UTC)
