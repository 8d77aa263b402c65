"""Writes a float32 TensorFlow Lite graph operator by operator, without TensorFlow.

Tensors are numbers; each method adds an operator and returns the tensor that it writes. Shapes are batch,
height, width, channels. Kernels come as PyTorch has them: (out, in, height, width).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils

from models.surgery import SIGNATURE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Tensor = int

OperatorCode = schema.BuiltinOperator
OptionsKind = schema.BuiltinOptions
FLOAT32, INT32 = schema.TensorType.FLOAT32, schema.TensorType.INT32
SCHEMA_VERSION = 3  # of the file format
OLD_CODES = 127  # the greatest code that fits the older of two fields for it


class GraphBuilder:
    """A graph with one input, float32 (1, side, side, 3)."""

    def __init__(self, side: int, *, about: str) -> None:
        self._model: Any = schema.ModelT()
        self._model.version, self._model.description = SCHEMA_VERSION, about.encode()
        self._model.buffers, self._model.operatorCodes = [schema.BufferT()], []  # buffer 0 is empty
        self._graph: Any = schema.SubGraphT()
        self._graph.name, self._graph.tensors, self._graph.operators = b"main", [], []
        self._model.subgraphs = [self._graph]
        self.input: Tensor = self._tensor("input", (1, side, side, 3))

    def shape(self, tensor: Tensor) -> tuple[int, ...]:
        """The shape of a tensor."""
        return tuple(self._graph.tensors[tensor].shape)

    def convolution(
        self,
        source: Tensor,
        name: str,
        kernel: NDArray[np.float32],
        bias: NDArray[np.float32],
        *,
        stride: int = 1,
        padded: bool = False,
        relu: bool = False,
    ) -> Tensor:
        """A convolution; a kernel (channels, 1, 3, 3) is that of a depthwise one.

        `padded`: with one pixel of zeros on each side, as PyTorch pads. For a stride of 2, SAME pads two
        sides only, so that is an operator of its own.
        """
        same = padded and stride == 1
        if padded and not same:
            source = self._pad(source, f"{name}/pad")
        batch, height, width, channels = self.shape(source)
        outer, inner, size, _ = kernel.shape
        options: Any
        if inner == 1 and outer == channels > 1:
            options, kind, code = (
                schema.DepthwiseConv2DOptionsT(),
                OptionsKind.DepthwiseConv2DOptions,
                OperatorCode.DEPTHWISE_CONV_2D,
            )
            options.depthMultiplier = 1
            weights = kernel.transpose(1, 2, 3, 0)
        else:
            options, kind, code = schema.Conv2DOptionsT(), OptionsKind.Conv2DOptions, OperatorCode.CONV_2D
            weights = kernel.transpose(0, 2, 3, 1)
        activation = schema.ActivationFunctionType
        options.padding = schema.Padding.SAME if same else schema.Padding.VALID
        options.strideH = options.strideW = stride
        options.dilationHFactor = options.dilationWFactor = 1
        options.fusedActivationFunction = activation.RELU if relu else activation.NONE
        high, wide = ((n if same else (n - size) // stride + 1) for n in (height, width))
        shape = (batch, high, wide, outer)
        inputs = [source, self._constant(f"{name}/kernel", weights), self._constant(f"{name}/bias", bias)]
        return self._operator(code, inputs, name, shape, kind, options)

    def prelu(self, source: Tensor, name: str, slopes: NDArray[np.float32]) -> Tensor:
        """`slopes`: (channels,)."""
        constant = self._constant(f"{name}/slopes", slopes.reshape(1, 1, -1))
        return self._operator(OperatorCode.PRELU, [source, constant], name, self.shape(source))

    def mean(self, source: Tensor, name: str) -> Tensor:
        """The mean of each channel, (1, 1, 1, channels)."""
        options = schema.ReducerOptionsT()
        options.keepDims = True
        axes = self._constant(f"{name}/axes", np.array([1, 2], np.int32))
        shape = (1, 1, 1, self.shape(source)[-1])
        return self._operator(
            OperatorCode.MEAN, [source, axes], name, shape, OptionsKind.ReducerOptions, options
        )

    def logistic(self, source: Tensor, name: str) -> Tensor:
        return self._operator(OperatorCode.LOGISTIC, [source], name, self.shape(source))

    def multiply(self, one: Tensor, other: Tensor, name: str) -> Tensor:
        options = schema.MulOptionsT()
        return self._operator(
            OperatorCode.MUL, [one, other], name, self.shape(one), OptionsKind.MulOptions, options
        )

    def add(self, one: Tensor, other: Tensor, name: str) -> Tensor:
        options = schema.AddOptionsT()
        return self._operator(
            OperatorCode.ADD, [one, other], name, self.shape(one), OptionsKind.AddOptions, options
        )

    def flatten(self, source: Tensor, name: str) -> Tensor:
        """(1, n), in the order of the tensor."""
        shape = (1, int(np.prod(self.shape(source))))
        options = schema.ReshapeOptionsT()
        options.newShape = list(shape)
        constant = self._constant(f"{name}/shape", np.array(shape, np.int32))
        return self._operator(
            OperatorCode.RESHAPE, [source, constant], name, shape, OptionsKind.ReshapeOptions, options
        )

    def matrix(
        self, source: Tensor, name: str, weights: NDArray[np.float32], bias: NDArray[np.float32]
    ) -> Tensor:
        """`weights`: (out, in) of a source (1, in)."""
        inputs = [source, self._constant(f"{name}/weights", weights), self._constant(f"{name}/bias", bias)]
        options = schema.FullyConnectedOptionsT()
        shape = (1, len(weights))
        return self._operator(
            OperatorCode.FULLY_CONNECTED, inputs, name, shape, OptionsKind.FullyConnectedOptions, options
        )

    def finish(self, output: Tensor) -> bytes:
        """The file, with `output` as the only output."""
        self._graph.inputs, self._graph.outputs = [self.input], [output]
        signature = schema.SignatureDefT()
        signature.signatureKey, signature.subgraphIndex = SIGNATURE.encode(), 0
        signature.inputs, signature.outputs = [self._named(self.input)], [self._named(output)]
        self._model.signatureDefs = [signature]
        return bytes(flatbuffer_utils.convert_object_to_bytearray(self._model))

    def _named(self, tensor: Tensor) -> object:
        entry = schema.TensorMapT()
        entry.name, entry.tensorIndex = self._graph.tensors[tensor].name, tensor
        return entry

    def _pad(self, source: Tensor, name: str) -> Tensor:
        batch, height, width, channels = self.shape(source)
        around = self._constant(f"{name}/around", np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
        shape = (batch, height + 2, width + 2, channels)
        return self._operator(
            OperatorCode.PAD, [source, around], name, shape, OptionsKind.PadOptions, schema.PadOptionsT()
        )

    def _operator(
        self,
        code: int,
        inputs: Sequence[Tensor],
        name: str,
        shape: Sequence[int],
        kind: int = OptionsKind.NONE,
        options: object = None,
    ) -> Tensor:
        output = self._tensor(name, shape)
        operator: Any = schema.OperatorT()
        operator.opcodeIndex, operator.inputs, operator.outputs = self._code(code), list(inputs), [output]
        operator.builtinOptionsType, operator.builtinOptions = kind, options
        self._graph.operators.append(operator)
        return output

    def _code(self, code: int) -> int:
        """The index of an operator code, which is added at its first use."""
        known = [entry.builtinCode for entry in self._model.operatorCodes]
        if code not in known:
            entry: Any = schema.OperatorCodeT()
            entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, min(code, OLD_CODES), 1
            self._model.operatorCodes.append(entry)
            return len(known)
        return known.index(code)

    def _constant(self, name: str, values: NDArray[Any]) -> Tensor:
        buffer: Any = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self._model.buffers.append(buffer)
        kind = INT32 if values.dtype == np.int32 else FLOAT32
        return self._tensor(name, values.shape, kind=kind, buffer=len(self._model.buffers) - 1)

    def _tensor(self, name: str, shape: Sequence[int], *, kind: int = FLOAT32, buffer: int = 0) -> Tensor:
        tensor: Any = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), list(shape), kind, buffer
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1
