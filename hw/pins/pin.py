"""A pin of gpiozero on one line of a GPIO chip, by the kernel's own interface (linux/gpio.h, version 2).

An output is requested together with its first level, and goes back to that level before it is let go: nothing
pulses when a program starts or ends. Between programs the line is what the board's pull makes of it.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gpiod import LineSettings
from gpiod.line import Bias, Direction, Edge, Value
from gpiozero.exc import (
    PinFixedPull,
    PinInvalidBounce,
    PinInvalidEdges,
    PinInvalidFunction,
    PinInvalidPull,
    PinPWMUnsupported,
    PinSetInput,
)
from gpiozero.pins.pi import PiPin

if TYPE_CHECKING:
    from gpiozero.pins.pi import PiFactory, PinInfo

    from hw.pins.chip import Chip, Lines
    from hw.pins.watcher import EdgeWatcher

CONSUMER: Final = "doorward"  # the name that `gpioinfo` shows beside the line
_PULLS: Final = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "floating": Bias.DISABLED}
_EDGES: Final = {"both": Edge.BOTH, "rising": Edge.RISING, "falling": Edge.FALLING, "none": Edge.NONE}
_LEVELS: Final = {False: Value.INACTIVE, True: Value.ACTIVE}


class GpiodPin(PiPin):  # type: ignore[misc]  # gpiozero has no types
    """One line. It is requested at its first use, so that a pin that nothing uses stays as it is."""

    def __init__(self, factory: PiFactory, info: PinInfo, *, chip: Chip, watcher: EdgeWatcher) -> None:
        super().__init__(factory, info)
        self._chip, self._watcher = chip, watcher
        self._guard = threading.RLock()  # a request is not safe in two threads (gpiod.LineRequest)
        self._lines: Lines | None = None
        self._settings = LineSettings(direction=Direction.INPUT)
        self._edges = Edge.BOTH

    def close(self) -> None:
        """Go back to the first level, and let the line go."""
        self.when_changed = None
        with self._guard:
            lines, self._lines = self._lines, None
            if lines is None:
                return
            try:
                if self._settings.direction is Direction.OUTPUT:
                    lines.set_value(self._number, self._settings.output_value)
            finally:
                lines.release()
                self._settings = LineSettings(direction=Direction.INPUT)

    def output_with_state(self, state: float) -> None:
        """Become an output whose level is `state` from the very first moment."""
        level = _LEVELS[bool(state)]
        self._apply(LineSettings(direction=Direction.OUTPUT, output_value=level))

    def input_with_pull(self, pull: str) -> None:
        self._apply(LineSettings(direction=Direction.INPUT, bias=self._bias(pull)))

    def _get_function(self) -> str:
        return "output" if self._settings.direction is Direction.OUTPUT else "input"

    def _set_function(self, value: str) -> None:
        if value == "output":
            self.output_with_state(False)
        elif value == "input":
            self._apply(LineSettings(direction=Direction.INPUT))
        else:
            raise PinInvalidFunction(f'GPIO{self._number}: function "{value}" is not input or output')

    def _get_state(self) -> bool:
        with self._guard:
            return bool(self._held().get_value(self._number))

    def _set_state(self, value: float) -> None:
        with self._guard:
            if self._settings.direction is not Direction.OUTPUT:
                raise PinSetInput(f"GPIO{self._number} is an input and cannot be driven")
            self._held().set_value(self._number, _LEVELS[bool(value)])

    def _get_pull(self) -> str:
        return next((pull for pull, bias in _PULLS.items() if bias is self._settings.bias), "floating")

    def _set_pull(self, value: str) -> None:
        if self._settings.direction is Direction.OUTPUT:
            raise PinFixedPull(f"GPIO{self._number} is an output and has no pull")
        self._apply(replace(self._settings, bias=self._bias(value)))

    def _get_bounce(self) -> float | None:
        return self._settings.debounce_period.total_seconds() or None

    def _set_bounce(self, value: float | None) -> None:
        if value is not None and value < 0:
            raise PinInvalidBounce(f"GPIO{self._number}: a bounce time of {value} s is below 0")
        self._apply(replace(self._settings, debounce_period=timedelta(seconds=value or 0)))

    def _get_edges(self) -> str:
        return next(name for name, edge in _EDGES.items() if edge is self._edges)

    def _set_edges(self, value: str) -> None:
        try:
            self._edges = _EDGES[value]
        except KeyError:
            raise PinInvalidEdges(
                f'GPIO{self._number}: "{value}" is not one of {", ".join(_EDGES)}'
            ) from None
        if self._settings.edge_detection is not Edge.NONE:
            self._apply(replace(self._settings, edge_detection=self._edges))

    def _get_frequency(self) -> None:
        """Answer None: a pin of this factory has no PWM, which needs a clock that a program does not have."""

    def _set_frequency(self, value: float | None) -> None:
        if value is not None:
            raise PinPWMUnsupported(f"GPIO{self._number}: the kernel's lines have no PWM")

    def _enable_event_detect(self) -> None:
        with self._guard:
            self._apply(replace(self._settings, edge_detection=self._edges))
            self._watcher.add(self._held().fd, self._read_edges)

    def _disable_event_detect(self) -> None:
        with self._guard:
            lines = self._lines
            if lines is not None:
                self._apply(replace(self._settings, edge_detection=Edge.NONE))
        if lines is not None:
            self._watcher.remove(lines.fd)

    def _read_edges(self) -> None:
        with self._guard:
            events = self._lines.read_edge_events() if self._lines is not None else ()
        for event in events:
            self._call_when_changed(event.timestamp_ns / 1e9, int(event.event_type is event.Type.RISING_EDGE))

    def _bias(self, pull: str) -> Bias:
        try:
            bias = _PULLS[pull]
        except KeyError:
            raise PinInvalidPull(f'GPIO{self._number}: "{pull}" is not one of {", ".join(_PULLS)}') from None
        if self.info.pull not in (pull, ""):
            raise PinFixedPull(f"GPIO{self._number} has a resistor that pulls it {self.info.pull}")
        return bias

    def _held(self) -> Lines:
        if self._lines is None:
            self._apply(self._settings)
        assert self._lines is not None
        return self._lines

    def _apply(self, settings: LineSettings) -> None:
        with self._guard:
            if self._lines is None:
                self._lines = self._chip.request_lines({self._number: settings}, CONSUMER)
            else:
                self._lines.reconfigure_lines({self._number: settings})
            self._settings = settings
