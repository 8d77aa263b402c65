"""Coded files of status lists: full lists, and deltas between two serials (STATUS.md section 3).

    full  = "DWF1"  size (u32)              serial (u32)  set of revoked  set of suspended
    delta = "DWD1"  size (u32)  from (u32)  to (u32)      set of revoked  set of suspended

`edge.trust.status.golomb` codes the sets; in a delta they hold the bits to flip. Neither file is signed, so
`StatusManifest.check` must accept the result. Every failure is an UpdateRejected: the content of the buffer
is then undefined, and the device takes the full list.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from edge.errors import UpdateRejected
from edge.trust.status import bitmap, golomb
from edge.trust.status.golomb import HINT, malformed
from edge.trust.status.status import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import Buffer

    from edge.trust.status.bitmap import Positions
    from edge.trust.status.golomb import CodedSet
    from edge.trust.status.status import Bitmaps

FULL_MAGIC: Final = b"DWF1"
DELTA_MAGIC: Final = b"DWD1"
_FULL: Final = struct.Struct(">4sII")
_DELTA: Final = struct.Struct(">4sIII")


class WrongBase(UpdateRejected):
    """A delta for another serial or another number of cards than the list on this device."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The header of a file, from serial to serial, and the bits to flip. `base`: None in a full list."""

    size: int
    base: int | None
    serial: int
    revoked: CodedSet = field(repr=False)
    suspended: CodedSet = field(repr=False)


def encode_full(bitmaps: Bitmaps, *, serial: int) -> bytes:
    """The file of a full list, which `expand` reads."""
    head = _FULL.pack(FULL_MAGIC, bitmaps.size, serial)
    sets = (
        _encode(partial(bitmap.positions, bitmap.as_bytes(bits)), bitmaps.size)
        for bits in (bitmaps.revoked, bitmaps.suspended)
    )
    return head + b"".join(sets)


def encode_delta(old: Bitmaps, new: Bitmaps, *, old_serial: int, new_serial: int) -> bytes:
    """The file of the changes between two editions of a list of one size, which `apply` reads."""
    assert old.size == new.size, "a list that grows needs a full list"
    assert old_serial < new_serial, "serials ascend"
    head = _DELTA.pack(DELTA_MAGIC, new.size, old_serial, new_serial)
    sets = (
        _encode(partial(bitmap.differences, bitmap.as_bytes(before), bitmap.as_bytes(after)), new.size)
        for before, after in ((old.revoked, new.revoked), (old.suspended, new.suspended))
    )
    return head + b"".join(sets)


def parse(data: Buffer) -> StatusChange:
    """The header and sets of a full list or a delta; the positions are checked when they are read.

    Raises UpdateRejected. Nothing is copied: the change refers to `data`.
    """
    view = memoryview(data).cast("B")
    magic = bytes(view[:4])
    if magic == FULL_MAGIC and len(view) >= _FULL.size:
        _, size, serial = _FULL.unpack_from(view)
        base, rest = None, view[_FULL.size :]
    elif magic == DELTA_MAGIC and len(view) >= _DELTA.size:
        _, size, base, serial = _DELTA.unpack_from(view)
        rest = view[_DELTA.size :]
        if base >= serial or not base:
            raise malformed("a delta that does not lead forward")
    else:
        raise malformed("it begins with neither DWF1 nor DWD1")
    if not 1 <= size <= MAX_SIZE:
        raise malformed(f"a list of {size} cards")
    if not serial:
        raise malformed("serial 0")
    revoked, rest = golomb.parse(rest, size)
    suspended, rest = golomb.parse(rest, size)
    if rest:
        raise malformed("bytes after the end")
    return StatusChange(size, base, serial, revoked, suspended)


def expand(full: Buffer, bitmaps: Bitmaps, *, serial: int) -> None:
    """Write a full list into bitmaps that are all zero. Raises UpdateRejected."""
    change = parse(full)
    if change.base is not None:
        raise malformed("a delta instead of a full list")
    if (change.size, change.serial) != (bitmaps.size, serial):
        raise WrongBase("the full list of another edition than the manifest", hint=HINT)
    _flip(change, bitmaps)


def apply(delta: Buffer, bitmaps: Bitmaps, *, serial: int) -> int:
    """Flip the bits of a delta in place, in bitmaps of edition `serial`. Returns their new serial.

    Raises WrongBase before any change, and UpdateRejected. `StatusManifest.check` finds a delta that is
    applied twice or to the wrong bitmaps, so it has to follow the last delta of a chain.
    """
    change = parse(delta)
    if change.base is None:
        raise malformed("a full list instead of a delta")
    if change.size != bitmaps.size:
        raise WrongBase(f"a delta for {change.size} cards, but the list here has {bitmaps.size}", hint=HINT)
    if change.base != serial:
        raise WrongBase(f"a delta from serial {change.base}, but the list here has {serial}", hint=HINT)
    _flip(change, bitmaps)
    return change.serial


def _flip(change: StatusChange, bitmaps: Bitmaps) -> None:
    for coded, bits in ((change.revoked, bitmaps.revoked), (change.suspended, bitmaps.suspended)):
        whole = bitmap.as_bytes(bits)
        for places in coded.positions():
            bitmap.flip(whole, places)


def _encode(blocks: Callable[[], Iterable[Positions]], size: int) -> bytes:
    """Encode the positions in two passes, to count and to encode, so that they are never all in memory."""
    count = sum(block.size for block in blocks())
    return golomb.encode(blocks(), count=count, size=size)
