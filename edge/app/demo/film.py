"""Picks the frames of a passage that tell its story, and draws on them what the device saw."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.passage.verifier import StepResult
    from edge.ports import Frame, Pixels

WIDTH = 528  # twice the width it is shown at, for sharp screens
CODE_COLOUR = (255, 196, 0)
FACE_COLOUR = (64, 200, 255)
MAX_SHOTS = 12  # two prompts and all around them are eleven


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """One frame of the filmstrip, ready for the page."""

    jpeg: str
    height: int
    at: str
    caption: str
    alt: str
    signal: str
    prompt: str


def develop(taken: Sequence[tuple[Frame, StepResult]]) -> list[FilmFrame]:
    """The filmstrip of one passage: at most MAX_SHOTS frames, in order, first and last included."""
    start = taken[0][1].tick_ms
    return [_shot(frame, moment, start) for frame, moment in _telling(taken)]


def _telling(taken: Sequence[tuple[Frame, StepResult]]) -> list[tuple[Frame, StepResult]]:
    """Frames in which something happened: a code, a new answer, a prompt, a decision, a signal, the door."""
    told: list[tuple[Frame, StepResult]] = []
    before: StepResult | None = None
    for frame, moment in taken:
        if _happened(moment, before):
            told.append((frame, moment))
        before = moment
    if len(told) > MAX_SHOTS:
        told = [*told[: MAX_SHOTS - 2], *told[-2:]]
    return told or list(taken[:1])


def _happened(moment: StepResult, before: StepResult | None) -> bool:
    if before is None or moment.outcome or moment.door:
        return bool(moment.symbols or moment.outcome or moment.door)
    if moment.symbols and not before.symbols:
        return True
    if moment.evidence and (before.evidence is None or moment.evidence.reason != before.evidence.reason):
        return True
    if moment.prompt and moment.prompt != before.prompt:
        return True
    return moment.signal is not None and moment.signal != before.signal


def _shot(frame: Frame, moment: StepResult, start_ms: int) -> FilmFrame:
    picture = _annotated(frame, moment)
    scale = WIDTH / picture.shape[1]
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 78])
    caption = _caption(moment)
    return FilmFrame(
        jpeg=base64.b64encode(data.tobytes()).decode("ascii"),
        height=small.shape[0] // 2,
        at=f"{(moment.tick_ms - start_ms) / 1000:.1f}",
        caption=caption,
        alt=f"camera frame: {caption}",
        signal=moment.signal.value if moment.signal else "",
        prompt=moment.prompt or "",
    )


def _caption(moment: StepResult) -> str:
    if moment.outcome is not None:
        return f"denied: {moment.outcome.reason}" if moment.outcome.reason else "granted and on record"
    if moment.door:
        return ", ".join(f"door {event.kind}" for event in moment.door)
    if moment.evidence is not None:
        if moment.evidence.reason:
            return f"looks: {moment.evidence.reason}"
        return f"looks: similarity {moment.evidence.similarity:.2f}"
    if moment.symbols:
        return "code in view" if len(moment.symbols) == 1 else f"{len(moment.symbols)} codes in view"
    return moment.state.value


def _annotated(frame: Frame, moment: StepResult) -> Pixels:
    picture = frame.rgb.copy()
    scale = frame.rgb.shape[1] / frame.luma.shape[1]
    for symbol in moment.symbols:
        corners = np.rint(np.array(symbol.corners) * scale).astype(np.int32).reshape(-1, 1, 2)
        if len(corners):
            cv2.polylines(picture, [corners], isClosed=True, color=CODE_COLOUR, thickness=3)
    evidence = moment.evidence
    if evidence is not None and evidence.landmarks is not None:
        for x, y in evidence.landmarks[::4, :2]:  # every fourth of 468 still shows the mesh
            cv2.circle(picture, (round(float(x)), round(float(y))), 2, FACE_COLOUR, -1, cv2.LINE_AA)
    if evidence is not None and evidence.box is not None:
        x0, y0, x1, y1 = (round(float(v)) for v in evidence.box)
        cv2.rectangle(picture, (x0, y0), (x1, y1), FACE_COLOUR, 2)
    return picture
