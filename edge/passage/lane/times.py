"""Time limits for each stage of a lane."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaneTimes:
    """Time limits of the lane, in ms.

    `face_ms`: to look into the camera outside, as at a door. `challenge_ms`: for movements of the head.
    `enter_ms`: until the outer leaf is opened; the longest release and 2 s. `shut_ms`: until that leaf is
    shut behind a visitor with luggage. `inside_ms`: to find the camera inside and look into it. `leave_ms`,
    `through_ms`: as `enter_ms` and `shut_ms`, at the inner door. `officer_ms`: for the answer of an officer.
    `clear_ms`: then officers are told that the lane is not empty. `cooldown_ms`: the last signal outside
    stays readable for this time.
    """

    face_ms: int = 8_000
    challenge_ms: int = 30_000
    enter_ms: int = 12_000
    shut_ms: int = 15_000
    inside_ms: int = 15_000
    leave_ms: int = 12_000
    through_ms: int = 15_000
    officer_ms: int = 120_000
    clear_ms: int = 20_000
    cooldown_ms: int = 1_500
