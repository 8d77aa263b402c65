"""Merges the codes that camera and scanner read at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.card.numbers import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.ports import Scan, Symbol

# Scans are fetched with each frame. An older scan waited for a slow disk or a stalled camera, and its visitor
# may have gone. A camera with less than one frame a second counts as stalled.
MAX_AGE_MS = 2_000


def merge_codes(seen: Sequence[Symbol], scans: Sequence[Scan], tick_ms: int) -> tuple[Symbol, ...]:
    """The camera's symbols, and those scans that the camera does not see.

    The first device that reads a code presents it. Two symbols in one picture are two codes, even with the
    same text. Two scans with the same text are one code, which the scanner sent again. A scan of a text that
    the camera sees too is the same phone before both. Different texts at one moment are several codes.
    """
    known = {symbol.text for symbol in seen}
    added = {
        scan.symbol.text: scan.symbol
        for scan in scans
        if scan.symbol.text not in known and tick_ms - scan.tick_ms <= MAX_AGE_MS
    }
    return (*seen, *added.values())


def only_cards(scans: Sequence[Scan], items: Callable[[str], None] | None) -> Sequence[Scan]:
    """The scans that may be cards. `items`: takes the text of each other scan; None: all scans are kept."""
    if items is None:
        return scans
    for scan in scans:
        if not scan.symbol.text.startswith(PREFIX):
            items(scan.symbol.text)
    return [scan for scan in scans if scan.symbol.text.startswith(PREFIX)]
