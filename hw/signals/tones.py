"""The signals as tones. They differ in rhythm and in pitch: some visitors hear only one of the two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edge.decision import Signal
from hw.signals.sound import Sound

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE: Final = 22_050
_FADE_S: Final = 0.008  # a tone without a fade clicks
_PEAK: Final = 30_000

# Pitch in hertz, where 0 is silence, and seconds. The small speaker of a door plays little below 300 Hz.
_SCORES: Final = {
    Signal.LOOK_HERE: ((880, 0.12), (1_175, 0.20)),
    Signal.TRY_AGAIN: ((494, 0.12), (0, 0.08), (494, 0.12)),
    Signal.WAIT: ((660, 0.06),),
    Signal.ASK_STAFF: ((494, 0.25), (370, 0.45)),
    Signal.WELCOME: ((659, 0.10), (880, 0.10), (1_319, 0.30)),
}


def tone(signal: Signal) -> Sound:
    """The sound of this signal."""
    return Sound(RATE, np.concatenate([_note(pitch, s) for pitch, s in _SCORES[signal]])[:, None])


def silence() -> Sound:
    """A silent sound of 20 ms, which tests whether sounds can be played."""
    return Sound(RATE, np.zeros((RATE // 50, 1), np.int16))


def _note(pitch: int, seconds: float) -> NDArray[np.int16]:
    times = np.arange(round(RATE * seconds)) / RATE
    fade = np.clip(np.minimum(times, seconds - times) / _FADE_S, 0, 1)
    return np.asarray(_PEAK * fade * np.sin(2 * np.pi * pitch * times), np.int16)
