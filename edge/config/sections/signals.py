"""The table of signals that guide the holder, beside the lamps of a door's controller."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, Table

GpioPin = Annotated[int, Meta(ge=0, le=27)]


class SignalsConfig(Table, frozen=True):
    """Lamps and a buzzer on this board, tones and speech."""

    red: GpioPin | None = None
    """BCM number of the pin of a red lamp on this board; high is on."""
    green: GpioPin | None = None
    """Of a green one."""
    buzzer: GpioPin | None = None
    """Of a buzzer that sounds by itself."""
    sound: Literal["none", "tones", "speech"] = "none"
    """`tones`: the four signals are heard. `speech`: they are said, as is what visitors are asked to do."""
    device: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_:,.=-]*\Z", max_length=80)] | None = None
    """ALSA's name for the sound card (`aplay -L` lists them); left out: the default one."""
    volume: Annotated[int, Meta(ge=1, le=100)] = 70
    """Loudness in hundredths, below what the card's own mixer is set to."""
    language: Annotated[str, Meta(pattern=r"\A[a-z]{2,3}(-[A-Za-z0-9]+)*\Z", max_length=30)] = "en"
    """A voice of espeak-ng, for `speech`; all but English need a `voice` folder with texts."""
    voice: FilePath | None = None
    """A folder with look-here.wav (a recording) or look-here.txt (a translation), and so on for all words."""
