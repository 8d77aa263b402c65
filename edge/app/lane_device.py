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
from edge.app.door_device import PARTS, engine_for, housekeeper_for, open_journal, stages_for
from edge.app.lane_loop import CameraPair, lane_steps
from edge.app.parts.camera import open_camera, system_clock
from edge.app.parts.code_readers import open_live_reader
from edge.app.parts.keys import device_seed
from edge.app.parts.scanner import open_scanner
from edge.app.parts.signals import open_signals
from edge.app.parts.strike import open_strike
from edge.app.parts.trust_folder import open_files, open_trust
from edge.app.trust_watch import TrustWatch, log_trust
from edge.app.venues.lane import inner_door, open_officers, open_sensors, open_simulated, times_of, venue_of
from edge.app.venues.visit_rules import open_visit_rules
from edge.audit.record import DevicePart, StopCause
from edge.config.authorities import authorities
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
        own = authorities(config)
        stages = _stages(own, base, stack)
        trusts = [
            stack.enter_context(TrustWatch(base / each.paths.trust, open_trust, tell=log_trust))
            for each in own
        ]
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
        joint, housekeepers = [], []
        for each, judged, watch in zip(own, stages, trusts, strict=True):
            journal = stack.enter_context(open_journal(each, base))
            state = open_files(base / each.paths.state)
            keeper = TrustedClock(remembered(state, journal, watch.current()), built=built_at())
            restore_replay(judged.replay, journal, keeper.at(clock.now(), clock.tick_ms(), watch.current()))
            stack.enter_context(ClockStore(state, keeper))
            authority = Authority(
                judged,
                watch.current,
                journal,
                clock,
                version=software_version(),
                keeper=keeper,
                officers=open_officers(each.lane.socket, each.lane.officers, base, stack),
            )
            joint.append(authority)
            housekeepers.append(housekeeper_for(each, base, journal, clock, keeper))
        verifier = LaneVerifier(
            ports,
            joint,
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


def _stages(own: Sequence[Config], base: Path, stack: ExitStack) -> list[Stages]:
    """The judgement of each authority, with one engine for all; each has the documents of its own."""
    first = own[0]
    engine = engine_for(first, base)
    counsel = open_visit_rules(first, base, stack, seed=device_seed(base / first.device.key))
    pasts = [counsel.past, *[None] * (len(own) - 1)]
    return [
        stages_for(each, engine, replace(counsel, past=past, venue=venue_of(each)))
        for each, past in zip(own, pasts, strict=True)
    ]


def _without_lamps(config: Config) -> Config:
    """The inner door's screen is its controller's, or the log: one set of pins lights one screen."""
    return structs.replace(config, signals=SignalsConfig())
