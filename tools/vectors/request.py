"""Vectors of requests (edge/request/REQUEST.md): a valid request with one change, signed again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import base45
import cbor2

from edge.card import cose
from tools.vectors.card import make
from tools.vectors.card.make import CARD, DAY, DROP, ISSUER, NOW, Envelope, encoded, kid, same, seed, stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DEVICE: Final = seed("device")
AUTHORITY: Final = "CN-GD"
PREFIX: Final = "EQ1:"
OPERATOR, ASKABLE, PURPOSE, NEEDED, OPTIONAL, TYPES, RETENTION, ISSUERS = range(-65_545, -65_553, -1)
NONCE: Final = bytes(range(8))
CERTIFICATE: Final = Envelope(
    header={1: -8, 4: kid(ISSUER), 16: "application/eq1-venue+cwt"},
    payload={
        1: AUTHORITY,
        2: "inn",
        4: NOW + 30 * DAY,
        6: NOW - DAY,
        8: {1: {1: 1, -1: 6, -2: cose.public_key(DEVICE)}},
        OPERATOR: "Pousada",
        ASKABLE: [1, 2, 3, 4],
        RETENTION: 365,
    },
    seed=ISSUER,
)
ASKING: Final = {
    2: "inn/desk",
    6: NOW - 5,
    39: NONCE,
    PURPOSE: "to register you as a guest",
    NEEDED: [1, 2],
    OPTIONAL: [3],
    TYPES: [2],
    RETENTION: 365,
    ISSUERS: ["CN-GD", "tower-1"],
}


def asking(certificate: Envelope = CERTIFICATE) -> Envelope:
    """The valid request, five seconds old."""
    header = {1: -8, 13: certificate.tag(), 16: "application/eq1-request+cwt"}
    return Envelope(header=header, payload=ASKING, seed=DEVICE)


def code(request: Envelope, change: Callable[[bytes], bytes] = same) -> str:
    """The text of a request; `change` is applied to the bytes after signing."""
    return PREFIX + str(base45.b45encode(change(encoded(request.tag()))).decode())


def asked(edits: Mapping[Any, Any]) -> str:
    """The text of the valid request with other claims in the request."""
    return code(asking().but(edits))


def certified(edits: Mapping[Any, Any]) -> str:
    """The text of the valid request with other claims in the certificate."""
    return code(asking(CERTIFICATE.but(edits)))


@dataclass(frozen=True)
class RequestVector:
    """One file. `step`: a step of REQUEST.md section 4; 8, the last, for a valid request."""

    name: str
    step: int
    expect: str
    comment: str
    text: str
    clock: int = NOW
    detail: str = ""

    def render(self) -> str:
        """The headers, an empty line, the text."""
        headers = {
            "expect": self.expect,
            "step": str(self.step),
            "detail": self.detail,
            "clock": stamp(self.clock),
            "authority": AUTHORITY,
            "authority-key": cose.public_key(ISSUER).hex(),
            "comment": self.comment,
        }
        return make.headed(headers, f"{self.text}\n")


def request_vectors() -> Iterator[RequestVector]:
    """All vectors of requests."""
    yield from _valid()
    yield from _texts()
    yield from _certificates()
    yield from _requests()
    yield from _signatures_and_limits()


def _valid() -> Iterator[RequestVector]:
    least = {NEEDED: DROP, OPTIONAL: DROP, TYPES: DROP, ISSUERS: DROP, RETENTION: 0}
    nothing = asking(CERTIFICATE.but({ASKABLE: DROP, RETENTION: 0})).but(least)
    longest = {PURPOSE: "\u767b\u8a18\u4f4f\u5ba2" * 8, 39: bytes(16), TYPES: [0, 65_535]}
    for name, comment, text, clock in (
        ("everything", "every claim of the table", code(asking()), NOW),
        (
            "nothing",
            "only the required claims, from a device that may ask for no attribute",
            code(nothing),
            NOW,
        ),
        ("longest", "a purpose of 96 bytes, a nonce of 16", asked(longest), NOW),
        ("site_itself", "for the site of the certificate itself", asked({2: "inn"}), NOW),
        ("old", "60 s old", asked({6: NOW - 60}), NOW),
        ("ahead", "from a device whose clock is 60 s ahead", asked({6: NOW + 60}), NOW),
        ("last_second", "one second before the certificate expires", certified({4: NOW + 1}), NOW),
        ("life", "a certificate for 400 days", certified({6: NOW - DAY, 4: NOW + 399 * DAY}), NOW),
    ):
        yield RequestVector(f"valid_{name}", 8, "valid", comment, text, clock)


def _texts() -> Iterator[RequestVector]:
    good = code(asking())
    for name, comment, text in (
        ("prefix_card", "the prefix of a card's code", "EC1:" + good[4:]),
        ("prefix_lower_case", "the prefix in lower case", "eq1:" + good[4:]),
        ("prefix_next", "the prefix of another version", "EQ2:" + good[4:]),
        ("base45_left_over", "one character more than whole groups", good[: len(good) - (len(good) - 5) % 3]),
        ("text_long", "1,250 characters", PREFIX + "0" * 1_246),
    ):
        yield RequestVector(name, 1, "code.unreadable", comment, text)
    for name, comment, change in (
        ("trailing_byte", "a byte after the item", lambda data: data + b"\0"),
        ("truncated", "the last byte is missing", lambda data: data[:-1]),
        ("untagged", "without tag 18", lambda data: data[1:]),
    ):
        yield RequestVector(f"bytes_{name}", 2, "card.malformed", comment, code(asking(), change))


def _certificates() -> Iterator[RequestVector]:
    wrong: dict[str, tuple[str, str, Mapping[Any, Any]]] = {
        "authority_missing": ("certificate", "no authority", {1: DROP}),
        "site_missing": ("certificate", "no site", {2: DROP}),
        "site_star": ("certificate site", "a star for every site", {2: "*"}),
        "exp_missing": ("certificate", "a certificate that never expires", {4: DROP}),
        "exp_is_iat": ("certificate exp", "exp is iat", {4: NOW - DAY}),
        "life_long": ("certificate exp", "a certificate for 400 days and a second", {4: NOW + 399 * DAY + 1}),
        "key_missing": ("certificate", "no key", {8: DROP}),
        "key_curve": ("cnf crv", "a key of another curve", {8: {1: {1: 1, -1: 4, -2: bytes(32)}}}),
        "operator_missing": ("certificate", "no operator", {OPERATOR: DROP}),
        "operator_empty": ("operator", "an operator without a name", {OPERATOR: ""}),
        "operator_long": ("operator", "65 bytes of operator", {OPERATOR: "x" * 65}),
        "operator_override": ("operator", "a right-to-left override", {OPERATOR: "\u202eadasuoP"}),
        "askable_empty": ("askable", "an empty list of attributes", {ASKABLE: []}),
        "askable_unknown": ("askable", "attribute 12", {ASKABLE: [12]}),
        "askable_unsorted": ("askable", "attributes out of order", {ASKABLE: [2, 1]}),
        "askable_name": ("askable", "an attribute by its name", {ASKABLE: ["family_name"]}),
        "retention_missing": ("certificate", "no retention", {RETENTION: DROP}),
        "retention_huge": ("certificate retention", "more than ten years", {RETENTION: 3_661}),
        "claim_unknown": ("certificate", "a claim that the table does not list", {5: NOW}),
    }
    for name, (detail, comment, edits) in wrong.items():
        yield RequestVector(
            f"certificate_{name}", 2, "card.malformed", comment, certified(edits), detail=detail
        )
    for name, detail, comment, certificate in (
        ("typ_of_card", "certificate typ", "the typ of a card", CERTIFICATE.header_but(typ=293)),
        ("alg_es256", "certificate alg", "another algorithm", CERTIFICATE.header_but(alg=-7)),
        ("kid_short", "kid", "a key id of 7 bytes", CERTIFICATE.header_but(kid=bytes(7))),
        ("is_a_card", "certificate typ", "a card in place of the certificate", CARD),
        ("loose", "not a COSE_Sign1", "an unprotected header", replace(CERTIFICATE, loose={4: b"kid"})),
    ):
        yield RequestVector(
            f"certificate_{name}", 2, "card.malformed", comment, code(asking(certificate)), detail=detail
        )


def _requests() -> Iterator[RequestVector]:
    wrong: dict[str, tuple[str, str, Mapping[Any, Any]]] = {
        "site_missing": ("request", "no site", {2: DROP}),
        "site_upper_case": ("request site", "a site in upper case", {2: "Inn/desk"}),
        "time_missing": ("request", "no time", {6: DROP}),
        "time_huge": ("request iat", "a time of 2^63", {6: 2**63}),
        "nonce_missing": ("request", "no nonce", {39: DROP}),
        "nonce_short": ("cnonce", "a nonce of 7 bytes", {39: bytes(7)}),
        "nonce_long": ("cnonce", "a nonce of 17 bytes", {39: bytes(17)}),
        "purpose_missing": ("request", "no purpose", {PURPOSE: DROP}),
        "purpose_empty": ("purpose", "an empty purpose", {PURPOSE: ""}),
        "purpose_long": ("purpose", "97 bytes of purpose", {PURPOSE: "x" * 97}),
        "purpose_line_break": ("purpose", "a purpose of two lines", {PURPOSE: "check-in\nkeeps it: never"}),
        "purpose_number": ("purpose", "a number for a purpose", {PURPOSE: 7}),
        "needed_empty": ("needed", "an empty list of required attributes", {NEEDED: []}),
        "needed_twice": ("needed", "the same attribute twice", {NEEDED: [1, 1]}),
        "needed_unsorted": ("needed", "attributes out of order", {NEEDED: [2, 1]}),
        "needed_unknown": ("needed", "attribute 12", {NEEDED: [12]}),
        "optional_needed": ("optional", "an attribute that is also required", {OPTIONAL: [2, 3]}),
        "types_empty": ("document types", "an empty list of document types", {TYPES: []}),
        "types_nine": ("document types", "nine document types", {TYPES: list(range(9))}),
        "types_twice": ("document types", "the same document type twice", {TYPES: [2, 2]}),
        "types_word": ("document types", "a document type by its name", {TYPES: ["passport"]}),
        "retention_missing": ("request", "no retention", {RETENTION: DROP}),
        "retention_negative": ("retention", "minus one day", {RETENTION: -1}),
        "issuers_empty": ("issuers", "an empty list of issuers", {ISSUERS: []}),
        "issuers_nine": ("issuers", "nine issuers", {ISSUERS: [f"i{i}" for i in range(9)]}),
        "issuers_space": ("issuers", "an issuer with a space", {ISSUERS: ["CN GD"]}),
        "claim_unknown": ("request", "a claim that the table does not list", {-65_553: 1}),
    }
    for name, (detail, comment, edits) in wrong.items():
        yield RequestVector(f"request_{name}", 2, "card.malformed", comment, asked(edits), detail=detail)
    for name, detail, comment, request in (
        ("typ_missing", "request header", "no typ", asking().header_but(typ=DROP)),
        ("typ_of_presentation", "request typ", "the typ of a presentation", asking().header_but(typ=294)),
        ("alg_es256", "request alg", "another algorithm", asking().header_but(alg=-7)),
        ("certificate_missing", "request header", "no certificate", asking().header_but(kcwt=DROP)),
        ("loose", "not a COSE_Sign1", "an unprotected header", replace(asking(), loose={4: b"kid"})),
    ):
        yield RequestVector(f"request_{name}", 2, "card.malformed", comment, code(request), detail=detail)


def _signatures_and_limits() -> Iterator[RequestVector]:
    stranger, other = seed("stranger"), seed("other device")
    by_stranger = replace(CERTIFICATE.header_but(kid=kid(stranger)), seed=stranger)
    for name, comment, certificate in (
        ("stranger", "an authority that the wallet does not know", by_stranger),
        ("other_name", "a known key under another name", CERTIFICATE.but({1: "CN-GX"})),
    ):
        yield RequestVector(f"authority_{name}", 3, "issuer.unknown", comment, code(asking(certificate)))
    for name, comment, certificate in (
        ("self_signed", "the device signed its own certificate", replace(CERTIFICATE, seed=DEVICE)),
        ("signature_zero", "a signature of 64 zeros", replace(CERTIFICATE, signature=lambda _: bytes(64))),
    ):
        text = code(asking(certificate))
        yield RequestVector(
            f"authority_{name}", 4, "signature.bad", comment, text, detail="not signed by the authority"
        )
    yield RequestVector(
        "certificate_over", 5, "issuer.scope", "now is exp", certified({4: NOW}), detail="the certificate"
    )
    payload = encoded({**ASKING, NEEDED: [1, 2, 4]})
    header, loose, _, signature = asking().tag().value
    changed = encoded(cbor2.CBORTag(18, [header, loose, payload, signature]))
    for name, comment, text in (
        ("other", "signed by another device", code(replace(asking(), seed=other))),
        ("request_changed", "one attribute added after signing", code(asking(), lambda _: changed)),
        ("context", "signed as COSE_Sign", code(replace(asking(), context="Signature"))),
    ):
        yield RequestVector(
            f"device_{name}", 6, "signature.bad", comment, text, detail="not signed by the device"
        )
    for name, detail, comment, edits in (
        ("site_other", "the certificate is for another site", "another site", {2: "inn-2/desk"}),
        ("site_parent", "the certificate is for another site", "the parent of the site", {2: "town"}),
        ("attribute", "asks for address", "a required attribute beyond the certificate", {NEEDED: [1, 2, 9]}),
        (
            "attribute_optional",
            "asks for patron",
            "an optional attribute beyond the certificate",
            {OPTIONAL: [11]},
        ),
        (
            "retention",
            "keeps what is disclosed for longer",
            "one day more than the certificate",
            {RETENTION: 366},
        ),
    ):
        yield RequestVector(f"beyond_{name}", 7, "issuer.scope", comment, asked(edits), detail=detail)
    for name, comment, edits in (
        ("old", "61 s old", {6: NOW - 61}),
        ("ahead", "from a device whose clock is 61 s ahead", {6: NOW + 61}),
    ):
        yield RequestVector(f"window_{name}", 8, "code.stale", comment, asked(edits))
