"""Vectors of manifests, each with one change and signed again; and the files that all list vectors use."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from edge.card import cose
from edge.trust import folder
from edge.trust import issuer_file as issuerfile
from edge.trust.scope import ANYWHERE, IssuerKey, Scope
from tools.vectors.card.make import DAY, DROP, ISSUER, NOW, URI, Envelope, encoded, kid, moment, seed
from tools.vectors.status.make import (
    REVOKED,
    REVOKED_BEFORE,
    SIZE,
    SUSPENDED,
    SUSPENDED_BEFORE,
    StatusVector,
    bitmap,
    manifest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

H: Final = (hashlib.sha256(bitmap(REVOKED)).digest(), hashlib.sha256(bitmap(SUSPENDED)).digest())
GOOD: Final = manifest(H)
MALFORMED: Final = "card.malformed"


def manifest_vectors() -> Iterator[StatusVector]:
    """Manifests signed by the issuer, and by another key."""
    good = encoded(GOOD.tag())
    broken = bytearray(good)
    broken[-1] ^= 1
    yield StatusVector(name="manifest_valid", expect="valid", comment="the second edition", body=good)
    for name, expect, detail, comment, body in (
        ("signature_bit", "signature.bad", "", "one bit of the signature", bytes(broken)),
        ("trailing_byte", MALFORMED, "", "one byte after the end", good + b"\0"),
        ("truncated", MALFORMED, "", "the last byte is missing", good[:-1]),
    ):
        yield StatusVector(name=f"manifest_{name}", expect=expect, detail=detail, comment=comment, body=body)
    for name, expect, detail, comment, envelope in (
        ("signed_by_another", "signature.bad", "", "signed with another key", _by(seed("other"))),
        ("kid_other", "issuer.unknown", "", "kid of another key", GOOD.header_but(kid=kid(seed("other")))),
        ("alg_es256", MALFORMED, "alg", "alg is ES256", GOOD.header_but(alg=-7)),
        ("typ_list", MALFORMED, "list", "typ of a list", GOOD.header_but(typ="application/ec1-status+cwt")),
        ("typ_unknown", MALFORMED, "typ", "an unknown typ", GOOD.header_but(typ="application/ec1")),
        ("typ_number", MALFORMED, "typ", "typ of a card", GOOD.header_but(typ=293)),
        ("iss_other", "issuer.unknown", "", "another issuer's name", GOOD.but({1: "CN-GX"})),
        ("sub_empty", MALFORMED, "sub", "no URI", GOOD.but({2: ""})),
        ("exp_missing", MALFORMED, "list", "no exp", GOOD.but({4: DROP})),
        ("exp_is_iat", MALFORMED, "exp", "exp is iat", GOOD.but({4: NOW - 3_600})),
        ("exp_float", MALFORMED, "", "exp is a float", GOOD.but({4: 1.5})),
        ("claim_unknown", MALFORMED, "list", "one more claim", GOOD.but({9: 0})),
        ("claim_missing", MALFORMED, "list", "no hashes", GOOD.but({-65542: DROP})),
        ("claim_of_list", MALFORMED, "list", "bitmaps as well", GOOD.but({-65541: [8, b"\0", b"\0"]})),
        ("size_zero", MALFORMED, "size", "no cards", _says(0, 2, *H)),
        ("size_huge", MALFORMED, "size", "one card more than a list may have", _says(2**31 + 1, 2, *H)),
        ("serial_zero", MALFORMED, "serial", "serial 0", _says(SIZE, 0, *H)),
        ("serial_huge", MALFORMED, "serial", "a serial of 33 bits", _says(SIZE, 2**32, *H)),
        ("hash_short", MALFORMED, "revoked", "a hash of 31 bytes", _says(SIZE, 2, H[0][1:], H[1])),
        ("hash_text", MALFORMED, "suspended", "a hash in hex", _says(SIZE, 2, H[0], H[1].hex())),
        ("hash_alone", MALFORMED, "hashes", "only one hash", _says(SIZE, 2, H[0])),
    ):
        body = encoded(envelope.tag())
        yield StatusVector(name=f"manifest_{name}", expect=expect, detail=detail, comment=comment, body=body)


def shared_files() -> dict[str, bytes]:
    """A trust folder with the issuer's key, the manifest and the bitmaps; and the bitmaps of edition 1."""
    key, anywhere = cose.public_key(ISSUER), (ANYWHERE,)
    start, end = moment(NOW - 400 * DAY), moment(NOW + 400 * DAY)
    issuer = IssuerKey(kid(ISSUER), "CN-GD", key, Scope(anywhere, anywhere, anywhere), start, end, start)
    name, data = issuerfile.issuer_file(issuer)
    stem = folder.status_stem(issuer.kid, URI)
    return {
        f"trust/{name}": data,
        f"trust/{stem}.cwt": encoded(GOOD.tag()),
        f"trust/{stem}.revoked": bitmap(REVOKED),
        f"trust/{stem}.suspended": bitmap(SUSPENDED),
        "before/revoked": bitmap(REVOKED_BEFORE),
        "before/suspended": bitmap(SUSPENDED_BEFORE),
    }


def _by(signer: bytes) -> Envelope:
    return Envelope(header=GOOD.header, payload=GOOD.payload, seed=signer)


def _says(*hashes: object) -> Envelope:
    return GOOD.but({-65542: list(hashes)})
