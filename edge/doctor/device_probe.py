"""Opens and measures the parts of one device; each probe closes what it opened."""

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
    """The measures of the camera, its last frame, and the test card if the frame shows it."""

    seen: CameraMeasures
    frame: Frame
    card: View | None


@dataclass(frozen=True)
class DeviceProbe:
    """The device of one door. `strike`: the operator agreed to the release of the lock.

    `is_configured`: False for a machine without a configuration; its parts are found with the defaults.
    """

    config: Config
    base: Path
    strike: bool = False
    is_configured: bool = True
    machine: MachineHealth = field(default_factory=MachineHealth)

    @cached_property
    def look(self) -> CameraProbe | EdgeError:
        """Two seconds of the camera, measured once for all checks; or its fault."""
        try:
            return _look(self.config, self.base)
        except EdgeError as fault:
            return fault

    @cached_property
    def trust(self) -> TrustSnapshot | EdgeError:
        """The trust, or its fault."""
        from edge.app.parts.trust_folder import open_trust

        try:
            return open_trust((self.base / self.config.paths.trust).resolve())
        except EdgeError as fault:
            return fault

    def secrets(self) -> Iterator[tuple[Path, bool]]:
        """Files that other users must not read, and whether they must exist."""
        config = self.config
        yield self.base / config.device.key, False
        if config.strike.kind in ("controller", "wiegand", "osdp"):
            yield self.base / config.strike.key, True
        for name in (config.mqtt.password_file, config.hub.cert_key):
            if name is not None:
                yield self.base / name, True

    def servers(self) -> Iterator[tuple[str, str, int]]:
        """The configured servers: purpose, host and port of each. Raises FetchError."""
        from urllib.parse import urlsplit

        for what, url in (("sync", self.config.sync.url), ("hub", self.config.hub.url)):
            if url is not None:
                parts = urlsplit(url)
                try:
                    port = parts.port
                except ValueError as err:
                    raise FetchError(
                        f"[{what}] url: {url} has an invalid port", hint=f"correct [{what}] url"
                    ) from err
                yield what, parts.hostname or "", port or (443 if parts.scheme == "https" else 80)
        if self.config.mqtt.host is not None:
            yield "mqtt", self.config.mqtt.host, self.config.mqtt.port


def mode_of(file: Path) -> int | None:
    """A file's permissions; None if there is no file."""
    try:
        return stat.S_IMODE(os.stat(file).st_mode)  # noqa: PTH116  pathlib raises for an impossible name
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
            raise CameraFault("camera: no frames", hint="check its cable, or try another camera")
        # Read after counting, because a busy engine would slow the camera down.
        card = view_of(frame.luma, reader.read(frame.luma))
    finally:
        camera.close()
    height, width = frame.luma.shape
    spent_ms = ticks[-1] - ticks[0]
    fps = (len(ticks) - 1) * 1_000 / spent_ms if len(ticks) > 2 and spent_ms > 0 else None
    # A white card that fills the picture is not overexposure: its codes were read.
    light = light_of(frame.luma) if card is None else Light.FINE
    dark, bright = (float(level) for level in np.percentile(frame.luma[::8, ::8], (2, 98)))
    return CameraProbe(CameraMeasures(width, height, fps, light, dark, bright), frame, card)
