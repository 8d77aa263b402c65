"""Bad frames and bad models that must never match, on the engine of a device.

Each frame is compared with the reference of the person whom it shows, which is the most similar one.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import shared

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.decision import Reason
from edge.errors import ModelFault
from edge.face.engine import FaceEngine
from edge.face.quality import Component
from edge.face.template import Reference, TemplateFormat

Change = Callable[[np.ndarray], np.ndarray]


@pytest.fixture
def own(engine: FaceEngine, astronaut: np.ndarray) -> Reference:
    return engine.reference(engine.enrol(astronaut), fmt=TemplateFormat.INT8_64, model=engine.model_id)


@pytest.fixture
def strangers(engine: FaceEngine, photos: Path) -> Reference:
    woman = read_image(photos / "sample1.jpg")[100:700, 1240:1880]
    return engine.reference(engine.enrol(woman), fmt=TemplateFormat.INT8_64, model=engine.model_id)


def twelve(picture: np.ndarray) -> np.ndarray:
    return np.tile(picture[40:240, 120:320], (3, 4, 1))


NAMED: dict[str, tuple[Change, Reason, Component | None]] = {
    "no rows and no columns": (lambda a: a[:0, :0], Reason.FACE_QUALITY, None),
    "no rows": (lambda a: a[:0], Reason.FACE_QUALITY, None),
    "no columns": (lambda a: a[:, :0], Reason.FACE_QUALITY, None),
    "12 megapixels without a face": (
        lambda _: np.full((3000, 4000, 3), 90, np.uint8),
        Reason.FACE_ABSENT,
        None,
    ),
    "NaN": (lambda a: np.full(a.shape, np.nan, np.float32), Reason.FACE_QUALITY, None),
    "a NaN in a float picture": (
        lambda a: np.where(a == a.max(), np.nan, a).astype(np.float32),
        Reason.FACE_QUALITY,
        None,
    ),
    "greyscale": (lambda a: cv2.cvtColor(a, cv2.COLOR_RGB2GRAY), Reason.FACE_QUALITY, None),
    "greyscale of one channel": (lambda a: a[..., :1], Reason.FACE_QUALITY, None),
    "no face": (lambda a: a[350:, :150], Reason.FACE_ABSENT, None),
    "twelve faces": (twelve, Reason.FACE_SEVERAL, Component.SINGLE_FACE_PRESENT),
    "cut by the left border": (lambda a: a[:, 200:], Reason.FACE_QUALITY, Component.CROP_OF_THE_FACE),
    "cut by the upper border": (lambda a: a[105:], Reason.FACE_QUALITY, Component.CROP_OF_THE_FACE),
    "upside down": (lambda a: a[::-1, ::-1], Reason.FACE_QUALITY, None),
    "upside down and mirrored": (lambda a: a[::-1], Reason.FACE_QUALITY, None),
}


@pytest.mark.parametrize("case", NAMED, ids=str)
def test_a_bad_frame_of_the_holder_has_a_reason_and_is_not_compared(
    engine: FaceEngine, own: Reference, astronaut: np.ndarray, case: str
) -> None:
    change, reason, component = NAMED[case]
    evidence = engine.assess(np.ascontiguousarray(change(astronaut)), own)
    assert (evidence.reason, evidence.similarity) == (reason, None)
    assert component in (None, evidence.fta)


def test_12_megapixels_of_the_holder_are_compared_like_any_frame(
    engine: FaceEngine, own: Reference, strangers: Reference, astronaut: np.ndarray
) -> None:
    large = cv2.resize(astronaut, (4000, 3000), interpolation=cv2.INTER_CUBIC)
    assert engine.assess(large, own).similarity >= engine.threshold.cosine
    assert engine.assess(large, strangers).similarity < 0.3


def test_a_mirror_image_matches_the_person_and_no_other(
    engine: FaceEngine, own: Reference, strangers: Reference, astronaut: np.ndarray
) -> None:
    # faces are symmetric, and some cameras mirror their pictures: models/embedder.md
    mirrored = np.ascontiguousarray(astronaut[:, ::-1])
    assert engine.assess(mirrored, own).similarity >= engine.threshold.cosine
    assert engine.assess(mirrored, strangers).similarity < 0.3


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_a_face_near_the_edge_is_compared_until_it_is_cut(
    engine: FaceEngine, own: Reference, strangers: Reference, astronaut: np.ndarray, side: str
) -> None:
    turns = {"left": 0, "top": 1, "right": 2, "bottom": 3}[side]
    reasons = []
    for cut in range(0, 400, 16):
        gone = np.rot90(np.rot90(astronaut, turns)[:, cut:], -turns)
        for reference in (own, strangers):
            evidence = engine.assess(np.ascontiguousarray(gone), reference)
            assert (evidence.reason is None) == (evidence.similarity is not None)
            if evidence.similarity is not None:
                assert evidence.quality.margin >= 0
                assert (evidence.similarity >= engine.threshold.cosine) == (reference is own)
        reasons.append(evidence.reason)
    assert reasons[0] is None
    assert reasons[-1] is not None


@pytest.mark.parametrize("people", ["london", "nuaa/bona_fide"])
def test_no_face_upside_down_is_compared(engine: FaceEngine, people: str) -> None:
    template = Reference(np.eye(1, 64, dtype=np.float32)[0], engine.model_id)
    for file in sorted(shared("faces", *people.split("/")).glob("*.jpg"))[::3]:
        picture = read_image(file)
        for turned in (picture[::-1], picture[::-1, ::-1]):
            evidence = engine.assess(np.ascontiguousarray(turned), template)
            assert evidence.reason is not None, file.name


# --- models ------------------------------------------------------------------------------------------------


def truncated(file: Path, _: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def emptied(file: Path, _: Path) -> None:
    file.write_bytes(b"")


def another(file: Path, other: Path) -> None:
    shutil.copyfile(other, file)


def another_that_is_pinned(file: Path, other: Path) -> None:
    """An attacker who can write the manifest too: a graph of the wrong shape is still refused."""
    sums = [hashlib.sha256(f.read_bytes()).hexdigest() for f in (file, other)]
    another(file, other)
    manifest = file.parent / "manifest.toml"
    text = manifest.read_text()
    assert sums[0] in text
    manifest.write_text(text.replace(sums[0], sums[1]))


def gone(file: Path, _: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("damage", [truncated, emptied, another, another_that_is_pinned, gone])
@pytest.mark.parametrize(
    ("victim", "other"),
    [
        ("embedder_wo8.tflite", "face_mesh.tflite"),
        ("face_mesh.tflite", "face_detector_short.tflite"),
        ("face_detector_short.tflite", "face_mesh.tflite"),
        ("face_detector_back.tflite", "face_mesh.tflite"),
        ("basis.npy", "face_mesh.tflite"),
    ],
)
def test_an_engine_does_not_start_with_a_wrong_or_damaged_file(
    built_models: Path, tmp_path: Path, victim: str, other: str, damage: Callable[[Path, Path], None]
) -> None:
    models = Path(shutil.copytree(built_models, tmp_path / "models"))
    open_face_engine(models, machine="x86_64")
    damage(models / victim, models / other)
    with pytest.raises(ModelFault) as caught:
        open_face_engine(models, machine="x86_64")
    assert caught.value.message
