"""Statistics of cases that are small enough to compute by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.face.evaluation import verification_rates

cosines = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60)


def scores(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def test_the_best_threshold_is_the_lowest_gap_that_decides_most_pairs() -> None:
    same = np.array([False, False, True, False, True, True])
    assert verification_rates.best_threshold(scores(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), same) == pytest.approx(
        0.25
    )
    assert verification_rates.best_threshold(scores(0.3, 0.4), np.array([True, True])) == pytest.approx(0.3)


def test_accuracy_uses_the_threshold_of_the_other_folds() -> None:
    # two folds of three: the first one's best threshold is 0.3, the second one's 0.675
    listed = scores(0.1, 0.5, 0.6, 0.55, 0.8, 0.9)
    same = np.array([False, True, True, False, True, True])
    # fold 1 at the threshold of fold 2: 0.1 right, 0.5 and 0.6 wrong; fold 2 at that of fold 1: 0.55 wrong
    assert verification_rates.accuracy(listed, same, folds=2) == pytest.approx(3 / 6)


def test_separable_pairs_are_all_decided_correctly() -> None:
    listed = np.tile(scores(0.1, 0.9), 20)
    assert verification_rates.accuracy(listed, listed > 0.5) == 1.0


def test_every_pair_is_tested_once_even_where_folds_are_uneven() -> None:
    listed = np.tile(scores(0.1, 0.9), 6)[:11]
    # reversed: at the best threshold all pairs match, which is right for 6 of 11
    assert verification_rates.accuracy(listed, listed < 0.5) == pytest.approx(6 / 11)


def test_tar_counts_above_the_allowed_non_mated_matches() -> None:
    non_mated = scores(*(n / 100 for n in range(100)))  # 0.00 to 0.99
    found = verification_rates.rates(scores(0.50, 0.985, 0.99, 0.995), non_mated, (1e-2, 1e-3, 0.5))
    assert found.tar[1e-2] == pytest.approx(3 / 4)  # one of 100 may match: above 0.98
    assert found.tar[1e-3] == pytest.approx(1 / 4)  # none may: above 0.99, not at it
    assert found.tar[0.5] == pytest.approx(1.0)  # fifty may: above 0.49
    assert found.cosine[1e-2] == pytest.approx(0.98)
    assert (found.mated, found.non_mated) == (4, 100)


def test_both_errors_are_equal_at_the_equal_error_rate() -> None:
    # at 0.4 one of four mated is below and one of four non-mated is not
    assert (
        verification_rates.equal_error_rate(scores(0.3, 0.4, 0.8, 0.9), scores(0.1, 0.2, 0.35, 0.5)) == 0.25
    )
    assert verification_rates.equal_error_rate(scores(0.8, 0.9), scores(0.1, 0.2)) == 0


@given(cosines, cosines, st.sampled_from([0.5, 1e-1, 1e-2, 1e-3]))
def test_a_threshold_never_exceeds_its_false_match_rate(
    mated: list[float], non_mated: list[float], fmr: float
) -> None:
    found = verification_rates.rates(scores(*mated), scores(*non_mated), (fmr,))
    cut = np.float32(found.cosine[fmr])
    assert (scores(*non_mated) >= cut).mean() <= fmr
    assert (scores(*mated) >= cut).mean() == pytest.approx(found.tar[fmr])
    assert 0 <= found.eer <= 1


def test_people_are_joined_by_name_and_by_pairs() -> None:
    names = ["Ann_Lee_0001.jpg", "sub/Ann_Lee_0002.jpg", "Bob_1.jpg", "Rob_1.jpg", "x.png", "y.png", "z.png"]
    people = verification_rates.identities(names, [("Bob_1.jpg", "Rob_1.jpg"), ("x.png", "y.png")])
    assert people == [0, 0, 1, 1, 2, 2, 3]


def test_joining_is_transitive() -> None:
    pairs = [("a1", "b1"), ("c1", "d1"), ("b1", "c1")]
    assert verification_rates.identities(["a1", "b1", "c1", "d1", "e1"], pairs) == [0, 0, 0, 0, 1]


def test_all_pairs_compare_each_two_pictures_once() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], np.float32)
    found = verification_rates.all_pairs(vectors, vectors, [7, 7, 9])
    assert found.mated == pytest.approx([0])
    assert found.non_mated == pytest.approx([0.6, 0.8])
    assert found.total == 2


def test_a_picture_without_a_probe_never_matches() -> None:
    vectors = np.array([[1, 0], [np.nan, np.nan], [0, 1]], np.float32)
    found = verification_rates.all_pairs(vectors, vectors, [1, 1, 2])
    assert found.mated.tolist() == [-1]
    assert found.non_mated.tolist() == [0, -1]
    assert verification_rates.pair_scores(vectors, vectors, [(0, 1), (1, 0), (1, 1), (0, 0)]).tolist() == [
        -1,
        -1,
        -1,
        1,
    ]


def crowd(pictures: int) -> tuple[np.ndarray, list[int]]:
    """Unit vectors of people with two similar pictures each."""
    rng = np.random.default_rng(5)
    middle = np.repeat(rng.standard_normal((pictures // 2, 16)), 2, axis=0)
    vectors = middle + 0.5 * rng.standard_normal(middle.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), [
        n // 2 for n in range(pictures)
    ]


def test_the_highest_similarities_give_the_rates_of_all() -> None:
    vectors, people = crowd(120)
    every = verification_rates.all_pairs(vectors, vectors, people)
    some = verification_rates.all_pairs(vectors, vectors, people, keep=1_000)
    assert (every.total, len(every.non_mated)) == (7_080, 7_080)
    assert some.total == 7_080
    assert 1_000 <= len(some.non_mated) <= 2_000
    at = (0.1, 1e-2, 1e-3)
    assert verification_rates.rates(
        some.mated, some.non_mated, at, total=some.total
    ) == verification_rates.rates(every.mated, every.non_mated, at)


def test_det_points_are_the_errors_at_their_own_threshold() -> None:
    vectors, people = crowd(80)
    found = verification_rates.all_pairs(vectors, vectors, people)
    points = list(verification_rates.det(found, steps=4))
    assert 10 < len(points) < 16
    for point in points:
        assert (found.non_mated >= np.float32(point.cosine)).mean() == pytest.approx(point.fmr)
        assert (found.mated < np.float32(point.cosine)).mean() == pytest.approx(point.fnmr)
    assert [p.fmr for p in points] == sorted((p.fmr for p in points), reverse=True)
    assert [p.fnmr for p in points] == sorted(p.fnmr for p in points)


def test_det_leaves_out_unknown_rates() -> None:
    vectors, people = crowd(120)
    some = verification_rates.all_pairs(vectors, vectors, people, keep=500)
    points = list(verification_rates.det(some, steps=2))
    assert points
    assert max(p.fmr for p in points) <= len(some.non_mated) / some.total < 0.5
