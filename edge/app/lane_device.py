"""A lane's device at work: two doors, two cameras, and one authority or two that inspect jointly.

Beside `edge.app.door_device`, which does the same for a door; what they share is taken from there.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import structs

from edge.app.clock_store import ClockStore, remembered
from edge.app.door_device import PARTS, engine_for, housekeeper_for, stages_for
from edge.app.lane_loop import CameraPair, lane_steps
from edge.app.parts.camera import open_camera, system_clock
from edge.app.parts.code_readers import open_live_reader
from edge.app.parts.keys import device_seed
from edge.app.parts.scanner import open_scanner
from edge.app.parts.signals import open_signals
from edge.app.parts.strike import open_strike
from edge.app.parts.trust_folder import open_files, open_trust
from edge.app.risk_policy import zone_of_door
from edge.app.trust_watch import TrustWatch, log_trust
from edge.app.venues.lane import (
    inner_door,
    lane_venue,
    open_officers,
    open_sensors,
    open_simulated,
    times_of,
    venue_of,
)
from edge.app.venues.visit_rules import open_visit_rules
from edge.audit.journal import Journal
from edge.audit.record import DevicePart, StopCause
from edge.config.sections.signals import SignalsConfig
from edge.errors import ConfigError, Exit, Fault
from edge.passage.inputs.code_tracker import GAP_MS
from edge.passage.lane.authority import Authority
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState
from edge.passage.lane.snapshot import LanePorts
from edge.passage.lane.verifier import LaneVerifier
from edge.passage.record.replay_restore import restore_replay
from edge.trust.time.trusted_clock import TrustedClock
from edge.version import built_at, software_version

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from edge.audit.retention import Housekeeper
    from edge.config import Config
    from edge.passage.lane.snapshot import LaneStepResult
    from edge.passage.stages import Stages
    from edge.ports import LaneSensors, Strike


@dataclass(frozen=True, slots=True)
class LaneDevice:
    """Everything one lane needs, opened and joined."""

    eyes: CameraPair
    verifier: LaneVerifier
    housekeepers: tuple[Housekeeper, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorityConfig:
    """Where an authority keeps its things, and what it asks for."""

    trust: str
    journal: str
    key: str
    device: str
    state: str
    stages: Stages
    socket: str | None
    officers: Sequence[str]


@contextmanager
def open_lane(
    config: Config, base: Path, *, camera: str | None = None, inner_camera: str | None = None
) -> Iterator[LaneDevice]:
    """Open a lane; paths of `config` are relative to `base`. Raises the Fault of what is missing.

    `camera`, `inner_camera` name others than the configuration, such as films.
    """
    if config.door.venue != "lane":
        raise ConfigError("this is no lane", hint='set [door] venue = "lane"')
    with ExitStack() as stack:
        seats = _authority_configs(config, base, stack)
        trusts = [stack.enter_context(TrustWatch(base / s.trust, open_trust, tell=log_trust)) for s in seats]
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
        clock = system_clock()
        ports = LanePorts(
            open_live_reader(config.reader.engine),
            strikes,
            signals,
            sensors,
            clock,
            scanner,
        )
        authorities, housekeepers = [], []
        for seat, watch in zip(seats, trusts, strict=True):
            journal = stack.enter_context(
                Journal.open(base / seat.journal, device_seed(base / seat.key), seat.device)
            )
            state = open_files(base / seat.state)
            keeper = TrustedClock(remembered(state, journal, watch.current()), built=built_at())
            at = keeper.at(clock.now(), clock.tick_ms(), watch.current())
            restore_replay(seat.stages.replay, journal, at)
            stack.enter_context(ClockStore(state, keeper))
            officers = open_officers(seat.socket, seat.officers, base, stack)
            authority = Authority(
                seat.stages,
                watch.current,
                journal,
                clock,
                version=software_version(),
                keeper=keeper,
                officers=officers,
            )
            authorities.append(authority)
            housekeepers.append(housekeeper_for(config, base, journal, clock, keeper))
        verifier = LaneVerifier(
            ports,
            authorities,
            site=config.door.site,
            stopwatch=time.perf_counter_ns,
            face_outside=config.lane.face_outside,
            times=times_of(config),
            gap_ms=max(GAP_MS, config.scanner.again_ms) if scanner else GAP_MS,
        )
        eyes = stack.enter_context(CameraPair.open(cameras))
        yield LaneDevice(eyes, verifier, tuple(housekeepers))


def run_lane(
    device: LaneDevice, *, stop: threading.Event, on_moment: Callable[[LaneStepResult], None] = lambda _: None
) -> int:
    """Work the lane until `stop` is set or the film outside is over. Whatever happens, both doors lock.

    Raises the Fault of a part that failed, after it was put on record.
    """
    verifier = device.verifier
    verifier.start()
    cause = StopCause.BUG
    try:
        for moment in lane_steps(device.eyes, verifier, stop=stop):
            on_moment(moment)
            if moment.state is LaneState.IDLE:
                for housekeeper in device.housekeepers:
                    housekeeper.rest()
        cause = StopCause.SIGNAL if stop.is_set() else StopCause.END
    except Fault as fault:
        cause = StopCause.FAULT
        verifier.fault(PARTS.get(type(fault), DevicePart.PROGRAM))
        raise
    except BrokenPipeError:  # whoever read our rows has gone: as good as told to stop
        cause = StopCause.SIGNAL
        raise
    finally:
        verifier.stop(cause)
    return Exit.OK


def _doors(
    config: Config, inner: Config, base: Path, stack: ExitStack
) -> tuple[dict[Side, Strike], LaneSensors]:
    """Both locks, and what counts the people between them."""
    if simulated := open_simulated(config.lane, stack):
        return simulated
    strikes = {}
    for side, whole in ((Side.OUTER, config), (Side.INNER, inner)):
        strikes[side] = open_strike(whole, base)
        stack.callback(strikes[side].close)
    return strikes, open_sensors(config.lane, stack)


def _authority_configs(config: Config, base: Path, stack: ExitStack) -> list[AuthorityConfig]:
    """The authority whose device this is, and the one that inspects with it, if there is one."""
    engine = engine_for(config, base)
    seed = device_seed(base / config.device.key)
    counsel = replace(open_visit_rules(config, base, stack, seed=seed), venue=venue_of(config))
    stages = stages_for(config, engine, counsel)
    paths, lane = config.paths, config.lane
    seats = [
        AuthorityConfig(
            paths.trust,
            paths.journal,
            config.device.key,
            config.device.id,
            paths.state,
            stages,
            lane.socket,
            lane.officers,
        )
    ]
    if lane.other_trust is not None:
        other = stages_for(config, engine, replace(counsel, past=None))
        other = replace(
            other,
            gate=replace(other.gate, jurisdiction=lane.other_jurisdiction),
            policy=replace(other.policy, min_assurance=lane.other_min_assurance),
            counsel=replace(other.counsel, venue=lane_venue(lane.other_documents, zone_of_door(config))),
        )
        seats.append(
            AuthorityConfig(
                lane.other_trust,
                lane.other_journal,
                lane.other_key,
                lane.other_id,
                f"{paths.state}/other",
                other,
                lane.other_socket,
                lane.other_officers,
            )
        )
    return seats


def _without_lamps(config: Config) -> Config:
    """The inner door's screen is its controller's, or the log: one set of pins lights one screen."""
    return structs.replace(config, signals=SignalsConfig())
