"""Rasters in a face, on synthetic pictures."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.pad_pictures import FRAME, face, noise

from edge.face.detect import Face
from edge.face.pad import texture
from edge.face.pad.fusion import TABLE, Measure


def raster(period: float, turn: float, depth: float) -> np.ndarray:
    """Grain multiplied by the dots of a printer: two waves at a right angle."""
    y, x = np.mgrid[: FRAME[0], : FRAME[1]].astype(np.float32)
    c, s = math.cos(turn), math.sin(turn)
    dots = np.cos(2 * np.pi / period * (x * c + y * s)) + np.cos(2 * np.pi / period * (y * c - x * s))
    return (noise() * (1 + depth / 2 * dots[..., np.newaxis])).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("period", [2.6, 3.7, 5.2])
@pytest.mark.parametrize("turn", [0.1, 0.785])
def test_a_printers_raster_is_moire(period: float, turn: float) -> None:
    assert texture.moire(raster(period, turn, depth=0.05), face()) > TABLE[Measure.MOIRE].limit


def test_grain_is_no_moire_and_a_deeper_raster_has_more() -> None:
    depths = [texture.moire(raster(3.7, 0.4, depth), face()) for depth in (0, 0.02, 0.08)]
    assert depths[0] < 0.6
    assert depths == sorted(depths)


def test_jpegs_own_raster_is_no_moire() -> None:
    ok, data = cv2.imencode(".jpg", noise(sigma=12), [cv2.IMWRITE_JPEG_QUALITY, 30])
    assert ok
    assert texture.moire(cv2.imdecode(data, cv2.IMREAD_COLOR), face()) < TABLE[Measure.MOIRE].limit


@pytest.mark.parametrize("factor", [2, 3.3, 6])
def test_an_enlarged_picture_has_no_raster_of_its_enlargement(factor: float) -> None:
    large = cv2.resize(noise(), None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    where = face(320 * factor, 240 * factor, 100 * factor)
    assert texture.moire(large, where) < TABLE[Measure.MOIRE].limit


def whole_spectrum(picture: np.ndarray, place: Face) -> float:
    """`texture.moire` by its definition, on all 64 columns, in float64."""
    windows = texture._windows(picture, place)
    power = np.abs(np.fft.fft2(windows.astype(np.float64))) ** 2 + texture._NOISE
    band = np.fft.ifftshift(texture._BAND)
    spread = power / power[:, band].mean(axis=1)[:, np.newaxis, np.newaxis]
    spectrum = np.fft.fftshift(np.log10(spread.mean(axis=0))).astype(np.float32)
    return float((spectrum - cv2.medianBlur(spectrum, 5))[texture._BAND].max())


@given(period=st.floats(2, 9), depth=st.floats(0, 0.2), turn=st.floats(-1.6, 1.6), side=st.floats(70, 400))
@settings(max_examples=40)
def test_half_of_a_spectrum_has_the_peaks_of_the_whole(
    period: float, depth: float, turn: float, side: float
) -> None:
    picture = raster(period, turn, depth)
    expected = whole_spectrum(picture, face(side=side))
    assert texture.moire(picture, face(side=side)) == pytest.approx(expected, abs=1e-3)


def test_a_face_smaller_than_a_window_has_no_moire() -> None:
    assert texture.moire(raster(3.7, 0.4, 0.1), face(side=60)) == 0
    sliver = Face((300.0, -500.0, 301.0, 900.0), face().points, 0.9)
    assert texture.moire(raster(3.7, 0.4, 0.1), sliver) == 0
