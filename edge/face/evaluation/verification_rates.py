"""Error rates of face comparison: accuracy by folds, EER, TAR at a false match rate.

Terms of ISO/IEC 19795-1: mated pairs show one person, non-mated pairs two. A pair in which one picture gives
no probe has the similarity NO_PROBE. It is never a match, so a failure to acquire counts as it does at a
door.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from edge.ports import Floats

Bools = NDArray[np.bool_]

FOLDS = 10
NO_PROBE = -1.0  # the smallest cosine
# Of 50 million non-mated similarities (10,000 pictures) the highest 8 %, in 16 MB.
KEEP = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Similarities:
    """Similarities of all pairs of pictures. `non_mated`: the highest of `total` similarities, or all."""

    mated: Floats
    non_mated: Floats
    total: int


@dataclass(frozen=True, slots=True)
class DetPoint:
    """The two error rates of one threshold."""

    fmr: float
    fnmr: float
    cosine: float


@dataclass(frozen=True, slots=True)
class Rates:
    """Error rates over all pairs, as fractions.

    `tar` and `cosine`, the threshold: for each false match rate; `mated`, `non_mated`: counts.
    """

    eer: float
    tar: Mapping[float, float]
    cosine: Mapping[float, float]
    mated: int
    non_mated: int


def accuracy(scores: Floats, same: Bools, folds: int = FOLDS) -> float:
    """Share of pairs decided correctly: each fold, in listed order, at the best threshold of the others.

    `scores` float32 (n,), `same` bool (n,), with at least one pair in each fold.
    """
    right = 0
    for part in np.array_split(np.arange(len(scores)), folds):
        rest = np.ones(len(scores), dtype=bool)
        rest[part] = False
        cut = best_threshold(scores[rest], same[rest])
        right += int(((scores[part] >= cut) == same[part]).sum())
    return right / len(scores)


def best_threshold(scores: Floats, same: Bools) -> float:
    """The lowest threshold (a match is >=) that decides most pairs correctly: the middle of a gap."""
    cuts = np.unique(scores)
    mated, non_mated = np.sort(scores[same]), np.sort(scores[~same])
    right = (len(mated) - np.searchsorted(mated, cuts)) + np.searchsorted(non_mated, cuts)
    best = int(right.argmax())
    return float(cuts[max(0, best - 1) : best + 1].mean())


def rates(mated: Floats, non_mated: Floats, at: Sequence[float], *, total: int | None = None) -> Rates:
    """Error rates of all mated and non-mated similarities, neither empty.

    `total`: the number of non-mated similarities, if `non_mated` holds only the highest.
    """
    mated, non_mated, total = np.sort(mated), np.sort(non_mated), total or len(non_mated)
    cuts = {fmr: _cut(non_mated, fmr, total) for fmr in at}
    return Rates(
        eer=equal_error_rate(mated, non_mated, total),
        tar={fmr: _share_from(mated, cut) for fmr, cut in cuts.items()},
        cosine=cuts,
        mated=len(mated),
        non_mated=total,
    )


def equal_error_rate(mated: Floats, non_mated: Floats, total: int | None = None) -> float:
    """The rate at which FMR equals FNMR, or their mean where they are closest. Both arrays are sorted."""
    cuts = np.unique(np.concatenate([mated, non_mated]))
    if total is not None and total > len(non_mated):
        cuts = cuts[cuts >= non_mated[0]]  # below it the FMR is not known
    fnmr = np.searchsorted(mated, cuts) / len(mated)
    fmr = (len(non_mated) - np.searchsorted(non_mated, cuts)) / (total or len(non_mated))
    nearest = int(np.abs(fnmr - fmr).argmin())
    return float(fnmr[nearest] + fmr[nearest]) / 2


def det(found: Similarities, *, steps: int) -> Iterator[DetPoint]:
    """The detection error trade-off: `steps` thresholds a decade, from an FMR of 50 % to a single match."""
    mated, non_mated = np.sort(found.mated), np.sort(found.non_mated)
    last = int(steps * np.log10(found.total / 2) + 1e-9)
    for step in range(last + 1):
        fmr = 0.5 * 10 ** (-step / steps)
        if fmr * found.total < len(non_mated):
            cut = _cut(non_mated, fmr, found.total)
            over = len(non_mated) - int(np.searchsorted(non_mated, np.float32(cut)))
            yield DetPoint(over / found.total, 1 - _share_from(mated, cut), cut)


def identities(names: Sequence[str], same: Iterable[tuple[str, str]]) -> list[int]:
    """The number of the person for each picture name.

    Two names are one person if a pair in `same` joins them, or if their file names are equal before the last
    underscore ("Ann_Lee_0001.jpg": Ann_Lee).
    """
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            parent[node] = node = parent[parent[node]]
        return node

    for name in names:
        parent[root(f"picture {name}")] = root(f"person {_person(name)}")
    for a, b in same:
        parent[root(f"picture {a}")] = root(f"picture {b}")
    numbers: dict[str, int] = {}
    return [numbers.setdefault(root(f"picture {name}"), len(numbers)) for name in names]


def all_pairs(references: Floats, probes: Floats, people: Sequence[int], *, keep: int = KEEP) -> Similarities:
    """Similarities of all pairs of pictures; the earlier picture is the reference.

    `references`, `probes`: unit float32 (n, d), a row of NaN for a picture without a probe. The highest
    `keep` non-mated similarities are kept, at most twice as many.
    """
    person = np.asarray(people)
    mated: list[Floats] = []
    non_mated: list[Floats] = []
    held = total = 0
    for i, reference in enumerate(references):  # row by row: 10,000 pictures at once would take 400 MB
        scores = np.nan_to_num(probes[i + 1 :] @ reference, nan=NO_PROBE)
        same = person[i + 1 :] == person[i]
        mated.append(scores[same])
        non_mated.append(scores[~same])
        held += len(non_mated[-1])
        total += len(non_mated[-1])
        if held > 2 * keep:
            non_mated = [np.partition(np.concatenate(non_mated), held - keep)[held - keep :]]
            held = keep
    return Similarities(np.concatenate(mated), np.concatenate(non_mated), total)


def pair_scores(references: Floats, probes: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """Similarity of each listed pair (reference, probe) of row numbers."""
    a, b = np.asarray(pairs).T
    scores = (references[a] * probes[b]).sum(axis=1)
    return np.asarray(np.nan_to_num(scores, nan=NO_PROBE), dtype=np.float32)


def _cut(non_mated: Floats, fmr: float, total: int) -> float:
    """The lowest threshold that at most `fmr` of `total` reach. `non_mated`: the highest ones, sorted."""
    allowed = min(int(fmr * total + 1e-9), len(non_mated) - 1)  # 0.29 * 100 is 28.999...
    return float(np.nextafter(non_mated[-(allowed + 1)], np.float32(2)))


def _share_from(ordered: Floats, cut: float) -> float:
    return 1 - float(np.searchsorted(ordered, np.float32(cut))) / len(ordered)


def _person(name: str) -> str:
    stem = name.replace("\\", "/").rsplit("/", 1)[-1]
    return stem.rsplit("_", 1)[0] if "_" in stem else name
