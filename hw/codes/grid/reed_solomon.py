"""Corrects one Reed-Solomon block of a QR symbol, with errors and erasures, by the package reedsolo."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import reedsolo

if TYPE_CHECKING:
    from collections.abc import Sequence


class CorrectedBlock(NamedTuple):
    """A corrected block, data and parity."""

    content: bytes
    errors: int
    erasures: int

    @property
    def load(self) -> int:
        """Parity bytes that the correction used up: two for an error, one for an erasure."""
        return 2 * self.errors + self.erasures


def correct(block: bytes, parity: int, erasures: Sequence[int] = (), spare: int = 0) -> CorrectedBlock | None:
    """The corrected block, or None if it needs more than `parity - spare` bytes of the parity.

    `erasures`: positions in the block whose bytes are unknown. One call takes 0.4 to 0.8 ms.
    """
    if len(erasures) > parity - spare:
        return None
    try:
        _, content, places = _codec(parity).decode(block, erase_pos=list(erasures))
    except (reedsolo.ReedSolomonError, ZeroDivisionError, IndexError):
        return None  # the last two: the solver of 1.7 on words far from any codeword
    errors = len(set(places) - set(erasures))
    corrected = CorrectedBlock(bytes(content), errors, len(erasures))
    return corrected if corrected.load <= parity - spare else None


@lru_cache(maxsize=16)  # QR has 13 numbers of parity bytes
def _codec(parity: int) -> Any:  # noqa: ANN401  the package has no types
    """The code of QR: GF(256) by 0x11D, roots from alpha^0."""
    return reedsolo.RSCodec(parity, nsize=255, fcr=0, prim=0x11D)
