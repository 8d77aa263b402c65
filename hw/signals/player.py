"""Plays signals and prompts with ALSA's `aplay`. A passage never waits for a sound.

A thread plays; two slots hold the next sounds, a signal before a prompt, and a newer one replaces one that
has not started. A signal that tells the holder to act stops the sound that is playing. A prompt, or "wait",
that changes within 0.3 s is not played: "wait" is usually over by then, and prompts on how to stand change
often.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.decision import Signal
from edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge.screen_text import ScreenText
    from hw.signals.sound import Sound

SETTLE_S: Final = 0.3
GRACE_S: Final = 3.0  # a player that runs on for so long after the sound's length hangs
_MOST_CHARS: Final = 200  # of a player's error output


@dataclass(frozen=True, slots=True)
class _Wanted:
    words: str = field(repr=False)
    due_s: float
    cuts: bool = False


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    seconds: float


def aplay(device: str | None) -> tuple[str, ...]:
    """The command that plays a WAV file on this ALSA device; None: the default device. Raises ConfigError."""
    command = shutil.which("aplay")
    if command is None:
        raise ConfigError(
            "[signals] sound: aplay is not installed",
            hint='apt-get install alsa-utils, or set sound = "none"',
        )
    return (command, "-q", *(("-D", device) if device else ()))


class SoundSignals:
    """A Signals port that plays sounds.

    `sounds`: by the words of signals and prompts; words without a sound stay silent. `command`: plays the
    file that follows it. `first`: played at once, so that a missing sound card is reported at the start.
    `tell`: called from the thread with the cause when sounds cannot be played, with None when they can again.
    """

    def __init__(
        self,
        sounds: Mapping[str, Sound],
        command: Sequence[str],
        *,
        first: str | None = None,
        tell: Callable[[str | None], None] = lambda _: None,
    ) -> None:
        self._command, self._tell = tuple(command), tell
        self._folder = tempfile.TemporaryDirectory(prefix="doorward-sounds-")
        self._files = {words: self._kept(number, sounds[words]) for number, words in enumerate(sounds)}
        self._changed = threading.Condition()
        self._shown: Signal | None = None
        self._signal: _Wanted | None = None
        self._prompt = _Wanted(first, 0) if first else None
        self._player: subprocess.Popen[str] | None = None
        self._is_closed = self._is_faulty = False
        self._thread = threading.Thread(target=self._run, name="sounds", daemon=True)
        self._thread.start()

    def show(self, signal: Signal | None) -> None:
        if signal == self._shown:
            return
        self._shown = signal
        with self._changed:
            if signal is None:
                self._signal = self._prompt = None
            else:
                waits = signal is Signal.WAIT
                due_s = time.monotonic() + SETTLE_S * waits
                self._signal = _Wanted(signal.value, due_s, cuts=not waits)
                self._cut()
            self._changed.notify()

    def prompt(self, text: ScreenText | None) -> None:
        with self._changed:
            self._prompt = _Wanted(text.words, time.monotonic() + SETTLE_S) if text and text.words else None
            self._changed.notify()

    @property
    def is_silent(self) -> bool:
        """Whether no sound is playing or waiting."""
        with self._changed:
            return self._signal is None and self._prompt is None and self._player is None

    def close(self) -> None:
        """Stop the sound at once, and end the thread."""
        with self._changed:
            self._is_closed = True
            self._cut()
            self._changed.notify()
        self._thread.join()
        self._folder.cleanup()

    def _kept(self, number: int, sound: Sound) -> _File:
        path = Path(self._folder.name) / f"{number}.wav"
        path.write_bytes(sound.wav())
        return _File(path, sound.seconds)

    def _cut(self) -> None:
        """Stop the sound that is playing, if the next signal asks for it. The caller holds the guard."""
        if self._player and (self._is_closed or (self._signal and self._signal.cuts)):
            self._player.kill()

    def _run(self) -> None:
        while (words := self._next()) is not None:
            file = self._files.get(words)
            if file is not None:
                self._play(file)

    def _next(self) -> str | None:
        """Wait for the next words to play; None after `close`."""
        with self._changed:
            while not self._is_closed:
                wanted = self._signal or self._prompt
                left_s = wanted.due_s - time.monotonic() if wanted else None
                if wanted is None or (left_s is not None and left_s > 0):
                    self._changed.wait(left_s)
                    continue
                if wanted is self._signal:
                    self._signal = None
                else:
                    self._prompt = None
                return wanted.words
        return None

    def _play(self, file: _File) -> None:
        try:
            player = subprocess.Popen(  # noqa: S603  the system's own player
                [*self._command, str(file.path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        except OSError as err:
            self._told((err.strerror or "cannot be started").lower())
            return
        with self._changed:
            self._player = player
            self._cut()
        said, fault = "", None
        try:
            _, said = player.communicate(timeout=file.seconds + GRACE_S)
        except subprocess.TimeoutExpired:
            fault = "does not end"
            player.kill()
            player.communicate()
        with self._changed:
            self._player = None
        if player.returncode >= 0:  # else it was cut short
            fault = (said.strip() or f"ended with {player.returncode}") if player.returncode else None
        elif fault is None:
            return
        self._told(fault[:_MOST_CHARS] if fault else None)

    def _told(self, fault: str | None) -> None:
        if (fault is not None) != self._is_faulty:
            self._is_faulty = fault is not None
            self._tell(fault)
