"""Builds the two networks of passive PAD, MiniFASNet V2 and V1SE, from Minivision's weights.

Architecture: Silent-Face-Anti-Spoofing, src/model_lib/MiniFASNet.py (Minivision, 2020, Apache-2.0). Each
batch normalisation is folded into the convolution before it. The two matrices at the end have only a batch
normalisation between them, so they are one: 512 numbers to 3 classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge.errors import ModelFault
from models import quantise
from models.pad import torch_file
from models.pad.graph_builder import GraphBuilder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

INPUT_PX: Final = 80
EPSILON: Final = 1e-5  # of PyTorch's batch normalisation
STAGES: Final = (
    ("conv_3", 4, "conv_34"),
    ("conv_4", 6, "conv_45"),
    ("conv_5", 2, ""),
)  # blocks, then a smaller one
NORM_OF: Final = {"conv": "bn", "fc1": "bn1", "fc2": "bn2"}  # the batch normalisation after each convolution


def build(content: bytes, name: str) -> bytes:
    """The network with weights as int8 and arithmetic in float, (1, 80, 80, 3) -> (1, 3). Raises ModelFault.

    `content`: Minivision's file, `name`: its name. Static int8 was slower on x86-64, differed from the float
    network by up to 0.43 (this one by 0.12), and would need pictures to calibrate: models/pad.md.
    """
    return quantise.weight_only_int8(float_network(content, name))


def float_network(content: bytes, name: str) -> bytes:
    """The network in float32. Raises ModelFault for a file with other weights."""
    weights = torch_file.read(content, name)
    try:
        return _Layers(weights).network()
    except (KeyError, ValueError, IndexError) as err:
        raise ModelFault(
            f"{name}: its weights are not those of MiniFASNet: {err}",
            hint="get the weights that models/pad.md names",
        ) from err


class _Layers:
    """The layers of one network, by the names that its weights have."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self._weights = weights
        self._graph = GraphBuilder(INPUT_PX, about="MiniFASNet")

    def network(self) -> bytes:
        """The whole graph. Raises KeyError, ValueError for other weights."""
        x = self._block(self._graph.input, "conv1", stride=2, padded=True)
        x = self._block(x, "conv2_dw", padded=True)
        x = self._depthwise(x, "conv_23", stride=2)
        for stage, blocks, smaller in STAGES:
            for number in range(blocks):
                x = self._residual(x, f"{stage}.model.{number}")
            if smaller:
                x = self._depthwise(x, smaller, stride=2)
        x = self._block(x, "conv_6_sep")
        x = self._block(x, "conv_6_dw")
        flat = self._graph.flatten(x, "flat")
        return self._graph.finish(self._graph.matrix(flat, "logits", *self._classes()))

    def _block(self, source: int, stem: str, *, stride: int = 1, padded: bool = False) -> int:
        """A convolution with its batch normalisation, and a PReLU if the block has one."""
        x = self._graph.convolution(source, stem, *self._folded(f"{stem}.conv"), stride=stride, padded=padded)
        slopes = self._weights.get(f"{stem}.prelu.weight")
        return x if slopes is None else self._graph.prelu(x, f"{stem}/prelu", slopes)

    def _depthwise(self, source: int, stem: str, *, stride: int = 1) -> int:
        """1x1 to more channels, 3x3 in each channel, 1x1 to fewer."""
        x = self._block(source, f"{stem}.conv")
        x = self._block(x, f"{stem}.conv_dw", stride=stride, padded=True)
        return self._block(x, f"{stem}.project")

    def _residual(self, source: int, stem: str) -> int:
        x = self._depthwise(source, stem)
        if f"{stem}.se_module.fc1.weight" in self._weights:
            x = self._excited(x, f"{stem}.se_module")
        return self._graph.add(source, x, f"{stem}/add")

    def _excited(self, source: int, stem: str) -> int:
        """Squeeze and excitation: each channel times a gate that the means of all channels set."""
        gate = self._graph.mean(source, f"{stem}/mean")
        gate = self._graph.convolution(gate, f"{stem}/fc1", *self._folded(f"{stem}.fc1"), relu=True)
        gate = self._graph.convolution(gate, f"{stem}/fc2", *self._folded(f"{stem}.fc2"))
        return self._graph.multiply(source, self._graph.logistic(gate, f"{stem}/gate"), f"{stem}/scaled")

    def _folded(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The kernel and the bias of a convolution with the batch normalisation after it."""
        stem, _, last = name.rpartition(".")
        scale, shift = self._norm(f"{stem}.{NORM_OF[last]}")
        kernel = self._weights[f"{name}.weight"] * scale[:, np.newaxis, np.newaxis, np.newaxis]
        return kernel.astype(np.float32), shift.astype(np.float32)

    def _norm(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """A batch normalisation as y = scale * x + shift."""
        weight, bias, mean, variance = (
            self._weights[f"{name}.{part}"].astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = weight / np.sqrt(variance + EPSILON)
        return scale, bias - mean * scale

    def _classes(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Matrix and bias from the flat features to the logits."""
        scale, shift = self._norm("bn")
        outer, inner = self._weights["prob.weight"].astype(np.float64), self._weights["linear.weight"]
        matrix, bias = np.zeros((len(outer), inner.shape[1])), np.zeros(len(outer))
        for k in range(len(inner)):  # not outer @ inner: the order of a BLAS's additions differs by machine
            matrix += (outer[:, k] * scale[k])[:, np.newaxis] * inner[k].astype(np.float64)
            bias += outer[:, k] * shift[k]
        return matrix.astype(np.float32), bias.astype(np.float32)
