"""The 64 directions of an embedding that a template keeps. Part of its format, so pinned, never recomputed.

The embedder's last layer is linear (192 outputs from 512) and nearly of rank 64: its left singular vectors
give the 64 directions of the 192 that it can reach, without any data. The SVDs of two machines may differ in
a sign or the last bit, and then templates on cards would be void. So basis.json holds the numbers, as int16.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from typing import TYPE_CHECKING

import numpy as np

from edge.errors import ModelFault
from models.tflite_graph import Graph, Op

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS, COLUMNS = 64, 192
FULL = 32767  # int16; rows have length 1 to 1e-5


def load(text: str) -> NDArray[np.float32]:
    """The basis, float32 (64, 192) with orthonormal rows, from the text of basis.json. Raises ModelFault."""
    try:
        page = json.loads(text)
        stored = np.frombuffer(base64.b64decode(page["int16"], validate=True), "<i2")
        rows = stored.reshape(ROWS, COLUMNS).astype(np.float32) / np.float32(FULL)
    except (ValueError, KeyError, TypeError, binascii.Error) as err:
        raise ModelFault(
            "basis.json is damaged", hint="reinstall doorward, or in a checkout: git checkout models"
        ) from err
    return rows


def dump(rows: NDArray[np.float32]) -> str:
    """The text of basis.json."""
    stored = np.rint(np.asarray(rows, np.float64) * FULL).astype("<i2")
    page = {
        "rows": ROWS,
        "columns": COLUMNS,
        "full": FULL,
        "int16": base64.b64encode(stored.tobytes()).decode(),
    }
    return json.dumps(page, indent=1) + "\n"


def npy(rows: NDArray[np.float32]) -> bytes:
    """The bytes of basis.npy."""
    file = io.BytesIO()
    np.save(file, rows, allow_pickle=False)
    return file.getvalue()


def last_layer(content: bytes) -> NDArray[np.float32]:
    """Weights (192, 512) of the embedder's last convolution, from its float graph."""
    graph = Graph(content)
    last = [op for op in graph.operators if graph.code(op) == Op.CONV_2D][-1]
    return graph.constant(int(last.inputs[1])).reshape(COLUMNS, -1)


def derive(content: bytes) -> NDArray[np.float32]:
    """The basis of a new embedder, made only once: strongest direction first, largest entry positive."""
    vectors = np.linalg.svd(last_layer(content).astype(np.float64))[0].T[:ROWS]
    peaks = vectors[np.arange(ROWS), np.abs(vectors).argmax(axis=1)]
    rows: NDArray[np.float32] = (vectors * np.sign(peaks)[:, np.newaxis]).astype(np.float32)
    return rows
