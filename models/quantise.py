"""Makes the two int8 files of the embedder from one float graph, without TensorFlow.

static: int8 weights and int8 activations. It needs the range of every activation, from calibration.json,
    because a build machine has no photographs.
weight-only: int8 weights, float arithmetic. For tflite-runtime 2.14, which runs static int8 11 times slower.
"""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_quantizer import quantizer, recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray


def static_int8(content: bytes, ranges: Mapping[str, tuple[float, float]]) -> bytes:
    """The int8 model of an equalised float one. `ranges`: least and greatest value by activation name."""
    job = quantizer.Quantizer(bytearray(content), recipe.static_wi8_ai8())
    return _quantised(
        job, {name: {"min": _limit(low), "max": _limit(high)} for name, (low, high) in ranges.items()}
    )


def weight_only_int8(content: bytes) -> bytes:
    """The float model with its weights stored as int8."""
    return _quantised(quantizer.Quantizer(bytearray(content), recipe.weight_only_wi8_afp32()), None)


def _quantised(job: quantizer.Quantizer, ranges: dict[str, dict[str, NDArray[np.float32]]] | None) -> bytes:
    with _silence(), warnings.catch_warnings(action="ignore", category=UserWarning):  # "for debugging only"
        result = job.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
    return bytes(result.quantized_model)


@contextmanager
def _silence() -> Iterator[None]:
    """Discard a progress bar and a C++ log line that have no switch; failures are raised all the same."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123  a descriptor is wanted, not a path
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)


def _limit(value: float) -> NDArray[np.float32]:
    # in ai-edge-quantizer the shape 1, 1, 1, 1 means one range for the whole tensor of four dimensions
    return np.full((1, 1, 1, 1), value, np.float32)
