"""A TensorFlow Lite model as objects that can be edited and written back to bytes, without TensorFlow.

The schema and the reader come with `ai-edge-litert`; this class adds the few methods that surgery and
equalisation need: the code of an operator, the numbers of a tensor, its producer, its readers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

if TYPE_CHECKING:
    from numpy.typing import NDArray

Operator = Any  # schema.OperatorT; the generated schema has no types
Op = schema.BuiltinOperator
FLOAT32 = schema.TensorType.FLOAT32
DTYPES = {FLOAT32: "float32", schema.TensorType.INT8: "int8"}


class Graph:
    """The only subgraph of a float32 model. Operators and tensors are objects of the schema."""

    def __init__(self, content: bytes) -> None:
        self.model: Any = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
        if len(self.model.subgraphs) != 1:
            raise ValueError(f"the model has {len(self.model.subgraphs)} subgraphs, and must have 1")
        self.subgraph: Any = self.model.subgraphs[0]

    def to_bytes(self) -> bytes:
        return bytes(flatbuffer_utils.convert_object_to_bytearray(self.model))

    @property
    def operators(self) -> list[Operator]:
        return list(self.subgraph.operators)

    @property
    def tensors(self) -> list[Any]:
        return list(self.subgraph.tensors)

    def code(self, operator: Operator) -> int:
        """The operator's `BuiltinOperator`, from the one of two fields that the converter filled."""
        entry = self.model.operatorCodes[operator.opcodeIndex]
        return int(max(entry.builtinCode, entry.deprecatedBuiltinCode))

    def name(self, tensor: int) -> str:
        return str(self.subgraph.tensors[tensor].name.decode())

    def ends(self) -> list[dict[str, Any]]:
        """Input, then outputs: name, shape, dtype, and for quantised ones scale and zero point."""
        return [self._end(int(t)) for t in (*self.subgraph.inputs, *self.subgraph.outputs)]

    def _end(self, index: int) -> dict[str, Any]:
        tensor = self.subgraph.tensors[index]
        row: dict[str, Any] = {
            "name": self.name(index),
            "shape": [int(n) for n in tensor.shape],
            "dtype": DTYPES[tensor.type],
        }
        if tensor.quantization is not None and tensor.quantization.scale is not None:
            row |= {
                "scale": float(tensor.quantization.scale[0]),
                "zero_point": int(tensor.quantization.zeroPoint[0]),
            }
        return row

    def name_of_input(self) -> str:
        return self.name(int(self.subgraph.inputs[0]))

    def is_constant(self, tensor: int) -> bool:
        return self.model.buffers[self.subgraph.tensors[tensor].buffer].data is not None

    def constant(self, tensor: int) -> NDArray[np.float32]:
        """The numbers of a float32 constant, in the tensor's shape; a copy."""
        entry = self.subgraph.tensors[tensor]
        if entry.type != FLOAT32 or not self.is_constant(tensor):
            raise ValueError(f"no float32 constant: {self.name(tensor)}")
        stored = np.asarray(self.model.buffers[entry.buffer].data, np.uint8)
        return np.frombuffer(stored.tobytes(), np.float32).reshape(entry.shape).copy()

    def set_constant(self, tensor: int, values: NDArray[np.float32]) -> None:
        entry = self.subgraph.tensors[tensor]
        if values.dtype != np.float32 or list(values.shape) != list(entry.shape):
            raise ValueError(f"{self.name(tensor)} holds float32 {list(entry.shape)}")
        self.model.buffers[entry.buffer].data = np.frombuffer(values.tobytes(), np.uint8)

    def add_constant(self, name: str, values: NDArray[np.float32]) -> int:
        """Add a float32 constant; returns its tensor index."""
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        tensor = schema.TensorT()
        tensor.name, tensor.type = name.encode(), FLOAT32
        tensor.shape, tensor.buffer = list(values.shape), len(self.model.buffers) - 1
        self.subgraph.tensors.append(tensor)
        return len(self.subgraph.tensors) - 1

    def add_opcode(self, code: int) -> int:
        """The index of an operator code, which is added if the model does not have it."""
        for index, entry in enumerate(self.model.operatorCodes):
            if max(entry.builtinCode, entry.deprecatedBuiltinCode) == code:
                return index
        entry = schema.OperatorCodeT()
        entry.builtinCode = entry.deprecatedBuiltinCode = code
        entry.version = 1
        self.model.operatorCodes.append(entry)
        return len(self.model.operatorCodes) - 1

    def producer(self) -> dict[int, Operator]:
        """The operator that writes each tensor, by tensor index."""
        return {int(o): op for op in self.operators for o in op.outputs}

    def readers(self) -> dict[int, list[Operator]]:
        """The operators that read each tensor, by tensor index."""
        found: dict[int, list[Operator]] = {}
        for op in self.operators:
            for tensor in op.inputs:
                found.setdefault(int(tensor), []).append(op)
        return found
