"""Makes and reads calibration.json: numbers about the embedder, measured on a folder of portraits.

Scales level the channels (equalise.py), ranges bound the activations (quantise.py). A maintainer makes them
once; a build needs no photograph, and every machine gets equal bytes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edge.cli.output import progress
from edge.errors import ModelFault
from models import equalise
from models.tflite_graph import Graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from edge.ports import Pixels

# The range of an activation: nine faces in ten stay within it. Every share from 75 to 97 % is as good
# (0.9944); the extreme of all faces costs resolution (0.9938), their mean cuts too much off (0.9940).
SHARE = 90
# Pixels are (p - 127.5) / 128. With exactly this range the stored int8 is p - 128, and no pixel saturates.
INPUT_RANGE = (-1.0, 127 / 128)


class ActivationRanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A calibration. `scales`: k per channel by site (equalise.py). `ranges`: least and greatest value."""

    faces: int
    scales: dict[str, list[int]]
    ranges: dict[str, tuple[float, float]]


def load(text: str) -> ActivationRanges:
    """The calibration in a text. Raises ModelFault where the text is not one."""
    try:
        return msgspec.json.decode(text, type=ActivationRanges)
    except msgspec.DecodeError as err:
        raise ModelFault(
            f"calibration.json: {err}", hint="reinstall doorward, or in a checkout: git checkout models"
        ) from err


def dump(calibration: ActivationRanges) -> str:
    """The text of a calibration, one site or activation a line, so that a diff can be read."""
    parts = [f'"faces": {calibration.faces}']
    for title, rows in (("scales", calibration.scales), ("ranges", calibration.ranges)):
        lines = [
            f"  {json.dumps(name)}: {json.dumps(row, separators=(',', ':'))}" for name, row in rows.items()
        ]
        parts.append(f'"{title}": {{\n' + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def calibrate(content: bytes, crops: list[Pixels]) -> ActivationRanges:
    """The scales and ranges of a float embedder, from aligned uint8 (112, 112, 3) RGB faces."""
    probes = [((crop.astype(np.float32) - 127.5) / 128.0)[np.newaxis] for crop in crops]
    peaks: dict[str, NDArray[np.float32]] = {}
    for seen in progress(_activations(content, probes), total=len(probes), label="levelling channels"):
        for name, values in seen.items():
            peak = np.abs(values).max(axis=tuple(range(values.ndim - 1))) + np.float32(1e-6)
            peaks[name] = np.maximum(peak, peaks.get(name, peak))
    scales = equalise.choose(content, peaks)

    extremes: dict[str, list[tuple[float, float]]] = {}
    level = equalise.apply(content, scales)
    for seen in progress(_activations(level, probes), total=len(probes), label="measuring ranges"):
        for name, values in seen.items():
            extremes.setdefault(name, []).append((float(values.min()), float(values.max())))
    ranges = {name: _range(np.array(rows)) for name, rows in extremes.items()}
    return ActivationRanges(len(crops), scales, {Graph(content).name_of_input(): INPUT_RANGE} | ranges)


def _range(extremes: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(extremes[:, 0], 100 - SHARE), np.percentile(extremes[:, 1], SHARE)
    return float(f"{low:.4g}"), float(f"{high:.4g}")  # 4 digits: a tenth of an int8 step


def _activations(
    content: bytes, probes: list[NDArray[np.float32]]
) -> Iterator[dict[str, NDArray[np.float32]]]:
    """The outputs of all operators by name, for one picture after the other."""
    interpreter = Interpreter(
        model_content=content,
        num_threads=1,
        experimental_preserve_all_tensors=True,
        # XNNPACK would fuse operators, and the tensors between them would be empty
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    graph = Graph(content)
    outputs = [int(op.outputs[0]) for op in graph.operators]
    for probe in probes:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], probe)
        interpreter.invoke()
        yield {graph.name(tensor): interpreter.get_tensor(tensor) for tensor in outputs}
