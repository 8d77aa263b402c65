"""A GPIO chip in memory, behind the port of gpiod: for machines without pins, and for tests.

Like the kernel it gives each line to one holder, applies direction and level at once, and tells edges through
a file descriptor. Beyond the kernel it remembers each level of a line that a relay on it would have seen.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gpiod import EdgeEvent, LineSettings
from gpiod.line import Bias, Direction, Edge, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LINES: Final = 54  # those of a BCM2711
_TOLD: Final = {  # edges that a holder is told of, by what it asked for
    Edge.NONE: (),
    Edge.RISING: (True,),
    Edge.FALLING: (False,),
    Edge.BOTH: (False, True),
}


@dataclass(slots=True)
class _Line:
    """One line. `driven`: the level that the circuit outside gives it, or None while nothing does."""

    driven: bool | None = None
    settings: LineSettings | None = None  # None: no holder has it
    output: bool = False
    seen: list[bool] = field(default_factory=list)  # each new level, the first included

    @property
    def level(self) -> bool:
        if self.settings is not None and self.settings.direction is Direction.OUTPUT:
            return self.output
        if self.driven is not None:
            return self.driven
        return self.settings is not None and self.settings.bias is Bias.PULL_UP


class SimGpioChip:
    """Implements Chip. `drive` is the circuit outside, `levels` a probe on a line."""

    def __init__(self) -> None:
        self.guard = threading.RLock()  # also of its lines
        self._all = {number: _Line() for number in range(LINES)}
        self._holders: dict[int, SimLines] = {}
        for line in self._all.values():
            line.seen.append(line.level)

    def request_lines(self, config: Mapping[int, LineSettings], consumer: str) -> SimLines:  # noqa: ARG002
        """Raises OSError EBUSY for a line that has a holder, ValueError for one that is not there."""
        with self.guard:
            for number in config:
                if number not in self._all:
                    raise ValueError(f"line {number} is not one of 0 to {LINES - 1}")
                if number in self._holders:
                    raise OSError(errno.EBUSY, "Device or resource busy")
            lines = SimLines(self, tuple(config))
            self._holders |= dict.fromkeys(config, lines)
            self.configure(config)
            return lines

    def close(self) -> None:
        """Nothing is held by the chip itself."""

    def drive(self, number: int, level: bool | None) -> None:  # noqa: FBT001  as of a wire
        """Give an input this level from outside; None: let it float."""
        with self.guard:
            self._all[number].driven = level
            self._settle(number)

    def level(self, number: int) -> bool:
        with self.guard:
            return self._all[number].level

    def levels(self, number: int) -> Sequence[bool]:
        """Each level that the line had, in order, without repeats."""
        with self.guard:
            return tuple(self._all[number].seen)

    def is_held(self, number: int) -> bool:
        with self.guard:
            return number in self._holders

    def has_untold(self, number: int) -> bool:
        """Whether the holder has edges to read."""
        with self.guard:
            return number in self._holders and self._holders[number].has_untold

    def configure(self, config: Mapping[int, LineSettings]) -> None:
        """Give lines new settings, at once. For the holder, under `guard`, like `set_level` and `let_go`."""
        for number, settings in config.items():
            line = self._all[number]
            if settings.direction is Direction.OUTPUT:
                line.output = settings.output_value is Value.ACTIVE
            line.settings = settings
            self._settle(number)

    def set_level(self, number: int, value: Value) -> None:
        """Drive an output. Raises OSError EPERM for an input."""
        line = self._all[number]
        if line.settings is None or line.settings.direction is not Direction.OUTPUT:
            raise OSError(errno.EPERM, "Operation not permitted")
        line.output = value is Value.ACTIVE
        self._settle(number)

    def let_go(self, numbers: Sequence[int]) -> None:
        """Take lines from their holder."""
        for number in numbers:
            del self._holders[number]
            self._all[number].settings = None  # the line is an input without a pull, as after boot
            self._settle(number)

    def _settle(self, number: int) -> None:
        line = self._all[number]
        level = line.level
        if level == line.seen[-1]:
            return
        line.seen.append(level)
        if line.settings is not None and level in _TOLD[line.settings.edge_detection]:
            kind = EdgeEvent.Type.RISING_EDGE if level else EdgeEvent.Type.FALLING_EDGE
            self._holders[number].tell(number, kind)


class SimLines:
    """Implements Lines: lines of a SimGpioChip that one holder has."""

    def __init__(self, chip: SimGpioChip, numbers: Sequence[int]) -> None:
        self._chip, self._numbers = chip, numbers
        self._events: deque[EdgeEvent] = deque()
        self._count = 0
        self._fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_SEMAPHORE)

    @property
    def fd(self) -> int:
        return self._fd

    def get_value(self, line: int) -> Value:
        return Value.ACTIVE if self._chip.level(line) else Value.INACTIVE

    def set_value(self, line: int, value: Value) -> None:
        with self._chip.guard:
            self._chip.set_level(line, value)

    def reconfigure_lines(self, config: Mapping[int, LineSettings]) -> None:
        with self._chip.guard:
            self._chip.configure(config)

    def read_edge_events(self) -> Sequence[EdgeEvent]:
        """All edges since the last call."""
        with self._chip.guard:
            events = tuple(self._events)
            self._events.clear()
            for _ in events:
                os.eventfd_read(self._fd)
            return events

    @property
    def has_untold(self) -> bool:
        return bool(self._events)

    def release(self) -> None:
        with self._chip.guard:
            self._chip.let_go(self._numbers)
        os.close(self._fd)

    def tell(self, number: int, kind: EdgeEvent.Type) -> None:
        """Put an edge into the queue."""
        self._count += 1
        self._events.append(EdgeEvent(kind.value, time.monotonic_ns(), number, self._count, self._count))
        os.eventfd_write(self._fd, 1)
