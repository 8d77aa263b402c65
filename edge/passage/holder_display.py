"""The signal, the text and the colour of the light that one door shows to its holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.decision import Signal
from edge.screen_text import ScreenText, ScreenTextKind

if TYPE_CHECKING:
    from edge.face.pad.colour_challenge import LampColour
    from edge.ports import ColourLight, Signals


class HolderDisplay:
    """Keeps the shown signal and text; a text is sent once, so that a speaker says it once."""

    def __init__(self, signals: Signals, light: ColourLight | None = None) -> None:
        self._signals = signals
        self._light = light
        self._colour: LampColour | None = None
        self.signal: Signal | None = None
        self.words: str | None = None

    def show(self, signal: Signal | None) -> None:
        """Show one signal, or none."""
        self.signal = signal
        self._signals.show(signal)

    def locked(self) -> None:
        """End "welcome", if it is shown: a locked door must not say that it is free."""
        if self.signal is Signal.WELCOME:
            self.show(None)

    def prompt(self, words: str | None, colour: LampColour | None = None) -> None:
        """Show this text to the holder, and this colour in the light; None: no text, no light."""
        if self._light is not None and colour is not self._colour:
            self._colour = colour
            self._light.shine(colour.value if colour else None)
        if words != self.words:
            self.words = words
            self._signals.prompt(ScreenText(ScreenTextKind.INSTRUCTION, words) if words else None)
