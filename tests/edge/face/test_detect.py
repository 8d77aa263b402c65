from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelFault
from edge.face.detect import MAX_FACES, MIN_SIDE_PX, BlazeFace, Face, anchors, decode, suppress, tidy

SHORT = ((8, 2), (16, 6))


class Answers:
    """A Network with scripted answers."""

    def __init__(self, *outputs: np.ndarray, shape: tuple[int, ...] = (1, 128, 128, 3)) -> None:
        self.input_shape = shape
        self.outputs = outputs
        self.seen: np.ndarray | None = None

    def run(self, pixels: np.ndarray, levels: np.ndarray) -> tuple[np.ndarray, ...]:
        self.seen = levels[pixels]
        return self.outputs


def blaze(faces: dict[int, float], side: float = 40.0) -> tuple[np.ndarray, np.ndarray]:
    """The output of BlazeFace if the given anchors find a face of `side` input pixels around them."""
    regressors, logits = np.zeros((1, 896, 16), np.float32), np.full((1, 896, 1), -9, np.float32)
    for anchor, logit in faces.items():
        regressors[0, anchor, 2:4] = side
        logits[0, anchor] = logit
    return regressors, logits


def face(x: float, y: float, side: float, score: float = 0.9) -> Face:
    return Face((x, y, x + side, y + side), np.zeros((6, 2), np.float32), score)


def test_anchors_are_cell_centres_row_by_row_fine_cells_first() -> None:
    grid = anchors(128, SHORT)
    assert grid.shape == (896, 2)
    assert np.allclose(grid[:4], [[0.5 / 16, 0.5 / 16]] * 2 + [[1.5 / 16, 0.5 / 16]] * 2)
    assert np.allclose(grid[32], [0.5 / 16, 1.5 / 16])
    assert np.allclose(grid[512:518], 0.5 / 8)
    assert np.allclose(grid[-1], 7.5 / 8)
    assert anchors(256, ((16, 2), (32, 6))).shape == (896, 2)


def test_a_box_is_decoded_around_its_anchor() -> None:
    centres = np.array([[0.25, 0.5]], np.float32)
    regressors = np.array([[0, 12.8, 25.6, 64, *[6.4, -6.4] * 6]], np.float32)
    scores, points = decode(regressors, np.array([0.0], np.float32), centres, 128)
    assert np.allclose(scores, 0.5)
    assert np.allclose(points[0, :2], [[0.15, 0.35], [0.35, 0.85]])
    assert np.allclose(points[0, 2:], [0.30, 0.45])


@pytest.mark.parametrize(
    ("logit", "box", "seen"),
    [(-0.01, 1.0, 0), (1e9, 1.0, 1), (np.nan, 1.0, 0), (5.0, np.nan, 0), (5.0, np.inf, 0)],
)
def test_only_confident_and_finite_answers_are_decoded(logit: float, box: float, seen: int) -> None:
    scores, points = decode(
        np.full((1, 16), box, np.float32),
        np.array([logit], np.float32),
        np.full((1, 2), 0.5, np.float32),
        128,
    )
    assert len(scores) == len(points) == seen


def test_overlapping_boxes_become_their_weighted_mean_and_others_stay() -> None:
    boxes = np.array([[[0, 0], [10, 10]], [[1, 0], [11, 10]], [[50, 50], [60, 60]]], np.float32)
    kept = suppress(np.array([0.9, 0.3, 0.6], np.float32), boxes)
    assert [round(score, 2) for score, _ in kept] == [0.9, 0.6]
    assert np.allclose(kept[0][1], [[0.25, 0], [10.25, 10]])
    assert np.allclose(kept[1][1], boxes[2])


@given(st.data())
def test_suppression_keeps_the_best_first_and_never_two_alike(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 40))
    numbers = st.floats(0, 1, width=32)
    corners = np.array(data.draw(st.lists(st.tuples(numbers, numbers), min_size=count, max_size=count)))
    boxes = np.stack([corners, corners + 0.2], axis=1) if count else np.zeros((0, 2, 2))
    scores = np.array(data.draw(st.lists(st.floats(0.5, 1), min_size=count, max_size=count)))
    kept = suppress(scores, boxes)
    assert [score for score, _ in kept] == sorted((score for score, _ in kept), reverse=True)
    assert len(kept) <= min(count, MAX_FACES)
    assert bool(kept) == bool(count)


def test_tidy_drops_tiny_faces_and_boxes_inside_a_better_one() -> None:
    big, inside, beside = face(0, 0, 100, 0.8), face(20, 20, 40, 0.7), face(90, 0, 60, 0.7)
    tiny = face(300, 300, MIN_SIDE_PX - 1, 0.99)
    assert tidy([tiny, inside, beside, big]) == (big, beside)


def test_faces_come_in_pixels_of_the_picture_largest_first() -> None:
    # a 640x480 picture fills rows 16..112 of the 128x128 square at scale 0.2; anchor 0 of the coarse layer
    # of row 4, column 4 lies at (72, 72), anchor of row 2, column 1 at (24, 40)
    near, far = 512 + (4 * 8 + 4) * 6, 512 + (2 * 8 + 1) * 6
    regressors, logits = blaze({near: 3.0, far: 5.0})
    regressors[0, far, 2:4] = 20
    found = BlazeFace(Answers(regressors, logits)).find(np.zeros((480, 640, 3), np.uint8))
    assert [np.round(f.box).tolist() for f in found] == [[260, 180, 460, 380], [70, 70, 170, 170]]
    assert [f.side for f in found] == pytest.approx([200, 100])
    assert np.allclose(found[0].centre, [360, 280])


def test_the_network_gets_a_letterbox_in_minus_one_to_one() -> None:
    network = Answers(*blaze({}))
    assert BlazeFace(network).find(np.full((100, 200, 3), 255, np.uint8)) == ()
    assert network.seen is not None
    assert network.seen.shape == (128, 128, 3)
    assert network.seen.dtype == np.float32
    assert np.allclose(network.seen[:32], -1)
    assert np.allclose(network.seen[33:95], 1)


@pytest.mark.parametrize("shape", [(), (1, 128, 128), (1, 192, 192, 3), (1, 128, 256, 3), (2, 128, 128, 3)])
def test_another_graph_is_a_model_fault(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelFault):
        BlazeFace(Answers(shape=shape))


@pytest.mark.parametrize(
    "outputs",
    [(), (np.zeros((1, 896, 16)),), (np.zeros((1, 896, 1)), np.zeros((1, 896, 16))), (np.zeros(3),) * 2],
)
def test_other_answers_are_a_model_fault(outputs: tuple[np.ndarray, ...]) -> None:
    with pytest.raises(ModelFault, match="not that of BlazeFace"):
        BlazeFace(Answers(*outputs)).find(np.zeros((100, 100, 3), np.uint8))
