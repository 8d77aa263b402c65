"""The false match rate of one site, estimated from its own strangers, and the file that carries it.

Thresholds do not travel: where all pictures share a camera and a background strangers look more alike
than in the pictures a model was measured on. A calibration names the engine it was made with, and its own
sha256 over its canonical content, so that neither a swapped model nor a slip of the pen goes unnoticed. The
hash is no signature: who may write the file may also write a fitting hash.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from edge.errors import ConfigError, InputError, ModelFault
from edge.face.compare import Threshold
from edge.face.evaluation.intervals import rare

if TYPE_CHECKING:
    from datetime import date

    from edge.ports import Floats

MAX_CALIBRATION_BYTES = 64 * 1024  # twenty times the largest that MAX_ROWS allows
MAX_ROWS = 32  # three a decade, from 1 in 100 to 1 in 10 million: sixteen
REDO = "make it again: doorward face calibrate"
LEAST = 100  # below 1 in 100 a face is no check
CAREFUL = 10_000  # what a site that sets no "1 in N" gets, where its strangers support so much

Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=40)]
Day = Annotated[str, Meta(pattern=r"\A\d{4}-\d{2}-\d{2}\Z")]
Rate = Annotated[float, Meta(ge=0, le=1)]
MatchCount = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class _Strict(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class CalibrationRow(_Strict, frozen=True):
    """From `cosine` on at most one stranger in `one_in` matches, as far as 95 % can tell.

    `matches`: non-mated comparisons that reached it; `fmr`: their share, with `low` and `high` around it.
    """

    one_in: Annotated[int, Meta(ge=LEAST)]
    cosine: Annotated[float, Meta(gt=0, le=1)]
    matches: MatchCount
    fmr: Rate
    low: Rate
    high: Rate

    def __post_init__(self) -> None:
        if self.high * self.one_in > 1 + 1e-9:
            raise ValueError("a row promises more than its interval allows")


class Parts(_Strict, frozen=True):
    """What makes similarities comparable: a calibration holds for these and nothing else."""

    model_id: Name
    embedder_sha256: Sha256
    basis_sha256: Sha256


class Calibration(_Strict, frozen=True):
    """The strangers of one site, counted. `people` is null where the source does not tell them apart."""

    made: Day
    source: Literal["pictures", "journal"]
    parts: Parts
    people: MatchCount | None
    comparisons: MatchCount
    rows: Annotated[tuple[CalibrationRow, ...], Meta(min_length=1, max_length=MAX_ROWS)]
    format: Literal[1] = 1

    @property
    def supported(self) -> int:
        """The largest N of "1 in N" that this many comparisons support."""
        return max(row.one_in for row in self.rows)


class _File(_Strict, frozen=True):
    calibration: Calibration
    sha256: Sha256


_encoder = msgspec.json.Encoder(order="sorted")


def estimate(
    non_mated: Floats, *, total: int, ceiling: float = 1.0, unseen: int = 0
) -> tuple[CalibrationRow, ...]:
    """The thresholds that `total` non-mated comparisons support, for 1 in 100 and up.

    Each is the lowest cosine where even the upper end of the 95 % interval keeps the promise, so that few
    comparisons give careful thresholds, and not lucky ones.

    Args:
        non_mated: their similarities in any order; of very many the highest fiftieth is enough.
        total: how many comparisons there were.
        ceiling: above this similarity nothing is known.
        unseen: matches above the ceiling that have to be reckoned with; they count in every row.

    Raises:
        InputError: too few, or too much alike, for even 1 in 100.
    """
    ordered = np.sort(non_mated)[::-1]
    promises = _promises(total, unseen)
    if not promises:
        needed = next(n for n in range(total + 1, 1 << 20) if rare(unseen, n)[1] * LEAST <= 1)
        raise InputError(
            f"{total} non-mated comparisons support no threshold, at least {needed} are needed",
            hint="the rule of three: for 1 in N, three times N strangers of whom none matched",
        )
    rows: list[CalibrationRow] = []
    for one_in in promises:
        over = float(ordered[_allowed(one_in, total) - unseen])
        # above it, and short enough to be read; the 0.001 keeps it above as float32 too, whose ulp is 0.0006
        cosine = math.floor(max(over, 0.0) * 1e4 + 1.001) / 1e4
        if cosine > ceiling:
            break
        matches = int((ordered >= cosine).sum())
        low, high = rare(matches + unseen, total)
        fmr = (matches + unseen) / total
        rows.append(
            CalibrationRow(one_in=one_in, cosine=cosine, matches=matches, fmr=fmr, low=low, high=high)
        )
    if not rows:
        raise InputError(
            f"1 stranger in {LEAST} or more is above {ceiling:.3f}, beyond which nothing is known",
            hint="one person under two names? holders who were refused? look at the highest similarities",
        )
    return tuple(rows)


def seal(calibration: Calibration) -> bytes:
    """The file of a calibration: JSON for people, with the sha256 of its canonical form."""
    sealed = _File(calibration=calibration, sha256=_sha256(calibration))
    return msgspec.json.format(_encoder.encode(sealed), indent=2) + b"\n"


def parse(data: bytes) -> Calibration:
    """The calibration in a file. Raises ModelFault where it is none, or its sha256 is another's."""
    if len(data) > MAX_CALIBRATION_BYTES:
        raise ModelFault(f"the calibration is larger than {MAX_CALIBRATION_BYTES} bytes", hint=REDO)
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise ModelFault(f"the calibration cannot be used: {str(err).lower()}", hint=REDO) from err
    if file.sha256 != _sha256(file.calibration):
        raise ModelFault("the calibration does not have the sha256 it names: it was altered", hint=REDO)
    return file.calibration


def site_threshold(
    calibration: Calibration, parts: Parts, *, default: Threshold, one_in: int | None
) -> Threshold:
    """Where this site calls a similarity a match, by its own strangers.

    Without `one_in` the models' `default` stays, unless the site needs more for 1 in 10,000, or for the most
    that its comparisons support where they are fewer.

    Raises:
        ModelFault: the calibration was made with other `parts` than these.
        ConfigError: `one_in` is more than the comparisons support.
    """
    _check_parts(calibration.parts, parts)
    if one_in is not None and one_in > calibration.supported:
        raise ConfigError(
            f"1 in {one_in} is more than the calibration supports: at most 1 in {calibration.supported}",
            hint=f"it rests on {calibration.comparisons} comparisons; calibrate with more people",
        )
    asked = one_in or min(CAREFUL, calibration.supported)
    cosine = min(row.cosine for row in calibration.rows if row.one_in >= asked)
    if one_in is None:
        cosine = max(cosine, default.cosine)
    return Threshold(min(1 / row.one_in for row in calibration.rows if row.cosine <= cosine), cosine)


def day(now: date) -> str:
    """A date as `Calibration.made` wants it."""
    return f"{now:%Y-%m-%d}"


def _check_parts(made_with: Parts, parts: Parts) -> None:
    names = {"model_id": "model", "embedder_sha256": "embedder", "basis_sha256": "template basis"}
    for field, name in names.items():
        if getattr(made_with, field) != getattr(parts, field):
            raise ModelFault(f"the calibration was made with another {name} than this device's", hint=REDO)


def _promises(total: int, unseen: int) -> list[int]:
    """1, 2 and 5 of each decade from LEAST on, and the most that can be promised, to two digits."""
    most = int(1 / rare(unseen, total)[1]) if total > unseen else 0
    digits = 10 ** max(0, len(str(most)) - 2)
    ladder = [step * 10**decade for decade in range(2, 9) for step in (1, 2, 5)]
    return sorted({n for n in (*ladder, most // digits * digits) if LEAST <= n <= most})


def _allowed(one_in: int, total: int) -> int:
    """The most matches in `total` comparisons that still promise 1 in `one_in`; none is known to."""
    low, high = 0, total // one_in
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if rare(middle, total)[1] * one_in <= 1 else (low, middle - 1)
    return low


def _sha256(calibration: Calibration) -> str:
    return hashlib.sha256(_encoder.encode(calibration)).hexdigest()
