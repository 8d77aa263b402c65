"""Opens the signals of a door that guide the holder: lamps, a buzzer, tones, a voice, and the log."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from edge.log import log_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from edge import config
    from edge.ports import ColourLight, Signals, Strike
    from hw.signals.sound import Sound
    from hw.signals.voice import Voice

FIRST = ""  # no words: a silent sound, which fails at the start on a board without a sound card


@contextmanager
def open_signals(
    root: config.Config,
    base: Path,
    strike: Strike | None = None,
    *,
    tell: Callable[[str | None], None] | None = None,
) -> Iterator[Signals]:
    """All configured signals, with the lamps of the door's controller, if it has some.

    Paths are relative to `base`, the folder of the configuration. `tell`: is called with the reason when
    sounds cannot be played, and with None when they can again; left out: the log. Raises ConfigError for a
    missing part.
    """
    from hw.signals.log import LogSignals
    from hw.signals.several import SeveralSignals

    signals = root.signals
    lamps: Signals | None = getattr(strike, "signals", None)
    every: list[Signals] = [lamps or LogSignals()]  # a controller's lamps write to the log too
    with ExitStack() as stack:
        if (signals.red, signals.green, signals.buzzer) != (None, None, None):
            from hw.signals.gpio import GpioSignals

            pins = GpioSignals(red=signals.red, green=signals.green, buzzer=signals.buzzer)
            stack.callback(pins.close)
            every.append(pins)
        if signals.sound != "none":
            from hw.signals.player import SoundSignals, aplay

            command = aplay(signals.device)
            speaker = SoundSignals(_sounds(root, base), command, first=FIRST, tell=tell or log_sound)
            stack.callback(speaker.close)
            every.append(speaker)
        yield every[0] if len(every) == 1 else SeveralSignals(every)


def open_light(root: config.Config, stack: ExitStack) -> ColourLight | None:
    """The light of the colour challenge, which `stack` closes; None without `[face] flash`.

    Raises ConfigError.
    """
    if not root.face.flash or root.signals.light is None:
        return None
    from hw.signals.colour_lamp import ColourLamp

    lamp = ColourLamp(root.signals.light)
    stack.callback(lamp.close)
    return lamp


def phrases() -> tuple[str, ...]:
    """All texts that a holder can hear."""
    from edge.decision import SHOW_THE_CODE, Signal
    from edge.face.challenge import Phase, Prompt
    from edge.face.quality import Coaching

    return tuple(str(words) for words in (*Signal, *Prompt, Phase.LOOK, Phase.BACK, *Coaching, SHOW_THE_CODE))


def log_sound(fault: str | None) -> None:
    """Write one log line when sounds can no longer be played, and one when they can again."""
    if fault is None:
        log_line("sound", state="playing")
    else:
        hint = "check [signals] device with aplay -L; add the service's user to the group audio"
        log_line("sound", level="warning", state="fault", error=fault, hint=hint)


def voice(root: config.Config, base: Path) -> Voice:
    """The voice of a configuration; it has made no sound yet."""
    from hw.signals.voice import Voice

    signals = root.signals
    folder = base / signals.voice if signals.voice else None
    return Voice(signals.language, folder=folder, cache=base / root.paths.state / "voice")


def _sounds(root: config.Config, base: Path) -> Mapping[str, Sound]:
    from edge.decision import Signal
    from hw.signals.tones import silence, tone

    signals = root.signals
    if signals.sound == "tones":
        sounds = {signal.value: tone(signal) for signal in Signal}
    else:
        sounds = voice(root, base).says(phrases())
    return {words: sound.quieter(signals.volume) for words, sound in sounds.items()} | {FIRST: silence()}
