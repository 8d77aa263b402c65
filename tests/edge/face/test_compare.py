"""The threshold that a site chooses by its rate: the lowest that was measured to be strict enough."""

from __future__ import annotations

import pytest

from edge.errors import ConfigError
from edge.face.compare import Threshold, threshold_for

LOOSE, MIDDLE, STRICT = Threshold(1e-2, 0.37), Threshold(1e-3, 0.46), Threshold(1e-5, 0.60)
ROWS = (MIDDLE, STRICT, LOOSE)  # in no order, as a manifest may list them
CHOSEN = {
    1: LOOSE,
    99: LOOSE,
    100: LOOSE,  # fmr * one_in == 1: exactly as strict as asked
    101: MIDDLE,
    1_000: MIDDLE,
    1_001: STRICT,
    100_000: STRICT,
}


@pytest.mark.parametrize("one_in", CHOSEN)
def test_a_rate_takes_the_lowest_threshold_that_is_strict_enough(one_in: int) -> None:
    assert threshold_for(ROWS, one_in) == CHOSEN[one_in]


@pytest.mark.parametrize("one_in", [49, 98, 103, 107, 10_000_000])
def test_a_rate_that_was_measured_exactly_takes_its_own_row(one_in: int) -> None:
    own = Threshold(1 / one_in, 0.7)
    assert threshold_for([LOOSE, own] if one_in > 100 else [own], one_in) == own


@pytest.mark.parametrize("rows", [ROWS, ()])
def test_a_rate_that_no_row_was_measured_for_is_a_wrong_setting(rows: tuple[Threshold, ...]) -> None:
    with pytest.raises(ConfigError, match="no threshold was measured for 1 in 100001"):
        threshold_for(rows, 100_001)


def test_the_hint_names_the_rates_that_were_measured() -> None:
    with pytest.raises(ConfigError) as caught:
        threshold_for(ROWS, 100_001)
    assert caught.value.hint == "use 1 in one of 100, 1000, 100000"
