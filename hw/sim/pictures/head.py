"""Renders films of a turning head from one photograph, and of the flat pictures that attackers hold up.

No film of a turning head is available, so a head is rendered: the photograph is laid over the 468 landmarks
of its face, with the depth that the landmark network gives them, and over a rounded skull behind them. The
head is turned about the neck and drawn in perspective. A threshold that is set with these films is proven
for this simulation only: it has no hidden cheeks, no swinging hair and no blinking.

Pixels only; a seed fixes all random values. Every film is an iterator of (uint8 RGB frame (H, W, 3),
tick_ms), at FRAME_MS a frame.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import cv2
import numpy as np

from hw.sim.pictures.optics import FOCAL_PER_WIDTH, lobby, sense
from hw.sim.pictures.solid import Lens, drape, grid, triangulate, turn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge.ports import Floats, Pixels

FRAME_MS = 66  # 15 frames a second, the rate of a small board's camera
HEAD_DEG, NOD_DEG = 28.0, 22.0  # the usual angles when people are asked to turn and to nod

# The outline of the face, clockwise from the forehead: MediaPipe's FACE_OVAL.
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)  # fmt: skip
CHIN, FOREHEAD, CHEEKS = 152, 10, (234, 454)


class Move(StrEnum):
    """A movement that a holder is asked for. The holder's left is right in the picture."""

    LEFT = "left"
    RIGHT = "right"
    NOD = "nod"


class Species(StrEnum):
    """Kinds of presentation attack: the instrument that is held up instead of a head."""

    STILL = "photograph held still"
    MOVED = "print moved sideways"
    ROTATED = "print rotated about its axes"
    BENT = "print bent into a cylinder"
    CREASED = "print folded along the nose"
    WAVED = "print waved"
    CUT = "replay of a turned head, cut in"
    ORDER = "replay of another order"


@dataclass(frozen=True, slots=True)
class Pose:
    """A pose: degrees as in `solid.turn`; `x`, `y` in px; `near`: 0.1 is a tenth of the distance nearer."""

    yaw: float = 0
    pitch: float = 0
    roll: float = 0
    x: float = 0
    y: float = 0
    near: float = 0


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One frame with one face that looks at the camera: `photo` uint8 RGB, `landmarks` (468, 3)."""

    photo: Pixels
    landmarks: Floats

    @property
    def width(self) -> float:
        """The distance from cheek to cheek in px."""
        right, left = self.landmarks[list(CHEEKS), :2]
        return float(np.hypot(*(left - right)))


# -- scripts: a pose for every frame --------------------------------------------------------------


def script(moves: Sequence[Move], *, seed: int = 0, peak: float = 1.0, rest: int = 9) -> list[Pose]:
    """The poses of a person who follows `moves`: look, turn, stay a moment, turn back, look; with some sway.

    `peak`: factor on the usual angle and on the usual time to reach it; `rest`: frames of looking before
    and after each move.
    """
    rng = np.random.default_rng((seed, 11))
    track = [np.zeros((rest, 2))]
    for move in moves:
        there = round(peak * rng.integers(8, 15))  # 0.5 to 0.9 s to reach the angle
        stay, back = int(rng.integers(2, 6)), round(peak * rng.integers(8, 15))
        way = np.concatenate([_smooth(there), np.ones(stay), 1 - _smooth(back), np.zeros(rest)])
        aside = rng.uniform(-0.12, 0.12)  # people never turn about one axis alone
        angle = peak * rng.uniform(0.85, 1.2)
        main = {Move.LEFT: HEAD_DEG, Move.RIGHT: -HEAD_DEG, Move.NOD: -NOD_DEG}[move] * angle
        other = aside * main
        track.append(np.outer(way, (other, main) if move is Move.NOD else (main, other)))
    angles = np.concatenate(track)
    sway = wander(len(angles), seed)
    return [
        Pose(yaw + a, pitch + b, c, 4 * x, 4 * y, 0.01 * near)
        for (yaw, pitch), (a, b, c, x, y, near) in zip(angles.tolist(), sway.tolist(), strict=True)
    ]


def wander(frames: int, seed: int) -> Floats:
    """Six slow drifts about zero, of standard deviation about 1: a person never stands quite still."""
    rng = np.random.default_rng((seed, 12))
    steps = rng.standard_normal((frames + 60, 6))
    kernel = np.hanning(17)  # a second: sway is slower than 1 Hz
    slow = np.stack([np.convolve(column, kernel, "same") for column in steps.T], axis=1)
    return np.asarray(slow[30 : 30 + frames] / np.sqrt((kernel**2).sum()), dtype=np.float32)


def _smooth(frames: int) -> Floats:
    """Values from 0 to 1 with rest at both ends: minimum jerk (Flash and Hogan, 1985), as bodies move."""
    t = np.linspace(0, 1, frames + 1)[1:]
    return np.asarray(t**3 * (10 - 15 * t + 6 * t**2), dtype=np.float32)


# -- films ----------------------------------------------------------------------------------------


def head(subject: Subject, poses: Sequence[Pose], *, seed: int = 0) -> Iterator[tuple[Pixels, int]]:
    """A film of the subject's head through `poses`."""
    height, width = subject.photo.shape[:2]
    lens = Lens(FOCAL_PER_WIDTH * width, (width / 2, height / 2))
    spots, depth, firm = _skull(subject)
    triangles = triangulate(spots)
    triangles = triangles[(firm[triangles] > 0).any(axis=1)]  # the background does not move
    resting = lens.unproject(spots, depth)
    neck = _neck(subject, resting)
    picture = subject.photo.astype(np.float32)
    for tick, pose in enumerate(poses):
        turned = turn(resting, neck, yaw=pose.yaw, pitch=pose.pitch, roll=pose.roll)
        moved = turned + np.array([pose.x, pose.y, -pose.near * lens.focal], np.float32)
        solid = resting + (moved - resting) * firm[:, None]
        scene = drape(picture, picture, spots, solid, triangles, lens)
        yield sense(scene, blur_px=0.4, noise=2, seed=seed * 10_007 + tick), tick * FRAME_MS


def attack(
    species: Species, subject: Subject, moves: Sequence[Move], *, seed: int = 0
) -> Iterator[tuple[Pixels, int]]:
    """A film of an attack of `species` on a door that asks for `moves`."""
    rng = np.random.default_rng((seed, 13))
    poses = script(moves, seed=seed, peak=rng.uniform(1, 2))  # a hand can tilt further than a neck
    if species is Species.CUT:
        return head(subject, _cut(script(moves, seed=seed)), seed=seed)
    if species is Species.ORDER:
        return head(subject, script(tuple(moves)[::-1], seed=seed), seed=seed)
    if species is Species.STILL:
        return sheet(subject, [Pose(roll=1)] * len(poses), seed=seed)
    if species is Species.MOVED:
        return sheet(subject, [Pose(x=3 * p.yaw, y=-3 * p.pitch) for p in poses], seed=seed)
    bend = np.zeros((len(poses), 2), np.float32)
    if species is Species.BENT:
        bend[:] = rng.uniform(0.5, 1.1), 0
        if rng.random() < 0.3:
            bend = bend[:, ::-1]
    elif species is Species.WAVED:
        bend = 0.5 * wander(len(poses), seed + 1)[:, :2]
        poses = [replace(p, roll=p.roll + 6 * b) for p, (b, _) in zip(poses, bend.tolist(), strict=True)]
    # a sharper fold looks like a nose: at 0.8 the challenge let 5 of 11 pass, here 2 of 20
    crease = rng.uniform(0.25, 0.6) if species is Species.CREASED else 0.0
    return sheet(subject, poses, bend=bend, crease=crease, seed=seed)


def sheet(
    subject: Subject,
    poses: Sequence[Pose],
    *,
    bend: Floats | None = None,
    crease: float = 0,
    reach: float = 1.15,
    seed: int = 0,
) -> Iterator[tuple[Pixels, int]]:
    """A film of a print of the subject's picture through `poses`, turned about the middle of its face.

    `bend` (len(poses), 2): radians of arc across one face width, about the vertical and the horizontal
    axis; a positive bend bulges to the camera. `crease`: slope of both halves of a sheet folded along the
    nose. `reach`: from the middle of the face to the sheet's sides, in face widths; at 2 the sides are too
    far for PAD to find them as the border of a picture.
    """
    height, width = subject.photo.shape[:2]
    lens = Lens(FOCAL_PER_WIDTH * width, (width / 2, height / 2))
    face = subject.landmarks[:, :2].mean(axis=0)
    half = np.array([reach, reach + 0.2]) * subject.width
    sides = np.minimum(half, [width, height])
    unit, triangles = grid(25, 25)
    spots = np.asarray(face + (unit * 2 - 1) * sides, dtype=np.float32)
    picture = _print(subject.photo)
    room = lobby((width, height), seed)
    bends = np.zeros((len(poses), 2), np.float32) if bend is None else bend
    for tick, (pose, arcs) in enumerate(zip(poses, bends.tolist(), strict=True)):
        resting = _bent(spots, face, subject.width, (arcs[0], arcs[1]), crease)
        pivot = np.array([*face, 0], np.float32)
        turned = turn(resting, pivot, yaw=pose.yaw, pitch=pose.pitch, roll=pose.roll)
        solid = turned + np.array([pose.x, pose.y, -pose.near * lens.focal], np.float32)
        scene = drape(room, picture, spots, solid, triangles, lens)
        yield sense(scene, blur_px=0.4, noise=2, seed=seed * 10_007 + tick), tick * FRAME_MS


# -- shapes ---------------------------------------------------------------------------------------


def _skull(subject: Subject) -> tuple[Floats, Floats, Floats]:
    """Vertices: pixels (n, 2), depths (n,), and the share of the head's movement (n,), 1 is all of it.

    The vertices are the face, two rings of skull that recede to the ears, a ring of the neck and the
    background at rest, and the frame's corners and sides.
    """
    height, width = subject.photo.shape[:2]
    face, depth = subject.landmarks[:, :2], subject.landmarks[:, 2]
    middle = face[list(OVAL)].mean(axis=0)
    outline, rim = face[list(OVAL)] - middle, depth[list(OVAL)]
    back = rim.mean() + 0.45 * subject.width
    rings = [(1.12, 0.35, 1.0), (1.35, 0.8, 0.9), (1.9, 1.0, 0.0)]  # reach, share of the way back, movement
    spots, depths, firm = [face], [depth], [np.ones(len(face))]
    for reach, share, follows in rings:
        spots.append(middle + outline * reach)
        depths.append(rim * (1 - share) + back * share)
        firm.append(np.full(len(OVAL), follows))
    x, y = np.meshgrid(np.linspace(-2, width + 1, 9), np.linspace(-2, height + 1, 7))
    frame = np.column_stack([x.ravel(), y.ravel()])
    clear = ~_inside(frame, middle + outline * 2.1)
    spots.append(frame[clear])
    depths.append(np.full(int(clear.sum()), back))
    firm.append(np.zeros(int(clear.sum())))
    return (
        np.concatenate(spots).astype(np.float32),
        np.concatenate(depths).astype(np.float32),
        np.concatenate(firm).astype(np.float32),
    )


def _inside(points: Floats, outline: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    contour = outline.astype(np.float32)[:, None]
    return np.array([cv2.pointPolygonTest(contour, (float(x), float(y)), False) >= 0 for x, y in points])


def _neck(subject: Subject, resting: Floats) -> Floats:
    """The centre of rotation: between the ears for a shake; for a nod about as low as the mouth."""
    oval = resting[list(OVAL)]
    low = 0.75 * resting[CHIN, 1] + 0.25 * resting[FOREHEAD, 1]
    return np.array([oval[:, 0].mean(), low, oval[:, 2].mean() + 0.45 * subject.width], dtype=np.float32)


def _bent(spots: Floats, face: Floats, width: float, arcs: tuple[float, float], crease: float) -> Floats:
    """A sheet's points (n, 3): bent to a cylinder about each axis with an arc, folded along the nose."""
    flat = spots - face
    solid = np.column_stack([flat, np.zeros(len(flat))])
    for axis, arc in enumerate(arcs):
        if abs(arc) > 1e-3:
            radius = width / arc
            solid[:, axis] = radius * np.sin(flat[:, axis] / radius)
            solid[:, 2] += radius * (1 - np.cos(flat[:, axis] / radius))
    if crease:
        slope = np.arctan(crease)
        solid[:, 2] += np.abs(flat[:, 0]) * np.sin(slope)
        solid[:, 0] *= np.cos(slope)
    solid[:, :2] += face
    return np.asarray(solid, dtype=np.float32)


def _print(photo: Pixels) -> Floats:
    """The photo in an office printer's colours: white is darker than light, black is not fully dark."""
    ink = photo.astype(np.float32)
    return np.asarray(26 + 0.82 * (0.8 * ink + 0.2 * ink.mean(axis=2, keepdims=True)), dtype=np.float32)


def _cut(poses: list[Pose]) -> list[Pose]:
    """The frontal poses and the turned poses, without the poses between them."""
    return [p for p in poses if max(abs(p.yaw), abs(p.pitch)) < 4 or max(abs(p.yaw), abs(p.pitch)) > 17]
