"""A camera in memory that plays a script, in simulated time: pictures, and all that cameras do instead."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from edge.errors import CameraFault
from edge.ports import CameraHealth, Frame, Light
from hw.camera.capture import CaptureTimeouts
from hw.camera.light import light_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hw.sim.clock import SimClock


@dataclass(frozen=True, slots=True)
class Stall:
    """The camera stays plugged in and gives nothing for `for_ms`."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class Unplug:
    """The cable is out for `for_ms`; nothing waits, everything fails at once."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class FrameBurst:
    """Pictures that a driver had kept back come all at once: only the last of them is still true."""

    frames: tuple[Frame, ...]


Scene: TypeAlias = Frame | Stall | Unplug | FrameBurst


class SimCamera:
    """Implements Camera. The script goes on where a fault left it, and the camera is over after its end.

    Every picture takes 1000 / `fps` ms of `clock`, and so does every attempt to open what is not there.
    """

    def __init__(self, script: Iterable[Scene], *, clock: SimClock, fps: float = 10.0) -> None:
        self._script = deque(script)
        self._clock = clock
        self._period_ms = round(1000 / fps)
        self._away_until_ms = 0
        self._arrived = self._unseen = self._restarts = 0
        self._light = Light.FINE
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        self._expect_plugged_in()
        while self._script and not self._closed:
            scene = self._script.popleft()
            match scene:
                case Frame():
                    yield self._shown(scene)
                case FrameBurst():
                    self._arrived += len(scene.frames) - 1
                    self._unseen += len(scene.frames) - 1
                    yield self._shown(scene.frames[-1])
                case Stall():
                    self._stall(scene.for_ms)
                case Unplug():
                    self._away_until_ms = self._clock.tick_ms() + scene.for_ms
                    self._expect_plugged_in()

    def health(self) -> CameraHealth:
        return CameraHealth(self._arrived, self._unseen, self._restarts, self._light)

    def close(self) -> None:
        self._closed = True

    def _shown(self, frame: Frame) -> Frame:
        self._clock.advance(self._period_ms)
        self._arrived += 1
        self._light = light_of(frame.luma)
        # As a driver's pictures, each is in memory of its own.
        return replace(frame, luma=frame.luma.copy(), rgb=frame.rgb.copy(), tick_ms=self._clock.tick_ms())

    def _stall(self, for_ms: int) -> None:
        patience_ms = round(CaptureTimeouts().stall_s * 1000)
        self._clock.advance(min(for_ms, patience_ms))
        if for_ms > patience_ms:
            self._script.appendleft(Stall(for_ms - patience_ms))
        if for_ms >= patience_ms:
            raise CameraFault("camera sim: no frame for 1 s", hint="plug the camera in again", passing=True)

    def _expect_plugged_in(self) -> None:
        if self._clock.tick_ms() < self._away_until_ms:
            self._clock.advance(self._period_ms)
            self._restarts += 1
            raise CameraFault("camera sim: it is not there", hint="plug the camera in again", passing=True)


def black(frame: Frame) -> Frame:
    """The same moment with a cap on the lens: the noise of full gain, and nothing else."""
    dice = np.random.default_rng(1)
    return Frame(
        dice.integers(8, 20, frame.luma.shape, np.uint8),
        dice.integers(0, 8, frame.rgb.shape, np.uint8),
        frame.tick_ms,
    )


def saturated(frame: Frame) -> Frame:
    """The same moment with a lamp in the lens."""
    return Frame(np.full_like(frame.luma, 255), np.full_like(frame.rgb, 255), frame.tick_ms)
