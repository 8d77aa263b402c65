"""Mends a suspect; no text leaves that the engine itself did not read from the corrected symbol."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hw.codes.grid.mend import mend

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.ports import Pixels, Symbol
    from hw.codes.grid.mend import Mended
    from hw.codes.grid.suspects import Suspect
    from hw.codes.zxing import ZxingReader


def mended_symbol(
    reader: ZxingReader,
    luma: Pixels,
    suspect: Suspect,
    *,
    thorough: bool,
    expired: Callable[[], bool],
) -> Symbol | None:
    """The suspect's symbol as the engine reads it after correction, or None. See hw.codes.grid.mend."""
    mended = mend(luma, suspect, thorough=thorough, expired=expired)
    return None if mended is None else confirmed(reader, mended)


def confirmed(reader: ZxingReader, mended: Mended) -> Symbol | None:
    """The symbol that the engine reads from the corrected one, or None."""
    symbols = reader.read(mended.picture)
    if len(symbols) != 1:
        return None
    corners = tuple((float(x), float(y)) for x, y in mended.corners)
    return replace(symbols[0], corners=corners, mended=True)
