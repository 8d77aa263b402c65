"""`doorward door`: state, events, modes and key of the door's controller.

Stop `doorward run` first: one program at a time can use the serial port.
"""

from __future__ import annotations

import itertools
import threading
from contextlib import ExitStack, closing, suppress
from typing import TYPE_CHECKING

from edge.app.parts.strike import commission, learn_panel_key, open_controller
from edge.cli.config import given
from edge.cli.output import tell
from edge.cli.verbs import CONFIG, argument, json_lines, verb
from edge.doctor.door_checks import word, words
from edge.doctor.strike_record import open_strike_record
from edge.errors import ConfigError, DoorLinkFault, EdgeError, Exit, StorageFault
from edge.link.limits import RENEW_MS
from edge.link.messages import Mode
from edge.log import log_line
from edge.ports import DoorEventKind

if TYPE_CHECKING:
    import argparse

    from edge.app.parts.strike import DoorController
    from edge.config import Config
    from edge.doctor.strike_record import StrikeRecord
    from edge.on_record import OnRecord
    from edge.ports import DoorEvent

MODES = ("normal", "lock-down", "free-access")
LOOK_S = 0.5  # a link that goes down is an error so soon
LOOKS_TO_RENEW = int(RENEW_MS / 1_000 / LOOK_S)
LOOKS_ON_RECORD = 7_200  # one record is enough for an hour of free access
ENROL_S = 60.0  # for a technician to walk to the panel and start its key exchange


def _status(args: argparse.Namespace) -> int:
    link, config = _open(args)
    with closing(link):
        row = _row(link, config)
    _say(args, row)
    return Exit.OK


def _events(args: argparse.Namespace) -> int:
    link, _ = _open(args)
    with closing(link):
        link.recount(None)
        link.wait_until_told()
        told = link.events()
    for event in told:
        row = _event_row(event)
        tell(row, "  ".join(str(value) for value in row.values() if value is not None), as_json=args.json)
    return Exit.OK


def _mode(args: argparse.Namespace) -> int:
    config, base = given(args.config)
    _with_controller(config)
    with ExitStack() as stack:
        record = None
        try:
            record = stack.enter_context(open_strike_record(config, base))
        except (StorageFault, ConfigError) as fault:
            if args.mode != "lock-down":  # to lock is never refused
                raise
            _not_recorded(fault)
        link = stack.enter_context(closing(open_controller(config.strike, base)))
        try:
            _set_mode(link, record, args)
        except DoorLinkFault:
            if record is not None:
                record.failed()
            raise
    return Exit.OK


def _set_mode(link: DoorController, record: StrikeRecord | None, args: argparse.Namespace) -> None:
    """Set the mode, after its record. Raises DoorLinkFault; and StorageFault, except for lock-down."""
    mode = Mode(MODES.index(args.mode))
    if mode is Mode.LOCK_DOWN:
        link.set_mode(mode)
        _say(args, {"mode": args.mode})
        if record is not None:
            try:
                record.locked(DoorEventKind.LOCK_DOWN)
            except StorageFault as fault:
                _not_recorded(fault)
        return
    assert record is not None
    if mode is Mode.NORMAL:  # it may end a lock-down
        record.locked(DoorEventKind.NORMAL_MODE)
        link.set_mode(mode)
        _say(args, {"mode": args.mode})
        return
    allowed = record.free_access()
    link.set_mode(mode, allowed)
    _say(args, {"mode": args.mode})
    try:
        _hold(link, record, allowed)
    finally:
        with suppress(DoorLinkFault):  # the controller ends it when the link is silent
            link.set_mode(Mode.NORMAL)
        record.locked(DoorEventKind.NORMAL_MODE)


def _not_recorded(fault: EdgeError) -> None:
    log_line("lock-down is not on record", level="warning", why=fault.message, hint=fault.hint)


def _hold(link: DoorController, record: StrikeRecord, allowed: OnRecord) -> None:
    """Keep free-access until Ctrl-C: renewed each RENEW_MS, with a new record each hour.

    Raises DoorLinkFault when the link goes down, and StorageFault when the journal cannot be written: both
    end free-access.
    """
    forever = threading.Event()
    for look in itertools.count(1):
        forever.wait(LOOK_S)
        link.events()
        if look % LOOKS_ON_RECORD == 0:
            allowed = record.free_access()
        if look % LOOKS_TO_RENEW == 0:
            link.set_mode(Mode.FREE_ACCESS, allowed)


def _commission(args: argparse.Namespace) -> int:
    config, base = given(args.config)
    if config.strike.kind == "osdp":
        learn_panel_key(config, base, for_s=ENROL_S)
        _say(args, {"result": "commissioned", "key": config.strike.key})
        return Exit.OK
    _with_controller(config)
    with closing(commission(config.strike, base)) as link:
        row = {"result": "commissioned", "key": config.strike.key, **_row(link, config)}
    _say(args, row)
    return Exit.OK


def _open(args: argparse.Namespace) -> tuple[DoorController, Config]:
    config, base = given(args.config)
    _with_controller(config)
    return open_controller(config.strike, base), config


def _with_controller(config: Config) -> None:
    if config.strike.kind not in ("controller", "wiegand"):
        raise ConfigError(
            f'[strike] kind = "{config.strike.kind}" has no controller',
            hint='set kind = "controller" or "wiegand", and its port, lock and key',
        )


def _row(link: DoorController, config: Config) -> dict[str, object]:
    status, there = link.status, link.firmware
    assert status is not None
    assert there is not None
    return {
        "port": config.strike.port,
        "firmware": ".".join(map(str, there.firmware)),
        "lock": config.strike.lock,
        "state": word(status.state),
        "mode": word(status.mode),
        "inputs": words(status.inputs),
        "outputs": words(status.outputs),
        "flags": words(there.flags),
    }


def _event_row(event: DoorEvent) -> dict[str, object]:
    return {
        "number": event.mark.number if event.mark else None,
        "controller_ms": event.mark.tick_ms if event.mark else None,
        "event": event.kind.value,
        "cause": event.cause.value if event.cause else None,
        "grant": event.grant,
    }


def _say(args: argparse.Namespace, row: dict[str, object]) -> None:
    lines = (
        f"{name:9} {', '.join(value) or '-' if isinstance(value, list) else value}"
        for name, value in row.items()
    )
    tell(row, *lines, as_json=args.json)


_HERE = (CONFIG, json_lines())
VERBS = (
    verb("status", "print the state of the door and of its controller", _status, *_HERE),
    verb("events", "print all events that the controller still holds", _events, *_HERE),
    verb(
        "mode",
        "set the mode: normal, lock-down or free-access",
        _mode,
        *_HERE,
        argument(
            "mode",
            choices=MODES,
            help="normal: grants open the door; lock-down: no grant opens it; "
            "free-access: it stays unlocked until this command ends (Ctrl-C)",
        ),
    ),
    verb(
        "commission",
        "agree on a new key with the controller (with its lid off), or get the key of a panel",
        _commission,
        *_HERE,
    ),
)
