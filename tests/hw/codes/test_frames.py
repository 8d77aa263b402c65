"""Soft modules of several frames added up."""

from __future__ import annotations

import numpy as np
from samples.damaged_qr import symbol

from hw.codes.frames import FrameSum
from hw.codes.grid.fit import Fit
from hw.codes.grid.mend import SoftSymbol
from hw.codes.grid.warp import UNIT_SQUARE, unbent


def frame(text: str = "EC1:HELLO", seed: int = 1, noise: float = 1.0, version: int = 3) -> SoftSymbol:
    drawn = symbol(version, "l", text)
    soft = drawn.soft * 0.5 + np.random.default_rng(seed).normal(0, noise, drawn.soft.shape)
    grid = unbent(UNIT_SQUARE)
    return SoftSymbol(Fit(1.0, version, grid), UNIT_SQUARE, [np.clip(soft, -1, 1).astype(np.float32)])


def wrong(soft: SoftSymbol, text: str = "EC1:HELLO") -> float:
    return float(((soft.softs[0] < 0) != symbol(3, "l", text).dark).mean())


def test_the_sum_has_fewer_wrong_modules_than_each_frame() -> None:
    frames = FrameSum()
    together = [frames.add(frame(seed=seed), seed / 15) for seed in range(8)]
    assert together[0] is None
    assert wrong(frame()) > 0.2
    assert wrong(together[-1]) < wrong(frame()) / 2


def test_another_symbol_begins_a_new_sum() -> None:
    frames = FrameSum()
    for seed in range(5):
        frames.add(frame(noise=0.3, seed=seed), seed / 15)
    assert frames.add(frame("OTHER:99", noise=0.3), 0.4) is None
    assert wrong(frames.add(frame("OTHER:99", noise=0.3, seed=9), 0.5), "OTHER:99") < 0.02


def test_another_version_begins_a_new_sum() -> None:
    frames = FrameSum()
    frames.add(frame(version=3), 0)
    assert frames.add(frame(version=4), 0.1) is None


def test_a_pause_begins_a_new_sum() -> None:
    frames = FrameSum()
    frames.add(frame(noise=0.3), 0)
    assert frames.add(frame(noise=0.3), 1.9) is not None
    assert frames.add(frame(noise=0.3), 4.0) is None


def test_a_long_sum_stays_within_the_range_of_a_reading() -> None:
    frames = FrameSum()
    sums = [frames.add(frame(noise=0.3, seed=seed), seed / 15) for seed in range(100)]
    assert np.abs(sums[-1].softs[0]).max() <= 1.0001


def test_a_symbol_without_contrast_is_never_alike() -> None:
    frames = FrameSum()
    flat = frame()
    flat.softs[0][:] = 0
    assert frames.add(flat, 0) is None
    assert frames.add(flat, 0.1) is None
