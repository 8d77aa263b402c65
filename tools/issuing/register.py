"""The issuer's register: the card behind each bit of the status list, its standing and the office's label.

A label is the office's own note of the holder; it is in no card and in no published file.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge.errors import InputError
from edge.trust.status.status import bitmap_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# An index goes to the next card only when no device can accept the old card any more: a clock that lost
# power falls back to its floor, which is as old as the last list of the device.
REST: Final = timedelta(days=30)
MAX_CAPACITY: Final = (
    100_000_000  # two bitmaps of 12.5 MB, made in memory; a larger country has an issuer in every region
)


class CardStanding(StrEnum):
    """The standing of a card with its issuer."""

    GOOD = "good"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class IndexUse(StrEnum):
    """The use of an index: the card, or one document linked to it."""

    CARD = "card"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One index of the status list. `expires`: of the card, aware UTC; `box`: id of its sealed template.

    `subject`: the pseudonym in the card; `label`: the office's note of its holder. Empty: none.
    """

    index: int
    card_id: bytes = field(repr=False)
    part: IndexUse
    issued_at: datetime
    expires: datetime
    standing: CardStanding = CardStanding.GOOD
    box: bytes = field(default=b"", repr=False)
    subject: str = field(default="", repr=False)
    label: str = field(default="", repr=False)

    def check_change(self, standing: CardStanding) -> None:
        """Raises InputError if this standing cannot follow: revoked is final."""
        if self.standing is CardStanding.REVOKED and standing is not CardStanding.REVOKED:
            raise InputError("this card is revoked, which is final", hint="enrol the holder again")


@dataclass(frozen=True, slots=True)
class Edition:
    """The last manifest of a list: its serial, and both hashes of its bitmaps. Serial 0: there was none."""

    serial: int = 0
    hashes: bytes = b""


class Register:
    """The issuer's side of a status list of `capacity` indexes."""

    def __init__(
        self, capacity: int, entries: Iterable[RegisterEntry] = (), edition: Edition | None = None
    ) -> None:
        if not 1 <= capacity <= MAX_CAPACITY:
            raise InputError(
                f"a list of {capacity} cards, not 1 to {MAX_CAPACITY}", hint="choose another capacity"
            )
        self.capacity = capacity
        self.edition = edition or Edition()
        self._entries = {entry.index: entry for entry in entries}

    def __iter__(self) -> Iterator[RegisterEntry]:
        return iter(sorted(self._entries.values(), key=lambda entry: entry.index))

    def allocate(self, count: int, *, now: datetime, randbelow: Callable[[int], int]) -> tuple[int, ...]:
        """Random free indexes; a random index does not show the time of issue.

        Expected tries are capacity / free for each: two for a list half full, a million for the last index of
        a million. Raises InputError when the list has fewer free ones.
        """
        held = {index for index, entry in self._entries.items() if entry.expires + REST > now}
        if self.capacity - len(held) < count:
            raise InputError(
                f"{len(held)} of {self.capacity} indexes are in use, and {count} more are needed",
                hint="start another list, with more capacity and another URI",
            )
        found: list[int] = []
        while len(found) < count:
            index = randbelow(self.capacity)
            if index not in held:
                held.add(index)
                found.append(index)
        return tuple(found)

    def add(self, entry: RegisterEntry) -> None:
        """Adds an entry; it replaces the expired entry of this index."""
        assert 0 <= entry.index < self.capacity, "allocate gave this index"
        self._entries[entry.index] = entry

    def find(self, card_id: bytes) -> RegisterEntry:
        """The entry of a card itself, not of its documents. Raises InputError."""
        for entry in self._entries.values():
            if entry.card_id == card_id and entry.part is IndexUse.CARD:
                return entry
        raise InputError(
            "no card in the register has this id", hint="list the ids with: doorward-issuer list"
        )

    def documents(self, card_id: bytes) -> int:
        """Number of documents that are linked to a card."""
        return sum(entry.card_id == card_id and entry.part is IndexUse.DOCUMENT for entry in self)

    def label(self, card_id: bytes, label: str) -> RegisterEntry:
        """Changes the label of a card, or deletes it if `label` is empty. Raises InputError."""
        changed = replace(self.find(card_id), label=label)
        self._entries[changed.index] = changed
        return changed

    def stand(self, index: int, standing: CardStanding) -> RegisterEntry:
        """Changes the standing of an index, and returns its entry. Raises InputError; revoked is final."""
        entry = self._entries.get(index)
        if entry is None:
            raise InputError(
                f"no card has the index {index}", hint="list the indexes with: doorward-issuer list"
            )
        entry.check_change(standing)
        changed = replace(entry, standing=standing)
        self._entries[index] = changed
        return changed

    def boxes(self, now: datetime) -> frozenset[bytes]:
        """Ids of the sealed templates that a site needs: of cards neither revoked nor expired."""
        return frozenset(
            entry.box
            for entry in self
            if entry.box and entry.expires > now and entry.standing is not CardStanding.REVOKED
        )

    def serial_of(self, hashes: bytes) -> int:
        """The serial for bitmaps with these hashes: one more than the last, or the last if they are equal."""
        if hashes != self.edition.hashes:
            self.edition = Edition(self.edition.serial + 1, hashes)
        return self.edition.serial

    def bitmap(self, standing: CardStanding) -> bytes:
        """One bit per index, least significant first, set for this standing; ceil(capacity / 8) bytes."""
        bits = bytearray(bitmap_bytes(self.capacity))
        for entry in self._entries.values():
            if entry.standing is standing:
                bits[entry.index // 8] |= 1 << entry.index % 8
        return bytes(bits)
