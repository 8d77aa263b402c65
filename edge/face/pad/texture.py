"""PAD measures of fine structure: rasters of printers and screens in a face, and noise of the camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.face.geometry import shrink_to

if TYPE_CHECKING:
    from edge.face.detect import Face
    from edge.ports import Floats, Pixels

WINDOW_PX = 64  # a period of 8 px repeats eight times in it
GRID = 3  # windows across and down a face: a raster is in all of them, a line of hair in one
MAX_SIDE_PX = 256  # the largest face of a door camera, which cannot see finer rasters
# Grey levels, of any camera. Without it, and with larger faces, an enlarged picture shows the raster of its
# enlargement.
NOISE = 1.0
NOISE_ROWS = 8  # two rows of eight: 19,200 details of a 640x480 frame, 0.2 ms
MEDIAN_OF_NORMAL = 0.6745  # the median of absolute values, in standard deviations

_HANN = np.outer(np.hanning(WINDOW_PX), np.hanning(WINDOW_PX)).astype(np.float32)
_NOISE = np.float32(NOISE**2 * (_HANN**2).sum())
_UP = np.fft.fftshift(np.fft.fftfreq(WINDOW_PX))
_FAR = np.hypot(_UP[:, np.newaxis], _UP)
_EIGHTH = np.isclose(_UP * 8 % 1, 0)
# Periods of 2 to 8 px; longer ones are features of the face. JPEG's own 8x8 raster is left out.
_BAND = (_FAR > 0.12) & (_FAR < 0.49) & ~(_EIGHTH[:, np.newaxis] & _EIGHTH)
# The spectrum of a real window is that of its other half, turned by 180 degrees: half of it is enough.
_HALF = WINDOW_PX // 2
_TIMES = np.where(np.arange(_HALF + 1) % _HALF == 0, 1, 2)  # columns 0 and 32 are their own other half
_SHARE_OF_HALF = (np.fft.ifftshift(_BAND)[:, : _HALF + 1] * _TIMES / _BAND.sum()).astype(np.float32).ravel()
# The place in that half of each bin of the whole, zero in its middle: columns -32 to 0 are columns 32 to 0,
# read downwards.
_PLACE_IN_HALF = np.fft.fftshift(
    np.concatenate(
        [
            np.arange(WINDOW_PX * (_HALF + 1)).reshape(WINDOW_PX, -1)[-np.arange(WINDOW_PX), ::-1],
            np.arange(WINDOW_PX * (_HALF + 1)).reshape(WINDOW_PX, -1)[:, 1:_HALF],
        ],
        axis=1,
    ),
    axes=0,
)


def moire(rgb: Pixels, face: Face) -> float:
    """The height of the sharpest peak in the face's spectrum above its surroundings, in decades.

    Large: a raster. It is the mean of the power spectra of nine windows of the green channel: random
    structure averages out, a raster stays. 0 if the face is smaller than a window.
    """
    windows = _windows(rgb, face)
    if windows is None:
        return 0.0
    power = _half_power(windows)
    flat = power.reshape(len(power), -1)
    weights = 1 / (flat @ _SHARE_OF_HALF)  # equal weight for each window
    spectrum = np.log10(weights @ flat / len(power)).take(_PLACE_IN_HALF)
    around = cv2.medianBlur(spectrum, 5)  # of 25 bins; a peak under the Hann window takes nine
    return float((spectrum - around)[_BAND].max())


def _half_power(windows: Floats) -> Floats:
    """Power spectra of real windows (n, 64, 64), columns 0 to 32 of 64: the others repeat them."""
    waves = np.empty((*windows.shape, 2), np.float32)
    for window, wave in zip(windows, waves, strict=True):
        cv2.dft(window, dst=wave, flags=cv2.DFT_COMPLEX_OUTPUT)
    squares = np.square(waves[:, :, : _HALF + 1])
    power = np.asarray(squares[..., 0] + squares[..., 1], dtype=np.float32)
    power += _NOISE
    return power


def noise(rgb: Pixels, face: Face) -> float:  # noqa: ARG001  as of every measure
    """The standard deviation of the camera's noise, in grey levels of 255. Large: too dark for the networks.

    Median of the diagonal details of 2x2 pixels, which edges hardly change (Donoho and Johnstone, 1994).
    """
    green = rgb[::NOISE_ROWS, :, 1], rgb[1::NOISE_ROWS, :, 1]
    rows, columns = len(green[1]), rgb.shape[1] // 2 * 2
    upper, lower = (part[:rows, :columns].astype(np.int16) for part in green)
    across = upper - lower
    details = np.abs(across[:, ::2] - across[:, 1::2])
    # Of whole numbers up to 510: counting them takes a third of the time of sorting.
    up_to = np.cumsum(np.bincount(details.ravel(), minlength=511))
    below, above = np.searchsorted(up_to, [(details.size - 1) // 2, details.size // 2], side="right").tolist()
    return float(below + above) / 2 / 2 / MEDIAN_OF_NORMAL


def _windows(rgb: Pixels, face: Face) -> Floats | None:
    """Windows of the face, float32 (GRID * GRID, WINDOW_PX, WINDOW_PX), without mean, under a Hann window."""
    inside = _inside(rgb, face)
    if min(inside.shape) == 0:
        return None
    green = np.asarray(cv2.extractChannel(inside, 1), dtype=np.uint8)
    by = max(1, -(-max(green.shape) // MAX_SIDE_PX))
    if min(green.shape) < WINDOW_PX * by:
        return None
    if by > 1:
        green = shrink_to(green, green.shape[1] // by, green.shape[0] // by)
    bottom, right = green.shape[0] - WINDOW_PX, green.shape[1] - WINDOW_PX
    corners = [(y * bottom // (GRID - 1), x * right // (GRID - 1)) for y in range(GRID) for x in range(GRID)]
    windows = np.empty((len(corners), WINDOW_PX, WINDOW_PX), np.float32)
    for number, (top, left) in enumerate(corners):
        windows[number] = green[top : top + WINDOW_PX, left : left + WINDOW_PX]
    windows -= windows.mean(axis=(1, 2), keepdims=True)
    windows *= _HANN
    return windows


def _inside(rgb: Pixels, face: Face) -> Pixels:
    """The part of the face's box inside the picture."""
    x0, y0, x1, y1 = (max(0, round(value)) for value in face.box)
    return rgb[y0:y1, x0:x1]
