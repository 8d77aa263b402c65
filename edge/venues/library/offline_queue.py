"""Loans and returns made while the library system was offline: kept in order, and told to it later.

An entry that the system then refuses is a conflict, which staff have to resolve.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from edge.venues.library.sip2.messages import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from edge.venues.library.lending import Lend, TakeBack
    from edge.venues.library.sip2.replies import Circulated


class OfflineState(StrEnum):
    """The state of an entry. An accepted entry is erased at once."""

    WAITING = "waiting"
    REFUSED = "refused"  # the system objects: staff have to see to it


@dataclass(frozen=True, slots=True)
class OfflineEntry:
    """One act without the system. `lines`: why it was refused, in the system's own words."""

    seq: int
    act: Lend | TakeBack = field(repr=False)
    at: datetime
    state: OfflineState = OfflineState.WAITING
    lines: tuple[str, ...] = field(default=(), repr=False)


class OfflineQueue(Protocol):
    """The store of entries. Raises StorageFault."""

    def add(self, act: Lend | TakeBack, at: datetime) -> OfflineEntry:
        """Durable when this returns."""
        ...

    def entries(self, state: OfflineState | None = None) -> Sequence[OfflineEntry]:
        """The oldest first."""
        ...

    def first(self) -> OfflineEntry | None:
        """The oldest that waits."""
        ...

    def refuse(self, seq: int, lines: tuple[str, ...]) -> None: ...

    def erase(self, seq: int) -> None: ...


@dataclass(frozen=True, slots=True)
class UploadedEntry:
    """One entry of an upload. `refused`: the system objects, in these lines."""

    entry: OfflineEntry
    refused: tuple[str, ...] | None = field(repr=False)


def tell_first(queue: OfflineQueue, tell: Callable[[OfflineEntry], Circulated]) -> UploadedEntry | None:
    """Tell the system the oldest entry that waits, and keep what it objects to; None: nothing waits.

    A return must never overtake the loan before it: where there is no answer (`tell` raises HostFault)
    that entry waits on, and all behind it. An answer that makes no sense would make none tomorrow, and is a
    conflict. Raises HostFault, StorageFault.
    """
    entry = queue.first()
    if entry is None:
        return None
    try:
        result = tell(entry)
    except Malformed as fault:
        refused: tuple[str, ...] | None = (fault.message,)
    else:
        refused = None if result.done else result.lines
    if refused is None:
        queue.erase(entry.seq)
    else:
        queue.refuse(entry.seq, refused)
    return UploadedEntry(entry, refused)
