"""Makes the targets of a large status list: the full list, deltas of one step, merged deltas of many steps.

All state is in the repository. The last edition is expanded from its full list, and a merged delta is made of
the merged delta to that edition and the newest step: a bit that both flip does not change.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.errors import InputError
from edge.sync.names import list_target
from edge.trust.status import delta as statusdelta
from edge.trust.status import golomb
from edge.trust.status.status import Bitmaps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.sync.names import ListName
    from edge.trust.status.golomb import CodedSet
    from edge.trust.status.status import StatusManifest

STEPS: Final = 35  # five weeks of daily editions, one delta each
ENTRY_BYTES: Final = 152  # of a target in the metadata, which every device fetches with each publication
REACH: Final = 91  # serials: 13 weeks, from which on a merged delta is about as large as the full list
SPACING: Final = 7  # serials between the starts of two merged deltas
_DELTA: Final = struct.Struct(">4sIII")  # the head of a delta, as in edge.trust.status.delta


def next_edition(
    published: Mapping[str, bytes],
    name: ListName,
    old: StatusManifest | None,
    new: StatusManifest,
    bitmaps: Bitmaps,
) -> dict[str, bytes | None]:
    """The targets to put and to remove (None) so that devices can update from `old`, as published, to `new`.

    `published`: content by target name; `bitmaps`: those of `new`, checked. Raises InputError for a serial
    that does not follow `old`.
    """
    if old and old.serial >= new.serial:
        if old.serial == new.serial and _content(old) == _content(new):
            return {}  # signed again without a change
        raise InputError(
            f"{name.signed}: edition {new.serial} is not newer than the published edition {old.serial}",
            hint="publish the issuer's latest list; its serial grows by one with every change",
        )
    ways = _ways(published, name)
    full = statusdelta.encode_full(bitmaps, serial=new.serial)
    puts: dict[str, bytes | None] = dict.fromkeys(ways)
    puts[name.full(new.serial)] = full
    if old is None or old.size != new.size:
        return puts  # a list of another size starts again without deltas
    step = statusdelta.encode_delta(
        expanded(published, name, old), bitmaps, old_serial=old.serial, new_serial=new.serial
    )
    worth = len(full) // (2 * ENTRY_BYTES)  # more deltas cost all devices more metadata than they save
    if not worth:
        return puts
    bases = _bases(ways, old.serial)[: max(0, worth - STEPS)]
    made = {start: merge(published[name.delta(start, old.serial)], step) for start in bases}
    made = {start: delta for start, delta in made.items() if new.serial - start <= REACH} | {old.serial: step}
    puts |= {name.delta(start, new.serial): delta for start, delta in made.items() if len(delta) < len(full)}
    steps = _steps(ways, old.serial)
    for kept in steps[max(0, len(steps) + 1 - min(STEPS, worth)) :]:
        del puts[kept]
    return puts


def merge(first: bytes, second: bytes) -> bytes:
    """The delta from the start of `first` to the end of `second`, which starts at the end of `first`."""
    one, two = statusdelta.parse(first), statusdelta.parse(second)
    assert (one.size, one.serial) == (two.size, two.base), "the second starts at the end of the first"
    head = _DELTA.pack(statusdelta.DELTA_MAGIC, one.size, one.base, two.serial)
    return head + _either(one.revoked, two.revoked) + _either(one.suspended, two.suspended)


def _either(one: CodedSet, two: CodedSet) -> bytes:
    """The positions that are in one set only: 8 bytes each in memory, so 120 MB for 15 million."""
    places = np.setxor1d(_positions(one), _positions(two), assume_unique=True)
    return golomb.encode([places] if places.size else [], count=places.size, size=one.size)


def _positions(coded: CodedSet) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.concatenate([np.empty(0, np.int64), *coded.positions()])


def _content(manifest: StatusManifest) -> tuple[int, bytes, bytes]:
    return manifest.size, manifest.revoked_sha256, manifest.suspended_sha256


def _ways(published: Mapping[str, bytes], name: ListName) -> dict[str, tuple[int | None, int]]:
    """Start and end serial of each file of the list; a full list has the start None."""
    found = {path: list_target(path) for path in published}
    return {
        path: (target.start, target.end)
        for path, target in found.items()
        if target and target.of == name and target.end is not None
    }


def _steps(ways: Mapping[str, tuple[int | None, int]], current: int) -> list[str]:
    """The deltas from one edition to the next, in order."""
    deltas = sorted((end, start, path) for path, (start, end) in ways.items() if start is not None)
    return [path for end, start, path in deltas if end < current or start == max(deltas)[1]]


def _bases(ways: Mapping[str, tuple[int | None, int]], current: int) -> list[int]:
    """The starts of the deltas to extend, SPACING apart; the one of the last step may be new."""
    bases: list[int] = []
    for start in sorted(start for start, end in ways.values() if start is not None and end == current):
        if not bases or start - bases[-1] >= SPACING:
            bases.append(start)
    return bases


def expanded(published: Mapping[str, bytes], name: ListName, manifest: StatusManifest) -> Bitmaps:
    """The bitmaps of the published edition, from its full list."""
    bitmaps = Bitmaps.zeroed(manifest.size)
    statusdelta.expand(published[name.full(manifest.serial)], bitmaps, serial=manifest.serial)
    manifest.check(bitmaps)
    return bitmaps
