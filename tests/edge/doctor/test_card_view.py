"""Measures of the test card, in pictures of a simulated camera."""

from __future__ import annotations

from dataclasses import replace
from math import cos, hypot, radians, sin

import cv2
import numpy as np
import pytest

from edge.app.parts.code_readers import open_picture_readers
from edge.doctor import card_layout as layout
from edge.doctor.card_view import view_of
from edge.ports import Symbol
from tools.test_card import cli

WIDTH, HEIGHT = 1280, 720
FINER = 4  # a pixel of the picture is the mean of FINER by FINER pixels
CENTRE = (105.0, 142.0)  # the middle of the measured parts of the card, in mm


@pytest.fixture(scope="module")
def card() -> np.ndarray:
    """The card at 10 pixels a millimetre."""
    page = np.asarray(cli.draw())
    return cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def shot(card: np.ndarray, *, px_per_mm: float, roll: float, blur_px: float, tilt: float = 0.0) -> np.ndarray:
    """A picture of the card by a camera with this resolution at its centre, with noise."""
    scale = px_per_mm * FINER / 10
    c, s = cos(radians(roll)) * scale, sin(radians(roll)) * scale
    x, y = CENTRE[0] * 10, CENTRE[1] * 10
    place = np.array([[c, -s, -c * x + s * y], [s, c, -s * x - c * y], [0, 0, 1]])
    lean = np.array([[1, 0, 0], [0, 1, 0], [tilt / (WIDTH * FINER), 0, 1]])
    middle = np.array([[1, 0, WIDTH * FINER / 2], [0, 1, HEIGHT * FINER / 2], [0, 0, 1]])
    fine = cv2.warpPerspective(card, middle @ lean @ place, (WIDTH * FINER, HEIGHT * FINER), borderValue=180)
    picture = cv2.resize(fine, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    noise = np.random.default_rng(1).normal(0, 3, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), blur_px) * 0.8 + 20 + noise, 0, 255).astype(np.uint8)


def spread_of(blur_px: float) -> float:
    """The width of an edge from 10 to 90 %, after a Gaussian blur and pixels of one by one."""
    return 2.563 * hypot(blur_px, 1 / 12**0.5)


@pytest.mark.parametrize("roll", [0, 8, 90, 184])
@pytest.mark.parametrize(("px_per_mm", "blur_px"), [(3.8, 1.0), (4.9, 1.2), (4.9, 2.0)])
def test_pixels_a_millimetre_and_the_width_of_an_edge_are_measured_within_5_percent(
    card, px_per_mm, blur_px, roll
) -> None:
    luma = shot(card, px_per_mm=px_per_mm, roll=roll, blur_px=blur_px)
    view = view_of(luma, open_picture_readers()[0].read(luma))
    assert view is not None
    assert view.px_per_mm == pytest.approx(px_per_mm, rel=0.05)
    assert view.spread_px == pytest.approx(spread_of(blur_px), rel=0.05)


def test_a_tilted_card_is_measured_around_its_centre(card) -> None:
    luma = shot(card, px_per_mm=4.5, roll=3, blur_px=1.2, tilt=0.1)
    view = view_of(luma, open_picture_readers()[0].read(luma))
    assert view is not None
    assert view.px_per_mm == pytest.approx(4.5, rel=0.05)
    assert view.spread_px == pytest.approx(spread_of(1.2), rel=0.08)


def test_the_printed_symbols_are_read(card) -> None:
    texts = {symbol.text for symbol in open_picture_readers()[0].read(card)}
    assert texts == {layout.text_of(number) for number in range(len(layout.SYMBOLS))}


def test_other_codes_are_not_the_card() -> None:
    grey = np.full((HEIGHT, WIDTH), 128, np.uint8)
    corners = ((10.0, 10.0), (60.0, 10.0), (60.0, 60.0), (10.0, 60.0))
    stranger = Symbol("DOORWARD CARD 1 x", b"", "zxing", corners)
    assert view_of(grey, [stranger]) is None
    assert view_of(grey, [replace(stranger, text=layout.text_of(9))]) is None


def test_without_an_edge_in_view_only_the_scale_is_measured() -> None:
    grey = np.full((HEIGHT, WIDTH), 128, np.uint8)
    corners = ((10.0, 10.0), (135.0, 10.0), (135.0, 135.0), (10.0, 135.0))
    view = view_of(grey, [Symbol(layout.text_of(0), b"", "zxing", corners)])
    assert view is not None
    assert (view.px_per_mm, view.spread_px, view.finest_mm) == (5.0, None, 1.0)
