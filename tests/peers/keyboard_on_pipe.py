"""A keyboard scanner: kernel events through a pipe, in the layout that the scanner is set to."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from hw.scanner.evdev import KeyWire
from hw.scanner.keys import LAYOUTS, KeyboardLayout, KeyDecoder
from hw.scanner.wire import why

SYN, KEY, MISC = 0, 1, 4
SYN_REPORT, SYN_DROPPED, MSC_SCAN = 0, 3, 4
LEFT_SHIFT, KEYPAD, SPACE = 42, 55, 57
EVENT = struct.Struct("=HHi")


@dataclass(frozen=True, slots=True)
class Event:
    type: int
    code: int
    value: int


def typed(text: str, layout: KeyboardLayout = "us") -> list[Event]:
    """The events of a scanner in this layout for a text: each key down and up, with shift if the character needs it."""
    table = [(code, pair) for code, pair in LAYOUTS[layout].items() if code < KEYPAD or code == SPACE]
    keys = {char: (code, shifted) for shifted in (1, 0) for code, pair in table for char in pair[shifted]}
    events = []
    for char in text:
        code, shifted = keys[char]
        moves = [(code, 1), (code, 0)]
        if shifted:
            moves = [(LEFT_SHIFT, 1), *moves, (LEFT_SHIFT, 0)]
        for key, value in moves:
            events += [Event(MISC, MSC_SCAN, key), Event(KEY, key, value), Event(SYN, SYN_REPORT, 0)]
    return events


class PipeKeyboard:
    """Stand-in for `evdev.InputDevice` that reads events from a pipe."""

    def __init__(self, reading: int) -> None:
        self._reading = reading

    def fileno(self) -> int:
        return self._reading

    def read(self) -> Iterator[Event]:
        data = os.read(self._reading, 64 * EVENT.size)  # the size of the kernel's buffer for one reader
        if not data:
            raise OSError(errno.ENODEV, "No such device")
        return iter([Event(*fields) for fields in EVENT.iter_unpack(data)])

    def close(self) -> None:
        os.close(self._reading)


class TypingScanner:
    """The device, which can be unplugged. `WiredScanner` calls `opens` to find it."""

    def __init__(self, layout: KeyboardLayout = "us") -> None:
        self._layout: KeyboardLayout = layout
        self._writing = -1
        self._reading: int | None = None
        self.plug_in()

    def opens(self) -> KeyWire:
        if self._reading is None:
            raise why("/dev/input/event3", errno.ENOENT, here=(), group="input")
        reading, self._reading = self._reading, None
        return KeyWire(PipeKeyboard(reading), KeyDecoder("us"), name="/dev/input/event3")

    def type(self, text: str) -> None:
        self.send(typed(text, self._layout))

    def send(self, events: list[Event]) -> None:
        for event in events:
            os.write(self._writing, EVENT.pack(event.type, event.code, event.value))

    def plug_in(self) -> None:
        self._reading, self._writing = os.pipe()

    def unplug(self) -> None:
        os.close(self._writing)
        self._writing = -1

    def close(self) -> None:
        if self._writing >= 0:
            self.unplug()
        if self._reading is not None:
            os.close(self._reading)
