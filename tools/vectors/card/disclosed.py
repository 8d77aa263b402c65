"""Vectors of disclosures: the card has digests of attributes, and a presentation discloses some of them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import cbor2

from tools.vectors.card.make import CARD, DROP, NOW, CardVector, code, encoded, issued, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ADA: Final = {1: "Lovelace", 2: "Ada", 3: "1815-12-10", 4: "GBR", 5: "passport", 6: "K1234567"}
REDACTED, DISCLOSED = -65_543, -65_544
JOINED: Final = "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"  # a Persian name with a zero-width non-joiner


def salted(number: int, value: object) -> list[object]:
    """A disclosure with its own salt."""
    return [hashlib.sha256(f"doorward vector salt {number}".encode()).digest()[:16], value, number]


def digest(disclosure: Sequence[object]) -> bytes:
    """The digest that the issuer signs for a disclosure, made only with hashlib and cbor2."""
    return hashlib.sha256(encoded(encoded(disclosure))).digest()[:16]


def redacted(*disclosures: Sequence[object], count: int = 8) -> list[bytes]:
    """Digests of these disclosures, filled up with decoys to `count`, sorted."""
    nothing = [hashlib.sha256(b"doorward vector decoy %d" % i).digest()[:16] for i in range(count)]
    return sorted([*map(digest, disclosures), *nothing[len(disclosures) :]])


ALL: Final = [salted(number, value) for number, value in ADA.items()]
DIGESTS: Final = redacted(*ALL)


def telling(told: object, digests: object = DIGESTS) -> str:
    """The code of a card with these digests; `told` is the disclosure claim of the presentation."""
    edits = {} if told is DROP else {DISCLOSED: told}
    return code(shown(CARD.but({REDACTED: digests})).but(edits))


def agreed(*pairs: tuple[int, object]) -> str:
    """A code in which the issuer signed the digests of the values that the holder discloses."""
    told = [salted(number, value) for number, value in pairs]
    return telling(told, redacted(*told))


def disclosure_vectors() -> Iterator[CardVector]:
    """Step 2, with valid signatures; and step 6, with disclosures changed after signing."""
    yield from _valid()
    yield from _cards()
    yield from _presentations()
    yield from _values()
    yield from _relayed()


def _valid() -> Iterator[CardVector]:
    address = "\u6fb3\u9580" * 16  # 32 characters of three bytes each
    for name, comment, text in (
        ("nothing", "a card with attributes, none of them disclosed", telling(DROP)),
        ("one", "a birth date", telling([ALL[2]])),
        ("six", "six attributes", telling(ALL)),
        ("longest", "an address of 96 bytes", agreed((9, address))),
        ("birth_month", "a birth date of a year and a month", agreed((3, "1815-12"))),
        ("birth_year", "a birth date of a year", agreed((3, "1815"))),
        ("joiner", "a name that needs a zero-width non-joiner", agreed((1, JOINED))),
        ("decoys", "twelve decoys", telling(DROP, redacted(count=12))),
    ):
        yield CardVector(f"valid_disclosed_{name}", 12, "valid", comment, text)


def _cards() -> Iterator[CardVector]:
    wrong: dict[str, tuple[str, str, object]] = {
        "empty": ("redacted", "an empty list of digests", []),
        "thirteen": ("redacted", "thirteen digests", redacted(count=13)),
        "short": ("digest", "a digest of 15 bytes", [bytes(15)]),
        "whole": ("digest", "a digest of 32 bytes", [bytes(32)]),
        "twice": ("redacted", "the same digest twice", [DIGESTS[0], DIGESTS[0]]),
        "unsorted": ("redacted", "digests in the order of the attributes", DIGESTS[::-1]),
        "map": ("redacted", "digests under the numbers of their attributes", {1: DIGESTS[0]}),
    }
    for name, (detail, comment, claim) in wrong.items():
        text = issued({REDACTED: claim})
        yield CardVector(f"card_redacted_{name}", 2, "card.malformed", comment, text, detail=detail)


def _presentations() -> Iterator[CardVector]:
    name = ALL[0]
    salt, value, number = name
    wrong: dict[str, tuple[str, str, object]] = {
        "empty": ("disclosures", "an empty list of disclosures", []),
        "value_changed": ("family_name", "another value than the signed one", [[salt, "Byron", number]]),
        "salt_changed": ("family_name", "another salt than the signed one", [[bytes(16), value, number]]),
        "attribute_changed": ("given_name", "the family name as the given name", [[salt, value, 2]]),
        "not_there": ("address", "an attribute that the card does not have", [salted(9, "Ockham Park")]),
        "twice": ("disclosures", "the same attribute twice", [name, name]),
        "unsorted": ("disclosures", "attributes out of order", [ALL[1], name]),
        "no_salt": ("disclosure", "a disclosure without its salt", [[value, number]]),
        "four_items": ("disclosure", "a disclosure with a fourth item", [[*name, 0]]),
        "salt_short": ("salt", "a salt of 15 bytes", [[bytes(15), value, number]]),
        "name_for_number": ("attribute", "an attribute by its name", [[salt, value, "family_name"]]),
        "wrapped": ("disclosure", "a disclosure inside a byte string", [encoded(name)]),
        "decoy": ("disclosure", "a decoy, which is only a salt", [[salt]]),
    }
    for key, (detail, comment, claim) in wrong.items():
        yield CardVector(
            f"presentation_disclosed_{key}", 2, "card.malformed", comment, telling(claim), detail=detail
        )
    plain = code(shown().but({DISCLOSED: [name]}))
    comment = "a disclosure with a card that has no digests"
    yield CardVector(
        "presentation_disclosed_unasked", 2, "card.malformed", comment, plain, detail="family_name"
    )


def _values() -> Iterator[CardVector]:
    wrong: dict[str, tuple[str, str, tuple[int, object]]] = {
        "attribute_unknown": ("attribute", "attribute 12", (12, "x")),
        "attribute_zero": ("attribute", "attribute 0", (0, "x")),
        "empty": ("family_name", "an empty value", (1, "")),
        "long": ("address", "97 bytes of value", (9, "x" * 97)),
        "long_in_bytes": ("address", "33 characters of three bytes each", (9, "\u6fb3" * 33)),
        "number": ("booking", "a number, not a text", (10, 7)),
        "bytes": ("family_name", "bytes, not a text", (1, b"Lovelace")),
        "decomposed": ("family_name", "a letter and its accent as two characters", (1, "Moli\u0065\u0300re")),
        "line_break": ("address", "a line break", (9, "1 High Street\nLondon")),
        "override": ("family_name", "a right-to-left override", (1, "\u202eecalevoL")),
        "zero_width_space": ("family_name", "a zero-width space", (1, "Love\u200blace")),
        "space_at_end": ("given_name", "a space at the end", (2, "Ada ")),
        "date_impossible": ("birth_date", "the 30th of February", (3, "2000-02-30")),
        "date_short": ("birth_date", "a date without its zeros", (3, "1815-1-2")),
        "date_month_impossible": ("birth_date", "the 13th month", (3, "1815-13")),
        "date_month_zero": ("birth_date", "a month of zeros", (3, "1815-00")),
        "expiry_month": ("expiry", "an expiry without its day", (8, "2031-05")),
        "date_week": ("expiry", "a date with a week number", (8, "2031-W01-1")),
        "nationality_lower": ("nationality", "a country in lower case", (4, "gbr")),
        "document_type_name": (
            "document_type",
            "a document type that is not one of the list",
            (5, "Passport"),
        ),
        "document_number_grouped": ("document_number", "a number with spaces", (6, "K 123 4567")),
        "patron_space": ("patron", "a patron's id with a space", (11, "21 7")),
    }
    for name, (detail, comment, pair) in wrong.items():
        text = agreed(pair)
        yield CardVector(f"presentation_value_{name}", 2, "card.malformed", comment, text, detail=detail)


def _relayed() -> Iterator[CardVector]:
    """A relay changed the set of disclosures: each one is valid, but the holder did not sign this set."""
    for name, comment, signed, sent in (
        ("added", "a disclosure added after signing", ALL[:1], ALL[:2]),
        ("stripped", "a disclosure removed after signing", ALL[:2], ALL[:1]),
        ("cleared", "all disclosures removed after signing", ALL[:1], None),
    ):
        honest = shown(CARD.but({REDACTED: DIGESTS})).but({DISCLOSED: signed})
        payload: Mapping[Any, Any] = {6: NOW - 5} | ({} if sent is None else {DISCLOSED: sent})
        header, loose, _, signature = honest.tag().value
        tag = cbor2.CBORTag(18, [header, loose, encoded(payload), signature])
        text = code(replace(honest), lambda _, tag=tag: encoded(tag))  # type: ignore[misc]
        yield CardVector(
            f"holder_disclosure_{name}", 6, "signature.bad", comment, text, detail="not signed by the holder"
        )
