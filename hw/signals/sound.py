"""Short sounds in memory, and as WAV files."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MAX_SECONDS: Final = 10  # a visitor does not listen for longer
MAX_BYTES: Final = 2_000_000  # 10 s in stereo at 48 kHz
_RATES: Final = range(8_000, 48_001)
_HINT: Final = "make 16-bit PCM of at most 10 s: ffmpeg -i IN -ac 1 -ar 22050 -c:a pcm_s16le OUT.wav"


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound. `samples`: int16 (n, channels), at `rate` a second."""

    rate: int
    samples: NDArray[np.int16]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    def quieter(self, volume: int) -> Sound:
        """The sound at `volume` percent of its loudness."""
        return Sound(self.rate, (self.samples * (volume / 100)).astype(np.int16))

    def wav(self) -> bytes:
        """The sound as the bytes of a WAV file."""
        stream = io.BytesIO()
        with wave.open(stream, "wb") as file:
            file.setnchannels(self.samples.shape[1])
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(self.samples.astype("<i2").tobytes())
        return stream.getvalue()


def read_wav(path: Path) -> Sound:
    """The sound in a WAV file, 16 bits a sample, one channel or two, 10 s at most. Raises ConfigError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as err:
        why = (getattr(err, "strerror", None) or "is not a file name").lower()
        raise ConfigError(f"{path}: {why}", hint=_HINT) from err
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES // 1_000_000} MB", hint=_HINT)
    return parse_wav(data, str(path))


def parse_wav(data: bytes, name: str) -> Sound:
    """The sound in a WAV file's bytes; `name` stands in errors. Raises ConfigError."""
    try:
        with wave.open(io.BytesIO(data), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            frames = file.readframes(MAX_BYTES)
    except (wave.Error, EOFError, RuntimeError, ValueError) as err:  # raised by `wave` for damaged files
        raise ConfigError(f"{name}: is not a WAV file that can be played", hint=_HINT) from err
    if width != 2 or channels not in (1, 2) or rate not in _RATES:
        raise ConfigError(
            f"{name}: {8 * width} bits, {channels} channels at {rate} Hz cannot be played", hint=_HINT
        )
    whole = len(frames) // (2 * channels)
    samples = np.frombuffer(frames, "<i2", whole * channels).astype(np.int16).reshape(whole, channels)
    if not 0 < whole <= rate * MAX_SECONDS:
        raise ConfigError(
            f"{name}: lasts {whole / rate:.1f} s: not above 0 and at most {MAX_SECONDS}", hint=_HINT
        )
    return Sound(rate, samples)
