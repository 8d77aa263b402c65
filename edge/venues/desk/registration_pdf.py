"""Registration cards to print and sign: a page of A5 for each guest, as PDF.

Latin letters use fonts that every PDF reader has. Other letters use a TrueType font that the property names;
it is embedded. Without that font, Han, kana and hangul use the reader's own Asian fonts, which a desktop has
and a bare printer does not have; for other scripts the card says that the text cannot be printed.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final, TypeAlias

from edge.errors import ConfigError
from edge.venues.desk.export import document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import BinaryIO

    from reportlab.pdfgen.canvas import Canvas

    from edge.venues.desk.register_store import OpenedRegistration

_Letters: TypeAlias = frozenset[int]  # code points

_MISSING: Final = "(cannot be printed in this font: see the CSV)"
_LATIN: Final = "Helvetica"
_OWN: Final = "own"
_EAST_ASIAN: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
# National character sets and their fonts; the first set with all letters of a text is used.
_ASIAN: Final = (
    ("gb2312", "STSong-Light"),
    ("big5", "MSung-Light"),
    ("shift_jis", "HeiseiMin-W3"),
    ("euc_kr", "HYSMyeongJo-Medium"),
)
_LABELS: Final = {
    "reference": "booking",
    "family_name": "family name",
    "given_name": "given names",
    "birth_date": "date of birth",
    "nationality": "nationality",
    "document_type": "document",
    "document_number": "number",
    "document_issuer": "issued by",
    "expiry": "valid until",
    "address": "address",
    "arrival": "arrival",
    "departure": "departure",
    "guests": "guests",
    "covers": "minors in this guest's care",
}
_MARGIN, _TOP, _STEP, _VALUE_AT = 40, 540, 24, 160  # points; A5 is 420 by 595
_LINE_POINTS: Final = 220


def write_pdf(
    file: BinaryIO, registrations: Iterable[OpenedRegistration], *, title: str, font: Path | None = None
) -> int:
    """Write one page for each registration; the number of pages. `font`: for letters beyond Latin.

    Raises ConfigError if the font is not TrueType, or reportlab is missing.
    """
    try:
        from reportlab.lib.pagesizes import A5  # an optional part
        from reportlab.pdfgen.canvas import Canvas
    except ImportError as error:
        raise ConfigError(
            "registration cards need reportlab", hint="install it: pip install 'doorward[desk]'"
        ) from error
    letters = _register(font) if font is not None else frozenset()
    canvas = Canvas(file, pagesize=A5, pageCompression=0)
    canvas.setTitle(title)
    count = 0
    for opened in registrations:
        _draw(canvas, opened, title, letters=letters)
        canvas.showPage()
        count += 1
    if count:
        canvas.save()
    return count


def _draw(canvas: Canvas, opened: OpenedRegistration, title: str, *, letters: _Letters) -> None:
    canvas.setFont(_LATIN, 14)
    canvas.drawString(_MARGIN, _TOP, "Registration card")
    canvas.setFont(_LATIN, 9)
    canvas.drawString(_MARGIN, _TOP - 14, f"{title}, {opened.at:%Y-%m-%d %H:%M} UTC, no. {opened.seq}")
    at = _TOP - 48
    values = document(opened, title)
    for key, label in _LABELS.items():
        value = values[key]
        if not value:
            continue
        canvas.setFont(_LATIN, 8)
        canvas.drawString(_MARGIN, at, label)
        for line in _wrapped(canvas, str(value), letters=letters):
            canvas.drawString(_VALUE_AT, at, line)
            at -= 14
        at -= _STEP - 14
    canvas.line(_MARGIN, 70, _MARGIN + 200, 70)
    canvas.setFont(_LATIN, 8)
    canvas.drawString(_MARGIN, 58, "signature")


def _wrapped(canvas: Canvas, text: str, *, letters: _Letters) -> list[str]:
    """The text in lines that fit; sets the canvas to a font with its letters."""
    from reportlab.pdfbase.pdfmetrics import stringWidth

    font = _font_for(text, letters=letters)
    if font is None:
        font, text = _LATIN, _MISSING
    canvas.setFont(font, 11)
    lines = [""]
    for char in text:
        if stringWidth(lines[-1] + char, font, 11) > _LINE_POINTS:
            lines.append("")
        lines[-1] += char
    return [line.strip() for line in lines]


def _font_for(text: str, *, letters: _Letters) -> str | None:
    if _fits(text, "cp1252"):
        return _LATIN
    if all(ord(char) in letters for char in text):
        return _OWN
    if any(unicodedata.name(char, "").startswith(_EAST_ASIAN) for char in text):
        for codec, name in _ASIAN:
            if _fits(text, codec):
                _register_asian(name)
                return name
    return None


def _fits(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _register_asian(name: str) -> None:
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames, registerFont

    if name not in getRegisteredFontNames():
        registerFont(UnicodeCIDFont(name))


def _register(font: Path) -> _Letters:
    """Register this font for embedding; the letters that it has."""
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    try:
        loaded = TTFont(_OWN, str(font))
        registerFont(loaded)
    except (TTFError, OSError) as error:
        raise ConfigError(
            f"{font}: not a TrueType font", hint="use a .ttf file with TrueType outlines"
        ) from error
    return frozenset(loaded.face.charToGlyph)
