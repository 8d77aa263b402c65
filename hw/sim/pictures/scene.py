"""Draws the scene before a camera: phones and prints held up, visitors, or an empty doorway.

Pixels only: the caller gives the pictures, and a seed fixes everything else, so that a frame can be made
again. Every function returns one camera frame, uint8 RGB (H, W, 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from hw.sim.pictures.optics import FOCAL_PER_WIDTH, Size, doorway, lobby, sense

if TYPE_CHECKING:
    from edge.ports import Floats, Pixels

CODE_SIZE: Size = (1280, 720)
FACE_SIZE: Size = (640, 480)
PHONE_PX = 430  # a 72 mm phone at 16 cm: 4.2 px per module for the largest code a card makes (version 16)
PAIR_PX = 400  # two phones of this width fit side by side
PRINT_FACE = 0.62  # of the short side: nearer than any visitor, so that a limit on the size detects it


class Box(NamedTuple):
    """A rectangle in pixels of a photograph; x1 and y1 are the first column and row outside."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def height(self) -> int:
        return self.y1 - self.y0


@dataclass(frozen=True, slots=True, eq=False)
class Sitter:
    """One person of a photograph.

    `photo`: uint8 RGB (H, W, 3); `face`: as a face detector draws it, brows to chin; `alone`: the part
    of the photograph without other people.
    """

    photo: Pixels
    face: Box
    alone: Box


def hold_up(
    *pictures: Pixels,
    size: Size = CODE_SIZE,
    backdrop: Pixels | None = None,
    centre: tuple[float, float] = (0.5, 0.53),
    width_px: float | None = None,
    tilt_deg: float = 6,
    roll_deg: float = -3,
    noise: float = 2.5,
    seed: int = 0,
) -> Pixels:
    """Phones or sheets (RGB or RGBA) held before the lens, in perspective; several stand side by side.

    `centre`: of the one picture, or of the row, as shares of the frame. `width_px`: of one picture without
    tilt. `tilt_deg`: about its vertical axis; `roll_deg`: in its plane. `noise`: sigma in grey levels.
    """
    rng = np.random.default_rng((seed, 4))
    width = width_px or (PHONE_PX if len(pictures) == 1 else PAIR_PX)
    scene = lobby(size, seed) if backdrop is None else _fit(backdrop, size)
    for place, picture in enumerate(pictures):
        aside = (place - (len(pictures) - 1) / 2) * width * 1.18 / size[0]
        hand = rng.uniform(-1, 1, 3)  # a hand moves by half a degree and two pixels
        pose = _Pose(
            ((centre[0] + aside) * size[0] + 2 * hand[0], centre[1] * size[1] + 2 * hand[1]),
            width,
            tilt_deg,
            (roll_deg if place % 2 == 0 else -roll_deg) + 0.5 * hand[2],
        )
        scene = _lay(scene, picture, pose)
    return sense(scene, blur_px=0.6, noise=noise, seed=seed)


def visitor(
    sitter: Sitter,
    *,
    size: Size = FACE_SIZE,
    face_share: float = 0.3,
    seed: int = 0,
    noise: float = 2,
) -> Pixels:
    """Head and shoulders of one person; the face is `face_share` of the frame's height.

    Each seed is another moment: the head moves by a few pixels, and the light changes by a few percent.
    """
    return sense(_bust(sitter, size, face_share, seed), blur_px=0.4, noise=noise, seed=seed)


def two_visitors(
    left: Sitter, right: Sitter, *, size: Size = FACE_SIZE, face_share: float = 0.27, seed: int = 0
) -> Pixels:
    """Two people side by side in one frame."""
    width, height = size
    seam = width // 10
    half = ((width + seam) // 2, height)
    one, other = _bust(left, half, face_share, seed), _bust(right, half, face_share, seed + 1)
    scene = np.zeros((height, width, 3), np.float32)
    fade = np.linspace(1, 0, 2 * half[0] - width, dtype=np.float32)[:, None]
    scene[:, : half[0]] = one
    scene[:, half[0] :] = other[:, len(fade) :]
    scene[:, width - half[0] : half[0]] = one[:, -len(fade) :] * fade + other[:, : len(fade)] * (1 - fade)
    return sense(scene, blur_px=0.4, noise=2, seed=seed)


def print_held_up(sitter: Sitter, *, size: Size = FACE_SIZE, seed: int = 0) -> Pixels:
    """A printed photograph held close to the lens: the face fills more than half the short side."""
    width, height = size
    scale = PRINT_FACE * min(size) / sitter.face.height
    sheet_px = 0.9 * width
    half_w, half_h = sheet_px / scale / 2, 0.94 * height / scale / 2
    x, y = sitter.face.centre
    shown = _within(Box(int(x - half_w), int(y - half_h), int(x + half_w), int(y + half_h)), sitter.alone)
    ink = sitter.photo[shown.y0 : shown.y1, shown.x0 : shown.x1].astype(np.float32)
    # an office printer: white is darker than light, black is not fully dark, colours are paler
    grey = ink.mean(axis=2, keepdims=True)
    paper = np.clip(26 + 0.82 * (0.8 * ink + 0.2 * grey), 0, 255).astype(np.uint8)
    edge = round(0.04 * paper.shape[1])
    sheet = cv2.copyMakeBorder(paper, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(234, 232, 226))
    return hold_up(
        np.asarray(sheet, dtype=np.uint8),
        size=size,
        centre=(0.5, 0.5),
        width_px=sheet.shape[1] * scale,
        tilt_deg=5,
        roll_deg=2,
        noise=2,
        seed=seed,
    )


def empty(*, size: Size = FACE_SIZE, seed: int = 0) -> Pixels:
    """The doorway without a person."""
    return sense(doorway(size), blur_px=0.8, noise=2, seed=seed)


class _Pose(NamedTuple):
    centre_px: tuple[float, float]
    width_px: float
    tilt_deg: float
    roll_deg: float


def _lay(scene: Floats, picture: Pixels, pose: _Pose) -> Floats:
    """The scene with the picture over it in perspective, and with the picture's shadow."""
    height, width = scene.shape[:2]
    matrix, (left, top, right, bottom) = _perspective(picture, pose, (width, height))
    matrix = np.array([[1, 0, -2 * left], [0, 1, -2 * top], [0, 0, 1]]) @ matrix
    sheet = picture if picture.shape[2] == 4 else cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
    layer = sheet.astype(np.float32)
    layer[..., 3] /= 255
    layer[..., :3] *= layer[..., 3:]
    size = (right - left, bottom - top)
    fine = (2 * size[0], 2 * size[1])  # warped at twice the size, then averaged: no steps at module edges
    warped = cv2.resize(cv2.warpPerspective(layer, matrix, fine), size, interpolation=cv2.INTER_AREA)
    cover = np.zeros((height, width, 1), np.float32)
    cover[top:bottom, left:right] = warped[..., 3:]
    laid = scene * _light(cover)
    part = laid[top:bottom, left:right]
    part *= 1 - warped[..., 3:]
    part += warped[..., :3]
    return np.asarray(laid, dtype=np.float32)


def _light(cover: Floats) -> Floats:
    """The share of light left behind a picture, (H, W, 1): a soft shadow below and to the right."""
    height, width = cover.shape[:2]
    small = (width // 4, height // 4)  # a blur of 20 pixels hides the coarse ones
    aside = np.array([[1, 0, small[0] / 160], [0, 1, small[0] / 90]], np.float64)
    shade = cv2.warpAffine(cv2.resize(cover, small, interpolation=cv2.INTER_AREA), aside, small)
    soft = cv2.resize(cv2.GaussianBlur(shade, (0, 0), small[0] / 60), (width, height))
    return 1 - 0.35 * np.asarray(soft, dtype=np.float32)[..., None]


def _perspective(picture: Pixels, pose: _Pose, frame: Size) -> tuple[Floats, Box]:
    """The matrix from picture pixels to pixels of a frame of twice the size, and the box that is covered.

    The camera is a pinhole camera of FOCAL_PER_WIDTH.
    """
    height, width = picture.shape[:2]
    tilt, roll = np.radians(pose.tilt_deg), np.radians(pose.roll_deg)
    turn = np.array([[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]])
    lean = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    flat = np.column_stack([(source - (width / 2, height / 2)) / width, np.zeros(4)])  # one picture wide
    focal = FOCAL_PER_WIDTH * frame[0]
    solid = flat @ (lean @ turn).T + (0, 0, focal / pose.width_px)
    seen = focal * solid[:, :2] / solid[:, 2:] + pose.centre_px
    matrix = np.asarray(cv2.getPerspectiveTransform(source, (2 * seen).astype(np.float32)), dtype=np.float32)
    low, high = np.floor(seen.min(axis=0)).astype(int) - 1, np.ceil(seen.max(axis=0)).astype(int) + 1
    x0, y0 = np.clip(low, 0, np.array(frame) - 1).tolist()
    x1, y1 = np.clip(high, (x0 + 1, y0 + 1), frame).tolist()
    return matrix, Box(x0, y0, x1, y1)


def _bust(sitter: Sitter, size: Size, face_share: float, seed: int) -> Floats:
    """The sitter's part of the photograph; its edges continue, out of focus, to the edges of the frame."""
    rng = np.random.default_rng((seed, 5))
    width, height = size
    part = sitter.photo[sitter.alone.y0 : sitter.alone.y1, sitter.alone.x0 : sitter.alone.x1]
    scale = face_share * height / sitter.face.height * rng.uniform(0.985, 1.015)
    person = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=_filter(scale)), np.float32)
    face = (np.array(sitter.face.centre) - sitter.alone[:2]) * scale
    # the lower edge of the person must reach the lower edge of the frame
    sink = max(0.45 * height - face[1], height - person.shape[0] + 12)
    matrix = np.asarray(cv2.getRotationMatrix2D((face[0], face[1]), rng.uniform(-1.2, 1.2), 1.0), np.float64)
    matrix[:, 2] += (width / 2 - face[0] + rng.uniform(-5, 5), sink + rng.uniform(-3, 3))
    # A blurred copy of the whole picture as the background would show a second, larger face in it.
    sharp = cv2.warpAffine(person, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = np.asarray(cv2.warpAffine(np.ones(person.shape[:2], np.float32), matrix, size), np.float32)
    share = _feather(inside, soft=max(width // 32, 4))[..., None]
    small = cv2.resize(sharp, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    soft = cv2.resize(cv2.GaussianBlur(small, (0, 0), width / 160), size, interpolation=cv2.INTER_CUBIC)
    light = rng.uniform(0.97, 1.03)
    return np.asarray(np.clip((sharp * share + soft * (1 - share)) * light, 0, 255), dtype=np.float32)


def _feather(inside: Floats, *, soft: int) -> Floats:
    """A mask, float32 (H, W): 1 where `inside` is, falling to 0 within four times `soft` pixels beyond."""
    window = (2 * soft + 1, 2 * soft + 1)
    wider = cv2.dilate(inside, np.ones((4 * soft + 1, 4 * soft + 1), np.uint8))
    return np.asarray(cv2.blur(cv2.blur(wider, window), window), dtype=np.float32)


def _within(box: Box, limit: Box) -> Box:
    return Box(max(box.x0, limit.x0), max(box.y0, limit.y0), min(box.x1, limit.x1), min(box.y1, limit.y1))


def _filter(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC


def _fit(image: Pixels, size: Size) -> Floats:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
