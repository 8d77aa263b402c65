"""The counts of the comparison with other systems; these tests do not start the systems."""

from __future__ import annotations

import numpy as np
import pytest

from tools.bench import peers
from tools.bench.peers import Answers, cosine, figures, nearness

NAMES = [f"{who}_{n}.jpg" for who in ("ann", "bob", "eve") for n in range(4)]
PAIRS = [(a, b, a[:3] == b[:3]) for a in NAMES for b in NAMES if a < b]


def answers(*, missing: int = 0) -> Answers:
    """Three people near three axes; the last `missing` pictures have no face."""
    rng = np.random.default_rng(2)
    vectors = np.repeat(np.eye(3), 4, axis=0) + rng.normal(0, 0.05, (12, 3))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    vectors[len(vectors) - missing :] = np.nan
    return Answers([5.0] * 11 + [50.0], [8.0] * 20, vectors, vectors, missing, 100.0)


@pytest.mark.parametrize("measure", [cosine, nearness])
def test_people_far_apart_are_separated_by_both_measures(measure: object) -> None:
    row = figures(answers(), measure, NAMES, PAIRS)
    assert (row["accuracy"], row["eer"], row["tar"]) == (1, 0, {"1e-2": 1, "1e-3": 1, "1e-4": 1})
    assert (row["mated"], row["non_mated"]) == (18, 48)
    assert (row["picture_ms"], row["frame_ms"], row["peak_mb"]) == (5, 8, 100)


def test_a_picture_without_a_face_costs_its_mated_pairs() -> None:
    row = figures(answers(missing=1), cosine, NAMES, PAIRS)
    assert row["fta"] == pytest.approx(1 / 12)
    assert row["tar"]["1e-2"] == pytest.approx(15 / 18)


def test_nearness_is_one_less_the_distance() -> None:
    a, b = np.array([[0, 0], [3, 4]], np.float32), np.array([[3, 4]], np.float32)
    assert nearness(a, b).ravel() == pytest.approx([-4, 1])


def test_pairs_are_taken_from_all_of_the_protocol(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pairs.csv").write_text("a,b,same\n" + "".join(f"{n},{n},{n % 2}\n" for n in range(10)))
    monkeypatch.setattr(peers, "LFW", tmp_path)
    assert [int(a) for a, *_ in peers.read_pairs(4)] == [0, 2, 5, 7]
    assert len(peers.read_pairs(99)) == 10
