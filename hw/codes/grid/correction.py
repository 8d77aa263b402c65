"""Corrects the codewords of a whole symbol from soft modules: hard decisions first, then erasures (GMD)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from hw.codes.grid.layout import data_path_of, mask_bits
from hw.codes.grid.reed_solomon import CorrectedBlock, correct
from hw.codes.grid.standard import data_lengths
from hw.codes.grid.structure import padding_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from hw.codes.grid.sampling import Image

# A random block of 2t parity bytes that is corrected by t errors passes with a chance of 1 in t!: erasures
# are many tries, so two parity bytes must stay unused as a check of 1 in 65,536.
_SPARE: Final = 2
_FULL: Final = 0.999  # share of the parity that is used up: no check is left in the block
_NEARLY_FULL: Final = 0.7
_FINE, _COARSE = 2, 4  # steps of the number of erasures
_SMALL_PARITY: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Interleaving:
    """Division of the codewords of one version and error level into blocks (clause 7.6)."""

    parity: int  # bytes in each block
    blocks: tuple[NDArray[np.intp], ...]  # places in the interleaved sequence
    codewords: int


@lru_cache(maxsize=160)
def interleaving_of(version: int, level: int) -> Interleaving:
    """The blocks, shorter ones first, as segno's table has them."""
    lengths, parity = data_lengths(version, level)
    places: list[list[int]] = [[] for _ in lengths]
    place = 0
    for column in range(max(lengths) + parity):
        for block, data in enumerate(lengths):
            in_data = column < data
            in_parity = column >= max(lengths)
            if in_data or in_parity:
                places[block].append(place)
                place += 1
    return Interleaving(parity, tuple(np.array(one, np.intp) for one in places), place)


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """A symbol's codewords after correction, whose content has the structure of QR data."""

    version: int
    level: int
    mask: int
    codewords: bytes  # interleaved, as they are drawn
    load: float  # the largest share of the parity that a block used up
    erasures: int
    padding: int  # bytes after the content, all with the value that the standard says
    changed: NDArray[np.bool_]  # codewords that the correction changed


def corrected(
    soft: Image,
    version: int,
    level: int,
    mask: int,
    *,
    erasures: bool = True,
    expired: Callable[[], bool] = lambda: False,
) -> Corrected | None:
    """The corrected symbol, or None if a block cannot be corrected or the content is not QR data."""
    path, plan = data_path_of(version), interleaving_of(version, level)
    bits = soft[path.rows, path.columns]
    bits = np.where(mask_bits(path, mask), -bits, bits)[: plan.codewords * 8].reshape(-1, 8)
    words = np.packbits(bits < 0, axis=1)[:, 0]
    confidence = np.abs(bits).min(1)
    content, mended, used = b"", words.copy(), []
    for places in plan.blocks:
        block = _block(words[places], confidence[places], plan.parity, erasures=erasures, expired=expired)
        if block is None:
            return None
        used.append(block)
        content += block.content[: -plan.parity]
        mended[places] = np.frombuffer(block.content, np.uint8)
    padding = padding_of(content, version)
    if padding is None:
        return None
    load = max(block.load for block in used) / plan.parity
    erased = sum(block.erasures for block in used)
    if not _checked(load, erased, padding):
        return None
    return Corrected(version, level, mask, mended.tobytes(), load, erased, padding, mended != words)


def _checked(load: float, erased: int, padding: int) -> bool:
    """Whether parity or padding bytes remain that a wrong correction would contradict."""
    if load > _FULL and padding < _SPARE:
        return False
    return not (erased and padding < 1 and load > _NEARLY_FULL)


def _block(
    words: NDArray[np.uint8],
    confidence: Image,
    parity: int,
    *,
    erasures: bool,
    expired: Callable[[], bool],
) -> CorrectedBlock | None:
    """One block: without erasures, then with ever more of its least certain bytes erased."""
    content = words.tobytes()
    block = correct(content, parity)
    if block is not None or not erasures:
        return block
    uncertain = np.argsort(confidence, kind="stable")
    for count in range(2, parity - 3, _FINE if parity < _SMALL_PARITY else _COARSE):
        if expired():
            return None
        block = correct(content, parity, uncertain[:count].tolist(), _SPARE)
        if block is not None:
            return block
    return None
