"""The whole engine: on real pictures with the built models, and with networks of random answers."""

from __future__ import annotations

from collections import Counter
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import shared
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.decision import Reason
from edge.errors import InputError, ModelFault, Refused
from edge.face.compare import Threshold
from edge.face.embed import Embedder
from edge.face.engine import FaceEngine, Networks
from edge.face.pad.fusion import Family, Measure, PadPolicy
from edge.face.quality import Coaching
from edge.face.template import Reference, TemplateFormat

DOOR = (480, 640)


@pytest.fixture
def reference(engine: FaceEngine, astronaut: np.ndarray) -> Reference:
    return engine.reference(engine.enrol(astronaut), fmt=TemplateFormat.INT8_64, model=engine.model_id)


def woman(photos: Path, sample: str, left: int, top: int) -> np.ndarray:
    """A part of a group photograph that shows the fair-haired woman alone, as before a door camera."""
    window = read_image(photos / sample)[top : top + 600, left : left + 640]
    return cv2.resize(window, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)


def at_the_door(picture: np.ndarray, side: int, place: tuple[int, int] = (0, 80)) -> np.ndarray:
    """A square picture in a grey 640x480 frame, without the edges of a print."""
    frame = np.full((*DOOR, 3), 120, np.uint8)
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    middle = np.zeros((side, side, 1), np.float32)
    middle[side // 6 : -side // 6, side // 6 : -side // 6] = 1
    there = cv2.GaussianBlur(middle, (0, 0), side / 18)[..., np.newaxis]
    top, left = place
    spot = frame[top : top + side, left : left + side]
    spot[:] = spot * (1 - there) + small * there
    return frame


# --- matches -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runtime", ["litert", "tflite"])
@pytest.mark.parametrize("fmt", list(TemplateFormat))
def test_one_person_in_two_photographs_is_a_match_and_others_are_not(
    built_models: Path, photos: Path, runtime: str, fmt: TemplateFormat
) -> None:
    pytest.importorskip({"litert": "ai_edge_litert", "tflite": "tflite_runtime"}[runtime])
    engine = open_face_engine(built_models, runtime=runtime)
    data = engine.enrol(woman(photos, "sample1.jpg", 1240, 100), fmt)
    assert len(data) == fmt.size
    held = engine.reference(data, fmt=fmt, model=engine.model_id)
    again = engine.assess(woman(photos, "sample3.jpg", 860, 80), held)
    other = engine.assess(read_image(photos / "astronaut.png"), held)
    assert again.reason is None
    assert other.reason is None
    assert again.similarity == pytest.approx(0.80, abs=0.08)
    assert again.similarity >= engine.threshold.cosine
    assert other.similarity < 0.3


def test_evidence_is_measured_and_in_pixels_of_the_frame(
    engine: FaceEngine, reference: Reference, astronaut: np.ndarray
) -> None:
    evidence = engine.assess(astronaut, reference)
    assert evidence.similarity > 0.99
    assert evidence.faces == 1
    x0, y0, x1, y1 = evidence.box
    assert 150 < x0 < x1 < 300
    assert 50 < y0 < y1 < 200
    assert evidence.landmarks.shape == (468, 3)
    inside = (evidence.landmarks[:, :2] > [x0 - 30, y0 - 60]) & (
        evidence.landmarks[:, :2] < [x1 + 30, y1 + 30]
    )
    assert inside.all()
    assert set(evidence.ms) == {"detect", "align", "pad", "embed"}
    assert all(ms > 0 for ms in evidence.ms.values())
    assert evidence.quality.presence > 0.9
    assert evidence.pad.value(Measure.SHARE) == evidence.quality.share == pytest.approx(0.2, abs=0.05)


def test_a_12_megapixel_frame_gives_the_result_of_a_small_one(
    engine: FaceEngine, reference: Reference, astronaut: np.ndarray
) -> None:
    frame = np.zeros((3000, 4000, 3), np.uint8)
    frame[:, 500:3500] = cv2.resize(astronaut, (3000, 3000), interpolation=cv2.INTER_CUBIC)
    evidence = engine.assess(frame, reference)
    assert evidence.reason is None
    assert evidence.similarity > 0.9
    assert 1300 < evidence.box[0] < 2300


# --- strangers and unusable pictures ----------------------------------------------------------------


def crowd(astronaut: np.ndarray, across: int, down: int) -> np.ndarray:
    return np.tile(astronaut[40:240, 120:320], (down, across, 1))


BAD_FRAMES = {
    "nothing": (lambda _: np.zeros((0, 0, 3), np.uint8), Reason.FACE_QUALITY),
    "no rows": (lambda _: np.zeros((0, 640, 3), np.uint8), Reason.FACE_QUALITY),
    "one pixel": (lambda _: np.zeros((1, 1, 3), np.uint8), Reason.FACE_QUALITY),
    "a strip": (lambda _: np.zeros((8, 9000, 3), np.uint8), Reason.FACE_QUALITY),
    "too large a side": (lambda _: np.zeros((64, 20_000, 3), np.uint8), Reason.FACE_QUALITY),
    "float": (lambda a: a.astype(np.float32), Reason.FACE_QUALITY),
    "NaN": (lambda a: np.full(a.shape, np.nan, np.float32), Reason.FACE_QUALITY),
    "16 bit": (lambda a: a.astype(np.uint16), Reason.FACE_QUALITY),
    "greyscale": (lambda a: a[..., 0], Reason.FACE_QUALITY),
    "with alpha": (lambda a: np.dstack([a, a[..., 0]]), Reason.FACE_QUALITY),
    "black": (lambda _: np.zeros((*DOOR, 3), np.uint8), Reason.FACE_ABSENT),
    "white": (lambda _: np.full((*DOOR, 3), 255, np.uint8), Reason.FACE_ABSENT),
    "one colour": (lambda _: np.full((*DOOR, 3), (230, 60, 20), np.uint8), Reason.FACE_ABSENT),
    "noise": (
        lambda _: np.random.default_rng(3).integers(0, 256, (*DOOR, 3), dtype=np.uint8),
        Reason.FACE_ABSENT,
    ),
    "a long thin picture": (lambda _: np.full((64, 16_384, 3), 90, np.uint8), Reason.FACE_ABSENT),
    "two faces": (lambda a: crowd(a, 2, 1), Reason.FACE_SEVERAL),
    "twelve faces": (lambda a: crowd(a, 4, 3), Reason.FACE_SEVERAL),
    "blurred": (lambda a: cv2.GaussianBlur(a, (0, 0), 5), Reason.FACE_QUALITY),
    "in the dark": (lambda a: (a * 0.06).astype(np.uint8), Reason.FACE_QUALITY),
    "far away": (lambda a: at_the_door(a, 240, (200, 100)), Reason.FACE_QUALITY),
    "a picture held to the lens": (lambda a: cv2.resize(a[60:200, 150:300], (640, 600)), Reason.FACE_QUALITY),
}


@pytest.mark.parametrize("case", BAD_FRAMES, ids=str)
def test_a_bad_frame_has_a_reason_and_no_similarity(
    engine: FaceEngine, reference: Reference, astronaut: np.ndarray, case: str
) -> None:
    make, reason = BAD_FRAMES[case]
    evidence = engine.assess(make(astronaut), reference)
    assert evidence.reason is reason
    assert evidence.similarity is None


def test_a_picture_on_its_side_is_face_quality(
    engine: FaceEngine, reference: Reference, astronaut: np.ndarray
) -> None:
    evidence = engine.assess(np.ascontiguousarray(np.rot90(astronaut, 3)), reference)
    assert (evidence.reason, evidence.coaching) == (Reason.FACE_QUALITY, Coaching.FACE_THE_CAMERA)


def test_a_face_at_the_border_is_refused_or_compared_but_never_a_crash(
    engine: FaceEngine, reference: Reference, astronaut: np.ndarray
) -> None:
    for cut in range(150, 280, 10):
        evidence = engine.assess(np.ascontiguousarray(astronaut[:, cut:]), reference)
        assert (evidence.reason is None) == (evidence.similarity is not None)


def test_views_of_an_array_are_pictures_too(
    engine: FaceEngine, reference: Reference, astronaut: np.ndarray
) -> None:
    mirrored = engine.assess(astronaut[:, ::-1], reference)
    bgr_turned_rgb = engine.assess(np.ascontiguousarray(astronaut[..., ::-1])[..., ::-1], reference)
    assert mirrored.similarity > 0.6
    assert bgr_turned_rgb.similarity > 0.99


def test_a_small_face_far_behind_does_not_block(engine: FaceEngine, astronaut: np.ndarray) -> None:
    frame = np.full((720, 1280, 3), 90, np.uint8)
    frame[:, :720] = cv2.resize(astronaut, (720, 720))
    frame[300:400, 1000:1100] = cv2.resize(astronaut[20:260, 100:340], (100, 100))
    held = engine.reference(engine.enrol(astronaut), fmt=TemplateFormat.INT8_64, model=engine.model_id)
    assert len(engine.people(frame)) < 2
    assert engine.assess(frame, held).similarity > 0.8


def test_enrolment_says_why_a_picture_is_refused(engine: FaceEngine, astronaut: np.ndarray) -> None:
    for picture, message in (
        (np.zeros((*DOOR, 3), np.uint8), "no face"),
        (crowd(astronaut, 2, 1), "2 faces in the picture"),
        (cv2.GaussianBlur(astronaut, (0, 0), 3), "hold still"),
        (astronaut[..., 0], "not a colour picture"),
        (np.zeros((9, 9, 3), np.uint8), "9x9"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            engine.enrol(picture)
        assert caught.value.hint or message == "not a colour picture"


def test_a_foreign_or_wiped_reference_is_face_template_before_the_frame_is_searched(
    engine: FaceEngine, reference: Reference, astronaut: np.ndarray
) -> None:
    foreign = Reference(reference.vector.copy(), "another")
    assert engine.assess(astronaut, foreign).reason is Reason.FACE_TEMPLATE
    with pytest.raises(Refused):
        engine.reference(bytes(64), fmt=TemplateFormat.INT8_64, model="another")
    reference.wipe()
    evidence = engine.assess(astronaut, reference)
    assert (evidence.reason, evidence.faces, evidence.similarity) == (Reason.FACE_TEMPLATE, 0, None)


def test_evidence_holds_no_embedding_and_no_template(
    engine: FaceEngine, reference: Reference, astronaut: np.ndarray
) -> None:
    evidence = engine.assess(astronaut, reference)
    arrays = [getattr(evidence, name) for name in evidence.__slots__]
    assert [a.shape for a in arrays if isinstance(a, np.ndarray)] == [(468, 3)]
    assert not any(isinstance(a, bytes | Reference) for a in arrays)


# --- photographs of other sources -----------------------------------------------------------------------------------


def test_no_person_of_london_is_falsely_rejected_at_the_default_threshold(engine: FaceEngine) -> None:
    folder = shared("faces", "london")
    for neutral in sorted(folder.glob("*_neutral.jpg")):
        held = engine.reference(
            engine.enrol(read_image(neutral)), fmt=TemplateFormat.INT8_64, model=engine.model_id
        )
        smiling = read_image(neutral.with_name(neutral.name.replace("neutral", "smiling")))
        evidence = engine.assess(smiling, held)
        assert evidence.reason is None, neutral.name
        assert evidence.similarity >= engine.threshold.cosine, neutral.name


def test_bona_fide_pictures_pass_quality_and_pad_and_prints_at_the_lens_do_not(engine: FaceEngine) -> None:
    held = Reference(np.eye(1, 64, dtype=np.float32)[0], engine.model_id)
    live = sorted(shared("faces", "nuaa", "bona_fide").glob("*.jpg"))[::4]
    reasons = Counter(engine.assess(read_image(path), held).reason for path in live)
    assert reasons[Reason.FACE_ATTACK] == 0
    assert reasons[None] >= 0.95 * len(live)
    near = 0
    for path in sorted(shared("faces", "nuaa", "print").glob("*.jpg"))[::4]:
        picture = read_image(path)
        faces = engine.people(picture)
        if len(faces) != 1:
            continue
        x0, y0, x1, y1 = (round(v) for v in faces[0].box)
        side = max(x1 - x0, y1 - y0)
        close = picture[max(0, y0 - side // 5) : y1 + side // 5, max(0, x0 - side // 5) : x1 + side // 5]
        evidence = engine.assess(np.ascontiguousarray(close), held)
        assert evidence.similarity is None, path.name
        near += evidence.reason is Reason.FACE_ATTACK
    assert near > 10


# --- networks with random answers -------------------------------------------------------------------------


class Wild:
    """A Network of the right shape with noise of any size as answer."""

    def __init__(self, rng: np.random.Generator, shape: tuple[int, ...], *answers: tuple[int, ...]) -> None:
        self.input_shape = shape
        self._rng = rng
        self._answers = answers

    def run(self, pixels: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, ...]:
        assert (1, *pixels.shape) == self.input_shape
        assert (pixels.dtype, levels.dtype, levels.shape) == (np.uint8, np.float32, (256,))
        size = 10.0 ** self._rng.uniform(-3, 6)
        return tuple((self._rng.standard_normal(s) * size).astype(np.float32) for s in self._answers)


BASIS = np.eye(64, 192, dtype=np.float32)


NO_NETWORKS = PadPolicy(frozenset({Family.GEOMETRY, Family.TEXTURE}))


def wild_engine(seed: int) -> FaceEngine:
    rng = np.random.default_rng(seed)
    heads = (1, 896, 16), (1, 896, 1)
    networks = Networks(
        detector=Wild(rng, (1, 128, 128, 3), *heads),
        detector_retry=Wild(rng, (1, 256, 256, 3), *heads),
        mesh=Wild(rng, (1, 192, 192, 3), (1, 1, 1, 1404), (1, 1, 1, 1)),
        embedder=Wild(rng, (1, 112, 112, 3), (1, 192)),
    )
    ticks = count()
    return FaceEngine(
        networks,
        BASIS,
        model_id="m",
        threshold=Threshold(1e-4, 0.6),
        pad=NO_NETWORKS,
        seconds=lambda: float(next(ticks)),
    )


@given(st.integers(0, 2**32 - 1), st.tuples(st.integers(0, 300), st.integers(0, 300)))
@settings(max_examples=60)
def test_fuzz_any_answer_of_networks_is_evidence_with_a_reason_or_a_model_fault(
    seed: int, shape: tuple[int, int]
) -> None:
    frame = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
    held = Reference(np.eye(1, 64, dtype=np.float32)[0], "m")
    try:
        evidence = wild_engine(seed).assess(frame, held)
    except ModelFault:
        return
    assert (evidence.reason is None) == (evidence.similarity is not None)
    assert evidence.similarity is None or -1 <= evidence.similarity <= 1


def test_stages_are_timed_by_the_clock_that_was_given() -> None:
    held = Reference(np.eye(1, 64, dtype=np.float32)[0], "m")
    assert wild_engine(1).assess(np.zeros((9, 9, 3), np.uint8), held).ms == {"detect": 1000.0}


class Silent(Wild):
    def run(self, pixels: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(np.full(s, np.nan, np.float32) for s in self._answers)


@pytest.mark.parametrize(
    ("part", "shape"),
    [
        ("detector", (1, 192, 192, 3)),
        ("mesh", (1, 128, 128, 3)),
        ("embedder", (1, 160, 160, 3)),
        ("mesh", ()),
    ],
)
def test_a_network_of_another_shape_is_a_model_fault(part: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    parts = {
        "detector": Wild(rng, (1, 128, 128, 3)),
        "detector_retry": Wild(rng, (1, 256, 256, 3)),
        "mesh": Wild(rng, (1, 192, 192, 3)),
        "embedder": Wild(rng, (1, 112, 112, 3)),
    }
    FaceEngine(Networks(**parts), BASIS, model_id="m", threshold=Threshold(1e-4, 0.6), pad=NO_NETWORKS)
    parts[part] = Wild(rng, shape)
    with pytest.raises(ModelFault):
        FaceEngine(Networks(**parts), BASIS, model_id="m", threshold=Threshold(1e-4, 0.6), pad=NO_NETWORKS)


@pytest.mark.parametrize("answer", [(), (1, 128), (1, 192)])
def test_an_embedder_that_answers_no_direction_is_a_model_fault(answer: tuple[int, ...]) -> None:
    answers = (answer,) if answer else ()
    embedder = Embedder(Silent(np.random.default_rng(0), (1, 112, 112, 3), *answers))
    with pytest.raises(ModelFault):
        embedder.embed(np.zeros((112, 112, 3), np.uint8))
