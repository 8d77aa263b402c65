"""Finds codes that belong to the background: a poster, a sticker, a printed or stale code before the camera.

A phone shows a new code every 20 s, and a code is valid for 30 s. A text that was in view for a minute is
therefore no visitor's, whatever it holds: it is not presented, and it disturbs no visitor.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.ports import Symbol

IN_VIEW_MS: Final = 60_000  # twice the life of a code
# A visitor who stands before a poster hides it; a passage with prompts and a PIN takes two minutes at most.
FORGET_MS: Final = 10 * 60_000
MAX_TEXTS: Final = 64  # an attacker who shows more of them stands before the camera


def code_digest(text: str) -> bytes:
    """16 bytes that stand for a code's text: the text itself holds a face template."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


@dataclass(slots=True)
class _Sighting:
    last_ms: int
    seen_ms: int = 0


class BackgroundCodes:
    """The texts in view, as digests, with the time for which each was seen.

    `gap_ms`: a text that is not read for longer was out of view. That time does not count; the time before
    and after it adds up until the text was away for FORGET_MS.
    """

    def __init__(self, gap_ms: int) -> None:
        self._gap_ms = gap_ms
        self._seen: dict[bytes, _Sighting] = {}  # the latest last
        self._found = 0

    def foreground(self, symbols: Sequence[Symbol], tick_ms: int) -> Sequence[Symbol]:
        """The symbols that are no background."""
        self._seen = {key: seen for key, seen in self._seen.items() if tick_ms - seen.last_ms <= FORGET_MS}
        for key in {code_digest(symbol.text) for symbol in symbols}:
            self._note(key, tick_ms)
        while len(self._seen) > MAX_TEXTS:
            del self._seen[next(iter(self._seen))]
        return tuple(each for each in symbols if not self._is_background(code_digest(each.text)))

    def take_found(self) -> int:
        """The number of texts that became background since the last call."""
        found, self._found = self._found, 0
        return found

    def _note(self, key: bytes, tick_ms: int) -> None:
        seen = self._seen.pop(key, None) or _Sighting(tick_ms)
        was_background = seen.seen_ms >= IN_VIEW_MS
        since_ms = tick_ms - seen.last_ms
        seen.seen_ms += since_ms if since_ms <= self._gap_ms else 0
        seen.last_ms = tick_ms
        self._seen[key] = seen
        self._found += seen.seen_ms >= IN_VIEW_MS and not was_background

    def _is_background(self, key: bytes) -> bool:
        seen = self._seen.get(key)
        return seen is not None and seen.seen_ms >= IN_VIEW_MS
