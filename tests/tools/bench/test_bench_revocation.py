"""The benchmark of revocation on a small list: it measures every row of its page."""

from __future__ import annotations

import pytest

from tools.bench import revocation
from tools.bench.revocation_steps import STEPS

SIZE = 50_000


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    figures: dict[str, float] = {"cards": SIZE}
    for step in STEPS:
        figures |= step(folder, SIZE)
    return figures | {kind + "_ratio": figures[kind] / figures[kind + "_bound"] for kind in ("full", "delta")}


def test_every_row_has_a_figure(told):
    assert all(cells[1] for cells in revocation.cells([told]))


def test_a_full_list_is_closer_to_the_minimum_than_zlib(told):
    assert 1 <= told["full_ratio"] < 1.1
    assert told["full"] < told["full_zlib"]


def test_the_cards_that_are_refused_are_those_that_were_drawn(told):
    assert told["refused"] == pytest.approx((told["revoked"] + told["suspended"]) / SIZE, rel=0.2)


def test_a_promise_that_does_not_hold_is_named(told):
    at_scale = told | {"cards": revocation.PROMISED_AT, "full_ratio": 1.02, "delta_ratio": 1.02}
    names = [line.partition(":")[0] for line in revocation.missed([at_scale])]
    assert "full list / minimum" in names
    assert "delta / minimum" not in names
