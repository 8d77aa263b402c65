"""The composition root of the door: what moves the lock, opened as the configuration says.

Beside `edge.app`, and the only one besides it that knows hardware. Paths are relative to `base`, the folder
of the configuration.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from edge.app import open_files, system_clock
from edge.errors import ConfigError
from edge.secretfile import read_secret

if TYPE_CHECKING:
    from pathlib import Path

    from edge import config
    from edge.link.messages import Lock
    from edge.ports import Strike
    from hw.door_link import DoorLink

Controller: TypeAlias = "DoorLink"  # for commands, which know no hardware

LINK_KEY_BYTES: Final = 32
OSDP_KEY_BYTES: Final = 16


def open_strike(whole: config.Config, base: Path) -> Strike:
    """What moves the lock. Raises DoorLinkFault, and ConfigError for its key or its panel."""
    strike = whole.strike
    match strike.kind:
        case "controller":
            return open_controller(strike, base)
        case "wiegand":
            return _open_wiegand(whole, base)
        case "osdp":
            return _open_osdp(whole, base)
        case "gpio":
            from hw.relay_gpiozero import GpioRelay  # noqa: PLC0415

            return GpioRelay(strike.pin, clock=system_clock())
        case "none":
            from hw.strike_none import NoStrike  # noqa: PLC0415

            return NoStrike(system_clock())
        case "sim":
            from hw.sim.door import SimDoor  # noqa: PLC0415

            return SimDoor(system_clock())


def open_controller(strike: config.Strike, base: Path) -> DoorLink:
    """The door's controller, in session. Raises DoorLinkFault, ConfigError for its key."""
    from edge.link.session import Pair  # noqa: PLC0415
    from hw.door_link import BAUD, DoorLink  # noqa: PLC0415

    pair = Pair(door_key(base / strike.key, LINK_KEY_BYTES), kind_of_lock(strike))
    link = DoorLink(str(base / strike.port), pair, clock=system_clock(), baud=strike.baud or BAUD)
    try:
        link.wait_until_ready()
    except BaseException:
        link.close()
        raise
    return link


def commission(strike: config.Strike, base: Path) -> DoorLink:
    """Give the controller the key in our file, made where there is none, and open a session with it.

    The key is durable here before it goes to the controller; a controller that has it already is as good.

    Raises:
        DoorLinkFault: it was refused, or nobody answers; the hint says what to do.
    """
    from edge.link.commissioning import Commissioning  # noqa: PLC0415
    from edge.link.faults import LinkDown  # noqa: PLC0415
    from edge.link.session import Pair  # noqa: PLC0415
    from hw.door_commission import set_key  # noqa: PLC0415
    from hw.door_link import BAUD  # noqa: PLC0415

    file = base / strike.key
    is_new = not os.path.exists(file)  # noqa: PTH110  likewise
    if is_new:
        open_files(file.parent).write(file.name, secrets.token_bytes(LINK_KEY_BYTES), secret=True)
    pair = Pair(door_key(file, LINK_KEY_BYTES), kind_of_lock(strike))
    try:
        set_key(str(base / strike.port), strike.baud or BAUD, Commissioning(pair))
    except LinkDown as refusal:
        if not is_new:
            with suppress(LinkDown):  # what it refuses may be what it has
                return open_controller(strike, base)
        elif refusal.code is not None:
            os.unlink(file)  # noqa: PTH108  nobody else has this key
        raise
    return open_controller(strike, base)


def learn_panel_key(whole: config.Config, base: Path, *, for_s: float) -> None:
    """Let the panel give us the key of its secure channel. Raises DoorLinkFault when it does not."""
    from hw.osdp_reader import BAUD, learn_key  # noqa: PLC0415

    strike = whole.strike
    file = base / strike.key
    if os.path.exists(file):  # noqa: PTH110  likewise
        raise ConfigError(
            f"{file}: there is a key already", hint="move it away to let the panel give another"
        )
    key = learn_key(
        str(base / strike.port), address=whole.panel.address, baud=strike.baud or BAUD, for_s=for_s
    )
    open_files(file.parent).write(file.name, key, secret=True)


def kind_of_lock(strike: config.Strike) -> Lock:
    """What the lock at this door does without power."""
    from edge.link.messages import Lock  # noqa: PLC0415

    return Lock.FAIL_SAFE if strike.lock == "fail-safe" else Lock.FAIL_SECURE


def door_key(file: Path, size: int) -> bytes:
    """The key that this device shares with its door's controller or panel. Raises ConfigError."""
    hint = "make one: doorward door commission"
    leaked = "; if a stranger had the chance, erase the controller, commission it again"
    key = read_secret(file, "the door's key", limit=size, lost=hint, leaked=leaked)
    if len(key) != size:
        found = f"is larger than {size} bytes" if len(key) > size else f"{len(key)} bytes, not {size}"
        raise ConfigError(f"the door's key {file}: {found}", hint=hint)
    return key


def _open_wiegand(whole: config.Config, base: Path) -> Strike:
    from hw.panel import WiegandPanel  # noqa: PLC0415

    bits, value = _card(whole.panel)
    return WiegandPanel(open_controller(whole.strike, base), bits=bits, value=value, clock=system_clock())


def _open_osdp(whole: config.Config, base: Path) -> Strike:
    from hw.osdp_reader import BAUD, OsdpReader  # noqa: PLC0415
    from hw.panel import PanelStrike  # noqa: PLC0415

    strike = whole.strike
    bits, value = _card(whole.panel)
    key = door_key(base / strike.key, OSDP_KEY_BYTES)
    reader = OsdpReader(
        str(base / strike.port), address=whole.panel.address, key=key, baud=strike.baud or BAUD
    )
    try:
        reader.wait_until_ready()
    except BaseException:
        reader.close()
        raise
    return PanelStrike(lambda: reader.present(bits, value), reader.close, clock=system_clock())


def _card(panel: config.Panel) -> tuple[int, int]:
    """The one card number of this device: how many bits, and the bits."""
    from edge.link.wiegand import parse  # noqa: PLC0415

    assert panel.number is not None
    form = parse(panel.format)
    return form.bits, form.encode(panel.facility, panel.number)
