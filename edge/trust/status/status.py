"""Is this card still good? Two bits a card, one for revoked and one for suspended (STATUS.md)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.errors import Refused, UpdateRejected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from typing_extensions import Buffer

MAX_SIZE: Final = 2**31  # more than any nation has people; a bitmap is 256 MB then
_HINT: Final = "take the full list"


def bitmap_bytes(size: int) -> int:
    """How many bytes `size` bits take."""
    return (size + 7) // 8


class WrongList(UpdateRejected):
    """Bitmaps that are not the ones that the issuer signed."""


@dataclass(frozen=True, slots=True)
class StatusList:
    """The standing of cards 0 to size - 1, as signed at `issued_at`. Bits count from the least significant.

    Each bitmap has ceil(size / 8) bytes and is read where it lies: bytes, or a view of a mapped file. How
    they came here is the business of `edge.trust.status.signed_file`.
    """

    size: int
    revoked: Sequence[int] = field(repr=False)
    suspended: Sequence[int] = field(repr=False)
    issued_at: datetime
    expires: datetime  # after this the issuer itself no longer stands by the list: it is stale
    serial: int = 0  # of its manifest; a list with its bitmaps inside has none

    def check(self, index: int) -> None:
        """Raises Refused: CARD_REVOKED, CARD_SUSPENDED, or STATUS_UNKNOWN for an index past the end."""
        if not 0 <= index < self.size:
            raise Refused(Reason.STATUS_UNKNOWN, "index past the end of the list")
        byte, bit = index >> 3, index & 7
        if self.revoked[byte] >> bit & 1:
            raise Refused(Reason.CARD_REVOKED, "its bit is set")
        if self.suspended[byte] >> bit & 1:
            raise Refused(Reason.CARD_SUSPENDED, "its bit is set")


@dataclass(frozen=True, slots=True)
class Bitmaps:
    """The bits of a list of `size` cards, in two buffers of ceil(size / 8) bytes, writable if need be."""

    size: int
    revoked: Buffer = field(repr=False)
    suspended: Buffer = field(repr=False)

    @classmethod
    def zeroed(cls, size: int) -> Bitmaps:
        """All cards in good standing, in memory."""
        return cls(size, bytearray(bitmap_bytes(size)), bytearray(bitmap_bytes(size)))


@dataclass(frozen=True, slots=True)
class StatusManifest:
    """What an issuer signs of a list that is too large to be in one file with its bitmaps.

    `serial` is 1 for the first edition, and one more for each that differs from the one before.
    """

    size: int
    serial: int
    revoked_sha256: bytes
    suspended_sha256: bytes
    issued_at: datetime
    expires: datetime

    @classmethod
    def of(cls, bitmaps: Bitmaps, *, serial: int, issued_at: datetime, expires: datetime) -> StatusManifest:
        """The manifest of these bitmaps. Times are aware UTC, in whole seconds."""
        revoked, suspended = _sha256(bitmaps.revoked), _sha256(bitmaps.suspended)
        return cls(bitmaps.size, serial, revoked, suspended, issued_at, expires)

    def check(self, bitmaps: Bitmaps) -> StatusList:
        """The list, if these are the bitmaps that were signed: length, hash, nothing past the end.

        Raises WrongList. The list reads the buffers where they are: they must not change any more.
        """
        if bitmaps.size != self.size:
            raise WrongList(f"bitmaps of {bitmaps.size} cards, not {self.size}", hint=_HINT)
        return StatusList(
            self.size,
            self._checked(bitmaps.revoked, self.revoked_sha256, "revoked"),
            self._checked(bitmaps.suspended, self.suspended_sha256, "suspended"),
            self.issued_at,
            self.expires,
            self.serial,
        )

    def _checked(self, bits: Buffer, sha256: bytes, what: str) -> memoryview:
        view = memoryview(bits).cast("B")
        if len(view) != bitmap_bytes(self.size):
            raise WrongList(f"{what}: {len(view)} bytes, not {bitmap_bytes(self.size)}", hint=_HINT)
        if self.size % 8 and view[-1] >> self.size % 8:
            raise WrongList(f"{what}: bits past the end", hint=_HINT)
        if _sha256(view) != sha256:
            raise WrongList(f"{what}: not the bitmap that the issuer signed", hint=_HINT)
        return view.toreadonly()


def _sha256(bits: Buffer) -> bytes:
    return hashlib.sha256(bits).digest()
