"""The embedding network MobileFaceNet (Chen et al., 2018): an aligned crop to a vector of 192 numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.errors import ModelFault
from edge.face.geometry import CROP_PX
from edge.face.template import EMBEDDING, unit

if TYPE_CHECKING:
    from edge.ports import Floats, Network, Pixels

LEVELS = (np.arange(256, dtype=np.float32) - 127.5) / 128.0  # the input of the graph for each grey level
LEVELS.flags.writeable = False  # so that a network converts them once


class Embedder:
    """The embedding network. Raises ModelFault if the graph is another one."""

    def __init__(self, network: Network) -> None:
        if network.input_shape != (1, CROP_PX, CROP_PX, 3):
            raise ModelFault(f"the embedder: input {network.input_shape}, not (1, 112, 112, 3)")
        self._network = network

    def embed(self, crop: Pixels) -> Floats:
        """Unit float32 (192,) of an aligned uint8 (112, 112, 3) RGB crop."""
        outputs = self._network.run(crop, LEVELS)
        if [out.size for out in outputs] != [EMBEDDING]:
            raise ModelFault(f"the embedder: output {[out.shape for out in outputs]}, not 192 numbers")
        raw = outputs[0].reshape(EMBEDDING)
        if not (np.isfinite(raw).all() and raw.any()):
            raise ModelFault("the embedder: its output is zero or not finite, so the model is damaged")
        return unit(raw)
