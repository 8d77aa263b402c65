"""Registration cards to print and sign: a page of A5 for each guest, as PDF.

Latin letters come from the fonts that every reader has, Han, kana and hangul from Adobe's Asian fonts, which
readers have or fetch: nothing is embedded, and a card has 2 kB. Other scripts need a TrueType font of the
property's; without one the card says that a line could not be printed, and no letter is left out in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.errors import ConfigError
from edge.venues.desk_export import document

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from reportlab.pdfgen.canvas import Canvas

    from edge.venues.desk_store import Opened

_MISSING: Final = "(cannot be printed in this font: see the CSV)"
_LATIN: Final = "Helvetica"
_OWN: Final = "own"
# The first that has all letters of a text: code of a national set, and the font that holds it.
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


def write_pdf(path: Path, registrations: Iterable[Opened], *, title: str, font: Path | None = None) -> int:
    """One page each; how many that are. Raises ConfigError for a font, or where reportlab is missing."""
    try:
        from reportlab.lib.pagesizes import A5  # noqa: PLC0415  an optional part
        from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "registration cards need reportlab", hint="install it: pip install 'doorward[desk]'"
        ) from error
    if font is not None:
        _register(font)
    canvas = Canvas(str(path), pagesize=A5, pageCompression=0)
    canvas.setTitle(title)
    count = 0
    for opened in registrations:
        _draw(canvas, opened, title, has_own=font is not None)
        canvas.showPage()
        count += 1
    if count:
        canvas.save()
    return count


def _draw(canvas: Canvas, opened: Opened, title: str, *, has_own: bool) -> None:
    canvas.setFont(_LATIN, 14)
    canvas.drawString(_MARGIN, _TOP, "Registration card")
    canvas.setFont(_LATIN, 9)
    canvas.drawString(_MARGIN, _TOP - 14, f"{title}, {opened.at:%Y-%m-%d %H:%M} UTC, no. {opened.seq}")
    at = _TOP - 48
    values = document(opened)
    for key, label in _LABELS.items():
        value = values[key]
        if not value:
            continue
        canvas.setFont(_LATIN, 8)
        canvas.drawString(_MARGIN, at, label)
        for line in _wrapped(canvas, str(value), has_own=has_own):
            canvas.drawString(_VALUE_AT, at, line)
            at -= 14
        at -= _STEP - 14
    canvas.line(_MARGIN, 70, _MARGIN + 200, 70)
    canvas.setFont(_LATIN, 8)
    canvas.drawString(_MARGIN, 58, "signature")


def _wrapped(canvas: Canvas, text: str, *, has_own: bool) -> list[str]:
    """The text in lines that fit, with the canvas set to the font that has its letters."""
    from reportlab.pdfbase.pdfmetrics import stringWidth  # noqa: PLC0415

    font = _font_for(text, has_own=has_own)
    if font is None:
        font, text = _LATIN, _MISSING
    canvas.setFont(font, 11)
    lines = [""]
    for char in text:
        if stringWidth(lines[-1] + char, font, 11) > _LINE_POINTS:
            lines.append("")
        lines[-1] += char
    return lines


def _font_for(text: str, *, has_own: bool) -> str | None:
    if _fits(text, "cp1252"):
        return _LATIN
    if has_own:
        return _OWN
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
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415
    from reportlab.pdfbase.pdfmetrics import getRegisteredFontNames, registerFont  # noqa: PLC0415

    if name not in getRegisteredFontNames():
        registerFont(UnicodeCIDFont(name))


def _register(font: Path) -> None:
    from reportlab.pdfbase.pdfmetrics import registerFont  # noqa: PLC0415
    from reportlab.pdfbase.ttfonts import TTFError, TTFont  # noqa: PLC0415

    try:
        registerFont(TTFont(_OWN, str(font)))
    except (TTFError, OSError) as error:
        raise ConfigError(f"{font}: no TrueType font", hint="a .ttf with TrueType outlines") from error
