"""Converts MobileFaceNet from its package to a smaller graph with equal outputs, for one face a call.

A converter of 2019 made the file: two faces per call (the two of a pair), five operators for each PReLU,
operator codes only in the old field, no signature. Each step of `operate` removes one of these and keeps
every output bit; `join_convolutions` keeps the function (tests/models/test_embedder.py).
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from models.tflite_graph import Graph, Op, Operator

SIGNATURE = "serving_default"  # the name that ai-edge-quantizer and LiteRT need
EXPANDED_PRELU = (Op.RELU, Op.ABS, Op.SUB, Op.MUL, Op.ADD)


def operate(content: bytes) -> bytes:
    """The graph after all steps: from (2, 112, 112, 3) to (1, 112, 112, 3) -> (1, 192), float32."""
    graph = Graph(content)
    one_face_at_a_time(graph)
    merge_prelu(graph)
    drop_unused(graph)
    repair_operator_codes(graph)
    add_signature(graph)
    return graph.to_bytes()


def one_face_at_a_time(graph: Graph) -> None:
    """Change batch 2 to batch 1. Resizing at run time would fail in the RESHAPE under XNNPACK."""
    for index, tensor in enumerate(graph.tensors):
        if not graph.is_constant(index) and len(tensor.shape) and tensor.shape[0] == 2:
            tensor.shape = [1, *(int(n) for n in tensor.shape[1:])]
            tensor.shapeSignature = None
    for op in graph.operators:
        if graph.code(op) == Op.RESHAPE:
            shape = np.array([1, *op.builtinOptions.newShape[1:]], np.int32)
            op.builtinOptions.newShape = [int(n) for n in shape]
            buffer = graph.tensors[int(op.inputs[1])].buffer
            graph.model.buffers[buffer].data = np.frombuffer(shape.tobytes(), np.uint8)


def merge_prelu(graph: Graph) -> int:
    """Replace each relu(x) + m * (x - |x|) by one PRELU(x) with slope 2m, which is quantised in one step.

    This is 0.5 ms faster with XNNPACK, and 42 ms without (tflite-runtime). `max(x, a * x)` would be wrong:
    1,184 of the 7,552 slopes exceed 1. Returns the number of merged ones.
    """
    kept: list[Operator] = []
    rest = graph.operators
    merged = 0
    while rest:
        if tuple(graph.code(op) for op in rest[:5]) == EXPANDED_PRELU:
            kept.append(_prelu(graph, rest[:5]))
            rest = rest[5:]
            merged += 1
        else:
            kept.append(rest.pop(0))
    graph.subgraph.operators = kept
    return merged


def _prelu(graph: Graph, expanded: list[Operator]) -> Operator:
    relu, absolute, subtract, multiply, add = expanded
    x, magnitude, difference, product = (
        int(t) for t in (relu.inputs[0], absolute.outputs[0], subtract.outputs[0], multiply.outputs[0])
    )
    slopes = [int(t) for t in multiply.inputs if graph.is_constant(int(t))]
    if (
        len(slopes) != 1
        or list(absolute.inputs) != [x]
        or list(subtract.inputs) != [x, magnitude]
        or difference not in multiply.inputs
        or set(add.inputs) != {int(relu.outputs[0]), product}
    ):
        raise ValueError(f"not an expanded PReLU: {graph.name(int(add.outputs[0]))}")
    output = int(add.outputs[0])
    alpha = (2 * graph.constant(slopes[0])).reshape(1, 1, -1)  # x - |x| is 2x below zero and 0 above

    prelu = schema.OperatorT()
    prelu.opcodeIndex = graph.add_opcode(Op.PRELU)
    prelu.inputs = [x, graph.add_constant(f"{graph.name(output)}/alpha", alpha)]
    prelu.outputs = [output]
    return prelu


def join_convolutions(content: bytes) -> bytes:
    """Join two 1x1 convolutions with no operator between them into one, if that saves multiplications.

    There are two such pairs: 64 -> 64 -> 128 channels at 56x56, and the last two layers. Together they save 6
    % of all multiplications and 18 % of the file. Call it after equalisation, which needs the tensor between
    them.
    """
    graph = Graph(content)
    readers = graph.readers()
    for first in graph.operators:
        following = readers.get(int(first.outputs[0]), [])
        if len(following) == 1 and _joined_multiply_less(graph, first, following[0]):
            _join(graph, first, following[0])
    drop_unused(graph)
    return graph.to_bytes()


def _joined_multiply_less(graph: Graph, first: Operator, second: Operator) -> bool:
    if any(graph.code(op) != Op.CONV_2D for op in (first, second)):
        return False
    between, *window, inner = graph.constant(int(first.inputs[1])).shape
    outer, *other, _ = graph.constant(int(second.inputs[1])).shape
    options = first.builtinOptions
    linear = options.fusedActivationFunction == schema.ActivationFunctionType.NONE
    pointwise = {options.strideH, options.strideW, *window, *other} == {1}
    return bool(linear and pointwise and outer * inner < between * (inner + outer))


def _join(graph: Graph, first: Operator, second: Operator) -> None:
    """Give `second` the input of `first`, and remove `first`."""
    a, b = (graph.constant(int(op.inputs[1]))[:, 0, 0].astype(np.float64) for op in (first, second))
    shift, bias = (graph.constant(int(op.inputs[2])).astype(np.float64) for op in (first, second))
    weights = np.zeros((len(b), a.shape[1]))
    for k in range(
        len(a)
    ):  # not b @ a: the order of a BLAS's additions differs by machine, and so the sha256
        weights += b[:, k, np.newaxis] * a[k]
        bias += b[:, k] * shift[k]
    name = graph.name(int(second.inputs[1]))
    second.inputs = [
        int(first.inputs[0]),
        graph.add_constant(name, weights[:, np.newaxis, np.newaxis].astype(np.float32)),
        graph.add_constant(f"{name}/bias", bias.astype(np.float32)),
    ]
    graph.subgraph.operators = [op for op in graph.operators if op is not first]


def drop_unused(graph: Graph) -> None:
    """Remove unused tensors, buffers and operator codes, and renumber the others."""
    model, subgraph = graph.model, graph.subgraph
    used = {*subgraph.inputs, *subgraph.outputs}
    for op in subgraph.operators:
        used |= {*op.inputs, *op.outputs}
    tensor = _renumber(used - {-1})
    subgraph.tensors = [subgraph.tensors[old] for old in tensor]
    tensor[-1] = -1  # the schema's "no such input"
    for part in (subgraph, *subgraph.operators):
        part.inputs = [tensor[int(t)] for t in part.inputs]
        part.outputs = [tensor[int(t)] for t in part.outputs]

    # By convention buffer 0 is empty; activations point to it.
    buffer = _renumber({0, *(t.buffer for t in subgraph.tensors), *(m.buffer for m in model.metadata or ())})
    model.buffers = [model.buffers[old] for old in buffer]
    for part in (*subgraph.tensors, *(model.metadata or ())):
        part.buffer = buffer[part.buffer]

    opcode = _renumber({op.opcodeIndex for op in subgraph.operators})
    model.operatorCodes = [model.operatorCodes[old] for old in opcode]
    for op in subgraph.operators:
        op.opcodeIndex = opcode[op.opcodeIndex]


def _renumber(used: set[int]) -> dict[int, int]:
    return {int(old): new for new, old in enumerate(sorted(used))}


def repair_operator_codes(graph: Graph) -> None:
    """Fill `builtin_code`: ai-edge-quantizer reads only this field, and takes its 0 for ADD."""
    for entry in graph.model.operatorCodes:
        entry.builtinCode = max(entry.builtinCode, entry.deprecatedBuiltinCode)


def add_signature(graph: Graph) -> None:
    """Name input and output: without a signature ai-edge-quantizer finds no entry point."""
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = SIGNATURE.encode(), 0
    signature.inputs = [_named(graph, int(graph.subgraph.inputs[0]))]
    signature.outputs = [_named(graph, int(graph.subgraph.outputs[0]))]
    graph.model.signatureDefs = [signature]


def _named(graph: Graph, tensor: int) -> Operator:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = graph.name(tensor).encode(), tensor
    return entry
