"""The device that is examined, as its parts can be asked: each probe opens what it needs, and shuts it."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from edge.app.parts.health import MachineHealth
from edge.errors import EdgeError, FetchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.config import Config
    from edge.doctor.card_view import View
    from edge.doctor.thresholds import CameraMeasures
    from edge.ports import Frame
    from edge.trust.snapshot import TrustSnapshot

LOOK_S: Final = 2.0  # 30 frames at the usual rate


@dataclass(frozen=True, slots=True)
class CameraProbe:
    """What the camera showed: the last frame, and the test card where it was in view."""

    seen: CameraMeasures
    frame: Frame
    card: View | None


@dataclass(frozen=True)
class DeviceProbe:
    """One door's device. `strike`: somebody agreed that the lock be released."""

    config: Config
    base: Path
    strike: bool = False
    machine: MachineHealth = field(default_factory=MachineHealth)

    @cached_property
    def look(self) -> CameraProbe | EdgeError:
        """Two seconds of the camera, looked at once for all checks; or why that was not possible."""
        try:
            return _look(self.config, self.base)
        except EdgeError as fault:
            return fault

    @cached_property
    def trust(self) -> TrustSnapshot | EdgeError:
        """The trust, or why there is none."""
        from edge.app.parts.trust_folder import open_trust

        try:
            return open_trust((self.base / self.config.paths.trust).resolve())
        except EdgeError as fault:
            return fault

    def secrets(self) -> Iterator[tuple[Path, bool]]:
        """Files that nobody else may read, and whether they must be there already."""
        config = self.config
        yield self.base / config.device.key, False
        if config.strike.kind in ("controller", "wiegand", "osdp"):
            yield self.base / config.strike.key, True
        for name in (config.mqtt.password_file, config.hub.cert_key):
            if name is not None:
                yield self.base / name, True

    def servers(self) -> Iterator[tuple[str, str, int]]:
        """What is configured to be reached over a network: what for, host and port. Raises FetchError."""
        from urllib.parse import urlsplit

        for what, url in (("sync", self.config.sync.url), ("hub", self.config.hub.url)):
            if url is not None:
                parts = urlsplit(url)
                try:
                    port = parts.port
                except ValueError as err:
                    raise FetchError(f"{url}: has no such port", hint=f"check [{what}] url") from err
                yield what, parts.hostname or "", port or (443 if parts.scheme == "https" else 80)
        if self.config.mqtt.host is not None:
            yield "mqtt", self.config.mqtt.host, self.config.mqtt.port


def mode_of(file: Path) -> int | None:
    """A file's permissions; None where there is none."""
    try:
        return stat.S_IMODE(os.stat(file).st_mode)  # noqa: PTH116  pathlib raises for what can be no name
    except (OSError, ValueError):
        return None


def _look(config: Config, base: Path) -> CameraProbe:
    import numpy as np

    from edge.app.parts.camera import open_camera
    from edge.app.parts.code_readers import open_picture_readers
    from edge.app.parts.health import light_of
    from edge.doctor.card_view import view_of
    from edge.doctor.thresholds import CameraMeasures
    from edge.errors import CameraFault
    from edge.ports import Light

    reader = open_picture_readers(config.reader.engine)[0]
    camera = open_camera(config.camera, base)
    ticks: list[int] = []
    frame: Frame | None = None
    try:
        end = None
        for frame in camera.frames():
            ticks.append(frame.tick_ms)
            end = end or time.monotonic() + LOOK_S
            if time.monotonic() > end:
                break
        if frame is None:
            raise CameraFault("camera: it gives no frames", hint="try another one")
        # Read after counting: an engine at work would slow the camera down.
        card = view_of(frame.luma, reader.read(frame.luma))
    finally:
        camera.close()
    height, width = frame.luma.shape
    spent_ms = ticks[-1] - ticks[0]
    fps = (len(ticks) - 1) * 1_000 / spent_ms if len(ticks) > 2 and spent_ms > 0 else None
    # White paper that fills the picture is no lamp in the lens: its codes were read.
    light = light_of(frame.luma) if card is None else Light.FINE
    dark, bright = (float(level) for level in np.percentile(frame.luma[::8, ::8], (2, 98)))
    return CameraProbe(CameraMeasures(width, height, fps, light, dark, bright), frame, card)
