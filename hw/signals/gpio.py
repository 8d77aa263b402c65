"""Lamps and a buzzer on pins of this board, for a door without a controller, or whose controller has none.

The patterns are those of the controller (firmware/signals.py): a lamp has one meaning at every door. The
rhythm says as much as the colour: one man in twelve cannot tell red from green.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from edge.decision import Signal
from edge.errors import ConfigError
from hw.pins.library import advice, gpiozero_library, pin_factory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.screen_text import ScreenText

STEP_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Pattern:
    """Ten steps of 0.1 s, repeated; `beeps`: the buzzer sounds once, in the very first step."""

    red: str = ".........."
    green: str = ".........."
    beeps: bool = True


PATTERNS: Final[Mapping[Signal | None, Pattern]] = {
    None: Pattern(beeps=False),
    Signal.LOOK_HERE: Pattern(green="##...##..."),
    Signal.TRY_AGAIN: Pattern(red="#.#......."),
    Signal.WAIT: Pattern(red="#....#....", green="#....#....", beeps=False),
    Signal.ASK_STAFF: Pattern(red="########.."),
    Signal.WELCOME: Pattern(green="##########"),
}


class GpioSignals:
    """A Signals port over gpiozero. An output without a pin is left out; prompts go to the log only.

    `factory`: a gpiozero pin factory; left out, that of hw.pins.library. `step_s`: the length of a pattern's
    step. A lamp that fails later stays dark; the door works on without it.
    """

    def __init__(
        self,
        *,
        red: int | None = None,
        green: int | None = None,
        buzzer: int | None = None,
        factory: Any = None,  # noqa: ANN401  gpiozero has no types
        step_s: float = STEP_S,
    ) -> None:
        """`red`, `green`, `buzzer`: BCM numbers; high is on. Raises ConfigError."""
        self._step_s = step_s
        self._outputs: dict[str, Any] = {}
        try:
            for name, pin in (("red", red), ("green", green), ("buzzer", buzzer)):
                if pin is not None:
                    self._outputs[name] = open_output(pin, factory)
        except ConfigError:
            self._let_go()
            raise
        self._changed = threading.Condition()
        self._signal: Signal | None = None
        self._step = 0
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="lamps", daemon=True)
        self._thread.start()

    def show(self, signal: Signal | None) -> None:
        with self._changed:
            if signal != self._signal:
                self._signal, self._step = signal, 0
                self._changed.notify()

    def prompt(self, text: ScreenText | None) -> None:
        """Do nothing: lamps cannot show words."""

    def close(self) -> None:
        """Switch all off and free the pins."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()
        self._let_go()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._is_closed:
                    return
                signal, step = self._signal, self._step
                self._step += 1
            self._drive(PATTERNS[signal], step)
            with self._changed:
                if self._is_closed or self._signal != signal:
                    continue
                self._changed.wait(None if signal is None else self._step_s)

    def _drive(self, pattern: Pattern, step: int) -> None:
        lit = {
            "red": pattern.red[step % 10] == "#",
            "green": pattern.green[step % 10] == "#",
            "buzzer": pattern.beeps and step == 0,
        }
        for name, output in self._outputs.items():
            with suppress(Exception):  # factories raise exceptions of any class
                output.value = lit[name]

    def _let_go(self) -> None:
        for output in self._outputs.values():
            with suppress(Exception):
                output.off()
                output.close()


def open_output(pin: int, factory: Any) -> Any:  # noqa: ANN401  gpiozero has no types
    """An output that is off, as gpiozero drives it. Raises ConfigError."""
    try:
        gpiozero = gpiozero_library()  # only a device with its own lamps has it
    except ImportError as err:
        raise ConfigError("gpiozero is not installed", hint="pip install 'doorward[pi]'") from err
    try:
        pins = pin_factory() if factory is None else factory
        return gpiozero.OutputDevice(pin, initial_value=False, pin_factory=pins)
    except Exception as err:  # factories raise RuntimeError, OSError and others
        raise ConfigError(f"[signals] GPIO {pin} cannot be driven: {err}", hint=advice(err)) from err
