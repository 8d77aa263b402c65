"""The controller's own program under MicroPython, on a real line: stdin and stdout are its UART.

The file of DOORWARD_PINS has the level of each input pin, one digit a pin. Each change of an output pin is a line
on stderr: `PIN LEVEL`.
"""

import binascii
import os
import sys
import time

import machine
import main

if not hasattr(os, "urandom"):  # missing in the WebAssembly build; this one is enough for the tests

    def _urandom(count):
        import random

        return bytes(random.getrandbits(8) for _ in range(count))

    os.urandom = _urandom


class _Line(machine.Hooks):
    """The common part of both builds: received bytes, and inputs that are read once a millisecond."""

    def __init__(self) -> None:
        super().__init__()
        self._read_at = None
        self._levels = ""

    def any(self):
        self.incoming.extend(self._take())
        return len(self.incoming)

    def level(self, number):
        now = time.ticks_ms()
        if now != self._read_at:
            self._read_at, self._levels = now, self._look()
        return int(self._levels[number])


class _Wasm(_Line):
    """The line of the WebAssembly build, through its parent process (run.mjs)."""

    def _take(self):
        return binascii.unhexlify(wire.read())

    def _look(self):
        return wire.levels()

    def write(self, buffer):
        wire.write(binascii.hexlify(buffer).decode())
        return len(buffer)

    def pin(self, number, level) -> None:
        wire.tell("%d %d" % (number, level))  # noqa: UP031


class _Unix(_Line):
    """The line of the Unix build, through its own streams. The parent process makes stdin non-blocking."""

    def __init__(self) -> None:
        super().__init__()
        self._buffer = bytearray(256)
        self._file = open(os.getenv("DOORWARD_PINS"), "rb")  # noqa: PTH123, SIM115  MicroPython has no pathlib

    def _take(self):
        count = sys.stdin.buffer.readinto(self._buffer)
        if count == 0:
            sys.exit()  # the line is closed
        return self._buffer[: count or 0]

    def _look(self):
        self._file.seek(0)
        return self._file.read().decode()

    def write(self, buffer):
        return sys.stdout.buffer.write(buffer)

    def pin(self, number, level) -> None:
        sys.stderr.write("%d %d\n" % (number, level))  # noqa: UP031


class _Time:
    """Time of the WebAssembly build: its own sleep is a busy loop, so the parent process sleeps."""

    ticks_ms = time.ticks_ms
    ticks_us = time.ticks_us

    def sleep_ms(self, ms) -> None:
        wire.sleep(ms)


try:
    import wire

    machine.use(_Wasm())
    main.time = _Time()
except ImportError:
    machine.use(_Unix())
main.main()
