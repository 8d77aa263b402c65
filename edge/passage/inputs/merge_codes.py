"""Merges the codes that camera and scanner read at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.card.numbers import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.ports import Scan, Symbol

# Scans are fetched with each frame, so one that is older waited for a disk or a camera that hung, and whoever
# showed it may have gone. A frame a second is the slowest at which a camera is not called stalled.
MAX_AGE_MS = 2_000


def merge_codes(seen: Sequence[Symbol], scans: Sequence[Scan], tick_ms: int) -> tuple[Symbol, ...]:
    """The camera's symbols, and those of the scanner that it does not see.

    Whichever sees a code first presents it. Two symbols in one picture are two, even if they say the same.
    Two texts of a scanner that are the same are one code, which it told again; and one that the camera sees
    too is the same phone before both. Different texts at one moment are several codes, whoever told them.
    """
    known = {symbol.text for symbol in seen}
    added = {
        scan.symbol.text: scan.symbol
        for scan in scans
        if scan.symbol.text not in known and tick_ms - scan.tick_ms <= MAX_AGE_MS
    }
    return (*seen, *added.values())


def only_cards(scans: Sequence[Scan], items: Callable[[str], None] | None) -> Sequence[Scan]:
    """The scans that may be cards. `items` takes the text of each other one; None: no venue here does."""
    if items is None:
        return scans
    for scan in scans:
        if not scan.symbol.text.startswith(PREFIX):
            items(scan.symbol.text)
    return [scan for scan in scans if scan.symbol.text.startswith(PREFIX)]
