"""Transliteration of names as ICAO Doc 9303 part 3 (8th edition, 2021), section 6, recommends it for the MRZ.

Tables A (Latin letters), B (Cyrillic) and C (Arabic), in lower case. The letters of each table come in the
order of the document. https://www.icao.int/publications/Documents/9303_p3_cons_en.pdf
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    _Table = Mapping[int, str]


def _table(pairs: str) -> dict[int, str]:
    """A table written as `letter=letters`, with blanks between; `letter=` is not encoded."""
    split = (pair.split("=") for pair in pairs.split())
    return {ord(letter): latin for letter, latin in split}


# Table A has only capitals; the letters whose marks alone are dropped (Á, Ç, Ž ...) are not repeated here.
_WITHOUT_MARKS: Final = _table("ð=d đ=d ħ=h ı=i ł=l ŋ=n ŧ=t þ=th æ=ae œ=oe ø=o")  # noqa: RUF001
_ICAO: Final = _WITHOUT_MARKS | _table("ø=oe")
# "AE or A", "AA or A", "OE or O", "UE or UXX or U", "N or NXX": one state keeps to one of them in a name.
LATIN: Final[Sequence[_Table]] = (
    _WITHOUT_MARKS,  # ø = o is not in the document, but many lists have it
    _ICAO | _table("ä=ae å=aa ö=oe ü=ue"),
    _ICAO | _table("ñ=nxx ü=uxx"),
)

_CYRILLIC: Final = _table(
    # The document prints Ђ as Ћ, Ћ as Һ and Ѓ as Ғ: it means the letters of Serbian and Macedonian. The soft
    # sign has no row, and no state writes it.
    "ё=e ђ=d є=ie ѕ=dz і=i ї=i ј=j љ=lj њ=nj ќ=k ў=u џ=dz а=a б=b в=v г=g д=d е=e ж=zh з=z и=i й=i к=k л=l"  # noqa: RUF001
    " м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh щ=shch ъ=ie ы=y э=e ю=iu я=ia ѫ=u ѵ=y ґ=g"  # noqa: RUF001
    " ғ=g һ=c ѓ=g ћ=c ь="  # noqa: RUF001
)
_BELORUSSIAN: Final = _CYRILLIC | _table("ё=io г=h")  # noqa: RUF001
_SERBIAN: Final = _CYRILLIC | _table("г=h ж=z х=h ц=c ч=c ш=s")  # noqa: RUF001
_UKRAINIAN: Final = _CYRILLIC | _table("г=h и=y")  # noqa: RUF001
_BULGARIAN: Final = _CYRILLIC | _table("щ=sht")
_MACEDONIAN: Final = _CYRILLIC | _table("ќ=kj џ=dj х=h ц=c ғ=gj ѓ=gj")  # noqa: RUF001
_UKRAINIAN_FIRST: Final = _table("є=ye ї=yi й=y ю=yu я=ya")
_CYRILLIC_TABLES: Final[Sequence[tuple[_Table, _Table]]] = (
    (_CYRILLIC, {}),
    (_BELORUSSIAN, {}),
    (_SERBIAN, {}),
    (_UKRAINIAN, _UKRAINIAN_FIRST),
    (_BULGARIAN, {}),
    (_MACEDONIAN, {}),
)

_SHADDA: Final = "\u0651"  # doubles the letter before it
_ESCAPE: Final = "x"  # before letters that no letter of the Latin alphabet stands for
_TEH_MARBUTA: Final = "\u0629"  # XAH at the end of a name component
_ARABIC: Final[_Table] = {
    0x0621: "xe", 0x0622: "xaa", 0x0623: "xae", 0x0624: "u", 0x0625: "i", 0x0626: "xi", 0x0627: "a",
    0x0628: "b", 0x0629: "xta", 0x062A: "t", 0x062B: "xth", 0x062C: "j", 0x062D: "xh", 0x062E: "xkh",
    0x062F: "d", 0x0630: "xdh", 0x0631: "r", 0x0632: "z", 0x0633: "s", 0x0634: "xsh", 0x0635: "xss",
    0x0636: "xdz", 0x0637: "xtt", 0x0638: "xzz", 0x0639: "e", 0x063A: "g", 0x0640: "", 0x0641: "f",
    0x0642: "q", 0x0643: "k", 0x0644: "l", 0x0645: "m", 0x0646: "n", 0x0647: "h", 0x0648: "w",
    0x0649: "xay", 0x064A: "y", 0x064B: "", 0x064C: "", 0x064D: "", 0x064E: "", 0x064F: "", 0x0650: "",
    0x0652: "", 0x0670: "", 0x0671: "xxa", 0x0679: "xxt", 0x067C: "xrt", 0x067E: "p", 0x0681: "xke",
    0x0685: "xxh", 0x0686: "xc", 0x0688: "xxd", 0x0689: "xdr", 0x0691: "xxr", 0x0693: "xrr",
    0x0696: "xrx", 0x0698: "xj", 0x069A: "xxs", 0x069C: "", 0x06A2: "", 0x06A7: "", 0x06A8: "",
    0x06A9: "xkk", 0x06AB: "xxk", 0x06AD: "xng", 0x06AF: "xgg", 0x06BA: "xnn", 0x06BC: "xxn",
    0x06BE: "xdo", 0x06C0: "xyh", 0x06C1: "xxg", 0x06C2: "xge", 0x06C3: "xtg", 0x06CC: "xya",
    0x06CD: "xxy", 0x06D0: "y", 0x06D2: "xyb", 0x06D3: "xbe",
}  # fmt: skip


def romanised(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The words of a name in Cyrillic or Arabic letters as tables B and C write them, once for each language.

    The words are composed and without case. A name with letters of another script has no version.
    """
    for table, first in _CYRILLIC_TABLES:
        version = tuple(_word(word, table, first) for word in words)
        if all(word.isascii() for word in version):
            yield version


def _word(word: str, table: _Table, first: _Table) -> str:
    parts: list[str] = []
    for at, char in enumerate(word):
        if char == _SHADDA:
            said = parts[-1].removeprefix(_ESCAPE) if parts else ""  # ICAO's own example is FXDZDZXAH
        elif char == _TEH_MARBUTA and at == len(word) - 1:
            said = "xah"
        elif at == 0 and ord(char) in first:
            said = first[ord(char)]
        else:
            known = table.get(ord(char), _ARABIC.get(ord(char)))
            said = _plain(char) if known is None else known
        if said:  # a vowel that is not encoded may stand between a letter and its shadda
            parts.append(said)
    return "".join(parts)


def _plain(char: str) -> str:
    """A letter that is in neither table: without its marks, and without an apostrophe."""
    bare = unicodedata.normalize("NFD", char.translate(LATIN[0]))
    return "".join(part for part in bare if part != "'" and not unicodedata.combining(part))
