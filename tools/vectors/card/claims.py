"""Vectors of step 2 of FORMAT.md section 6: claims that the table does not allow, with valid signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.vectors.card.make import (
    DAY,
    DROP,
    GOOD,
    HOLDER_KEY,
    NOW,
    SITE,
    TEMPLATE,
    CardVector,
    holder,
    issued,
    showing,
    stamp,
    status,
    template,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def claim_vectors() -> Iterator[CardVector]:
    """Step 2: claims of the card and of the presentation, with valid signatures."""
    word, document = "x" * 65, [7, b"document", 20_700, 600]
    wrong: dict[str, tuple[str, str, Mapping[Any, Any]]] = {
        "claim_unknown": ("card", "a claim that the table does not list", {10: 1}),
        "claim_text_key": ("card", "a claim under a name, not a number", {"iss": "CN-GD"}),
        "claim_presentation": ("card", "a nonce in the card", {39: bytes(8)}),
        "iss_missing": ("card", "no issuer", {1: DROP}),
        "iss_empty": ("iss", "an empty issuer", {1: ""}),
        "iss_long": ("iss", "33 characters of issuer", {1: word[:33]}),
        "iss_line_break": ("iss", "an issuer with a line break", {1: "CN-GD\n"}),
        "iss_homoglyph": ("iss", "an issuer with a Cyrillic letter", {1: "\u0421N-GD"}),
        "iss_number": ("iss", "a number for an issuer", {1: 7}),
        "sub_long": ("sub", "65 characters of subject", {2: word}),
        "exp_missing": ("card", "a card that never expires", {4: DROP}),
        "exp_text": ("exp", "exp as text", {4: stamp(NOW + DAY)}),
        "exp_negative": ("exp", "exp before 1970", {4: -1}),
        "exp_after_2100": ("exp", "exp after the year 2100", {4: 4_102_444_801}),
        "exp_huge": ("exp", "exp is 2^64 - 1", {4: 2**64 - 1}),
        "exp_float": ("", "exp as a float", {4: float(NOW + DAY) + 0.5}),
        "exp_infinite": ("", "exp is infinity", {4: float("inf")}),
        "exp_before_nbf": ("exp", "exp before nbf", {4: NOW + 10, 5: NOW + 20}),
        "exp_is_nbf": ("exp", "exp is nbf", {4: NOW + 10, 5: NOW + 10}),
        "exp_before_iat": ("exp", "exp before iat, with an earlier nbf", {4: NOW + 10, 5: NOW, 6: NOW + 20}),
        "nbf_huge": ("nbf", "nbf is 2^63", {5: 2**63}),
        "iat_missing": ("card", "no time of issue", {6: DROP}),
        "iat_negative": ("iat", "iat before 1970", {6: -NOW}),
        "cti_missing": ("card", "no card id", {7: DROP}),
        "cti_short": ("cti", "a card id of 7 bytes", {7: bytes(7)}),
        "cti_long": ("cti", "a card id of 9 bytes", {7: bytes(9)}),
        "cnf_missing": ("card", "no holder key", {8: DROP}),
        "cnf_kid": ("cnf", "only the id of a holder key", {8: {3: b"key"}}),
        "cnf_kty": ("cnf kty", "an EC2 key", holder(kty=2)),
        "cnf_curve": ("cnf crv", "another curve", holder(crv=4)),
        "cnf_short": ("cnf x", "a holder key of 31 bytes", holder(x=HOLDER_KEY[:31])),
        "cnf_private": ("cnf key", "a holder key with its private half", holder(d=bytes(32))),
        "cnf_labelled": ("cnf key", "a holder key with a key id", holder(kid=b"1")),
        "status_missing": ("card", "a card that cannot be revoked", {65535: DROP}),
        "status_negative": ("status idx", "a negative index", status(-1)),
        "status_huge": ("status idx", "an index of 2^32", status(2**32)),
        "status_uri_long": ("status uri", "65 characters of URI", status(GOOD, word)),
        "status_uri_empty": ("status uri", "an empty URI", status(GOOD, "")),
        "status_other_method": ("status", "another status method", {65535: {"identifier_list": {}}}),
        "face_twice": ("face", "a template and a sealed face", {-65538: [bytes(16), bytes(16)]}),
        "face_picture": ("template kind", "a picture in place of a template", template(kind=0)),
        "face_two_templates": ("templates", "two templates", {169: {62: [TEMPLATE, TEMPLATE]}}),
        "face_claim_169_more": ("claim 169", "a name next to the face", {169: {62: [TEMPLATE], 4: "Ada"}}),
        "face_template_empty": ("template data", "an empty template", template(data=b"")),
        "face_template_long": ("template data", "257 bytes of template", template(data=bytes(257))),
        "face_format_low": ("template format", "a standard's template format", template(format=99)),
        "face_format_high": ("template format", "an unknown template format", template(format=201)),
        "face_model_long": ("template model", "17 characters of model", template(model=word[:17])),
        "face_more": ("template", "a fifth field in the template", template(more=1)),
        "face_sealed_short": (
            "sealed face key",
            "a seal key of 15 bytes",
            {169: DROP, -65538: [bytes(16), bytes(15)]},
        ),
        "face_sealed_alone": ("sealed face", "a seal hash without its key", {169: DROP, -65538: [bytes(16)]}),
        "documents_empty": ("documents", "an empty list of documents", {-65537: []}),
        "documents_nine": ("documents", "nine documents", {-65537: [document] * 9}),
        "document_five_items": ("document", "a document with a fifth item", {-65537: [[*document, 0]]}),
        "document_ref_short": (
            "document ref",
            "a reference of 7 bytes",
            {-65537: [[7, bytes(7), 20_700, 600]]},
        ),
        "document_day_huge": (
            "document exp-day",
            "seconds, not days",
            {-65537: [[7, b"document", NOW, 600]]},
        ),
        "document_type_negative": (
            "document type",
            "a negative type",
            {-65537: [[-1, b"document", 20_700, 600]]},
        ),
        "scope_empty": ("scope", "an empty scope", {-65539: []}),
        "scope_nine": ("scope", "nine sites", {-65539: [f"s{i}" for i in range(9)]}),
        "scope_upper_case": ("scope", "a site in upper case", {-65539: ["Tower-1"]}),
        "scope_slash_at_end": ("scope", "a site that ends in a slash", {-65539: ["tower-1/"]}),
        "scope_star": ("scope", "a star, which only an issuer's scope may have", {-65539: ["*"]}),
        "scope_long": ("scope", "65 characters of site", {-65539: [word]}),
        "scope_text": ("scope", "a site that is not in a list", {-65539: SITE}),
        "assurance_four": ("assurance", "an assurance of 4", {-65540: 4}),
        "assurance_negative": ("assurance", "a negative assurance", {-65540: -1}),
    }
    for name, (detail, comment, edits) in wrong.items():
        yield CardVector(f"card_{name}", 2, "card.malformed", comment, issued(edits), detail=detail)
    for name, detail, comment, edits in (
        ("iat_missing", "presentation", "no time", {6: DROP}),
        ("iat_huge", "presentation iat", "a time of 2^64 - 1", {6: 2**64 - 1}),
        ("aud_empty", "aud", "an empty audience", {3: ""}),
        ("aud_long", "aud", "65 characters of audience", {3: word}),
        ("aud_list", "aud", "two audiences", {3: [SITE, "lobby"]}),
        ("cnonce_short", "cnonce", "a nonce of 7 bytes", {39: bytes(7)}),
        ("cnonce_long", "cnonce", "a nonce of 17 bytes", {39: bytes(17)}),
        ("claim_unknown", "presentation", "a claim that the table does not list", {4: NOW + DAY}),
    ):
        yield CardVector(f"presentation_{name}", 2, "card.malformed", comment, showing(edits), detail=detail)
