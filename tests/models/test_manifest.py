"""models/manifest.toml, compared with the files that it describes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from conftest import ROOT

from edge.errors import ModelFault
from models import calibrate, durable, manifest

PAGE = ROOT / "models" / "manifest.toml"
MANIFEST = manifest.load(PAGE)


@pytest.mark.parametrize("name", MANIFEST.files)
def test_a_built_file_is_the_pinned_one(name: str, built_models: Path) -> None:
    file = built_models / name
    assert file.stat().st_size == MANIFEST.files[name].bytes
    assert durable.sha256(file) == MANIFEST.files[name].sha256


@pytest.mark.parametrize("name", [name for name in MANIFEST.files if name.endswith(".tflite")])
def test_a_model_has_the_tensors_of_the_manifest(name: str, built_models: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter  # absent on 32-bit boards

    interpreter = Interpreter(model_path=str(built_models / name))
    found = [_tensor(row) for row in interpreter.get_input_details() + interpreter.get_output_details()]
    file = MANIFEST.files[name]
    assert file.input is not None
    stated = [file.input, *file.outputs]
    assert found == [(t.shape, t.dtype, t.scale, t.zero_point) for t in stated]
    assert [row["name"] for row in interpreter.get_output_details()] == [t.name for t in file.outputs]


def _tensor(row: dict[str, object]) -> tuple[object, ...]:
    scale, zero_point = row["quantization"]
    return tuple(int(n) for n in row["shape"]), row["dtype"].__name__, float(scale), int(zero_point)


def test_the_built_manifest_is_this_checkouts(built_models: Path) -> None:
    assert (built_models / "manifest.toml").read_bytes() == PAGE.read_bytes()


@pytest.mark.parametrize("name", MANIFEST.photos)
def test_a_photograph_is_the_pinned_one(name: str, photos: Path) -> None:
    assert durable.sha256(photos / name) == MANIFEST.photos[name].sha256


def test_the_face_section_names_files_that_exist() -> None:
    face = MANIFEST.face
    embedders = msgspec.structs.astuple(face.embedder)
    pad = {MANIFEST.pad.v2.file, MANIFEST.pad.v1se.file}
    assert {face.detector, face.detector_retry, face.mesh, face.basis, *embedders} | pad == set(
        MANIFEST.files
    )


def test_the_calibration_is_the_pinned_one_and_can_be_read() -> None:
    text = (ROOT / "models" / "calibration.json").read_bytes()
    assert hashlib.sha256(text).hexdigest() == MANIFEST.face.calibration
    assert calibrate.dump(calibrate.load(text.decode())).encode() == text


def test_a_rarer_false_match_needs_a_higher_cosine() -> None:
    rows = sorted(MANIFEST.face.thresholds, key=lambda row: row.fmr, reverse=True)
    cosines = [row.cosine for row in rows]
    assert cosines == sorted(set(cosines))
    assert {row.fmr for row in rows} >= {1e-2, 1e-3, 1e-4}
    assert MANIFEST.face.default_cosine > max(row.cosine for row in rows if row.fmr >= 1e-4)


def test_every_member_comes_from_a_pinned_package_with_a_licence() -> None:
    members = [
        MANIFEST.source,
        MANIFEST.pad.v2,
        MANIFEST.pad.v1se,
        *MANIFEST.photos.values(),
        *(f.taken for f in MANIFEST.files.values() if f.taken),
    ]
    assert {member.package for member in members} | {*MANIFEST.quantizer.packages} == set(MANIFEST.packages)
    assert all(package.licence and package.why for package in MANIFEST.packages.values())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("format = 1\n", "format = 2\n"), "format 2"),
        (("[face]\n", "[face]\nmodel = 'x'\n"), "unknown field"),
        (("sha256 = ", "sha265 = "), "unknown field"),
        (("[source]", "[source"), "cannot be used"),
        (("bytes = 229_032", "bytes = '229032'"), "Expected `int`"),
    ],
    ids=["another format", "unknown key", "misspelt key", "not TOML", "wrong type"],
)
def test_an_invalid_manifest_is_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    page = tmp_path / "manifest.toml"
    page.write_text(PAGE.read_text("utf-8").replace(*change), "utf-8")
    with pytest.raises(ModelFault, match=said):
        manifest.load(page)
