"""Lamps and buzzer: a table of patterns for the holder's signals and the door's alarms."""

from micropython import const
from ticks import elapsed

RED = const(1)
GREEN = const(2)
BUZZER = const(4)

STEP_MS = const(100)
_STEPS = const(10)

# Ten steps of 100 ms, repeated; a new signal starts with a beep for holders who cannot see it. The rhythm
# says as much as the colour: one man in twelve cannot tell red from green.
_PATTERNS = (
    bytes((0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),  # 0 nothing
    bytes((2, 2, 0, 0, 0, 2, 2, 0, 0, 0)),  # 1 look here: green, slow
    bytes((1, 0, 1, 0, 0, 0, 0, 0, 0, 0)),  # 2 try again: red, twice
    bytes((3, 0, 0, 0, 0, 3, 0, 0, 0, 0)),  # 3 wait: both, a tick
    bytes((1, 1, 1, 1, 1, 1, 1, 1, 0, 0)),  # 4 ask staff: red, nearly steady
    bytes((2, 2, 2, 2, 2, 2, 2, 2, 2, 2)),  # 5 welcome: green, steady
)
_BEEPS = bytes((0, 1, 1, 0, 1, 1))
_PRE_ALARM = bytes((4, 0, 0, 0, 0, 4, 0, 0, 0, 0))
_ALARM = bytes((5, 4, 5, 4, 5, 4, 5, 4, 5, 4))


class Signals:
    """The signal that the host asked for, and its step."""

    def __init__(self, now: int) -> None:
        self._signal = 0
        self._step_since = now
        self._step = 0
        self._is_new = False

    def show(self, signal: int, now: int) -> bool:
        """Show a signal; False for an unknown number."""
        if signal >= len(_PATTERNS):
            return False
        if signal != self._signal:
            self._signal = signal
            self._step, self._step_since = 0, now
            self._is_new = True
        return True

    def outputs(self, pre_alarm: bool, alarm: bool, now: int) -> int:
        """Lamps and buzzer of this moment, as bits. An alarm sounds over every signal."""
        if elapsed(now, self._step_since) >= STEP_MS:
            self._step_since = now
            self._step = (self._step + 1) % _STEPS
            self._is_new = False
        if alarm:
            return _ALARM[self._step]
        bits = _PATTERNS[self._signal][self._step]
        if self._is_new and _BEEPS[self._signal]:
            bits |= BUZZER
        if pre_alarm:
            bits |= _PRE_ALARM[self._step]
        return bits
