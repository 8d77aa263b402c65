"""Readers of fields, one for each type: they return the value or raise Refused(CARD_MALFORMED)."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from edge.card import cbor
from edge.card import numbers as n

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

K = TypeVar("K", int, str)
V = TypeVar("V", int, bytes)

_WORD: Final = re.compile(r"[!-~]+")  # visible ASCII, which every screen and log shows as it is
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})  # invisible, or moves its neighbours
_JOINERS: Final = frozenset("\u200c\u200d")  # invisible too, but names in Persian and Sinhala need them
_SITE: Final = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*")
_CNF: Final = frozenset({n.CNF_COSE_KEY})
_COSE_KEY: Final = frozenset({n.KEY_KTY, n.KEY_CRV, n.KEY_X})


def mapping(
    value: object, must: AbstractSet[K], what: str, may: AbstractSet[K] = frozenset()
) -> dict[K, Any]:
    """A map that has all keys of `must`, may have keys of `may`, and has no other."""
    if not isinstance(value, dict) or not must <= value.keys() <= must | may:
        raise cbor.malformed(f"{what}: not a map with the keys of this format")
    return value


def array(value: object, least: int, most: int, what: str) -> list[Any]:
    """An array of `least` to `most` items."""
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise cbor.malformed(f"{what}: not an array of {least} to {most}")
    return value


def number(value: object, least: int, most: int, what: str) -> int:
    """A whole number from `least` to `most`."""
    if type(value) is not int or not least <= value <= most:  # True is an int, but no number
        raise cbor.malformed(f"{what}: not a whole number from {least} to {most}")
    return value


def ascending(values: Sequence[V]) -> bool:
    """Whether each value is greater than the one before it, so that there are no duplicates and one order."""
    return list(values) == sorted(set(values))


def constant(value: object, expected: int | str, what: str) -> None:
    """Check that the value is the only one that the format allows here."""
    if type(value) is not type(expected) or value != expected:
        raise cbor.malformed(f"{what}: not {expected}")


def octets(value: object, least: int, most: int, what: str) -> bytes:
    """`least` to `most` bytes."""
    if not isinstance(value, bytes) or not least <= len(value) <= most:
        raise cbor.malformed(f"{what}: not {least} to {most} bytes")
    return value


def word(value: object, most: int, what: str) -> str:
    """1 to `most` visible ASCII characters."""
    if not isinstance(value, str) or len(value) > most or not _WORD.fullmatch(value):
        raise cbor.malformed(f"{what}: not 1 to {most} visible ASCII characters")
    return value


def text(value: object, most: int, what: str) -> str:
    """A text for people, on one line: 1 to `most` bytes of UTF-8 in normalisation form C.

    It has no invisible character, but for the joiners that some scripts need, and no space at either end: two
    texts never differ in a way that no screen shows.
    """
    if not isinstance(value, str) or not 1 <= len(value.encode(errors="replace")) <= most:
        raise cbor.malformed(f"{what}: not a text of 1 to {most} bytes")
    if not unicodedata.is_normalized("NFC", value):
        raise cbor.malformed(f"{what}: not in normalisation form C")
    if any(char not in _JOINERS and unicodedata.category(char) in _UNSEEN for char in value):
        raise cbor.malformed(f"{what}: an invisible character")
    if value != value.strip():
        raise cbor.malformed(f"{what}: a space at an end")
    return value


def site(value: object, what: str) -> str:
    """The id of a site or a door in it: words of a-z, 0-9 and hyphen, joined by slashes."""
    if not isinstance(value, str) or len(value) > n.MAX_SITE_CHARS or not _SITE.fullmatch(value):
        raise cbor.malformed(f"{what}: not a site such as tower-1/lobby")
    return value


def public_key(value: object) -> bytes:
    """The Ed25519 key, 32 bytes, of a `cnf` claim that holds it as a COSE_Key."""
    key = mapping(mapping(value, _CNF, "cnf")[n.CNF_COSE_KEY], _COSE_KEY, "cnf key")
    constant(key[n.KEY_KTY], n.KTY_OKP, "cnf kty")
    constant(key[n.KEY_CRV], n.CRV_ED25519, "cnf crv")
    return octets(key[n.KEY_X], n.PUBLIC_KEY_BYTES, n.PUBLIC_KEY_BYTES, "cnf x")


def time(value: object, what: str) -> datetime:
    """Whole seconds since 1970 as aware UTC."""
    return datetime.fromtimestamp(number(value, 0, n.MAX_TIME, what), UTC)
