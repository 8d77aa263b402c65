"""Is this probe usable, and if not, what should the holder do: in the vocabulary of ISO/IEC 29794-5."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.face.mesh import CHIN, FOREHEAD, LEFT_EYE_OUTER, RIGHT_EYE_OUTER

if TYPE_CHECKING:
    from edge.face.detect import Face
    from edge.face.mesh import Landmarks
    from edge.ports import Pixels


class Coaching(StrEnum):
    """What to tell the holder, or whoever enrols: an instruction, never a judgement."""

    COME_CLOSER = "come closer"
    HOLD_STILL = "hold still"
    MORE_LIGHT = "more light"
    LESS_LIGHT = "less light"
    FACE_THE_CAMERA = "face the camera"
    SHOW_YOUR_FACE = "show your face"


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured on one probe.

    `side_px`: longer side of the face box; `share`: that side over the picture's short side;
    `eyes_px`: distance of the eye centres; `sharpness`: variance of the Laplacian on the aligned
    crop, grey levels squared; `brightness`, `contrast`: mean and standard deviation of luma in
    [0, 1]; `presence` in [0, 1]: the landmark network's belief that this is a face; `yaw`, `pitch`,
    `roll` in degrees, 0 is frontal: right, up and clockwise in the picture are positive.
    """

    side_px: float
    share: float
    eyes_px: float
    sharpness: float
    brightness: float
    contrast: float
    presence: float
    yaw: float
    pitch: float
    roll: float


# Where the London set (51 people, neutral against smiling) begins to be falsely rejected at cosine 0.60,
# or LFW's pictures end; each with room to spare on the side of the holder.
MIN_EYES_PX = 24.0  # LFW's least is 25; pictures shrunk to 20 px still match, to 15 px no longer all
MIN_SHARPNESS = 20.0  # first false rejections at 13, after a Gaussian blur of sigma 6 on a 234 px face
MIN_BRIGHTNESS, MAX_BRIGHTNESS = 0.06, 0.92  # dark skin in half the light is 0.12 and matches
MAX_YAW = MAX_PITCH = 35.0  # 99 % of LFW's press photographs are inside
MAX_ROLL = 60.0  # the crop is turned upright, and a tilt of 90 costs nothing; but nobody stands so at a door
MIN_PRESENCE = 0.5  # a print half out of the frame gave 0.04; every London picture 1.0


def gate(quality: Quality) -> Coaching | None:
    """The first thing that keeps this probe from being compared, as an instruction; None if nothing does."""
    turned = abs(quality.yaw) > MAX_YAW or abs(quality.pitch) > MAX_PITCH or abs(quality.roll) > MAX_ROLL
    checks = (
        (quality.eyes_px < MIN_EYES_PX, Coaching.COME_CLOSER),
        (quality.presence < MIN_PRESENCE, Coaching.SHOW_YOUR_FACE),
        (turned, Coaching.FACE_THE_CAMERA),
        (quality.brightness < MIN_BRIGHTNESS, Coaching.MORE_LIGHT),
        (quality.brightness > MAX_BRIGHTNESS, Coaching.LESS_LIGHT),
        (quality.sharpness < MIN_SHARPNESS, Coaching.HOLD_STILL),
    )
    return next((coaching for failed, coaching in checks if failed), None)


def measure(rgb: Pixels, face: Face, landmarks: Landmarks, crop: Pixels) -> Quality:
    """All measures of one face; `crop` is its aligned uint8 (112, 112, 3)."""
    # the middle of the crop: brows to chin, free of background and of the black beyond a picture's edge
    luma = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[24:104, 20:92]
    yaw, pitch, roll = pose(landmarks)
    return Quality(
        side_px=face.side,
        share=face.side / min(rgb.shape[:2]),
        eyes_px=landmarks.eyes_px,
        sharpness=float(cv2.Laplacian(luma, cv2.CV_32F).var()),
        brightness=float(luma.mean()) / 255,
        contrast=float(luma.std()) / 255,
        presence=landmarks.presence,
        yaw=yaw,
        pitch=pitch,
        roll=roll,
    )


def pose(landmarks: Landmarks) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees, from two lines across the face: eye to eye and forehead to chin.

    Rough, about 5 degrees: FaceMesh's depth is a guess from one picture.
    """
    p = landmarks.points
    across, down = p[LEFT_EYE_OUTER] - p[RIGHT_EYE_OUTER], p[CHIN] - p[FOREHEAD]
    x, y, z = np.cross(across, down).tolist()  # points into the head
    yaw = math.degrees(math.atan2(-x, z))
    pitch = math.degrees(math.atan2(y, math.hypot(x, z)))
    roll = math.degrees(math.atan2(across[1], across[0]))
    return yaw, pitch, roll
