"""The steps from the embedder of the package to two int8 files: each step must keep the embeddings."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelFault
from models import calibrate

pytest.importorskip("ai_edge_litert", reason="no wheel for this machine")

from ai_edge_litert.interpreter import Interpreter

from models import basis, equalise, manifest, quantise, recipe, surgery
from models.tflite_graph import Graph, Op

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("quantizer")
MODELS = ROOT / "models"
PAGE = manifest.load(MODELS / "manifest.toml")
FACES = np.random.default_rng(1).uniform(-1, 1, (4, 112, 112, 3)).astype(np.float32)


@pytest.fixture(scope="session")
def shipped() -> bytes:
    """The embedder in its package, unchanged."""
    path = MODELS / "cache" / PAGE.packages[PAGE.source.package].archive
    if not path.exists():
        pytest.skip("the packages are not fetched: make models")
    return recipe.member(PAGE.source, {PAGE.source.package: path})


@pytest.fixture(scope="session")
def clean(shipped: bytes) -> bytes:
    return surgery.operate(shipped)


@pytest.fixture(scope="session")
def numbers() -> calibrate.ActivationRanges:
    return calibrate.load((MODELS / "calibration.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def level(clean: bytes, numbers: calibrate.ActivationRanges) -> bytes:
    return equalise.apply(clean, numbers.scales)


def embed(content: bytes, batch: np.ndarray) -> np.ndarray:
    """Float outputs for a batch of the size that the model has."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    (entry,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()
    if entry["dtype"] == np.int8:
        scale, zero = entry["quantization"]
        batch = np.clip(np.rint(batch / scale) + zero, -128, 127).astype(np.int8)
    interpreter.set_tensor(entry["index"], batch)
    interpreter.invoke()
    out = interpreter.get_tensor(end["index"])
    if out.dtype == np.int8:
        scale, zero = end["quantization"]
        out = (out.astype(np.float32) - zero) * scale
    return out


def embed_each(content: bytes) -> np.ndarray:
    return np.concatenate([embed(content, face[np.newaxis]) for face in FACES])


@pytest.fixture(scope="session")
def truth(shipped: bytes) -> np.ndarray:
    """Embeddings by the shipped model, two faces at a time."""
    return np.concatenate([embed(shipped, FACES[:2]), embed(shipped, FACES[2:])])


def test_surgery_keeps_every_embedding(clean: bytes, truth: np.ndarray) -> None:
    assert np.abs(embed_each(clean) - truth).max() <= 1e-5  # for values up to 8; no difference with XNNPACK


def test_after_surgery_the_batch_is_one_face(clean: bytes) -> None:
    graph = Graph(clean)
    assert [row["shape"] for row in graph.ends()] == [[1, 112, 112, 3], [1, 192]]
    activations = [t for i, t in enumerate(graph.tensors) if not graph.is_constant(i)]
    assert {int(tensor.shape[0]) for tensor in activations} == {1}


def test_after_surgery_each_prelu_is_one_operator(shipped: bytes, clean: bytes) -> None:
    before, after = Graph(shipped), Graph(clean)
    count = sum(before.code(op) == Op.ABS for op in before.operators)
    codes = [after.code(op) for op in after.operators]
    assert codes.count(Op.PRELU) == count == 33
    assert not {Op.ABS, Op.SUB, Op.RELU, Op.MUL} & set(codes)


def test_after_surgery_both_code_fields_agree_and_no_part_is_unused(clean: bytes) -> None:
    graph = Graph(clean)
    model, operators = graph.model, graph.operators
    assert all(entry.builtinCode == entry.deprecatedBuiltinCode for entry in model.operatorCodes)
    assert {op.opcodeIndex for op in operators} == set(range(len(model.operatorCodes)))
    ends = {int(t) for op in operators for t in (*op.inputs, *op.outputs)}
    assert ends == set(range(len(graph.tensors)))
    assert {tensor.buffer for tensor in graph.tensors} == set(range(len(model.buffers)))


def test_after_surgery_the_model_has_a_signature(clean: bytes) -> None:
    signatures = Interpreter(model_content=clean).get_signature_list()
    assert signatures == {surgery.SIGNATURE: {"inputs": ["input"], "outputs": ["embeddings"]}}


def test_surgery_refuses_five_operators_that_are_not_a_prelu(shipped: bytes) -> None:
    graph = Graph(shipped)
    absolute = next(op for op in graph.operators if graph.code(op) == Op.ABS)
    absolute.inputs = graph.subgraph.inputs
    with pytest.raises(ValueError, match="not an expanded PReLU"):
        surgery.operate(graph.to_bytes())


def test_joining_convolutions_keeps_every_embedding(clean: bytes, level: bytes, truth: np.ndarray) -> None:
    assert np.abs(embed_each(surgery.join_convolutions(clean)) - truth).max() <= 1e-4  # for values up to 8
    assert (
        np.abs(embed_each(surgery.join_convolutions(level)) - truth).max() <= 1e-3
    )  # the same limit as for equalisation


def test_joining_removes_two_convolutions_and_nothing_else(clean: bytes) -> None:
    before, after = Graph(clean), Graph(surgery.join_convolutions(clean))
    gone = Counter(before.code(op) for op in before.operators)
    gone.subtract(Counter(after.code(op) for op in after.operators))
    assert +gone == {Op.CONV_2D: 2}
    assert after.ends() == before.ends()
    assert len(surgery.join_convolutions(clean)) < 0.82 * len(clean)


def test_convolutions_are_not_joined_if_the_result_multiplies_more(clean: bytes) -> None:
    joined = surgery.join_convolutions(clean)
    assert Graph(surgery.join_convolutions(joined)).to_bytes() == Graph(joined).to_bytes()


def test_convolutions_with_an_activation_between_them_are_not_joined(clean: bytes) -> None:
    graph = Graph(clean)
    for op in graph.operators:
        if graph.code(op) == Op.CONV_2D:
            op.builtinOptions.fusedActivationFunction = 1  # RELU
    untouched = graph.to_bytes()
    assert Graph(surgery.join_convolutions(untouched)).to_bytes() == Graph(untouched).to_bytes()


def test_equalisation_keeps_every_embedding(level: bytes, truth: np.ndarray) -> None:
    assert (
        np.abs(embed_each(level) - truth).max() <= 1e-3
    )  # for values up to 8: the rounding of 117 float32 layers


def test_equalisation_needs_a_scale_for_every_site(clean: bytes, numbers: calibrate.ActivationRanges) -> None:
    incomplete = dict(list(numbers.scales.items())[1:])
    with pytest.raises(ValueError, match="sites of the scales and of the model differ"):
        equalise.apply(clean, incomplete)


def test_equalised_channels_have_equal_ranges_before_a_depthwise_convolution(clean: bytes) -> None:
    graph = Graph(clean)
    site = next(s for s in equalise.find_sites(graph) if graph.code(s.readers[0]) == Op.DEPTHWISE_CONV_2D)
    rng = np.random.default_rng(2)
    peaks = {
        graph.name(t): rng.uniform(0.5, 50, graph.tensors[t].shape[-1]).astype(np.float32)
        for s in equalise.find_sites(graph)
        for t in s.activations
    }
    peak = np.max([peaks[graph.name(t)] for t in site.activations], axis=0)
    shrunk = peak / equalise.scales(equalise.choose(clean, peaks)[site.name])
    assert shrunk.max() / shrunk.min() < 1.05  # the scales have steps of 2^(1/16)


@given(st.lists(st.integers(-equalise.LARGEST_K, equalise.LARGEST_K), min_size=1, max_size=8))
def test_a_scale_is_the_float_nearest_to_its_power_of_two(k: list[int]) -> None:
    assert equalise.scales(k).tolist() == [float(np.float32(math.pow(2, n / 16))) for n in k]


def test_static_int8_is_close_to_float(
    level: bytes, numbers: calibrate.ActivationRanges, photos: Path
) -> None:
    crop = face(photos)
    quantised = embed(quantise.static_int8(surgery.join_convolutions(level), numbers.ranges), crop)[0]
    assert (
        cosine(quantised, embed(level, crop)[0]) >= 0.985
    )  # the mean on LFW is 0.995; a single face may be lower


def test_weight_only_int8_is_close_to_float(clean: bytes, photos: Path) -> None:
    crop = face(photos)
    quantised = embed(quantise.weight_only_int8(surgery.join_convolutions(clean)), crop)[0]
    assert cosine(quantised, embed(clean, crop)[0]) >= 0.999


def face(photos: Path) -> np.ndarray:
    """The portrait from NASA, roughly aligned."""
    import cv2

    picture = cv2.cvtColor(cv2.imread(str(photos / "astronaut.png")), cv2.COLOR_BGR2RGB)
    crop = cv2.resize(picture[60:200, 155:295], (112, 112), interpolation=cv2.INTER_AREA)
    return ((crop.astype(np.float32) - 127.5) / 128.0)[np.newaxis]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.fixture(scope="session")
def rows() -> np.ndarray:
    return basis.load((MODELS / "basis.json").read_text("utf-8"))


def test_the_basis_is_orthonormal(rows: np.ndarray) -> None:
    assert rows.shape == (64, 192)
    assert np.abs(rows @ rows.T - np.eye(64)).max() < 1e-4


def test_the_basis_spans_what_the_last_layer_can_reach(rows: np.ndarray, clean: bytes) -> None:
    weights = basis.last_layer(clean)
    kept = np.linalg.norm(rows @ weights) ** 2 / np.linalg.norm(weights) ** 2
    best = (np.linalg.svd(weights, compute_uv=False)[:64] ** 2).sum() / np.linalg.norm(weights) ** 2
    assert kept == pytest.approx(best, abs=1e-5)
    assert kept > 0.995


def test_the_built_basis_is_the_pinned_one(rows: np.ndarray, built_models: Path) -> None:
    assert np.array_equal(np.load(built_models / "basis.npy"), rows)


def test_a_basis_is_read_back_from_text(rows: np.ndarray) -> None:
    text = (MODELS / "basis.json").read_text("utf-8")
    assert basis.dump(rows) == text


def test_a_new_embedder_would_get_the_same_basis_from_the_same_weights(
    rows: np.ndarray, clean: bytes
) -> None:
    agreement = np.abs((basis.derive(clean) * rows).sum(axis=1))
    assert agreement.min() > 0.999


@pytest.mark.parametrize("text", ["", "{}", '{"int16": "AAAA"}', '{"int16": "?"}', '{"int16": 1}', "[]"])
def test_a_damaged_basis_is_a_model_fault(text: str) -> None:
    with pytest.raises(ModelFault):
        basis.load(text)


@pytest.mark.parametrize("text", ["", "{}", '{"faces": 1, "scales": {}, "ranges": {"x": [1]}}', "[]"])
def test_a_damaged_calibration_is_a_model_fault(text: str) -> None:
    with pytest.raises(ModelFault):
        calibrate.load(text)
