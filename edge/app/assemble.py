"""Joins the opened parts of a door or a lane to one device.

Parts of a configuration (door_device.py, lane_device.py) and simulators of a demo, a bench or a test are
joined in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, overload

from edge.app.authority import rules_for
from edge.app.device_parts import DoorParts
from edge.app.loop.frames import BLIND_MS, steps
from edge.app.loop.run import RunningDevice
from edge.app.stages import adopted
from edge.config.authorities import authorities
from edge.passage.decision_point import DecisionPoint
from edge.passage.inputs.code_tracker import GAP_MS
from edge.passage.machine import PassageTimes
from edge.passage.record.replay_restore import MAX_RECORDS
from edge.passage.verifier import Verifier
from edge.ports import Recounts
from edge.version import software_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.app.authority import AuthorityParts
    from edge.app.lane_parts import LaneParts
    from edge.audit.housekeeper import Housekeeper
    from edge.audit.journal import Journal
    from edge.config import Config
    from edge.passage.lane.snapshot import LaneStepResult
    from edge.passage.lane.verifier import LaneVerifier
    from edge.passage.stages import Stages
    from edge.passage.verifier import StepResult
    from edge.ports import Scanner, Strike

    DoorDevice: TypeAlias = RunningDevice[Verifier, StepResult]
    LaneDevice: TypeAlias = RunningDevice[LaneVerifier, LaneStepResult]


@overload
def assemble(config: Config, parts: DoorParts, *joint: AuthorityParts) -> DoorDevice: ...
@overload
def assemble(config: Config, parts: LaneParts, *joint: AuthorityParts) -> LaneDevice: ...
def assemble(config: Config, parts: DoorParts | LaneParts, *joint: AuthorityParts) -> DoorDevice | LaneDevice:
    """The device with these parts. `joint`: its authorities, its own first; a door has one."""
    if not isinstance(parts, DoorParts):
        return _lane(config, parts, joint)
    (own,) = joint
    return _door(config, parts, own)


def _door(config: Config, parts: DoorParts, own: AuthorityParts) -> DoorDevice:
    _recount(parts.strike, own.journal)
    point = DecisionPoint(own, parts.clock, software_version())
    verifier = Verifier(parts, point, times=_times(config), gap_ms=_gap_ms(config, parts.scanner))
    # With a scanner the door works on without its camera; a new process would not start without it.
    blind_ms = None if parts.scanner else BLIND_MS
    return RunningDevice(
        verifier,
        lambda stop: steps(parts.camera, verifier, stop=stop, blind_ms=blind_ms),
        _housekeepers([own]),
        adopt=_adopts([own], lambda judged, new: verifier.adopt(judged[0], _times(new))),
        parts=parts,
    )


def _lane(config: Config, parts: LaneParts, joint: Sequence[AuthorityParts]) -> LaneDevice:
    # Loaded for a lane only: 25 ms of the start of a door.
    from edge.app.loop.lane_frames import lane_steps
    from edge.app.venues.lane import times_of
    from edge.passage.lane.authority import Authority
    from edge.passage.lane.verifier import LaneVerifier

    for side, strike in parts.strikes.items():
        _recount(strike, joint[0].journal, f"{config.door.site}/{side.value}")
    verifier = LaneVerifier(
        parts,
        [Authority(each, parts.clock, software_version(), each.officers) for each in joint],
        site=config.door.site,
        stopwatch=joint[0].stages.stopwatch,
        face_outside=config.lane.face_outside,
        times=times_of(config),
        gap_ms=_gap_ms(config, parts.scanner),
    )
    return RunningDevice(
        verifier,
        lambda stop: lane_steps(parts.cameras, verifier, stop=stop),
        _housekeepers(joint),
        adopt=_adopts(joint, lambda judged, new: verifier.adopt(judged, times_of(new))),
        parts=parts,
    )


def _recount(strike: Strike, journal: Journal, door: str | None = None) -> None:
    """Tell a controller which of its events are recorded, so that none is recorded again after a restart.

    `door`: the name in the records, if the journal has two doors.
    """
    if isinstance(strike, Recounts):
        strike.recount(journal.last_mark(MAX_RECORDS, door))


def _times(config: Config) -> PassageTimes:
    return PassageTimes(face_ms=config.face.time_ms)


def _gap_ms(config: Config, scanner: Scanner | None) -> int:
    """The time without a reading after which a code counts as gone; a scanner repeats a code less often."""
    return max(GAP_MS, config.scanner.again_ms) if scanner else GAP_MS


def _housekeepers(joint: Sequence[AuthorityParts]) -> list[Housekeeper]:
    return [each.housekeeper for each in joint if each.housekeeper is not None]


def _adopts(
    joint: Sequence[AuthorityParts], take: Callable[[Sequence[Stages], Config], None]
) -> Callable[[Config], None]:
    """A function that hands a new configuration to every authority. `take`: hands it to the verifier."""

    def adopt(new: Config) -> None:
        own = authorities(new)
        judged = [adopted(each.stages, config) for each, config in zip(joint, own, strict=True)]
        rules = [rules_for(config) for config in own]
        take(judged, new)
        for each, rule in zip(joint, rules, strict=True):
            if each.housekeeper is not None:
                each.housekeeper.adopt(rule)

    return adopt
