"""Vectors of steps 1 and 2 of FORMAT.md section 6: texts and bytes that are not a code."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING

from edge.card import numbers as n
from tools.vectors.card.make import (
    CARD,
    DROP,
    ISSUER,
    NOW,
    CardVector,
    Envelope,
    code,
    encoded,
    kid,
    showing_bytes,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def text_vectors() -> Iterator[CardVector]:
    """Step 1: texts that are not a code, and one that has the largest length of a code."""
    body = code(shown())[len(n.PREFIX) :]
    for name, comment, text in (
        ("prefix_next_version", "another version of the format", f"EC2:{body}"),
        ("prefix_lower_case", "the prefix in lower case", f"ec1:{body}"),
        ("prefix_after_space", "a space before the prefix", f" EC1:{body}"),
        ("prefix_missing", "the text without its prefix", body),
        ("prefix_of_another", "the prefix of another system", f"HC1:{body}"),
        ("base45_lower_case", "one letter in lower case", f"EC1:{body.replace('R', 'r', 1)}"),
        ("base45_underscore", "a character outside the alphabet", f"EC1:{body[:9]}_{body[10:]}"),
        ("base45_not_ascii", "a letter outside ASCII", f"EC1:{body[:9]}\u0130{body[10:]}"),
        ("base45_left_over", "one character more than whole groups", f"EC1:{body[:300]}0"),
        ("base45_group_overflow", "a group of three above 65535", f"EC1:{body[:297]}:::"),
        ("base45_pair_overflow", "a last pair above 255", f"EC1:{body[:297]}::"),
        ("text_too_long", "one group above the limit", f"EC1:{'0' * 1_248}"),
    ):
        foreign = name in {"prefix_missing", "prefix_of_another"}
        yield CardVector(name, 1, "code.foreign" if foreign else "code.unreadable", comment, text)
    for name, comment, text in (
        ("text_empty", "nothing after the prefix", "EC1:"),
        ("text_longest", "the largest length, all zeros", f"EC1:{'0' * 1_245}"),
    ):
        yield CardVector(name, 2, "card.malformed", comment, text)


def byte_vectors() -> Iterator[CardVector]:
    """Step 2: the bytes of the presentation, changed after signing."""
    changes: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
        "trailing_byte": ("one byte after the presentation", lambda b: b + b"\x00"),
        "truncated": ("the last byte is missing", lambda b: b[:-1]),
        "untagged": ("COSE_Sign1 without its tag", lambda b: b[1:]),
        "tag_cose_sign": ("the tag of COSE_Sign", lambda b: b"\xd8\x62" + b[1:]),
        "tag_cwt": ("a CWT tag around it", lambda b: b"\xd8\x3d" + b),
        "tag_self_described": ("the tag of self-described CBOR around it", lambda b: b"\xd9\xd9\xf7" + b),
        "tag_long": ("tag 18 in three bytes", lambda b: b"\xd9\x00\x12" + b[1:]),
        "indefinite_array": (
            "the outer array with indefinite length",
            lambda b: b"\xd2\x9f" + b[2:] + b"\xff",
        ),
        "long_length": (
            "the length of the signature in two bytes",
            lambda b: b[:-66] + b"\x59\x00\x40" + b[-64:],
        ),
        "not_cbor": ("bytes that are not CBOR", lambda _: b"\xff\xfe\xfd"),
        "card_alone": ("a card without a presentation", lambda _: encoded(CARD.tag())),
    }
    for name, (comment, change) in changes.items():
        yield CardVector(f"bytes_{name}", 2, "card.malformed", comment, code(shown(), change))
    for name, comment, hexes in (
        ("long_integer", "iat in eight bytes", "a1061b00000000iat"),
        ("float", "iat as a float", f"a106fb{struct.pack('>d', NOW - 5).hex()}"),
        ("negative", "iat before 1970", "a10620"),
        ("bignum", "iat as a big number", "a106c244iat"),
        ("tag_time", "iat in a time tag", "a106c11aiat"),
        ("tag_pattern", "a regular expression, which cbor2 compiles", "a106d8236128"),
        ("tag_cycle", "a list that contains itself", "a106d81c81d81d00"),
        ("null", "iat is null", "a106f6"),
        ("true", "iat is true", "a106f5"),
        ("duplicate_key", "iat twice", "a2061aiat061aiat"),
        ("true_key", "the key true, which is equal to 1 in Python", "a2061aiatf501"),
        ("bytes_key", "a byte string as a key", "a2061aiat410000"),
        ("indefinite_map", "a map with indefinite length", "bf061aiatff"),
        ("unsorted", "cnonce before iat", "a218274830303030303030" + "30061aiat"),
        ("bad_utf8", "aud is not UTF-8", "a20361ff061aiat"),
        ("too_deep", "six arrays in a map", "a10681818181818100"),
        ("huge_length", "an array of 2^63 items", "a1069b8000000000000000"),
        ("not_a_map", "an array of claims", "811aiat"),
        ("trailing_byte", "one byte after the claims", "a1061aiat00"),
    ):
        yield CardVector(f"cbor_{name}", 2, "card.malformed", comment, showing_bytes(hexes))


def envelope_vectors() -> Iterator[CardVector]:
    """Step 2: headers and signature lengths of the card and of the presentation, with valid signatures."""
    no_alg = {n.HEADER_ALG: n.ALG_EDDSA}
    changes: dict[str, tuple[str, str, Callable[[Envelope], Envelope]]] = {
        "alg_es256": ("another algorithm", "{} alg", lambda e: e.header_but(alg=-7)),
        "alg_hmac": ("a symmetric algorithm", "{} alg", lambda e: e.header_but(alg=5)),
        "alg_ed25519": ("the newer number for the same algorithm", "{} alg", lambda e: e.header_but(alg=-19)),
        "alg_text": ("the algorithm by name", "{} alg", lambda e: e.header_but(alg="EdDSA")),
        "alg_missing": ("no algorithm", "{} header", lambda e: e.header_but(alg=DROP)),
        "alg_unprotected": (
            "the algorithm in the unprotected header",
            "not a COSE_Sign1",
            lambda e: replace(e.header_but(alg=DROP), loose=no_alg),
        ),
        "alg_twice": (
            "the algorithm in both headers",
            "not a COSE_Sign1",
            lambda e: replace(e, loose=no_alg),
        ),
        "unprotected_kid": (
            "a key id in the unprotected header",
            "not a COSE_Sign1",
            lambda e: replace(e, loose={4: kid(ISSUER)}),
        ),
        "header_empty": ("an empty protected header", "not CBOR", lambda e: replace(e, header={})),
        "header_critical": (
            "a critical header",
            "{} header",
            lambda e: e.header_but(crit=[1]),
        ),
        "typ_missing": ("no type", "{} header", lambda e: e.header_but(typ=DROP)),
        "typ_text": ("the type by name", "{} typ", lambda e: e.header_but(typ="application/cwt")),
        "signature_empty": (
            "an empty signature",
            "not a COSE_Sign1",
            lambda e: replace(e, signature=lambda _: b""),
        ),
        "signature_short": (
            "63 bytes of signature",
            "not a COSE_Sign1",
            lambda e: replace(e, signature=lambda s: s[:-1]),
        ),
        "signature_long": (
            "65 bytes of signature",
            "not a COSE_Sign1",
            lambda e: replace(e, signature=lambda s: s + b"\0"),
        ),
    }
    for name, (comment, detail, change) in changes.items():
        for layer, text in (("card", code(shown(change(CARD)))), ("presentation", code(change(shown())))):
            where = f"{comment}, in the {layer}"
            yield CardVector(f"{layer}_{name}", 2, "card.malformed", where, text, detail=detail.format(layer))
    inside = CARD.tag().value[2]
    for name, detail, comment, text in (
        (
            "card_typ_of_presentation",
            "card typ",
            "a card with the type of a presentation",
            code(shown(CARD.header_but(typ=294))),
        ),
        ("card_kid_short", "kid", "a key id of 7 bytes", code(shown(CARD.header_but(kid=kid(ISSUER)[:7])))),
        (
            "card_kid_long",
            "kid",
            "a key id of 9 bytes",
            code(shown(CARD.header_but(kid=kid(ISSUER) + b"\0"))),
        ),
        ("card_kid_empty", "kid", "an empty key id", code(shown(CARD.header_but(kid=b"")))),
        ("card_kid_text", "kid", "a key id in text", code(shown(CARD.header_but(kid="issuer-1")))),
        ("card_kid_missing", "card header", "no key id", code(shown(CARD.header_but(kid=DROP)))),
        (
            "presentation_typ_of_card",
            "presentation typ",
            "a presentation with the type of a card",
            code(shown().header_but(typ=293)),
        ),
        (
            "presentation_kid",
            "presentation header",
            "a key id in the presentation",
            code(shown().header_but(kid=kid(ISSUER))),
        ),
        (
            "presentation_kcwt_missing",
            "presentation header",
            "no card inside",
            code(shown().header_but(kcwt=DROP)),
        ),
        (
            "presentation_kcwt_bytes",
            "not a COSE_Sign1",
            "the card in a byte string",
            code(shown().header_but(kcwt=encoded(CARD.tag()))),
        ),
        (
            "presentation_kcwt_claims",
            "not a COSE_Sign1",
            "the claims without an envelope",
            code(shown().header_but(kcwt=inside)),
        ),
        (
            "presentation_in_presentation",
            "card header",
            "a presentation in place of the card",
            code(shown().header_but(kcwt=shown().tag())),
        ),
    ):
        yield CardVector(name, 2, "card.malformed", comment, text, detail=detail)
