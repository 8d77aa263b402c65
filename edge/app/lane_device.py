"""Opens a lane from its configuration: two doors, two cameras, and one authority or two."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from edge.app.assemble import assemble
from edge.app.authority import open_authority, open_journal, watch_trust
from edge.app.lane_parts import LaneParts
from edge.app.loop.lane_frames import CameraPair
from edge.app.loop.watchers import open_watchers
from edge.app.parts.camera import open_camera, system_clock
from edge.app.parts.code_readers import open_live_reader
from edge.app.parts.face_engine import engine_for
from edge.app.parts.keys import device_seed
from edge.app.parts.scanner import open_scanner
from edge.app.parts.signals import open_signals
from edge.app.parts.strike import open_strike
from edge.app.parts.trust_folder import open_files
from edge.app.stages import stages_for
from edge.app.sync.sightings_watch import SightingsWatch
from edge.app.venues.lane import inner_door, open_officers, open_sensors, open_simulated, venue_of
from edge.app.venues.visit_rules import open_visit_rules
from edge.config.authorities import authorities
from edge.config.sections.signals import SignalsConfig
from edge.errors import ConfigError
from edge.passage.lane.events import Side
from edge.policy.risk.history import RecentPast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edge.app.assemble import LaneDevice
    from edge.config import Config
    from edge.face.engine import FaceEngine
    from edge.passage.lane.documents import LaneVenue
    from edge.passage.stages import Stages
    from edge.ports import LaneSensors, Strike


@contextmanager
def open_lane(
    config: Config, base: Path, *, camera: str | None = None, inner_camera: str | None = None
) -> Iterator[LaneDevice]:
    """Open a lane; paths of `config` are relative to `base`. Raises the Fault of a missing part.

    `camera`, `inner_camera`: cameras in place of those of the configuration, such as films.
    """
    if config.door.venue != "lane":
        raise ConfigError(
            f'[door] venue = "{config.door.venue}" is not a lane', hint='set [door] venue = "lane"'
        )
    with ExitStack() as stack:
        every = authorities(config)
        watches = [watch_trust(each, base) for each in every]
        engine = engine_for(config, base)
        parts = _open_parts(config, base, stack, camera=camera, inner_camera=inner_camera)
        venues = [venue_of(each) for each in every]
        journals = [stack.enter_context(open_journal(each, base)) for each in every]
        judged = _stages(every, venues, engine, base, stack)
        joint = [
            replace(
                open_authority(
                    each, base, stack, trust=watch, journal=journal, stages=stages, clock=parts.clock
                ),
                officers=open_officers(each.lane.socket, each.lane.officers, base, stack),
            )
            for each, watch, journal, stages in zip(every, watches, journals, judged, strict=True)
        ]
        watchers = open_watchers(config, base, joint[0], stack)
        for each, own in zip(every, joint, strict=True):
            if isinstance(own.stages.visit_rules.history, RecentPast):
                state = open_files(base / each.paths.state)
                watchers.append(SightingsWatch(own.stages.visit_rules.history, state).see)
        device = replace(assemble(config, parts, *joint), watchers=watchers)
        # The camera threads start after all parts are open: no later error can leave one running.
        stack.enter_context(parts.cameras.looking())
        yield device


def _open_parts(
    config: Config, base: Path, stack: ExitStack, *, camera: str | None, inner_camera: str | None
) -> LaneParts:
    inner = inner_door(config)
    strikes, sensors = _doors(config, inner, base, stack)
    cameras = {
        Side.OUTER: open_camera(config.camera, base, instead=camera),
        Side.INNER: open_camera(inner.camera, base, instead=inner_camera),
    }
    for eye in cameras.values():
        stack.callback(eye.close)
    scanner = open_scanner(config.scanner, base)
    if scanner is not None:
        stack.callback(scanner.close)
    signals = {
        Side.OUTER: stack.enter_context(open_signals(config, base, strikes[Side.OUTER])),
        Side.INNER: stack.enter_context(open_signals(_without_lamps(inner), base, strikes[Side.INNER])),
    }
    return LaneParts(
        cameras=CameraPair(cameras),
        reader=open_live_reader(config.reader.engine, mends=config.reader.mended),
        strikes=strikes,
        signals=signals,
        sensors=sensors,
        clock=system_clock(),
        scanner=scanner,
    )


def _doors(
    config: Config, inner: Config, base: Path, stack: ExitStack
) -> tuple[dict[Side, Strike], LaneSensors]:
    """Both locks, and the sensors that count the people between the doors."""
    if simulated := open_simulated(config.lane, stack):
        return simulated
    strikes = {}
    for side, root in ((Side.OUTER, config), (Side.INNER, inner)):
        strikes[side] = open_strike(root, base)
        stack.callback(strikes[side].close)
    return strikes, open_sensors(config.lane, stack)


def _stages(
    every: Sequence[Config], venues: Sequence[LaneVenue], engine: FaceEngine, base: Path, stack: ExitStack
) -> list[Stages]:
    """The stages of each authority: one engine for all; each authority has its own documents and history."""
    first = every[0]
    visit_rules = open_visit_rules(first, base, stack, seed=device_seed(base / first.device.key))
    doors = [f"{first.door.site}/{side.value}" for side in Side]
    pasts = [RecentPast(*doors) if each.risk.watch else None for each in every]
    return [
        stages_for(each, engine, replace(visit_rules, history=past, venue=venue))
        for each, past, venue in zip(every, pasts, venues, strict=True)
    ]


def _without_lamps(config: Config) -> Config:
    """The configuration without lamps: the inner door's lamps are those of its controller, or the log."""
    return structs.replace(config, signals=SignalsConfig())
