"""The checks of the door: its controller, pin or panel, its contact and, if the operator agrees, its lock."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from edge.doctor import findings as f
from edge.doctor import thresholds
from edge.errors import DoorLinkFault, EdgeError
from edge.ports import DoorEventKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import IntEnum, IntFlag

    from edge.doctor.device_probe import DeviceProbe
    from edge.doctor.findings import Finding
    from edge.doctor.strike_record import StrikeRecord
    from edge.ports import Strike

RELEASE_MS: Final = 3_000  # enough to push the door
WATCH_S: Final = RELEASE_MS / 1_000 + 1
_STEP_S: Final = 0.05


def door(probe: DeviceProbe) -> list[Finding]:
    """Check the controller, pin or panel that moves the lock, without moving it."""
    kind = probe.config.strike.kind
    try:
        if kind in ("controller", "wiegand"):
            return _controller(probe)
        if kind == "sim":
            return [f.DOOR_SIM.found("the door is simulated: no lock moves", "set [strike] kind")]
        from edge.app.parts.strike import open_strike

        open_strike(probe.config, probe.base).close()
    except EdgeError as fault:
        return [f.DOOR_FAULT.found(fault.message, fault.hint)]
    where = f"pin {probe.config.strike.pin}" if kind == "gpio" else f"panel at {probe.config.strike.port}"
    return [f.ok("door", f"{where} answers; it has no door contact")]


def strike(probe: DeviceProbe) -> list[Finding]:
    """Release the lock once, if the operator agreed, while a person opens the door."""
    if not probe.strike:
        return [f.skipped("strike", "not released: --strike asks first, then releases the lock")]
    from edge.doctor.strike_record import open_strike_record

    try:
        with closing(_opened(probe)) as lock, open_strike_record(probe.config, probe.base) as record:
            happened = _tried(lock, record)
    except EdgeError as fault:
        return [f.STRIKE_FAULT.found(fault.message, fault.hint)]
    return thresholds.strike(happened, has_contact=probe.config.strike.kind == "controller")


def _opened(probe: DeviceProbe) -> Strike:
    """The strike, after all its earlier events. Raises DoorLinkFault, ConfigError."""
    from edge.app.parts.strike import open_controller, open_strike

    if probe.config.strike.kind != "controller":
        return open_strike(probe.config, probe.base)
    link = open_controller(probe.config.strike, probe.base)
    link.recount(None)
    link.wait_until_told()
    return link


def _tried(lock: Strike, record: StrikeRecord) -> set[DoorEventKind]:
    """Release the lock; the events until it is locked again. Raises StorageFault before it moves."""
    lock.events()  # earlier events
    happened: set[DoorEventKind] = set()
    allowed = record.released()
    try:
        lock.release(RELEASE_MS, allowed)
        end = time.monotonic() + WATCH_S
        while time.monotonic() < end and DoorEventKind.RELOCKED not in happened:
            happened.update(event.kind for event in lock.events())
            time.sleep(_STEP_S)
    except DoorLinkFault:
        record.failed()
        raise
    finally:
        lock.relock()
    record.locked(DoorEventKind.RELOCKED)
    return happened


def _controller(probe: DeviceProbe) -> list[Finding]:
    from edge.app.parts.strike import open_controller

    config = probe.config.strike
    with closing(open_controller(config, probe.base)) as link:
        status, there = link.status, link.firmware
    assert status is not None
    assert there is not None
    state = word(status.state)
    about = f"firmware {'.'.join(map(str, there.firmware))} at {config.port}, {config.lock}, {state}"
    return thresholds.door(state, word(status.mode), words(status.inputs), words(there.flags), about)


def word(value: IntEnum) -> str:
    """The word of `doorward door status` for a state or a mode."""
    return value.name.lower().replace("_", "-")


def words(flags: IntFlag) -> list[str]:
    """The words for the flags that are set."""
    members: Iterable[Any] = type(flags)
    return [word(member) for member in members if member in flags]
