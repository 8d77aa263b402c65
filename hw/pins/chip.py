"""Finds the GPIO chip of the board's header, and says what a pin needs of it.

A chip is a character device of the kernel, /dev/gpiochipN. The number depends on the kernel: on a Pi 5 the
header was gpiochip4 before kernel 6.6.45 and is gpiochip0 since then. Its label does not change.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gpiod import EdgeEvent, LineSettings
    from gpiod.line import Value

# Labels of the chips whose line n is the pin GPIOn of the 40-pin header (drivers/pinctrl of the kernel).
HEADERS: Final = {
    "pinctrl-bcm2835": "Pi 3, Zero 2 W",
    "pinctrl-bcm2711": "Pi 4, CM4",
    "pinctrl-rp1": "Pi 5, CM5",
}
DEVICES: Final = Path("/dev")


class Lines(Protocol):
    """Lines that one program holds: gpiod.LineRequest, or those of hw.pins.sim_chip."""

    @property
    def fd(self) -> int: ...
    def get_value(self, line: int) -> Value: ...
    def set_value(self, line: int, value: Value) -> None: ...
    def reconfigure_lines(self, config: Mapping[int, LineSettings]) -> None: ...
    def read_edge_events(self) -> Sequence[EdgeEvent]: ...
    def release(self) -> None: ...


class Chip(Protocol):
    """A chip with lines: gpiod.Chip, or hw.pins.sim_chip."""

    def request_lines(self, config: Mapping[int, LineSettings], consumer: str) -> Lines: ...
    def close(self) -> None: ...


def open_header(devices: Path = DEVICES) -> Chip:
    """The chip of the board's header; on a board with one chip, that chip. Raises ConfigError."""
    import gpiod  # only a device with pins has it

    found: dict[Path, str] = {}
    for path in sorted(devices.glob("gpiochip*")):
        try:
            with gpiod.Chip(str(path)) as chip:
                found[path] = chip.get_info().label
        except OSError as err:
            raise ConfigError(
                f"{path} cannot be opened: {err.strerror}",
                hint="add the user of the service to the group gpio: sudo usermod -aG gpio doorward",
            ) from err
    headers = [path for path, label in found.items() if label in HEADERS]
    if not headers and len(found) == 1:
        headers = list(found)
    if not headers:
        names = ", ".join(f"{path.name} ({label})" for path, label in found.items()) or "none"
        raise ConfigError(
            f"no GPIO chip of a header of 40 pins; chips of this machine: {names}",
            hint="connect the lock to a door controller, or use a Raspberry Pi",
        )
    return gpiod.Chip(str(headers[0]))  # type: ignore[return-value]  # it takes more than we give
