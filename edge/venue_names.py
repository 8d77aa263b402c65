"""Names of kinds of venue: `gate` is what older files call a `library`."""

from __future__ import annotations

from typing import Final

FORMER: Final = "gate"
LIBRARY: Final = "library"


def venue_name(word: str) -> str:
    """The name of today for a kind of venue that a file or a command line names."""
    return LIBRARY if word == FORMER else word
