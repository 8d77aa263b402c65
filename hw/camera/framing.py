"""One picture in the two sizes that a Frame has, and the turn that makes a frame upright.

Colour is made when a caller asks for it: most frames of a door show an empty doorway, and codes need grey.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.ports import Frame

if TYPE_CHECKING:
    from edge.ports import Pixels

# research/qr.md: codes need about 3 px a module, so luma stays as large as the loop's time allows; faces
# were measured at 640x480. The limit is for the longer side, so 16:9 and 4:3 cameras keep their shape.
LUMA_LONG_PX: Final = 1280
RGB_LONG_PX: Final = 640
# Luma of YUYV goes from 16 to 235 (ITU-R BT.601); that of all other frames, and the limits of
# `hw.camera.light`, from 0 to 255.
_FULL_RANGE: Final = ((np.arange(256) - 16) * 255 / 219).round().clip(0, 255).astype(np.uint8)
_JPEG_BEGINS: Final = b"\xff\xd8"
_TURNS: Final = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


def frame_from_rgb(rgb: Pixels, tick_ms: int) -> Frame:
    """A Frame of uint8 RGB (H, W, 3), scaled down to 1280 px luma and 640 px RGB on the longer side."""
    luma = cv2.cvtColor(fit(rgb, LUMA_LONG_PX), cv2.COLOR_RGB2GRAY)
    return Frame(luma=luma.astype("uint8", copy=False), rgb=fit(rgb, RGB_LONG_PX), tick_ms=tick_ms)


def frame_from_bgr(bgr: Pixels, tick_ms: int, *, luma_px: int = LUMA_LONG_PX) -> Frame:
    """A Frame of uint8 BGR (H, W, 3), as OpenCV decodes it, with luma of `luma_px` on the longer side."""
    luma = fit(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype("uint8", copy=False), luma_px)
    return Frame(luma, lambda: _rgb(bgr), tick_ms)


def frame_from_jpeg(data: Pixels, tick_ms: int, *, luma_px: int = LUMA_LONG_PX) -> Frame | None:
    """A Frame of the bytes of a JPEG, which `data` owns; None if it is damaged.

    1.5 ms of CPU time for 1280x720, where decoding in colour and making grey of it takes 2.7. The colours are
    decoded at full size and then averaged, as those of any other picture. A JPEG can also be decoded at half
    its size, which saves 0.6 ms: its sharper pixels look like moire to attack detection (`edge.face.pad`).
    Where the colours are damaged and grey is not, the picture is grey: the passive networks do not judge it
    (`edge.face.pad.grey`).
    """
    luma = _decoded(data, cv2.IMREAD_GRAYSCALE)
    if luma is None:
        return None

    def rgb() -> Pixels:
        bgr = _decoded(data, cv2.IMREAD_COLOR)
        if bgr is None:
            return cv2.cvtColor(fit(luma, RGB_LONG_PX), cv2.COLOR_GRAY2RGB).astype("uint8", copy=False)
        return _rgb(bgr)

    return Frame(fit(luma, luma_px), rgb, tick_ms)


def frame_from_yuyv(yuyv: Pixels, tick_ms: int, *, luma_px: int = LUMA_LONG_PX) -> Frame:
    """A Frame of uint8 (H, W, 2), which it owns: luma, and both chromas in turn, as webcams send it."""
    luma = cv2.LUT(cv2.extractChannel(yuyv, 0), _FULL_RANGE).astype("uint8", copy=False)
    return Frame(
        fit(luma, luma_px),
        lambda: _rgb(cv2.cvtColor(yuyv, cv2.COLOR_YUV2BGR_YUY2).astype("uint8", copy=False)),
        tick_ms,
    )


def upright(frame: Frame, rotate: int, *, mirror: bool) -> Frame:
    """The frame, both pictures turned clockwise by `rotate` degrees, then exchanged left and right.

    The frame itself, with no copy, where nothing is turned. A turn takes 0.2 ms for 1280x720 luma and 640x360
    RGB; a view of turned memory would cost each engine more, which copies what is not contiguous.
    """
    if not rotate and not mirror:
        return frame
    luma = _turned(frame.luma, rotate, mirror=mirror)
    return Frame(luma, lambda: _turned(frame.rgb, rotate, mirror=mirror), frame.tick_ms)


def _turned(image: Pixels, rotate: int, *, mirror: bool) -> Pixels:
    if rotate:
        image = cv2.rotate(image, _TURNS[rotate]).astype("uint8", copy=False)
    return cv2.flip(image, 1).astype("uint8", copy=False) if mirror else image


def _decoded(data: Pixels, how: int) -> Pixels | None:
    if data[:2].tobytes() != _JPEG_BEGINS:  # OpenCV would also try twenty other formats
        return None
    try:
        image = cv2.imdecode(data, how | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:  # raised for a picture of an impossible size
        return None
    return None if image is None else image.astype("uint8", copy=False)


def _rgb(bgr: Pixels) -> Pixels:
    """Scaled down first, and colours exchanged last: that order is the faster one."""
    return cv2.cvtColor(fit(bgr, RGB_LONG_PX), cv2.COLOR_BGR2RGB).astype("uint8", copy=False)


def fit(image: Pixels, long_px: int) -> Pixels:
    """The picture, scaled down to at most `long_px` on its longer side."""
    height, width = image.shape[:2]
    scale = long_px / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # INTER_AREA averages the pixels that it drops; every other filter turns fine modules into moire.
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
