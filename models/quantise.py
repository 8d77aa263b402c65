"""Two int8 files from one float graph, with ai-edge-quantizer. No TensorFlow.

static: int8 weights and int8 activations. It needs the range of every activation, from calibration.json,
    because a build machine has no photographs.
weight-only: int8 weights, float arithmetic. For tflite-runtime 2.14, which runs static int8 11 times slower.

The quantizer is not installed: Python imports it from the archives that manifest.toml pins.
"""

from __future__ import annotations

import os
import sys
import warnings
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing  # noqa: ICN001  the quantizer uses np.typing, and leaves its import to scipy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def add_archives(wheels: Sequence[Path]) -> None:
    """Makes these wheels of pure Python importable, before all that is installed."""
    sys.path[:0] = [str(wheel) for wheel in wheels if str(wheel) not in sys.path]


def static_int8(content: bytes, ranges: Mapping[str, tuple[float, float]]) -> bytes:
    """int8 model of an equalised float one. `ranges`: activation name to its smallest and largest value."""
    limits = {name: {"min": _limit(low), "max": _limit(high)} for name, (low, high) in ranges.items()}
    return _quantised(content, "static_wi8_ai8", limits)


def weight_only_int8(content: bytes) -> bytes:
    """The float model with its weights stored as int8."""
    return _quantised(content, "weight_only_wi8_afp32", None)


def _quantised(
    content: bytes, recipe: str, ranges: dict[str, dict[str, NDArray[np.float32]]] | None
) -> bytes:
    with _without_scipy():
        package = import_module("ai_edge_quantizer")
        recipes = import_module("ai_edge_quantizer.recipe")
    job = package.quantizer.Quantizer(bytearray(content), getattr(recipes, recipe)())
    with _silence(), warnings.catch_warnings(action="ignore", category=UserWarning):  # "for debugging only"
        result = job.quantize(ranges, enable_progress_bar=False, enable_progress_report=False)
    return bytes(result.quantized_model)


@contextmanager
def _without_scipy() -> Iterator[None]:
    """An empty module stands for scipy.linalg, which the quantizer imports for GPTQ alone: 35 MB to fetch."""
    absent = [] if find_spec("scipy") else ["scipy", "scipy.linalg"]
    sys.modules.update({name: ModuleType(name) for name in absent})
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


@contextmanager
def _silence() -> Iterator[None]:
    """Hides a progress bar and a C++ log line that have no switch; errors are raised anyway."""
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
