"""Reader of the weights in a PyTorch file of before 1.6, without PyTorch and without running its pickles.

Layout (torch/serialization.py, `_legacy_save`): pickles of a magic number, of a protocol and of the sizes of
numbers; one pickle of the state dictionary, which names its storages by persistent ids; one pickle of the
keys of the storages, in file order; then for each storage its length as int64, and its numbers.

A pickle is a program. This unpickler knows the names that a dictionary of tensors needs, and refuses every
other name before anything is called.
"""

from __future__ import annotations

import io
import math
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge.errors import ModelFault

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAGIC: Final = 0x1950A86A20F9469CFC6C
PROTOCOL: Final = 1001
STORAGES: Final = {"FloatStorage": "<f4", "LongStorage": "<i8"}
MODULE: Final = "module."  # the prefix of each name in a network that was trained on several processors
# The exceptions of pickle and of a truncated or wrong layout.
UNUSABLE: Final = (
    *(pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError, AttributeError, IndexError),
    *(OverflowError, MemoryError, RecursionError),
)


@dataclass(slots=True)
class _Storage:
    """The numbers of one or more tensors; `numbers` is None until they are read."""

    dtype: np.dtype[Any]
    count: int
    numbers: NDArray[Any] | None = None


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A part of a storage, with its shape."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]

    def array(self) -> NDArray[Any]:
        if self.storage.numbers is None:
            raise ValueError("a tensor has no numbers")
        part = self.storage.numbers[self.offset : self.offset + math.prod(self.shape)]
        return part.reshape(self.shape).copy()


def read(content: bytes, name: str) -> dict[str, NDArray[Any]]:
    """The tensors of a file by name. `name`: of the file, for the error. Raises ModelFault."""
    try:
        return _read(io.BytesIO(content))
    except UNUSABLE as err:
        raise ModelFault(
            f"{name} is not a PyTorch file with weights: {err}",
            hint="get the weights that models/pad.md names",
        ) from err


def _read(file: io.BytesIO) -> dict[str, NDArray[Any]]:
    for wanted in (MAGIC, PROTOCOL):
        if (found := _Unpickler(file).load()) != wanted:
            raise ValueError(f"it has {found!r} in place of {wanted}")
    _Unpickler(file).load()  # the sizes of numbers on the machine that wrote it; the file's are fixed
    unpickler = _Unpickler(file)
    state = unpickler.load()
    for key in _Unpickler(file).load():
        _fill(unpickler.storages[key], file)
    return {str(name).removeprefix(MODULE): tensor.array() for name, tensor in state.items()}


def _fill(storage: _Storage, file: io.BytesIO) -> None:
    """Read the numbers of a storage, which are next in the file."""
    count = int.from_bytes(file.read(8), "little", signed=True)
    if count != storage.count:
        raise ValueError(f"a storage has {count} numbers, and its tensors say {storage.count}")
    storage.numbers = np.frombuffer(file.read(count * storage.dtype.itemsize), storage.dtype)
    if len(storage.numbers) != count:
        raise ValueError("it ends within its numbers")


def _tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> _Tensor:
    """A tensor whose numbers lie in the order of its indices. Raises ValueError for another order."""
    if math.prod(shape) > 1 and list(stride) != [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]:
        raise ValueError(f"a tensor of shape {shape} has strides {stride}")
    if offset < 0 or min(shape, default=0) < 0:
        raise ValueError(f"a tensor has the offset {offset} and the shape {shape}")
    return _Tensor(storage, offset, tuple(shape))


class _Unpickler(pickle.Unpickler):
    """Calls two names, takes two more as words, and refuses all others."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401  of the interface
        match module, name:
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return _tensor
            case "torch", _ if name in STORAGES:
                return name
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no weights need")

    def persistent_load(self, pid: Any) -> _Storage:  # noqa: ANN401  of the interface
        word, kind, key, _device, count, view = pid
        if word != "storage" or view is not None:
            raise pickle.UnpicklingError(f"it refers to {word!r}, which is not a storage")
        return self.storages.setdefault(key, _Storage(np.dtype(STORAGES[kind]), int(count)))
