"""Keyed digests of names and references, so that a device compares them without keeping a name. DESK.md 3.

Marks are removed from Latin, Greek and Cyrillic letters only: in other scripts a mark is a vowel or another
consonant. A name in Cyrillic or Arabic letters also has the spellings of ICAO 9303 (`icao9303.py`), which are
compared with Latin names only: two names of one script are compared in that script.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from edge.keyed_digest import DigestDomain, keyed_digest
from edge.venues.desk.icao9303 import LATIN, romanised

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from edge.card.birth_date import BirthDate
    from edge.card.person import Person

_SIGNS: Final = re.compile(r"[^0-9a-z]")
_WORDS: Final = re.compile(r"[0-9a-z]+")
_MARKLESS: Final = ("LATIN ", "GREEK ", "CYRILLIC ")  # Unicode names of letters that lose their marks
_APOSTROPHE: Final = "'"
_MIDDLE_DOT: Final = "\u00b7"  # Catalan l·l; between Chinese names it is a space
# Characters that a keyboard, a word processor or a transcription writes for an apostrophe.
_APOSTROPHES: Final = (
    *(0x0060, 0x00B4, 0x02B9, 0x02BB, 0x02BC, 0x02BD, 0x02BE, 0x02BF, 0x02C8, 0x02CA, 0x02CB, 0x02EE),
    *(0x0374, 0x0384, 0x055A, 0x05F3, 0x07F4, 0x07F5, 0x1FBD, 0x1FBF, 0x1FEF, 0x1FFD, 0x1FFE, 0x2018),
    *(0x2019, 0x201A, 0x201B, 0x2032, 0x2035, 0x275B, 0x275C, 0xA78B, 0xA78C, 0xFF07, 0xFF40),
)
# Invisible: they stand between letters without being one. Names of blank letters are empty.
_INVISIBLE: Final = (
    *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180E, 0x180F),
    *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164,
    *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xE0000, 0xE1000),
)  # fmt: skip
_ONE_SIGN: Final[Mapping[int, str]] = (
    dict.fromkeys(_APOSTROPHES, _APOSTROPHE)
    | dict.fromkeys(_INVISIBLE, "")
    | {0x309B: "\u3099", 0x309C: "\u309a"}  # kana marks with a width: Unicode would put a space before them
)
# Digests of earlier versions had lost the marks of these names: no name of today equals one of them.
_OTHER_SCRIPT: Final = "\0with marks"
_ROMANISED: Final = "\0icao 9303\0"


def spellings(family: str, given: str) -> frozenset[str]:
    """The spellings by which a name is compared: family name, and the first given name.

    None for a family name without a letter. Property systems often keep one given name; cards have all.
    """
    if family.isascii() and given.isascii():  # the fast path for nearly all
        return _joined([_ascii_words(family)], [_ascii_words(given)])
    families, givens = _composed(family), _composed(given)
    return _joined(*([_bare_words(words, table) for table in LATIN] for words in (families, givens)))


def romanisations(family: str, given: str) -> frozenset[str]:
    """The spellings of a name in Cyrillic or Arabic letters in an MRZ; none for a Latin name."""
    families, givens = _composed(family), _composed(given)[:1]
    if all(spelling.isascii() for spelling in spellings(family, given)):
        return frozenset()
    versions = list(romanised([*families, *givens]))
    split = len(families)
    return _joined([words[:split] for words in versions], [words[split:] for words in versions])


def reference(text: str) -> str:
    """A booking's reference without case, spaces and hyphens."""
    if text.isascii():  # the fast path for nearly all: a list has a million of them
        return _SIGNS.sub("", text.lower())
    return "".join(_composed(text)).replace(_APOSTROPHE, "")


def _joined(families: Iterable[Sequence[str]], givens: Iterable[Sequence[str]]) -> frozenset[str]:
    names = {("".join(family), next(iter(given), "")) for family, given in zip(families, givens, strict=True)}
    texts = (f"{family}\0{given}" for family, given in names if any(map(str.isalnum, family)))
    return frozenset(text if text.isascii() else text + _OTHER_SCRIPT for text in texts)


def _ascii_words(name: str) -> list[str]:
    return _WORDS.findall(name.lower().replace("'", "").replace("`", ""))


def _composed(name: str) -> list[str]:
    """The words of a name with all their marks, without case and width, and with one kind of apostrophe."""
    text = name.translate(_ONE_SIGN)
    for _ in range(2):  # case folding takes characters apart that normalisation puts together
        text = unicodedata.normalize("NFKC", text).casefold().translate(_ONE_SIGN)
    text = unicodedata.normalize("NFKC", text)
    kept: list[str] = []
    for char in text:
        if char == _MIDDLE_DOT and kept and _loses_marks(kept[-1]):
            continue
        inside = char == _APOSTROPHE or char.isalnum() or unicodedata.category(char)[0] == "M"
        kept.append(char if inside else " ")
    words = (word.strip(_APOSTROPHE) for word in "".join(kept).split())
    return [word for word in words if word]


def _bare_words(words: Sequence[str], table: Mapping[int, str]) -> list[str]:
    return [bare for word in words if (bare := _bare(word, table))]


def _bare(word: str, table: Mapping[int, str]) -> str:
    """A word with the letters of `table`, and without the marks and apostrophes that are no letters."""
    kept: list[str] = []
    for char in word.translate(table):
        on_markless = not kept or _loses_marks(kept[-1])
        if _loses_marks(char):
            kept += (part for part in unicodedata.normalize("NFD", char) if not unicodedata.combining(part))
        elif not (on_markless and (char == _APOSTROPHE or _is_free_mark(char))):
            kept.append(char)
    return "".join(kept)


@lru_cache(maxsize=4_096)  # the letters of a list are few
def _loses_marks(char: str) -> bool:
    return char.isdecimal() or unicodedata.name(char, "").startswith(_MARKLESS)


@lru_cache(maxsize=4_096)
def _is_free_mark(char: str) -> bool:
    """Whether this mark belongs to no script: an acute accent does not, a vowel sign of Devanagari does."""
    return unicodedata.category(char)[0] == "M" and unicodedata.name(char, "").startswith("COMBINING ")


@dataclass(frozen=True, slots=True)
class Digests:
    """Makes digests under a key of 32 bytes that never leaves this device."""

    key: bytes = field(repr=False)

    def names(self, family: str, given: str) -> frozenset[bytes]:
        """One digest for each spelling of a name in its own script."""
        return frozenset(self._name(text) for text in spellings(family, given))

    def listed(self, family: str, given: str) -> frozenset[bytes]:
        """The digests of a name in a list; `shown` has the other half of the comparison."""
        marked = (self._name(_ROMANISED + text) for text in romanisations(family, given))
        return self.names(family, given).union(marked)

    def shown(self, family: str, given: str) -> frozenset[bytes]:
        """The digests of a name that a guest discloses: one of them is in `listed` if the names are equal.

        The mark on romanised spellings lets a Latin name meet one in other letters, and never two of these.
        """
        native, others = spellings(family, given), romanisations(family, given)
        latin = {_ROMANISED + text for text in native if text.isascii()}
        return frozenset(self._name(text) for text in native | others | latin)

    def reference(self, text: str) -> bytes:
        """Digest of a booking's reference."""
        return self._of(DigestDomain.DESK_BOOKING, reference(text))

    def births(self, born: BirthDate | None) -> frozenset[bytes]:
        """Digests of a birth date: of its year, of its year and month, and of the day, as far as known."""
        said = () if born is None else born.prefixes()
        return frozenset(self._of(DigestDomain.DESK_BIRTH, text) for text in said)

    def person(self, person: Person) -> bytes:
        """Digest of a card's holder, as its issuer names them."""
        return person.digest(self.key, DigestDomain.DESK_SUBJECT)

    def _name(self, text: str) -> bytes:
        return self._of(DigestDomain.DESK_NAME, text)

    def _of(self, domain: DigestDomain, text: str) -> bytes:
        return keyed_digest(self.key, domain, text.encode())
