"""Opens a door's device from its configuration."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from edge.app.assemble import assemble
from edge.app.authority import open_authority, open_journal, watch_trust
from edge.app.device_parts import DoorParts
from edge.app.loop.watchers import open_watchers
from edge.app.parts.camera import open_camera, system_clock
from edge.app.parts.code_readers import open_live_reader
from edge.app.parts.face_engine import engine_for
from edge.app.parts.keypad import open_keypad
from edge.app.parts.keys import device_seed
from edge.app.parts.scanner import open_scanner
from edge.app.parts.signals import open_light, open_signals
from edge.app.parts.strike import open_strike
from edge.app.parts.trust_folder import open_files, open_trust
from edge.app.stages import asks_for_face, stages_for
from edge.app.venues.visit_rules import open_visit_rules
from edge.app.venues.watchers import watchers_of
from edge.errors import (
    ConfigError,
    TrustFault,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.app.assemble import DoorDevice
    from edge.config import Config
    from edge.trust.snapshot import TrustSnapshot


@contextmanager
def open_device(config: Config, base: Path, *, camera: str | None = None) -> Iterator[DoorDevice]:
    """Open a door's device; paths of `config` are relative to `base`. Raises the Fault of a missing part.

    Parts that write nothing are opened first, so that a failed start leaves no key and no journal.
    """
    with ExitStack() as stack:
        compares = True  # until the first trust is loaded

        def load(folder: Path) -> TrustSnapshot:
            return _usable(config, folder, compares=compares)

        watch = watch_trust(config, base, load)
        compares = asks_for_face(config, watch.current())
        if compares and camera is None and config.camera.kind == "none":
            raise ConfigError(
                'the site\'s policy requires a face, and [camera] kind is "none"',
                hint="set [camera] kind to the camera of this door",
            )
        engine = engine_for(config, base) if compares else None
        parts = _open_parts(config, base, stack, camera=camera)
        journal = stack.enter_context(open_journal(config, base))
        visit_rules = open_visit_rules(config, base, stack, seed=device_seed(base / config.device.key))
        stages = stages_for(config, engine, visit_rules)
        own = open_authority(
            config, base, stack, trust=watch, journal=journal, stages=stages, clock=parts.clock
        )
        state = open_files(base / config.paths.state)
        device = assemble(config, parts, own)
        watchers = [
            *open_watchers(config, base, own, stack),
            *watchers_of(visit_rules, parts.strike, parts.signals, state, device.verifier.free_access),
        ]
        yield replace(device, watchers=watchers)


def _open_parts(config: Config, base: Path, stack: ExitStack, *, camera: str | None) -> DoorParts:
    strike = open_strike(config, base)
    stack.callback(strike.close)
    reader = open_live_reader(config.reader.engine, mends=config.reader.mended)
    eye = open_camera(config.camera, base, instead=camera)
    stack.callback(eye.close)
    scanner = open_scanner(config.scanner, base)
    if scanner is not None:
        stack.callback(scanner.close)
    return DoorParts(
        camera=eye,
        reader=reader,
        strike=strike,
        signals=stack.enter_context(open_signals(config, base, strike)),
        clock=system_clock(),
        scanner=scanner,
        keypad=open_keypad(config.keypad, stack),
        light=open_light(config, stack),
    )


def _usable(config: Config, folder: Path, *, compares: bool) -> TrustSnapshot:
    """The trust in a folder. Raises TrustFault if it requires faces and the models are not loaded."""
    trust = open_trust(folder)
    if asks_for_face(config, trust) and not compares:
        raise TrustFault(
            f"{folder}: the policy requires a face, and this device started without models",
            hint="restart doorward run: it loads the models",
        )
    return trust
