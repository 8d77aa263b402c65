"""A camera in memory that plays a script in simulated time: pictures, and the faults of cameras."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
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
    """The camera stays plugged in and gives no picture for `for_ms`."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class Unplug:
    """The cable is out for `for_ms`; every call fails at once."""

    for_ms: int


@dataclass(frozen=True, slots=True)
class FrameBurst:
    """Pictures that a driver had held back come all at once: only the last one is current."""

    frames: tuple[Frame, ...]


Scene: TypeAlias = Frame | Stall | Unplug | FrameBurst


class SimCamera:
    """Implements Camera. After a fault the script goes on from there; the camera ends with the script.

    Every picture takes 1000 / `fps` ms of `clock`, and so does every attempt to open an unplugged camera.
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
        # A copy: a driver gives each picture in memory of its own.
        return Frame(frame.luma.copy(), frame.rgb.copy(), self._clock.tick_ms())

    def _stall(self, for_ms: int) -> None:
        timeout_ms = round(CaptureTimeouts().stall_s * 1000)
        self._clock.advance(min(for_ms, timeout_ms))
        if for_ms > timeout_ms:
            self._script.appendleft(Stall(for_ms - timeout_ms))
        if for_ms >= timeout_ms:
            raise CameraFault("camera sim: no frame for 1 s", hint="plug the camera in again", passing=True)

    def _expect_plugged_in(self) -> None:
        if self._clock.tick_ms() < self._away_until_ms:
            self._clock.advance(self._period_ms)
            self._restarts += 1
            raise CameraFault("camera sim: it is unplugged", hint="plug the camera in again", passing=True)


def black(frame: Frame) -> Frame:
    """A frame of that moment with a cap on the lens: only the noise of full gain."""
    noise = np.random.default_rng(1)
    return Frame(
        noise.integers(8, 20, frame.luma.shape, np.uint8),
        noise.integers(0, 8, frame.rgb.shape, np.uint8),
        frame.tick_ms,
    )


def saturated(frame: Frame) -> Frame:
    """A frame of that moment with a lamp in front of the lens: all white."""
    return Frame(np.full_like(frame.luma, 255), np.full_like(frame.rgb, 255), frame.tick_ms)
