"""Places of the modules, compared with symbols that segno draws."""

from __future__ import annotations

import numpy as np
import pytest
from samples.damaged_qr import symbol

from hw.codes.grid.correction import interleaving_of
from hw.codes.grid.layout import data_path_of, layout_of, mask_bits, size_of
from hw.codes.grid.standard import LEVELS, MASKS

VERSIONS = range(1, 41)


@pytest.mark.parametrize("version", VERSIONS)
def test_known_modules_have_their_colour_in_every_drawn_symbol(version: int) -> None:
    layout = layout_of(version)
    drawn = symbol(version)
    assert (layout.known[:9, 8].sum(), layout.size) == (1, size_of(version))
    assert np.array_equal(drawn.dark[layout.known], layout.dark[layout.known])


@pytest.mark.parametrize("version", VERSIONS)
def test_each_module_is_known_or_data_or_information(version: int) -> None:
    layout = layout_of(version)
    data = np.zeros((layout.size, layout.size), int)
    path = data_path_of(version)
    np.add.at(data, (path.rows, path.columns), 1)
    information = 30 + (36 if version >= 7 else 0)
    assert data.max() == 1
    assert not (data.astype(bool) & layout.known).any()
    assert data.sum() + layout.known.sum() + information == layout.size**2


@pytest.mark.parametrize("version", VERSIONS)
def test_each_known_module_belongs_to_one_pattern(version: int) -> None:
    layout = layout_of(version)
    assert np.array_equal(layout.group >= 0, layout.known)
    assert set(layout.group[layout.known]) == set(range(layout.group.max() + 1))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_blocks_hold_each_codeword_once_and_fill_the_symbol(version: int) -> None:
    for level in LEVELS:
        plan = interleaving_of(version, level)
        assert sorted(np.concatenate(plan.blocks)) == list(range(plan.codewords))
        assert plan.codewords == len(data_path_of(version).rows) // 8


@pytest.mark.parametrize("mask", range(MASKS))
def test_masks_turn_about_half_of_the_modules(mask: int) -> None:
    assert 0.3 < mask_bits(data_path_of(7), mask).mean() < 0.7
