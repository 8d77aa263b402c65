"""Status lists: two bits for each card, revoked and suspended, and their manifests (STATUS.md)."""

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

MAX_SIZE: Final = 2**31  # more than the people of any nation; a bitmap then has 256 MB
_HINT: Final = "fetch the full list"


def bitmap_bytes(size: int) -> int:
    """The number of bytes for `size` bits."""
    return (size + 7) // 8


class WrongList(UpdateRejected):
    """Bitmaps that the issuer did not sign."""


@dataclass(frozen=True, slots=True)
class StatusList:
    """The status of cards 0 to size - 1, as signed at `issued_at`. Bits count from the least significant.

    Each bitmap has ceil(size / 8) bytes: bytes, or a view of a mapped file, which is not copied.
    `edge.trust.status.signed_file` reads and writes them.
    """

    size: int
    revoked: Sequence[int] = field(repr=False)
    suspended: Sequence[int] = field(repr=False)
    issued_at: datetime
    expires: datetime  # the issuer's own end: after it the list is stale
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
    """The bits of a list of `size` cards, in two buffers of ceil(size / 8) bytes, perhaps writable."""

    size: int
    revoked: Buffer = field(repr=False)
    suspended: Buffer = field(repr=False)

    @classmethod
    def zeroed(cls, size: int) -> Bitmaps:
        """Bitmaps in memory in which no card is revoked or suspended."""
        return cls(size, bytearray(bitmap_bytes(size)), bytearray(bitmap_bytes(size)))


@dataclass(frozen=True, slots=True)
class StatusManifest:
    """Signed sizes and hashes of a list whose bitmaps are in files of their own.

    `serial` is 1 for the first edition, and one more for each edition that differs from the one before.
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
        """The list, if these are the signed bitmaps: length, hash, no bits past the end.

        Raises WrongList. The list reads the buffers without a copy, so they must not change any more.
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
