"""Opens the lock of the door from the configuration, and makes the keys of controllers and panels.

Paths are relative to `base`, the folder of the configuration.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from edge.app.parts.camera import system_clock
from edge.app.parts.trust_folder import open_files
from edge.errors import ConfigError, StorageFault
from edge.files.durable import rename_durably
from edge.secret_file import read_secret

if TYPE_CHECKING:
    from pathlib import Path

    from edge import config
    from edge.link.messages import Lock
    from edge.ports import Strike
    from hw.door.link import DoorLink

DoorController: TypeAlias = "DoorLink"  # for commands, which do not import hw

LINK_KEY_BYTES: Final = 32
NEW: Final = ".new"  # of a key that the controller may have, or may not: until a session was opened with it
OSDP_KEY_BYTES: Final = 16


def open_strike(root: config.Config, base: Path) -> Strike:
    """The lock of a configuration. Raises DoorLinkFault, and ConfigError for its key or its panel."""
    strike = root.strike
    match strike.kind:
        case "controller":
            return open_controller(strike, base)
        case "wiegand":
            return _open_wiegand(root, base)
        case "osdp":
            return _open_osdp(root, base)
        case "gpio":
            from hw.door.relay_gpiozero import GpioRelay

            return GpioRelay(strike.pin, clock=system_clock())
        case "none":
            from hw.door.strike_none import NoStrike

            return NoStrike(system_clock())
        case "sim":
            from hw.sim.door import SimDoor

            return SimDoor(system_clock())


def open_controller(strike: config.StrikeConfig, base: Path) -> DoorLink:
    """The door's controller, in session. Raises DoorLinkFault, ConfigError for its key."""
    return _in_session(strike, base, base / strike.key)


def commission(strike: config.StrikeConfig, base: Path) -> DoorLink:
    """Agree on a new key with the controller, unless it has one of ours, and open a session.

    No key in use is sent, or agreed on again. A new one lies beside the old one, durably, before the
    controller is told to store it, and takes its place after a session was opened with it: where the last
    answer is lost, or the power, both are tried the next time.

    Raises:
        DoorLinkFault: it was refused, or nothing answers; the hint says what to do.
    """
    from edge.link.commissioning import Commissioning
    from edge.link.faults import LinkDown
    from hw.door.commission import exchange_keys
    from hw.door.link import BAUD

    file = base / strike.key
    new = file.with_name(file.name + NEW)
    for known in (new, file):
        if os.path.exists(known):  # noqa: PTH110  Path.exists raises for what can be no name
            with suppress(LinkDown):
                return _replacing(_in_session(strike, base, known, is_patient=False), known, file)

    def keep(key: bytes) -> None:
        open_files(new.parent).write(new.name, key, secret=True)

    asked = Commissioning(kind_of_lock(strike), secrets.token_bytes(LINK_KEY_BYTES), keep=keep)
    exchange_keys(str(base / strike.port), strike.baud or BAUD, asked)
    return _replacing(_in_session(strike, base, new), new, file)


def _replacing(link: DoorLink, known: Path, file: Path) -> DoorLink:
    """The session, after its key has taken the place of the one that was in use."""
    if known != file:
        try:
            rename_durably(known, file)
        except OSError as error:
            link.close()
            why = os.strerror(error.errno or 0).lower()
            raise StorageFault(f"{file} cannot be replaced: {why}", hint="then commission again") from error
    return link


def _in_session(strike: config.StrikeConfig, base: Path, key: Path, *, is_patient: bool = True) -> DoorLink:
    """A session by this key. `is_patient`: as of `DoorLink.wait_until_ready`."""
    from edge.link.session import LinkPairing
    from hw.door.link import BAUD, DoorLink

    pair = LinkPairing(door_key(key, LINK_KEY_BYTES), kind_of_lock(strike))
    link = DoorLink(str(base / strike.port), pair, clock=system_clock(), baud=strike.baud or BAUD)
    try:
        link.wait_until_ready(is_patient=is_patient)
    except BaseException:
        link.close()
        raise
    return link


def learn_panel_key(root: config.Config, base: Path, *, for_s: float) -> None:
    """Get the key of the secure channel from the panel. Raises DoorLinkFault if the panel sends none."""
    from hw.door.osdp_reader import BAUD, learn_key

    strike = root.strike
    file = base / strike.key
    if os.path.exists(file):  # noqa: PTH110  likewise
        raise ConfigError(
            f"{file}: there is a key already", hint="move the file away to get a new key from the panel"
        )
    key = learn_key(
        str(base / strike.port), address=root.panel.address, baud=strike.baud or BAUD, for_s=for_s
    )
    open_files(file.parent).write(file.name, key, secret=True)


def kind_of_lock(strike: config.StrikeConfig) -> Lock:
    """The state of this door's lock without power."""
    from edge.link.messages import Lock

    return Lock.FAIL_SAFE if strike.lock == "fail-safe" else Lock.FAIL_SECURE


def door_key(file: Path, size: int) -> bytes:
    """The key that this device shares with its door's controller or panel. Raises ConfigError."""
    hint = "make the key: doorward door commission"
    leaked = "; if another user could read it, erase the controller and commission it again"
    key = read_secret(file, "the door's key", limit=size, lost=hint, leaked=leaked)
    if len(key) != size:
        found = f"is larger than {size} bytes" if len(key) > size else f"{len(key)} bytes, not {size}"
        raise ConfigError(
            f"the door's key {file}: {found}",
            hint="put the right file back, or remove it and run: doorward door commission",
        )
    return key


def _open_wiegand(root: config.Config, base: Path) -> Strike:
    from hw.door.panel import WiegandPanel

    bits, value = _card(root.panel)
    return WiegandPanel(open_controller(root.strike, base), bits=bits, value=value, clock=system_clock())


def _open_osdp(root: config.Config, base: Path) -> Strike:
    from hw.door.osdp_reader import BAUD, OsdpReader
    from hw.door.panel import PanelStrike

    strike = root.strike
    bits, value = _card(root.panel)
    key = door_key(base / strike.key, OSDP_KEY_BYTES)
    reader = OsdpReader(
        str(base / strike.port), address=root.panel.address, key=key, baud=strike.baud or BAUD
    )
    try:
        reader.wait_until_ready()
    except BaseException:
        reader.close()
        raise
    return PanelStrike(
        lambda allowed: reader.present(bits, value, allowed), reader.close, clock=system_clock()
    )


def _card(panel: config.PanelConfig) -> tuple[int, int]:
    """The card number of this device: the count of its bits, and the bits."""
    from edge.link.wiegand import parse

    assert panel.number is not None
    form = parse(panel.format)
    return form.bits, form.encode(panel.facility, panel.number)
