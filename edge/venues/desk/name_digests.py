"""Keyed digests of names and references, so that a device compares them without keeping a name. DESK.md 3.

Exactly two spellings of each name count: without its marks ("Muller") and as ICAO 9303 part 3 section 6
transliterates it ("Mueller"). A name in Han or Arabic letters never equals its romanisation: a name has
several, and a guess would admit the wrong guest.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.keyed_digest import DigestDomain, keyed_digest

if TYPE_CHECKING:
    from datetime import date

    from edge.card.person import Person

# Letters that Unicode does not decompose into a letter and a mark.
_WHOLE: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "\u0131": "i"}
)
_SIGNS: Final = re.compile(r"[^0-9a-z]")
_WORDS: Final = re.compile(r"[0-9a-z]+")
_ICAO: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "ñ": "n"})


def spellings(family: str, given: str) -> frozenset[str]:
    """The one or two spellings by which a name is compared: family name, and the first given name.

    Property systems often keep one given name; cards have all of them.
    """
    return frozenset(
        f"{''.join(_words(family, icao=icao))}\0{next(iter(_words(given, icao=icao)), '')}"
        for icao in (False, True)
    )


def reference(text: str) -> str:
    """A booking's reference without case, spaces and hyphens."""
    if text.isascii():  # the fast path for nearly all: a list has a million of them
        return _SIGNS.sub("", text.lower())
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


def _words(name: str, *, icao: bool) -> list[str]:
    if name.isascii():  # likewise
        return _WORDS.findall(name.lower().replace("'", "").replace("`", ""))
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())
    if icao:
        folded = folded.translate(_ICAO)
    bare = unicodedata.normalize("NFKD", folded.translate(_WHOLE))
    letters = "".join(
        char if char.isalnum() else "" if unicodedata.combining(char) or char in "'\u2019`" else " "
        for char in bare
    )
    return letters.split()


@dataclass(frozen=True, slots=True)
class Digests:
    """Makes digests under a key of 32 bytes that never leaves this device."""

    key: bytes = field(repr=False)

    def names(self, family: str, given: str) -> frozenset[bytes]:
        """One digest for each spelling of a name."""
        return frozenset(self._of(DigestDomain.DESK_NAME, text) for text in spellings(family, given))

    def reference(self, text: str) -> bytes:
        """Digest of a booking's reference."""
        return self._of(DigestDomain.DESK_BOOKING, reference(text))

    def birth(self, day: date) -> bytes:
        """Digest of a birth date."""
        return self._of(DigestDomain.DESK_BIRTH, day.isoformat())

    def person(self, person: Person) -> bytes:
        """Digest of a card's holder, as its issuer names them."""
        return person.digest(self.key, DigestDomain.DESK_SUBJECT)

    def _of(self, domain: DigestDomain, text: str) -> bytes:
        return keyed_digest(self.key, domain, text.encode())
