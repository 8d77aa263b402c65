"""The steps from an operator's passive PAD networks to int8: each step must keep the output."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from conftest import ROOT, shared

from models import manifest

pytest.importorskip("ai_edge_litert", reason="no wheel for this machine")

from ai_edge_litert.interpreter import Interpreter

from models import passive
from models.tflite_graph import Graph, Op

pytestmark = pytest.mark.usefixtures("quantizer")
PAD = manifest.load(ROOT / "models" / "manifest.toml").pad
BOTH = [PAD.v2, PAD.v1se]
CROPS = np.random.default_rng(1).uniform(0, 255, (4, 80, 80, 3)).astype(np.float32)


def given(weights: manifest.Weights) -> bytes:
    content = shared("models", weights.names[0]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == weights.sha256
    assert len(content) == weights.bytes
    return content


def logits(content: bytes) -> np.ndarray:
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    answers = []
    for crop in CROPS:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], crop[np.newaxis])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    return np.stack(answers)


@pytest.mark.parametrize("weights", BOTH, ids=lambda w: w.file)
def test_surgery_keeps_every_bit_of_the_output(weights: manifest.Weights) -> None:
    content = given(weights)
    assert np.array_equal(logits(passive.operate(content)), logits(content))


@pytest.mark.parametrize("weights", BOTH, ids=lambda w: w.file)
def test_after_surgery_all_shapes_are_fixed(weights: manifest.Weights) -> None:
    graph = Graph(passive.operate(given(weights)))
    codes = [graph.code(op) for op in graph.operators]
    assert not {Op.SHAPE, Op.GATHER, Op.CONCATENATION, Op.TRANSPOSE, Op.CAST} & set(codes)
    assert codes.count(Op.RESHAPE) == 1
    assert all(tensor.shapeSignature is None for tensor in graph.tensors)


@pytest.mark.parametrize("weights", BOTH, ids=lambda w: w.file)
def test_the_built_file_is_the_pinned_one_and_is_close_to_float(weights: manifest.Weights) -> None:
    content = given(weights)
    built = passive.build(content)
    assert (hashlib.sha256(built).hexdigest(), len(built)) == (weights.built.sha256, weights.built.bytes)
    assert np.abs(logits(built) - logits(content)).max() < 0.1 * np.abs(logits(content)).max()


@pytest.mark.parametrize("weights", BOTH, ids=lambda w: w.file)
def test_the_tensors_are_those_of_the_manifest(weights: manifest.Weights) -> None:
    stated = [weights.built.input, *weights.built.outputs]
    ends = Graph(passive.build(given(weights))).ends()
    assert [(tuple(row["shape"]), row["dtype"]) for row in ends] == [(t.shape, t.dtype) for t in stated]
    assert ends[1]["name"] == weights.built.outputs[0].name


def test_another_graph_is_refused() -> None:
    built = passive.operate(given(PAD.v2))
    with pytest.raises(ValueError, match="has 0 flattenings, and must have 1"):
        passive.operate(built)


def test_the_weights_have_a_licence_and_an_origin() -> None:
    assert "Apache-2.0" in PAD.licence
    assert "Silent-Face-Anti-Spoofing" in PAD.origin
