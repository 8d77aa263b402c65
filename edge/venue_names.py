"""Names of kinds of venue: `gate` is the old name of `library`."""

from __future__ import annotations

from typing import Final

FORMER: Final = "gate"
LIBRARY: Final = "library"


def venue_name(word: str) -> str:
    """The current name of a kind of venue in a file or a command line."""
    return LIBRARY if word == FORMER else word
