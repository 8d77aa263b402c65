"""The standard's tables as we have them, beside those of segno."""

from __future__ import annotations

from typing import Any

import pytest
from segno import consts

from hw.codes.qr_layout import alignment, blocks, data_codewords


@pytest.mark.parametrize("version", range(1, 41))
def test_every_level_is_divided_as_segno_divides_it(version: int) -> None:
    tables: Any = consts.ECC
    for level in "LMQH":
        groups = tables[version][consts.ERROR_MAPPING[level]]
        data, parity = groups[0].num_data, groups[0].num_total - groups[0].num_data
        assert blocks(version, level) == (sum(group.num_blocks for group in groups), data, parity)
        assert data_codewords(version, level) == sum(group.num_blocks * group.num_data for group in groups)


def test_alignment_patterns_are_where_segno_puts_them() -> None:
    assert alignment(1) == ()
    for version in range(2, 41):
        assert alignment(version) == tuple(consts.ALIGNMENT_POS[version - 2])
