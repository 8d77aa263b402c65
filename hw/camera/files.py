"""A camera that plays pictures: files, or frames made in memory, at an even rate."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from edge.errors import CameraFault, InputError
from edge.ports import Frame
from hw.camera.framing import frame_from_rgb
from hw.camera.images import read_rgb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from edge.ports import Clock


class FileCamera:
    """Frames from `pictures`, one every 1000 / `fps` milliseconds of `clock`, until there are no more.

    Args:
        pictures: picture files, scaled as a real camera would; Frames pass unscaled, with a new tick.
        clock: stamps the frames.
        fps: pictures a second, at most 1000.
        wait: called with the milliseconds until the next picture is due: `SimClock.advance` where time is
            simulated; left out, the thread sleeps.
    """

    def __init__(
        self,
        pictures: Iterable[Path | Frame],
        *,
        clock: Clock,
        fps: float = 10.0,
        wait: Callable[[int], None] | None = None,
    ) -> None:
        if not 0 < fps <= 1000:
            raise CameraFault(f"fps: {fps:g} is not above 0 and at most 1000", hint="give such a number")
        self._pictures = pictures
        self._clock = clock
        self._period_ms = 1000 / fps
        self._wait = wait or _sleep
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        """The pictures from the first one. Raises CameraFault at a picture that cannot be read."""
        start_ms = self._clock.tick_ms()
        for number, picture in enumerate(self._pictures):
            if self._closed:
                return
            # Counted from the start, not from the frame before: rounding must not add up over a long film.
            due_ms = start_ms + round(number * self._period_ms)
            early_ms = due_ms - self._clock.tick_ms()
            if early_ms > 0:
                self._wait(early_ms)
            yield _frame(picture, self._clock.tick_ms())

    def close(self) -> None:
        self._closed = True


def _frame(picture: Path | Frame, tick_ms: int) -> Frame:
    if isinstance(picture, Frame):
        return picture.at(tick_ms)
    try:
        return frame_from_rgb(read_rgb(picture), tick_ms)
    except InputError as err:
        raise CameraFault(err.message, hint=err.hint) from err


def _sleep(for_ms: int) -> None:
    time.sleep(for_ms / 1000)
