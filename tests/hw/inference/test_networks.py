"""The Network port, on both TFLite runtimes: one contract suite."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import ROOT

from edge.errors import ModelFault
from hw.inference import networks
from hw.inference.networks import TfliteNetwork, read_array, read_checked, read_manifest
from hw.inference.runtimes import Runtime, open_runtime

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGES = {"litert": "ai_edge_litert", "tflite": "tflite_runtime"}
GRAPHS = {
    "face_detector_short.tflite": ((1, 128, 128, 3), [(1, 896, 16), (1, 896, 1)]),
    "face_detector_back.tflite": ((1, 256, 256, 3), [(1, 896, 16), (1, 896, 1)]),
    "face_mesh.tflite": ((1, 192, 192, 3), [(1, 1, 1, 1404), (1, 1, 1, 1)]),
    "embedder_int8.tflite": ((1, 112, 112, 3), [(1, 192)]),
    "embedder_wo8.tflite": ((1, 112, 112, 3), [(1, 192)]),
}


def runtime(name: str) -> Runtime:
    if importlib.util.find_spec(PACKAGES[name]) is None:
        pytest.skip(f"{PACKAGES[name]} is not there for Python {sys.version_info[0]}.{sys.version_info[1]}")
    return open_runtime(name)[1]


@pytest.fixture(params=sorted(PACKAGES))
def open_network(request: pytest.FixtureRequest) -> Runtime:
    return runtime(request.param)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


LEVELS = np.arange(256, dtype=np.float32) / 127.5 - 1.0


def noise(shape: tuple[int, ...]) -> np.ndarray:
    """A picture for a graph with this input."""
    return np.random.default_rng(7).integers(0, 256, shape[1:], dtype=np.uint8)


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_a_graph_has_its_shape_and_returns_float32_in_its_order(
    open_network: Runtime, built_models: Path, name: str
) -> None:
    network = open_network(built_models / name, sha256(built_models / name))
    shape, answers = GRAPHS[name]
    assert network.input_shape == shape
    outputs = network.run(noise(shape), LEVELS)
    assert [out.shape for out in outputs] == answers
    assert {out.dtype for out in outputs} == {np.dtype(np.float32)}
    assert all(np.isfinite(out).all() for out in outputs)


@pytest.mark.parametrize("levels", [LEVELS, np.stack([LEVELS, -LEVELS, LEVELS / 2], axis=-1)], ids=["", "3"])
@pytest.mark.parametrize("package", sorted(PACKAGES))
@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_the_input_of_a_graph_is_the_level_of_each_pixel(
    built_models: Path, name: str, package: str, levels: np.ndarray
) -> None:
    """Bit by bit, against the tensor that TFLite itself is given."""
    network = runtime(package)(built_models / name, sha256(built_models / name))
    interpreter = importlib.import_module(f"{PACKAGES[package]}.interpreter").Interpreter
    graph = interpreter(model_content=(built_models / name).read_bytes(), num_threads=1)
    graph.allocate_tensors()
    (taken,) = graph.get_input_details()
    pixels = noise(GRAPHS[name][0])
    real = levels[pixels] if levels.ndim == 1 else levels[pixels, (0, 1, 2)]
    if taken["dtype"] is not np.float32:
        scale, zero = taken["quantization"]
        real = np.clip(np.rint(real * np.float32(1 / scale)) + np.float32(zero), -128, 127)
    graph.set_tensor(taken["index"], real[np.newaxis].astype(taken["dtype"]))
    graph.invoke()
    for out, found in zip(graph.get_output_details(), network.run(pixels, levels), strict=True):
        stored = graph.get_tensor(out["index"]).astype(np.float32)
        scale, zero = out["quantization"]
        assert (found == (stored if scale == 0 else (stored - zero) * np.float32(scale))).all()


@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_both_runtimes_give_the_same_answer(built_models: Path, name: str) -> None:
    answers = [
        runtime(package)(built_models / name, sha256(built_models / name)).run(noise(GRAPHS[name][0]), LEVELS)
        for package in sorted(PACKAGES)
    ]
    for a, b in zip(*answers, strict=True):
        cosine = (a * b).sum() / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)
        # XNNPACK and the reference kernels round int8 differently, and noise is the worst input for it
        assert cosine > (0.98 if "int8" in name else 0.9999)


def test_results_belong_to_the_caller(open_network: Runtime, built_models: Path) -> None:
    path = built_models / "face_detector_short.tflite"
    network = open_network(path, sha256(path))
    first = network.run(noise((1, 128, 128, 3)), LEVELS)
    kept = [out.copy() for out in first]
    network.run(np.zeros((128, 128, 3), np.uint8), LEVELS)
    assert all((out == copy).all() for out, copy in zip(first, kept, strict=True))


def test_levels_count_as_they_are_at_each_run(built_models: Path) -> None:
    path = built_models / "face_detector_short.tflite"
    network, other = (runtime("litert")(path, sha256(path)) for _ in range(2))
    pixels, levels = noise((1, 128, 128, 3)), LEVELS.copy()
    first = network.run(pixels, levels)[0]
    levels *= -1
    assert (network.run(pixels, levels)[0] == other.run(pixels, levels.copy())[0]).all()
    levels *= -1
    levels.flags.writeable = False
    for _ in range(2):
        assert (network.run(pixels, levels)[0] == first).all()


class Recording:
    """An Interpreter that writes down the order in which it is used."""

    def __init__(self, **_: object) -> None:
        self.used: list[str] = []

    def allocate_tensors(self) -> None:
        self.used.append("allocate")

    def invoke(self) -> None:
        self.used.append("invoke")

    def get_input_details(self) -> list[dict[str, object]]:
        return [{"index": 0, "shape": (1, 2, 2, 3), "dtype": np.float32}]

    def get_output_details(self) -> list[dict[str, object]]:
        return []

    def tensor(self, _: int) -> Callable[[], np.ndarray]:
        return lambda: np.zeros((1, 2, 2, 3), np.float32)


def test_a_late_graph_is_read_at_once_and_takes_its_memory_once_at_its_first_run() -> None:
    graph = Recording()
    network = TfliteNetwork(graph, "late.tflite", late=True)
    assert network.input_shape == (1, 2, 2, 3)
    assert graph.used == []
    for _ in range(2):
        network.run(np.zeros((2, 2, 3), np.uint8), LEVELS)
    assert graph.used == ["allocate", "invoke", "invoke"]


def test_a_late_graph_gives_the_same_answer(open_network: Runtime, built_models: Path) -> None:
    path = built_models / "face_detector_back.tflite"
    late, soon = (open_network(path, sha256(path), late=late) for late in (True, False))
    for a, b in zip(*(network.run(noise((1, 256, 256, 3)), LEVELS) for network in (late, soon)), strict=True):
        assert (a == b).all()


@pytest.mark.parametrize("late", [True, False])
def test_a_late_graph_is_checked_at_once(open_network: Runtime, built_models: Path, *, late: bool) -> None:
    path = built_models / "face_detector_back.tflite"
    with pytest.raises(ModelFault, match="truncated or altered"):
        open_network(path, "00" * 32, late=late)


@pytest.mark.parametrize("shape", [(1, 128, 128, 3), (64, 64, 3), (128, 128, 1), (128, 128), ()])
def test_another_input_shape_is_a_model_fault(
    open_network: Runtime, built_models: Path, shape: tuple[int, ...]
) -> None:
    path = built_models / "face_detector_short.tflite"
    network = open_network(path, sha256(path))
    with pytest.raises(ModelFault, match="must have"):
        network.run(np.zeros(shape, np.uint8), LEVELS)
    with pytest.raises(ModelFault, match="of float32, and must have"):
        network.run(np.zeros((128, 128, 3), np.float32), LEVELS)


def test_an_altered_file_never_reaches_the_interpreter(
    open_network: Runtime, built_models: Path, tmp_path: Path
) -> None:
    path = built_models / "face_mesh.tflite"
    whole = path.read_bytes()
    for name, data in {
        "truncated": whole[: len(whole) // 2],  # tflite-runtime 2.14 ends with SIGSEGV for this file
        "one bit": whole[:-1] + bytes([whole[-1] ^ 1]),
        "longer": whole + b"\0",
        "empty": b"",
    }.items():
        altered = tmp_path / name
        altered.write_bytes(data)
        with pytest.raises(ModelFault) as caught:
            open_network(altered, sha256(path))
        assert str(altered) in caught.value.message
        assert "doorward models fetch" in caught.value.hint


def test_a_missing_file_is_a_model_fault(open_network: Runtime, tmp_path: Path) -> None:
    with pytest.raises(ModelFault, match="cannot be read"):
        open_network(tmp_path / "no.tflite", "0" * 64)
    with pytest.raises(ModelFault, match="cannot be read"):
        open_network(tmp_path, "0" * 64)


def test_bytes_that_are_not_a_graph_are_a_model_fault(open_network: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "text.tflite"
    path.write_bytes(b"this is not a model, although the manifest names it\n" * 10)
    with pytest.raises(ModelFault, match=r"text\.tflite"):
        open_network(path, sha256(path))


def test_a_file_above_the_limit_is_a_model_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "MAX_MODEL_BYTES", 10)
    path = tmp_path / "large"
    path.write_bytes(b"12345678901")
    with pytest.raises(ModelFault, match="larger than 10 bytes"):
        read_checked(path, sha256(path))
    path.write_bytes(b"1234567890")
    assert read_checked(path, sha256(path).upper()) == b"1234567890"


def test_an_array_is_float32_and_never_a_pickle(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.eye(3, dtype=np.float32))
    assert (read_array(path, sha256(path)) == np.eye(3)).all()
    for other in (np.eye(3), np.array([{"a": 1}], dtype=object)):
        np.save(path, other, allow_pickle=True)
        with pytest.raises(ModelFault):
            read_array(path, sha256(path))
    for data in (b"\x93NUMPY", b"text", b"PK\x03\x04"):
        path.write_bytes(data)
        with pytest.raises(ModelFault):
            read_array(path, sha256(path))


def test_a_manifest_that_is_missing_or_not_text_is_a_model_fault(tmp_path: Path) -> None:
    with pytest.raises(ModelFault, match="not built"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelFault, match=r"manifest\.toml"):
        read_manifest(tmp_path)


def test_an_unknown_runtime_is_a_model_fault() -> None:
    with pytest.raises(ModelFault, match="is not one of litert, tflite"):
        open_runtime("onnx")


@pytest.mark.parametrize("name", sorted(PACKAGES))
def test_opening_a_graph_writes_nothing_to_standard_error(name: str, built_models: Path) -> None:
    runtime(name)
    path = built_models / "face_mesh.tflite"
    code = (
        "import sys; from pathlib import Path; from hw.inference.runtimes import open_runtime;"
        f"open_runtime({name!r})[1](Path({str(path)!r}), {sha256(path)!r});"
        "print('still here', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "still here\n"
