"""Converts the two passive PAD networks of an operator to smaller graphs with equal outputs.

Their converter left the batch size open and wrote "flatten" as seven operators that read it at run time. So
tflite-runtime cannot give the graph to XNNPACK. With a fixed batch size the seven become one RESHAPE, and
every output bit stays (tests/models/test_passive.py).
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from models import quantise, surgery
from models.tflite_graph import Graph, Op, Operator

FLATTEN = (Op.SHAPE, Op.GATHER, Op.RESHAPE, Op.CONCATENATION, Op.TRANSPOSE, Op.CAST, Op.RESHAPE)


def build(content: bytes) -> bytes:
    """The int8 network of a float one: weights as int8, arithmetic in float.

    Static int8 was slower on x86-64, differed from the float network by up to 0.43 (this one by 0.12), and
    would need pictures to calibrate: models/pad.md.
    """
    return quantise.weight_only_int8(operate(content))


def operate(content: bytes) -> bytes:
    """The float32 graph for one face, (1, 80, 80, 3) -> (1, 3). Raises ValueError for another graph."""
    graph = Graph(content)
    fix_batch(graph)
    merge_flatten(graph)
    surgery.drop_unused(graph)
    surgery.repair_operator_codes(graph)
    surgery.add_signature(graph)
    return graph.to_bytes()


def fix_batch(graph: Graph) -> None:
    """Fix the open batch size of every tensor at 1, which its shape already has."""
    for tensor in graph.tensors:
        tensor.shapeSignature = None


def merge_flatten(graph: Graph) -> None:
    """Replace the seven operators between the last convolution and the first matrix by one RESHAPE."""
    operators = graph.operators
    codes = [graph.code(op) for op in operators]
    starts = [i for i in range(len(codes)) if tuple(codes[i : i + len(FLATTEN)]) == FLATTEN]
    if len(starts) != 1:
        raise ValueError(f"the graph has {len(starts)} flattenings, and must have 1")
    start = starts[0]
    whole = operators[start].inputs[0]
    last = operators[start + len(FLATTEN) - 1]
    shape = [1, int(np.prod(graph.tensors[whole].shape))]
    graph.tensors[int(last.outputs[0])].shape = shape
    operators[start : start + len(FLATTEN)] = [_reshape(graph, last, int(whole), shape)]
    graph.subgraph.operators = operators


def _reshape(graph: Graph, model: Operator, source: int, shape: list[int]) -> Operator:
    options = schema.ReshapeOptionsT()
    options.newShape = shape
    reshape = schema.OperatorT()
    reshape.opcodeIndex = model.opcodeIndex
    reshape.inputs = [source, _int32(graph, shape)]
    reshape.outputs = list(model.outputs)
    reshape.builtinOptionsType = schema.BuiltinOptions.ReshapeOptions
    reshape.builtinOptions = options
    return reshape


def _int32(graph: Graph, values: list[int]) -> int:
    index = graph.add_constant("flat/shape", np.array(values, np.int32).view(np.float32))
    graph.tensors[index].type = schema.TensorType.INT32
    return index
