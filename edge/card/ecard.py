"""Decoder of the card format: bytes to an untrusted SignedCard (FORMAT.md sections 3 to 5).

A key that the table does not list is refused, because it may restrict the card in a way that is unknown here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge.card import cbor, cose, fields
from edge.card import numbers as n
from edge.card.attributes import BY_NUMBER, NUMBERS, Disclosure, check_opened, check_value
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
    from edge.card.code import Code

_CARD_HEADER: Final = frozenset({n.HEADER_ALG, n.HEADER_KID, n.HEADER_TYP})
_PRESENTATION_HEADER: Final = frozenset({n.HEADER_ALG, n.HEADER_KCWT, n.HEADER_TYP})
_PRESENTATION_MUST: Final = frozenset({n.CLAIM_IAT})
_PRESENTATION_MAY: Final = frozenset({n.CLAIM_AUD, n.CLAIM_CNONCE, n.CLAIM_DISCLOSED})
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
        n.CLAIM_REDACTED,
    }
)
_STATUS: Final = frozenset({n.STATUS_LIST})
_POINTER: Final = frozenset({n.STATUS_INDEX, n.STATUS_URI})
_CLAIM_169: Final = frozenset({n.FACE_TEMPLATES})
_TEMPLATE: Final = frozenset({n.TEMPLATE_DATA, n.TEMPLATE_KIND, n.TEMPLATE_FORMAT, n.TEMPLATE_MODEL})


def decode(code: Code) -> SignedCard:
    """The card and presentation in a code; nothing is verified yet. Raises Refused(CARD_MALFORMED)."""
    outer = cose.parse(cbor.decode(code.payload, limit=n.MAX_CODE_BYTES))
    header = fields.mapping(_inside(outer.protected), _PRESENTATION_HEADER, "presentation header")
    fields.constant(header[n.HEADER_ALG], n.ALG_EDDSA, "presentation alg")
    fields.constant(header[n.HEADER_TYP], n.TYP_PRESENTATION, "presentation typ")
    kid, claims, inner = decode_card(header[n.HEADER_KCWT])
    presentation = _presentation(_inside(outer.payload))
    check_opened(presentation.disclosures, claims.redacted)
    return SignedCard(kid, claims, presentation, inner, outer)


def decode_card(value: object) -> tuple[bytes, Claims, cose.Sign1]:
    """Key id, claims and envelope of a card, from its decoded tag. Raises Refused(CARD_MALFORMED)."""
    inner = cose.parse(value)
    header = fields.mapping(_inside(inner.protected), _CARD_HEADER, "card header")
    fields.constant(header[n.HEADER_ALG], n.ALG_EDDSA, "card alg")
    fields.constant(header[n.HEADER_TYP], n.TYP_CARD, "card typ")
    kid = fields.octets(header[n.HEADER_KID], n.KID_BYTES, n.KID_BYTES, "kid")
    return kid, _claims(_inside(inner.payload)), inner


def read_template(value: object) -> TemplateReference:
    """A face template from its map. Raises Refused(CARD_MALFORMED)."""
    template = fields.mapping(value, _TEMPLATE, "template")
    fields.constant(template[n.TEMPLATE_KIND], n.KIND_TEMPLATE, "template kind")
    form = template[n.TEMPLATE_FORMAT]
    return TemplateReference(
        format=fields.number(form, n.MIN_TEMPLATE_FORMAT, n.MAX_TEMPLATE_FORMAT, "template format"),
        model=fields.word(template[n.TEMPLATE_MODEL], n.MAX_MODEL_CHARS, "template model"),
        data=fields.octets(template[n.TEMPLATE_DATA], 1, n.MAX_TEMPLATE_BYTES, "template data"),
    )


def template_map(template: TemplateReference) -> dict[int, object]:
    """The map that `read_template` reads."""
    return {
        n.TEMPLATE_DATA: template.data,
        n.TEMPLATE_KIND: n.KIND_TEMPLATE,
        n.TEMPLATE_FORMAT: template.format,
        n.TEMPLATE_MODEL: template.model,
    }


def _inside(data: bytes) -> object:
    return cbor.decode(data, limit=n.MAX_CODE_BYTES)


def _presentation(value: object) -> Presentation:
    body = fields.mapping(value, _PRESENTATION_MUST, "presentation", _PRESENTATION_MAY)
    audience = nonce = None
    if n.CLAIM_AUD in body:
        audience = fields.word(body[n.CLAIM_AUD], n.MAX_AUD_CHARS, "aud")
    if n.CLAIM_CNONCE in body:
        nonce = fields.octets(body[n.CLAIM_CNONCE], n.MIN_NONCE_BYTES, n.MAX_NONCE_BYTES, "cnonce")
    return Presentation(
        presented_at=fields.time(body[n.CLAIM_IAT], "presentation iat"),
        audience=audience,
        nonce=nonce,
        disclosures=_disclosures(body[n.CLAIM_DISCLOSED]) if n.CLAIM_DISCLOSED in body else (),
    )


def read_disclosure(value: object) -> Disclosure:
    """One attribute with its salt, from its array. Raises Refused(CARD_MALFORMED)."""
    salt, text, number = fields.array(value, 3, 3, "disclosure")
    attribute = BY_NUMBER[fields.number(number, 1, n.ATTRIBUTES, "attribute")]
    return Disclosure(
        fields.octets(salt, n.SALT_BYTES, n.SALT_BYTES, "salt"), check_value(attribute, text), attribute
    )


def disclosure_array(disclosure: Disclosure) -> list[object]:
    """The array that `read_disclosure` reads."""
    return [disclosure.salt, disclosure.value, NUMBERS[disclosure.attribute]]


def _disclosures(value: object) -> tuple[Disclosure, ...]:
    told = tuple(map(read_disclosure, fields.array(value, 1, n.ATTRIBUTES, "disclosures")))
    if not fields.ascending([NUMBERS[disclosure.attribute] for disclosure in told]):
        raise cbor.malformed("disclosures: a duplicate, or not in ascending order")
    return told


def _claims(value: object) -> Claims:
    body = fields.mapping(value, _CARD_MUST, "card", _CARD_MAY)
    issued_at = fields.time(body[n.CLAIM_IAT], "iat")
    not_before = fields.time(body[n.CLAIM_NBF], "nbf") if n.CLAIM_NBF in body else issued_at
    expires = fields.time(body[n.CLAIM_EXP], "exp")
    if expires <= max(not_before, issued_at):
        raise cbor.malformed("exp: not after nbf and iat")
    return Claims(
        issuer=fields.word(body[n.CLAIM_ISS], n.MAX_ISS_CHARS, "iss"),
        subject=fields.word(body[n.CLAIM_SUB], n.MAX_SUB_CHARS, "sub") if n.CLAIM_SUB in body else None,
        issued_at=issued_at,
        not_before=not_before,
        expires=expires,
        card_id=fields.octets(body[n.CLAIM_CTI], n.CTI_BYTES, n.CTI_BYTES, "cti"),
        holder_key=fields.public_key(body[n.CLAIM_CNF]),
        status=_status(body[n.CLAIM_STATUS]),
        face=_face(body),
        documents=_documents(body[n.CLAIM_DOCUMENTS]) if n.CLAIM_DOCUMENTS in body else (),
        scope=_scope(body[n.CLAIM_SCOPE]) if n.CLAIM_SCOPE in body else (),
        assurance=fields.number(body.get(n.CLAIM_ASSURANCE, 0), 0, n.MAX_ASSURANCE, "assurance"),
        redacted=_redacted(body[n.CLAIM_REDACTED]) if n.CLAIM_REDACTED in body else (),
    )


def _status(value: object) -> StatusPointer:
    pointer = fields.mapping(fields.mapping(value, _STATUS, "status")[n.STATUS_LIST], _POINTER, "status list")
    index = fields.number(pointer[n.STATUS_INDEX], 0, n.MAX_INDEX, "status idx")
    return StatusPointer(fields.word(pointer[n.STATUS_URI], n.MAX_URI_CHARS, "status uri"), index)


def _face(body: dict[int, Any]) -> FaceReference | None:
    match n.CLAIM_169 in body, n.CLAIM_SEALED_FACE in body:
        case True, False:
            return _template(body[n.CLAIM_169])
        case False, True:
            return _sealed(body[n.CLAIM_SEALED_FACE])
        case False, False:
            return None
        case _:
            raise cbor.malformed("face: both a template and a sealed template")


def _template(value: object) -> TemplateReference:
    faces = fields.mapping(value, _CLAIM_169, "claim 169")[n.FACE_TEMPLATES]
    (face,) = fields.array(faces, 1, 1, "templates")
    return read_template(face)


def _sealed(value: object) -> SealedReference:
    digest, key = fields.array(value, 2, 2, "sealed face")
    return SealedReference(
        hash=fields.octets(digest, n.SEAL_BYTES, n.SEAL_BYTES, "sealed face hash"),
        key=fields.octets(key, n.SEAL_BYTES, n.SEAL_BYTES, "sealed face key"),
    )


def _documents(value: object) -> tuple[Document, ...]:
    return tuple(_document(item) for item in fields.array(value, 1, n.MAX_DOCUMENTS, "documents"))


def _document(value: object) -> Document:
    kind, ref, day, index = fields.array(value, 4, 4, "document")
    return Document(
        type=fields.number(kind, 0, n.MAX_DOCUMENT_TYPE, "document type"),
        ref=fields.octets(ref, n.DOCUMENT_REF_BYTES, n.DOCUMENT_REF_BYTES, "document ref"),
        expires_day=fields.number(day, 0, n.MAX_TIME // n.SECONDS_A_DAY, "document exp-day"),
        index=fields.number(index, 0, n.MAX_INDEX, "document idx"),
    )


def _scope(value: object) -> tuple[str, ...]:
    return tuple(fields.site(item, "scope") for item in fields.array(value, 1, n.MAX_SITES, "scope"))


def _redacted(value: object) -> tuple[bytes, ...]:
    digests = tuple(
        fields.octets(item, n.DIGEST_BYTES, n.DIGEST_BYTES, "digest")
        for item in fields.array(value, 1, n.MAX_DIGESTS, "redacted")
    )
    if not fields.ascending(digests):
        raise cbor.malformed("redacted: a duplicate, or not in ascending order")
    return digests
