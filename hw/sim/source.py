"""A repository in memory, whose server can be made to fail in all known ways."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import repeat
from typing import TYPE_CHECKING

from edge.errors import FetchError, NotThere
from hw.network.source import CHUNK_BYTES, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, MutableMapping


class SourceFaultKind(StrEnum):
    """Kinds of failure of one file."""

    MISSING = "missing"
    ERROR_500 = "error 500"
    SLOW = "slow"  # some bytes, then too few of them in a second
    CUT_OFF = "cut off"  # some bytes, then the connection is lost
    SHORT = "short"  # some bytes, then an end as of a whole file
    ENDLESS = "endless"  # the file, then zeros without end
    GARBAGE = "garbage"  # the right number of bytes, all of them wrong


@dataclass(frozen=True, slots=True)
class SourceFault:
    """A failure of `kind` after `after_bytes` of the requested bytes, `times` times; None: always."""

    kind: SourceFaultKind
    after_bytes: int = 0
    times: int | None = None


@dataclass
class SimSource:
    """Implements Source over `files`. `trouble`: the failure of each file; `asked`: the fetches so far."""

    files: Mapping[str, bytes]
    trouble: MutableMapping[str, SourceFault] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)

    def fetch(self, name: str, *, offset: int = 0) -> Iterator[bytes]:
        parts_of(name)
        self.asked.append((name, offset))
        trouble = self._next_trouble(name)
        if name not in self.files or (trouble and trouble.kind is SourceFaultKind.MISSING):
            raise NotThere(f"{name}: no such file")
        data = self.files[name][offset:]
        if trouble is None:
            yield from _chunks(data)
        else:
            yield from _suffer(trouble, name, data)

    def _next_trouble(self, name: str) -> SourceFault | None:
        trouble = self.trouble.get(name)
        if trouble is not None and trouble.times is not None:
            left = SourceFault(trouble.kind, trouble.after_bytes, trouble.times - 1)
            self.trouble[name] = left
            return trouble if left.times is not None and left.times >= 0 else None
        return trouble


def _chunks(data: bytes) -> Iterator[bytes]:
    yield from (data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES))


def _suffer(trouble: SourceFault, name: str, data: bytes) -> Iterator[bytes]:
    match trouble.kind:
        case SourceFaultKind.ENDLESS:
            yield from _chunks(data)
            yield from repeat(bytes(CHUNK_BYTES))
        case SourceFaultKind.GARBAGE:
            yield from _chunks(bytes(byte ^ 0x5A for byte in data))
        case SourceFaultKind.SHORT:
            yield from _chunks(data[: trouble.after_bytes])
        case SourceFaultKind.ERROR_500:
            raise FetchError(f"{name}: the server answers 500")
        case SourceFaultKind.CUT_OFF | SourceFaultKind.SLOW:
            yield from _chunks(data[: trouble.after_bytes])
            what = "the connection was lost" if trouble.kind is SourceFaultKind.CUT_OFF else "is too slow"
            raise FetchError(f"{name}: {what}")
        case SourceFaultKind.MISSING:
            raise NotThere(f"{name}: no such file")
