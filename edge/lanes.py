"""A lane's device at work: two doors, two cameras, and one authority or two that inspect jointly.

Beside `edge.device`, which does the same for a door; what they share is taken from there.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import structs

from edge.app import (
    device_seed,
    open_camera,
    open_files,
    open_live_reader,
    open_signals,
    open_trust,
    system_clock,
)
from edge.audit.journal import Journal
from edge.audit.record import Part, StopCause
from edge.clockstore import ClockStore, remembered
from edge.config.signals import Signals
from edge.device import PARTS, engine_for, housekeeper_for, stages_for
from edge.doors import open_strike
from edge.errors import ConfigError, Exit, Fault
from edge.lane_sight import Eyes, lane_moments
from edge.passage.attention import GAP_MS
from edge.passage.lane.authority import Authority
from edge.passage.lane.driver import LaneVerifier
from edge.passage.lane.shown import LanePorts
from edge.passage.recall import recall
from edge.scanners import open_scanner
from edge.sync.watch import TrustWatch, log_trust
from edge.trust.timekeeper import Timekeeper
from edge.venue.lane.events import Side
from edge.venue.lane.machine import State
from edge.venues.counsel import open_counsel, zone_of_door
from edge.venues.lane import (
    inner_door,
    lane_venue,
    open_officers,
    open_sensors,
    open_simulated,
    times_of,
    venue_of,
)
from edge.version import built_at, software_version

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from edge.audit.retention import Housekeeper
    from edge.config import Config
    from edge.passage.lane.shown import LaneMoment
    from edge.passage.stages import Stages
    from edge.ports import LaneSensors, Strike


@dataclass(frozen=True, slots=True)
class LaneDevice:
    """Everything one lane needs, opened and joined."""

    eyes: Eyes
    verifier: LaneVerifier
    housekeepers: tuple[Housekeeper, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seat:
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
        seats = _seats(config, base, stack)
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
            keeper = Timekeeper(remembered(state, journal, watch.current()), built=built_at())
            at = keeper.at(clock.now(), clock.tick_ms(), watch.current())
            recall(seat.stages.replay, journal, at)
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
        eyes = stack.enter_context(Eyes.open(cameras))
        yield LaneDevice(eyes, verifier, tuple(housekeepers))


def run_lane(
    device: LaneDevice, *, stop: threading.Event, on_moment: Callable[[LaneMoment], None] = lambda _: None
) -> int:
    """Work the lane until `stop` is set or the film outside is over. Whatever happens, both doors lock.

    Raises the Fault of a part that failed, after it was put on record.
    """
    verifier = device.verifier
    verifier.start()
    cause = StopCause.BUG
    try:
        for moment in lane_moments(device.eyes, verifier, stop=stop):
            on_moment(moment)
            if moment.state is State.IDLE:
                for housekeeper in device.housekeepers:
                    housekeeper.rest()
        cause = StopCause.SIGNAL if stop.is_set() else StopCause.END
    except Fault as fault:
        cause = StopCause.FAULT
        verifier.fault(PARTS.get(type(fault), Part.PROGRAM))
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


def _seats(config: Config, base: Path, stack: ExitStack) -> list[_Seat]:
    """The authority whose device this is, and the one that inspects with it, if there is one."""
    engine = engine_for(config, base)
    seed = device_seed(base / config.device.key)
    counsel = replace(open_counsel(config, base, stack, seed=seed), venue=venue_of(config))
    stages = stages_for(config, engine, counsel)
    paths, lane = config.paths, config.lane
    seats = [
        _Seat(
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
            _Seat(
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
    return structs.replace(config, signals=Signals())
