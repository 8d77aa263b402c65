from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelFault
from edge.face.compare import Threshold
from edge.face.manifest import ModelFile, parse

HASHES = {
    name: f"{n:064x}"
    for n, name in enumerate(("d.tflite", "r.tflite", "m.tflite", "i8", "i8d", "w8", "b.npy", "p2", "p1"))
}
PAGE = "\n".join(f'[files."{name}"]\nsha256 = "{digest}"' for name, digest in HASHES.items()) + """
[face]
model_id = "mfn1"
detector = "d.tflite"
detector_retry = "r.tflite"
mesh = "m.tflite"
basis = "b.npy"
default_cosine = 0.60
[face.embedder]
litert = "i8"
litert_aarch64_asimddp = "i8d"
litert_x86_64 = "w8"
litert_x86_64_vnni = "i8"
tflite_runtime = "w8"
[[face.thresholds]]
fmr = 1e-4
cosine = 0.54
[[face.thresholds]]
fmr = 1e-5
cosine = 0.60
[pad.v2]
file = "p2"
[pad.v1se]
file = "p1"
"""  # fmt: skip


@pytest.mark.parametrize(
    ("runtime", "machine", "embedder"),
    [
        ("litert", "aarch64", "i8"),
        ("litert", "aarch64_asimddp", "i8d"),
        ("litert", "x86_64", "w8"),
        ("litert", "x86_64_vnni", "i8"),
        ("tflite", "aarch64", "w8"),
        ("tflite", "x86_64_vnni", "w8"),
        ("tflite", "armv7l", "w8"),
    ],
)
def test_each_runtime_and_machine_has_its_embedder(runtime: str, machine: str, embedder: str) -> None:
    parts = parse(PAGE, runtime=runtime, machine=machine)
    assert parts.embedder == ModelFile(embedder, HASHES[embedder])
    assert parts.detector == ModelFile("d.tflite", HASHES["d.tflite"])
    assert parts.model_id == "mfn1"
    assert parts.threshold == Threshold(1e-5, 0.60)


def test_the_networks_of_passive_pad_are_pinned_like_every_file() -> None:
    passive = parse(PAGE, runtime="litert", machine="aarch64").passive
    assert passive == (ModelFile("p2", HASHES["p2"]), ModelFile("p1", HASHES["p1"]))


BROKEN = {
    "no TOML": (PAGE, "= ="),
    "no face": ("[face]", "[farce]"),
    "no hash": ('[files."m.tflite"]', '[files."n.tflite"]'),
    "a path": ('detector = "d.tflite"', 'detector = "../d.tflite"'),
    "a number for a name": ('detector = "d.tflite"', "detector = 1"),
    "a table for a name": ('detector = "d.tflite"', "detector = {}"),
    "a text for a threshold": ("cosine = 0.54", 'cosine = "0.54"'),
    "a threshold of 0, which every face reaches": ("default_cosine = 0.60", "default_cosine = 0.0"),
    "a negative threshold": ("default_cosine = 0.60", "default_cosine = -1.0"),
    "a threshold that is no number": ("default_cosine = 0.60", "default_cosine = nan"),
    "a threshold of true": ("default_cosine = 0.60", "default_cosine = true"),
    "a threshold with no measured rate": ("default_cosine = 0.60", "default_cosine = 0.30"),
    "a row without a rate": ("fmr = 1e-4", "far = 1e-4"),
    "a rate above 1": ("fmr = 1e-4", "fmr = 2"),
    "an empty name": ('model_id = "mfn1"', 'model_id = ""'),
}


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_a_broken_manifest_is_a_model_fault(case: str) -> None:
    old, new = BROKEN[case]
    assert old in PAGE
    with pytest.raises(ModelFault):
        parse(PAGE.replace(old, new), runtime="litert", machine="aarch64")


@given(st.text(max_size=300) | st.integers(0, len(PAGE)).map(lambda n: PAGE[:n]))
def test_fuzz_any_text_is_a_manifest_or_a_model_fault(text: str) -> None:
    try:
        parts = parse(text, runtime="litert", machine="aarch64")
    except ModelFault:
        return
    assert parts.model_id == "mfn1"


def test_the_manifest_in_the_tree_describes_an_engine_for_both_runtimes(built_models) -> None:
    page = (built_models / "manifest.toml").read_text(encoding="utf-8")
    engines = [parse(page, runtime=runtime, machine="aarch64") for runtime in ("litert", "tflite")]
    assert engines[0].embedder != engines[1].embedder
    assert engines[0].basis == engines[1].basis
    assert engines[0].threshold.fmr <= 1e-4
