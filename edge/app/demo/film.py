"""Picks the frames of a passage in which something happens, and draws codes and faces on them."""

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

WIDTH = 528  # twice the width on the page, for sharp screens
CODE_COLOUR = (255, 196, 0)
FACE_COLOUR = (64, 200, 255)
MAX_SHOTS = 12  # a passage with two prompts has eleven


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """One frame of the filmstrip, as the page shows it."""

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
    return [_shot(frame, step, start) for frame, step in _telling(taken)]


def _telling(taken: Sequence[tuple[Frame, StepResult]]) -> list[tuple[Frame, StepResult]]:
    """Frames with an event: a code, a new answer, a prompt, a decision, a signal, the door."""
    told: list[tuple[Frame, StepResult]] = []
    before: StepResult | None = None
    for frame, step in taken:
        if _happened(step, before):
            told.append((frame, step))
        before = step
    if len(told) > MAX_SHOTS:
        told = [*told[: MAX_SHOTS - 2], *told[-2:]]
    return told or list(taken[:1])


def _happened(step: StepResult, before: StepResult | None) -> bool:
    if before is None or step.outcome or step.door:
        return bool(step.symbols or step.outcome or step.door)
    if step.symbols and not before.symbols:
        return True
    if step.evidence and (before.evidence is None or step.evidence.reason != before.evidence.reason):
        return True
    if step.prompt and step.prompt != before.prompt:
        return True
    return step.signal is not None and step.signal != before.signal


def _shot(frame: Frame, step: StepResult, start_ms: int) -> FilmFrame:
    picture = _annotated(frame, step)
    scale = WIDTH / picture.shape[1]
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 78])
    caption = _caption(step)
    return FilmFrame(
        jpeg=base64.b64encode(data.tobytes()).decode("ascii"),
        height=small.shape[0] // 2,
        at=f"{(step.tick_ms - start_ms) / 1000:.1f}",
        caption=caption,
        alt=f"camera frame: {caption}",
        signal=step.signal.value if step.signal else "",
        prompt=step.prompt or "",
    )


def _caption(step: StepResult) -> str:
    if step.outcome is not None:
        return f"denied: {step.outcome.reason}" if step.outcome.reason else "granted and recorded"
    if step.door:
        return ", ".join(f"door {event.kind}" for event in step.door)
    if step.evidence is not None:
        if step.evidence.reason:
            return f"face: {step.evidence.reason}"
        return f"face: similarity {step.evidence.similarity:.2f}"
    if step.symbols:
        return "code in view" if len(step.symbols) == 1 else f"{len(step.symbols)} codes in view"
    return step.state.value


def _annotated(frame: Frame, step: StepResult) -> Pixels:
    picture = frame.rgb.copy()
    scale = frame.rgb.shape[1] / frame.luma.shape[1]
    for symbol in step.symbols:
        corners = np.rint(np.array(symbol.corners) * scale).astype(np.int32).reshape(-1, 1, 2)
        if len(corners):
            cv2.polylines(picture, [corners], isClosed=True, color=CODE_COLOUR, thickness=3)
    evidence = step.evidence
    if evidence is not None and evidence.landmarks is not None:
        for x, y in evidence.landmarks[::4, :2]:  # every fourth of 468 shows the mesh well enough
            cv2.circle(picture, (round(float(x)), round(float(y))), 2, FACE_COLOUR, -1, cv2.LINE_AA)
    if evidence is not None and evidence.box is not None:
        x0, y0, x1, y1 = (round(float(v)) for v in evidence.box)
        cv2.rectangle(picture, (x0, y0), (x1, y1), FACE_COLOUR, 2)
    return picture
