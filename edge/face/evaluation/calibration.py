"""The false match rate of one site, estimated from pairs of strangers there, and the file that holds it.

A threshold of one place is not valid at another: if all pictures share a camera and a background, strangers
look more alike than in the pictures of a benchmark. A calibration names its engine, and holds the sha256 of
its own canonical content, which reveals a changed model or a changed file. The hash is no signature: an
attacker who can write the file can also write its hash.
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
from edge.formats.untrusted_text import UnreadableText, typed_json

if TYPE_CHECKING:
    from datetime import date

    from edge.ports import Floats

MAX_CALIBRATION_BYTES = 64 * 1024  # twenty times the largest file that MAX_ROWS allows
MAX_ROWS = 32  # three a decade, from 1 in 100 to 1 in 10 million, are sixteen
REDO = "make it again: doorward face calibrate"
LEAST = 100  # a weaker check than 1 in 100 is useless
CAREFUL = 10_000  # the "1 in N" of a site that sets none, if its comparisons support it

Sha256 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=40)]
Day = Annotated[str, Meta(pattern=r"\A\d{4}-\d{2}-\d{2}\Z")]
Rate = Annotated[float, Meta(ge=0, le=1)]
MatchCount = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class _Strict(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class CalibrationRow(_Strict, frozen=True):
    """The `cosine` that at most one stranger in `one_in` reaches, with 95 % confidence.

    `matches`: non-mated comparisons that reached it; `fmr`: their share, with its interval `low` to `high`.
    """

    one_in: Annotated[int, Meta(ge=LEAST)]
    cosine: Annotated[float, Meta(gt=0, le=1)]
    matches: MatchCount
    fmr: Rate
    low: Rate
    high: Rate

    def __post_init__(self) -> None:
        if self.high * self.one_in > 1 + 1e-9:
            raise ValueError("one_in of a row is more than its interval supports")


class Parts(_Strict, frozen=True):
    """The model, embedder and template basis for which a calibration is valid."""

    model_id: Name
    embedder_sha256: Sha256
    basis_sha256: Sha256


class Calibration(_Strict, frozen=True):
    """The comparisons of strangers at one site. `people` is null if the source does not tell them apart."""

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


_decoder = msgspec.json.Decoder(_File)
_encoder = msgspec.json.Encoder(order="sorted")


def estimate(
    non_mated: Floats, *, total: int, ceiling: float = 1.0, unseen: int = 0
) -> tuple[CalibrationRow, ...]:
    """The thresholds that `total` non-mated comparisons support, for 1 in 100 and above.

    Each is the lowest cosine at which even the upper end of the 95 % interval meets "1 in N", so that few
    comparisons give a careful threshold.

    Args:
        non_mated: their similarities in any order; of very many the highest fiftieth is enough.
        total: the number of comparisons.
        ceiling: the source has no similarities above this.
        unseen: the possible number of matches above the ceiling; they count in every row.

    Raises:
        InputError: the comparisons are too few, or too similar, for 1 in 100.
    """
    ordered = np.sort(non_mated)[::-1]
    promises = _promises(total, unseen)
    if not promises:
        needed = next(n for n in range(total + 1, 1 << 20) if rare(unseen, n)[1] * LEAST <= 1)
        raise InputError(
            f"{total} non-mated comparisons support no threshold, at least {needed} are needed",
            hint="collect more pairs: 1 in N needs three times N comparisons without a match",
        )
    rows: list[CalibrationRow] = []
    for one_in in promises:
        over = float(ordered[_allowed(one_in, total) - unseen])
        # the next number of four digits above it; 0.001 keeps it above as float32 too, whose ulp is 0.0006
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
            f"at least 1 stranger in {LEAST} is above {ceiling:.3f}, the highest known similarity",
            hint="look at the pairs with the highest similarity: they may be one person under two names",
        )
    return tuple(rows)


def seal(calibration: Calibration) -> bytes:
    """The file of a calibration: indented JSON with the sha256 of its canonical form."""
    sealed = _File(calibration=calibration, sha256=_sha256(calibration))
    return msgspec.json.format(_encoder.encode(sealed), indent=2) + b"\n"


def parse(data: bytes) -> Calibration:
    """The calibration in a file. Raises ModelFault if it is malformed or its sha256 does not match."""
    if len(data) > MAX_CALIBRATION_BYTES:
        raise ModelFault(
            f"the calibration has {len(data)} bytes, at most {MAX_CALIBRATION_BYTES} are allowed", hint=REDO
        )
    try:
        file = typed_json(data, _decoder)
    except UnreadableText as err:
        raise ModelFault(f"the calibration cannot be used: {str(err).lower()}", hint=REDO) from err
    if file.sha256 != _sha256(file.calibration):
        raise ModelFault("the calibration does not have the sha256 in it, so it was altered", hint=REDO)
    return file.calibration


def site_threshold(
    calibration: Calibration, parts: Parts, *, default: Threshold, one_in: int | None
) -> Threshold:
    """The threshold of this site, from its calibration.

    Without `one_in` it is the models' `default`, or more if the site needs more for 1 in 10,000 (or for the
    most that its comparisons support, if that is less).

    Raises:
        ModelFault: the calibration was made with other `parts` than these.
        ConfigError: the comparisons do not support `one_in`.
    """
    _check_parts(calibration.parts, parts)
    if one_in is not None and one_in > calibration.supported:
        raise ConfigError(
            f"1 in {one_in} is more than the calibration supports, at most 1 in {calibration.supported}",
            hint=f"calibrate with more people: it has {calibration.comparisons} comparisons",
        )
    asked = one_in or min(CAREFUL, calibration.supported)
    cosine = min(row.cosine for row in calibration.rows if row.one_in >= asked)
    if one_in is None:
        cosine = max(cosine, default.cosine)
    return Threshold(min(1 / row.one_in for row in calibration.rows if row.cosine <= cosine), cosine)


def day(now: date) -> str:
    """A date in the form of `Calibration.made`."""
    return f"{now:%Y-%m-%d}"


def _check_parts(made_with: Parts, parts: Parts) -> None:
    names = {"model_id": "model", "embedder_sha256": "embedder", "basis_sha256": "template basis"}
    for field, name in names.items():
        if getattr(made_with, field) != getattr(parts, field):
            raise ModelFault(f"the calibration was made with another {name} than this device's", hint=REDO)


def _promises(total: int, unseen: int) -> list[int]:
    """1, 2 and 5 of each decade from LEAST on, and the greatest N that is supported, to two digits."""
    most = int(1 / rare(unseen, total)[1]) if total > unseen else 0
    digits = 10 ** max(0, len(str(most)) - 2)
    ladder = [step * 10**decade for decade in range(2, 9) for step in (1, 2, 5)]
    return sorted({n for n in (*ladder, most // digits * digits) if LEAST <= n <= most})


def _allowed(one_in: int, total: int) -> int:
    """The most matches in `total` comparisons that still support 1 in `one_in`; zero matches do."""
    low, high = 0, total // one_in
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if rare(middle, total)[1] * one_in <= 1 else (low, middle - 1)
    return low


def _sha256(calibration: Calibration) -> str:
    return hashlib.sha256(_encoder.encode(calibration)).hexdigest()
