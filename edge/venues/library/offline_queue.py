"""Loans and returns made while the library system was offline: kept in order, and sent to it later.

An entry that the system then refuses is a conflict, which staff must resolve.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from edge.venues.library.lending import Lend, TakeBack


class OfflineState(StrEnum):
    """The state of an entry. An accepted entry is erased at once."""

    WAITING = "waiting"
    REFUSED = "refused"  # the system objects: staff must resolve it


@dataclass(frozen=True, slots=True)
class OfflineEntry:
    """One loan or return without the system. `lines`: the system's text about its refusal."""

    seq: int
    act: Lend | TakeBack = field(repr=False)
    at: datetime
    state: OfflineState = OfflineState.WAITING
    lines: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class UploadedEntry:
    """One entry that was sent. `refused`: the system's text if it objects, or None."""

    entry: OfflineEntry
    refused: tuple[str, ...] | None = field(repr=False)
