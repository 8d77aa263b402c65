"""Pictures of the simulated camera: readable codes, faces of the given size, and no frame twice."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest
import zxingcpp

from hw.sim.pictures.phone import MODULE_PX, QUIET_MODULES, draw_modules, phone, qr_modules
from hw.sim.pictures.scene import (
    PAIR_PX,
    PHONE_PX,
    Box,
    Sitter,
    empty,
    hold_up,
    print_held_up,
    two_visitors,
    visitor,
)

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
TYPICAL = 580  # characters: a template of 64 bytes, one document
LARGEST = 838  # characters: a template of 192 bytes, two documents; QR 16-L

SKIN, SHIRT, WALL = (214, 160, 130), (40, 60, 140), (120, 130, 120)


def code(chars: int, seed: int = 0) -> str:
    rng = random.Random(seed)
    return "EC1:" + "".join(rng.choices(ALPHANUMERIC, k=chars - 4))


def read(frame: np.ndarray) -> set[str]:
    # Only QR: with all formats, zxing sometimes reads a linear code from a row of modules.
    return {symbol.text for symbol in zxingcpp.read_barcodes(frame, formats=zxingcpp.BarcodeFormat.QRCode)}


def sitter() -> Sitter:
    """An oval on a block, to measure the position of a person in `visitor`."""
    photo = np.full((900, 1200, 3), WALL, np.uint8)
    cv2.rectangle(photo, (420, 520), (780, 900), SHIRT, -1)
    cv2.ellipse(photo, (600, 400), (80, 100), 0, 0, 360, SKIN, -1)
    return Sitter(photo, Box(500, 300, 700, 500), Box(350, 150, 850, 900))


def skin_box(frame: np.ndarray) -> tuple[float, float, float]:
    """Centre x, centre y and height of the skin-coloured oval."""
    mask = (np.abs(frame.astype(int) - SKIN).sum(axis=2) < 90).astype(np.uint8)
    count, _, stats, centres = cv2.connectedComponentsWithStats(mask)
    largest = 1 + int(np.argmax(stats[1:count, cv2.CC_STAT_AREA]))
    return centres[largest][0], centres[largest][1], stats[largest, cv2.CC_STAT_HEIGHT]


@pytest.mark.parametrize(
    ("ecc", "chars", "modules"),
    [("L", 511, 65), ("L", 580, 69), ("L", LARGEST, 81), ("M", 511, 73), ("Q", 511, 85)],
)
def test_symbol_has_the_version_for_its_error_correction(ecc, chars, modules):
    assert qr_modules(code(chars), ecc=ecc).shape == (modules, modules)


def test_short_text_is_a_full_symbol_and_never_micro():
    assert qr_modules("1").shape == (21, 21)


@pytest.mark.parametrize("dark", [False, True])
def test_drawn_symbol_reads_and_keeps_its_quiet_zone(dark):
    text = code(TYPICAL)
    luma = draw_modules(qr_modules(text), dark=dark)
    assert luma.shape == ((69 + 2 * QUIET_MODULES) * MODULE_PX,) * 2
    assert set(np.unique(luma[: QUIET_MODULES * MODULE_PX])) == {0 if dark else 255}
    assert read(luma) == {text}


@pytest.mark.parametrize("left_s", [-5, 0, 0.4, 20, 99])
def test_countdown_outside_its_range_is_drawn_at_its_end(left_s):
    picture = phone(code(TYPICAL), left_s=left_s)
    assert picture.dtype == np.uint8
    assert picture.shape[2] == 4
    assert picture[0, 0, 3] == 0  # outside the round corner
    assert picture[picture.shape[0] // 2, picture.shape[1] // 2, 3] == 255


@pytest.mark.parametrize("chars", [511, TYPICAL, LARGEST])
@pytest.mark.parametrize("width_px", [PHONE_PX, PAIR_PX])
def test_default_width_gives_four_pixels_a_module(chars, width_px):
    picture = phone(code(chars))
    assert MODULE_PX * width_px / picture.shape[1] >= (
        4.0 if width_px == PHONE_PX or chars < LARGEST else 3.9
    )


@pytest.mark.parametrize(("chars", "dark"), [(TYPICAL, True), (LARGEST, False)])
@pytest.mark.parametrize(
    ("tilt_deg", "roll_deg"),
    [(0, 0), (6, -3), (-12, 8), (20, 20), (-20, -20), (30, 0), (-30, 10), (0, 45), (0, -90), (10, 180)],
)
def test_phone_held_up_reads_in_every_pose(tilt_deg, roll_deg, chars, dark):
    text = code(chars, seed=chars)
    seed = 1000 + tilt_deg + 10 * roll_deg
    frame = hold_up(phone(text, dark=dark), tilt_deg=tilt_deg, roll_deg=roll_deg, seed=seed)
    assert frame.shape == (720, 1280, 3)
    assert read(frame) == {text}


@pytest.mark.parametrize("seed", range(12))
def test_phone_held_up_reads_for_every_seed(seed):
    text = code(TYPICAL, seed)
    assert read(hold_up(phone(text), seed=seed)) == {text}


@pytest.mark.parametrize("seed", range(4))
def test_two_phones_in_view_are_two_codes(seed):
    one, other = code(TYPICAL, 1), code(TYPICAL, 2)
    assert read(hold_up(phone(one), phone(other, dark=True), seed=seed)) == {one, other}


def test_backdrop_is_the_picture_of_the_caller():
    frame = hold_up(phone(code(TYPICAL)), backdrop=np.full((90, 160, 3), (0, 200, 0), np.uint8), noise=0)
    red, green, _ = frame[360, 20]
    assert green > 150
    assert red < 40


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: hold_up(phone("EC1:TEST"), seed=seed),
        lambda seed: visitor(sitter(), seed=seed),
        lambda seed: two_visitors(sitter(), sitter(), seed=seed),
        lambda seed: print_held_up(sitter(), seed=seed),
        lambda seed: empty(seed=seed),
    ],
    ids=["phone", "visitor", "two visitors", "print", "empty"],
)
def test_same_seed_is_the_same_frame_and_another_seed_is_another_moment(make):
    first = make(7)
    assert first.dtype == np.uint8
    assert np.array_equal(first, make(7))
    assert not np.array_equal(first, make(8))


@pytest.mark.parametrize("share", [0.25, 0.3, 0.34])
@pytest.mark.parametrize("seed", range(3))
def test_visitor_stands_in_the_middle_at_the_stated_size(share, seed):
    frame = visitor(sitter(), face_share=share, seed=seed)
    x, y, height = skin_box(frame)
    assert frame.shape == (480, 640, 3)
    assert abs(x - 320) < 12
    assert abs(y - 0.45 * 480) < 12
    assert height == pytest.approx(share * 480, rel=0.05)


def test_visitor_near_the_edge_of_the_photograph_reaches_the_bottom_of_the_frame():
    whole = sitter()
    cut = Sitter(whole.photo[:560], whole.face, Box(350, 150, 850, 560))
    frame = visitor(cut)
    assert np.abs(frame[470, 320].astype(int) - SHIRT).sum() < 90


def test_two_visitors_stand_left_and_right():
    frame = two_visitors(sitter(), sitter())
    left, right = skin_box(frame[:, :320]), skin_box(frame[:, 320:])
    assert frame.shape == (480, 640, 3)
    assert 100 < left[0] < 220
    assert 100 < right[0] < 220
    assert left[2] == pytest.approx(right[2], rel=0.08)


def test_face_on_a_print_fills_more_than_half_of_the_short_side():
    frame = print_held_up(sitter())
    pale = frame.astype(int)
    oval = (pale[..., 0] - pale[..., 2] > 35) & (pale[..., 0] > 150)
    rows = np.flatnonzero(oval.any(axis=1))
    assert rows[-1] - rows[0] > 0.5 * 480


def test_the_empty_doorway_has_no_face():
    frame = empty().astype(int)
    assert frame.shape == (480, 640, 3)
    assert not (np.abs(frame - SKIN).sum(axis=2) < 60).any()
