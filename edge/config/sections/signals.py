"""The table of signals that guide the holder, besides the lamps of a door's controller."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, Table

GpioPin = Annotated[int, Meta(ge=0, le=27)]
SoundCard = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9][A-Za-z0-9_:,.=-]*\Z",
        max_length=80,
        description="an ALSA name such as plughw:1,0",
    ),
]
LanguageTag = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z]{2,3}(-[A-Za-z0-9]+)*\Z",
        max_length=30,
        description="a language such as en or pt-BR",
    ),
]


class SignalsConfig(Table, frozen=True):
    """Lamps and a buzzer on pins of this board, tones and speech."""

    red: GpioPin | None = None
    """BCM number of the red lamp's pin; high is on. Left out: no red lamp."""
    green: GpioPin | None = None
    """BCM number of the green lamp's pin; high is on. Left out: no green lamp."""
    buzzer: GpioPin | None = None
    """BCM number of the pin of an active buzzer, which sounds when it has power. Left out: no buzzer."""
    light: tuple[GpioPin, GpioPin, GpioPin] | None = None
    """BCM numbers of the pins of a red, a green and a blue lamp that light the face; for `[face] flash`."""
    sound: Literal["none", "tones", "speech"] = "none"
    """`none`: silent. `tones`: a tone for each of the five signals. `speech`: signals and instructions are
    spoken."""
    device: SoundCard | None = None
    """ALSA name of the sound card, from `aplay -L`; left out: the default card."""
    volume: Annotated[int, Meta(ge=1, le=100)] = 70
    """Volume in percent of the sound card's own mixer setting."""
    language: LanguageTag = "en"
    """Voice of espeak-ng, for `speech`; a language other than English needs a `voice` folder with texts."""
    voice: FilePath | None = None
    """Folder with one file per text: a recording such as look-here.wav, or a translation such as
    look-here.txt."""
