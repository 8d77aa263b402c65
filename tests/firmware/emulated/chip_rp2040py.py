"""One emulated chip, controlled with lines of JSON as in chip_rp2040js.mjs: python chip_rp2040py.py UF2."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rp2040py.boards import BoardSpec
from rp2040py.device.base_device import BaseDevice, ResetCause
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.peripherals import uart

BYTE_NS = 86_806  # ten bits at 115,200 baud
RAM_TOP = 0x20041FF0  # the end of the second core's stack, which is not in use


def _check_interrupts(self: uart.RPUART) -> None:
    self.rp2040.set_interrupt(self.irq, bool(self._interrupt_status & self._interrupt_mask))


_write_register = uart.RPUART.write_uint32


def _write(self: uart.RPUART, offset: int, value: int) -> None:
    """Raise the transmit interrupt after a byte, until it is cleared, as in chip_rp2040js.mjs."""
    if offset == uart.UARTDR:
        self._interrupt_status |= uart.UARTTXINTR
    _write_register(self, offset, value)
    self.check_interrupts()


uart.RPUART.check_interrupts = _check_interrupts  # type: ignore[method-assign]
uart.RPUART.write_uint32 = _write  # type: ignore[method-assign]


class Chip:
    def __init__(self, uf2: Path) -> None:
        self.device = BaseDevice(board=BoardSpec(image=uf2))
        self.mcu, self.clock = self.device.mcu, self.device.simulator.clock
        self.levels: list[tuple[int, int, int]] = []
        self.received = bytearray()
        self.resets = 0
        self.mcu.uart[0].on_byte = self.received.append
        self.mcu.watchdog.on_watchdog_trigger = self._on_watchdog
        for pin in self.mcu.gpio:
            self._tell(pin.index, pin.value)
            pin.add_listener(lambda value, _was, index=pin.index: self._tell(index, value))
        self.mcu.core.pc = FLASH_START_ADDRESS

    def _on_watchdog(self) -> None:
        self.resets += 1
        self.device.hard_reset(cause=ResetCause.WATCHDOG)

    def _tell(self, pin: int, value: int) -> None:
        self.levels.append((round(self.clock.nanos / 1000), pin, int(value)))

    def handle(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked.get("reset"):
            self.device.hard_reset(cause=ResetCause.POWER_ON)
        if asked.get("hang"):
            self._hang()
        for pin, level in asked.get("pins", {}).items():
            self.mcu.gpio[int(pin)].set_input_value(level == 1)
        for index, byte in enumerate(bytes.fromhex(asked.get("send", ""))):
            alarm = self.clock.create_alarm(lambda byte=byte: self.mcu.uart[0].feed_byte(byte))
            alarm.schedule((index + 1) * BYTE_NS)
        if asked.get("closely"):
            self._look()
        self._run(asked.get("run_us", 0))
        told = {
            "us": round(self.clock.nanos / 1000),
            "received": self.received.hex(),
            "levels": self.levels,
            "resets": self.resets,
        }
        self.levels = []
        self.received.clear()
        return told

    def _hang(self) -> None:
        """Put the program into an endless loop with interrupts off."""
        self.mcu.write_uint16(RAM_TOP, 0xE7FE)  # b .
        self.mcu.core.pm = True
        self.mcu.core.waiting = False
        self.mcu.core.pc = RAM_TOP

    def _look(self) -> None:
        """Wake the core every 5 us from now on: in a longer sleep, PIO moves in one step, and its pulses are lost."""
        self.clock.create_alarm(self._look).schedule(5_000)

    def _run(self, us: int) -> None:
        simulator = self.device.simulator
        alarm = self.clock.create_alarm(simulator.stop)
        alarm.schedule(us * 1000)
        simulator.stopped = False
        while not simulator.stopped:
            execute_batch(simulator, 1)


def main() -> None:
    chip = Chip(Path(sys.argv[1]))
    for line in sys.stdin:
        print(json.dumps(chip.handle(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
