"""The benchmark of growth: the exponent of a law, its promises, and a figure for each row of the page."""

from __future__ import annotations

import pytest

from tools.bench.growth import growth
from tools.bench.growth.laws import Law


def law(power: float, *, most_exponent: float = 1.0, most: float | None = None, scale: float = 3.0) -> Law:
    figures = {size: scale * size**power for size in (100, 1_000, 10_000)}
    return Law("work, ms", ".1f", most_exponent, most, figures)


@pytest.mark.parametrize("power", [-0.5, 0, 0.5, 1, 2])
def test_the_exponent_is_that_of_the_law(power):
    assert law(power).exponent == pytest.approx(power, abs=1e-9)


def test_the_exponent_is_the_least_squares_fit_of_three_points():
    figures = {10: 1.0, 100: 10.0, 1_000: 10.0}
    assert Law("", "", 0, None, figures).exponent == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("power", "most", "missed"),
    [
        (0.9, None, []),
        (1.1, None, ["work, ms: exponent 1.10, at most 1"]),
        (0, 3, []),
        (0, 2.5, ["work, ms: 3.0, at most 2.5"]),
        (2, 5, ["work, ms: exponent 2.00, at most 1", "work, ms: 300000000.0, at most 5"]),
    ],
)
def test_a_promise_that_does_not_hold_is_named(power, most, missed):
    assert law(power, most=most).missed() == missed


def test_a_row_has_three_sizes_the_exponent_and_the_wanted_one():
    assert law(1, most=5).cells() == [
        "work, ms", "100: 300.0", "1,000: 3000.0", "10,000: 30000.0", "1.00", "≤ 1", "≤ 5",
    ]  # fmt: skip
    assert len(law(1).cells()) == len(growth.HEADS)


SMALL = {
    "enrolment": 200,
    "people_list": 20,
    "passage": 100,
    "export": 12_000,
    "day_of_a_list": 3_000,
    "plan": 3,
    "offices": 2,
}


@pytest.mark.parametrize("number", range(len(SMALL)), ids=SMALL)
def test_every_row_has_a_figure(tmp_path, number):
    steps, sizes, laws = growth.measurements()[number]
    assert len(sizes) == 3
    told = {}
    for step in steps:
        told |= step(tmp_path, SMALL[steps[0].__name__])
    assert set(laws) <= set(told)
    assert all(told[key] > 0 for key in laws)
