"""Reads checked model files, and runs one graph behind the Network port, for both TFLite runtimes.

The bytes are hashed before an interpreter gets them: tflite-runtime 2.14 ends with SIGSEGV on half a
model file instead of raising (tried), and an altered model could let an attacker in.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from edge.errors import ModelFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from edge.ports import Floats, Pixels

MAX_MODEL_BYTES = 16 * 1024 * 1024  # three times our largest model (float MobileFaceNet, 5.2 MB)
MAX_MANIFEST_CHARS = 64 * 1024  # ten times ours; a longer one is cut off, which does not parse
NPY_MAGIC = b"\x93NUMPY"
REBUILD = "run: doorward models fetch"


class Interpreter(Protocol):
    """The methods that the `Interpreter` of ai_edge_litert and of tflite_runtime have in common."""

    def allocate_tensors(self) -> None: ...
    def get_input_details(self) -> list[dict[str, Any]]: ...
    def get_output_details(self) -> list[dict[str, Any]]: ...
    def tensor(self, index: int, /) -> Callable[[], NDArray[Any]]: ...
    def invoke(self) -> None: ...
    def get_tensor(self, index: int, /) -> NDArray[Any]: ...


def read_checked(path: Path, sha256: str) -> bytes:
    """The bytes of a model file, at most MAX_MODEL_BYTES, if its sha256 (hex) is right. Raises ModelFault."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_MODEL_BYTES + 1)
    except OSError as err:
        raise ModelFault(f"{path}: cannot be read: {err.strerror}", hint=REBUILD) from err
    if not data:
        raise ModelFault(f"{path}: the model file is empty", hint=REBUILD)
    if len(data) > MAX_MODEL_BYTES:
        raise ModelFault(f"{path}: the model file is larger than {MAX_MODEL_BYTES} bytes", hint=REBUILD)
    found = hashlib.sha256(data).hexdigest()
    if found != sha256.lower():
        raise ModelFault(
            f"{path}: the sha256 is {found[:12]}, and {sha256[:12]} in the manifest: truncated or altered",
            hint=REBUILD,
        )
    return data


def read_manifest(folder: Path) -> str:
    """The text of `manifest.toml`, which `doorward models fetch` writes last. Raises ModelFault."""
    path = folder / "manifest.toml"
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_MANIFEST_CHARS)
    except (OSError, UnicodeDecodeError) as err:
        raise ModelFault(f"{path}: the models are not built, or cannot be read", hint=REBUILD) from err


def read_array(path: Path, sha256: str) -> Floats:
    """A float32 array from a checked .npy file; never unpickles. Raises ModelFault."""
    data = read_checked(path, sha256)
    try:
        # check the magic first: np.load takes any other file for a zip or a pickle
        array = np.load(io.BytesIO(data), allow_pickle=False) if data.startswith(NPY_MAGIC) else None
    except (ValueError, EOFError) as err:
        raise ModelFault(f"{path}: a damaged .npy file", hint=REBUILD) from err
    if array is None or array.dtype != np.float32:
        raise ModelFault(f"{path}: not a .npy file of float32", hint=REBUILD)
    return np.asarray(array, dtype=np.float32)


class TfliteNetwork:
    """One graph with one input, as a Network. Two threads must not use it at the same time."""

    def __init__(self, interpreter: Interpreter, name: str, *, late: bool = False) -> None:
        """Allocate the tensors of a new interpreter. Raises ModelFault for a graph of another form.

        `late`: allocate at the first run. The graph is read and its input is known from the start; tensors
        and packed weights, which are most of its memory and time, wait until they are needed.
        """
        self._interpreter = interpreter
        self._name = name
        if not late:
            self._allocate()
        with _quiet(), _model_fault(name):
            inputs = interpreter.get_input_details()
            self._outputs = interpreter.get_output_details()
        if len(inputs) != 1:
            raise ModelFault(f"{name}: the graph has {len(inputs)} inputs, and must have 1", hint=REBUILD)
        self._input = inputs[0]
        self._shape = tuple(int(n) for n in self._input["shape"])
        self._view = interpreter.tensor(self._input["index"])
        self._is_allocated = not late
        self._fixed: tuple[Floats | None, NDArray[Any]] = (None, np.empty(0, np.float32))

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self._shape

    def _table(self, levels: Floats) -> NDArray[Any]:
        """`levels` as the graph stores them. Levels that cannot be written are those of every picture."""
        if levels is self._fixed[0]:
            return self._fixed[1]
        table = _quantize(levels, self._input).reshape(1, 256, -1)
        if not levels.flags.writeable:
            self._fixed = (levels, table)
        return table

    def _allocate(self) -> None:
        with _quiet(), _model_fault(self._name):
            self._interpreter.allocate_tensors()
        self._is_allocated = True

    def run(self, pixels: Pixels, levels: Floats) -> tuple[Floats, ...]:
        if (1, *pixels.shape) != self._shape or pixels.dtype != np.uint8:
            raise ModelFault(
                f"{self._name}: the input has the shape {(1, *pixels.shape)} of {pixels.dtype}, and must have"
                f" {self._shape} of uint8"
            )
        if not self._is_allocated:
            self._allocate()
        with _model_fault(self._name):
            # 256 levels are converted, not each pixel, and the pixels go into the tensor itself: 0.02 ms for
            # 112x112, and 0.15 ms in arrays between. No view may be left when the graph runs.
            cv2.LUT(np.ascontiguousarray(pixels), self._table(levels), dst=self._view()[0])
            self._interpreter.invoke()
            return tuple(
                _dequantize(self._interpreter.get_tensor(out["index"]), out) for out in self._outputs
            )


def open_checked(
    interpreter: Any,  # noqa: ANN401  a foreign class
    path: Path,
    sha256: str,
    *,
    threads: int,
    late: bool,
) -> TfliteNetwork:
    """A Network from `path`, with this Interpreter class, on so many threads. Raises ModelFault."""
    data = read_checked(path, sha256)
    with _quiet(), _model_fault(path.name):
        made: Interpreter = interpreter(model_content=data, num_threads=threads)
    return TfliteNetwork(made, path.name, late=late)


def _quantize(x: Floats, tensor: Mapping[str, Any]) -> NDArray[Any]:
    """Convert float32 to the tensor's stored type: real = scale * (stored - zero point)."""
    dtype = np.dtype(tensor["dtype"])
    if dtype == np.float32:
        return np.ascontiguousarray(x, np.float32)
    scale, zero = tensor["quantization"]
    limits = np.iinfo(dtype)
    steps = np.rint(x * np.float32(1 / scale)) + np.float32(zero)
    return np.asarray(np.clip(steps, limits.min, limits.max), dtype=dtype)


def _dequantize(stored: NDArray[Any], tensor: Mapping[str, Any]) -> Floats:
    scale, zero = tensor["quantization"]
    real = stored if stored.dtype == np.float32 else (stored - np.float32(zero)) * np.float32(scale)
    return np.asarray(real, dtype=np.float32)


@contextlib.contextmanager
def _model_fault(name: str) -> Iterator[None]:
    """Raise a runtime's exceptions as ModelFault: for a graph that it cannot run it raises these four."""
    try:
        yield
    except (ValueError, RuntimeError, TypeError, SystemError) as err:
        first = str(err).strip().splitlines() or [type(err).__name__]
        raise ModelFault(f"{name}: the TFLite runtime failed: {first[0][:120]}", hint=REBUILD) from err


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Discard the output of the C++ side on file descriptor 2 ("INFO: Created TensorFlow Lite XNNPACK ...").

    Python cannot set its log level. Only start-up is silent; every failure is raised.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as sink:
        kept = os.dup(2)
        try:
            os.dup2(sink.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
