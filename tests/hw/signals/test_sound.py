"""Sounds in files: suitable ones, refused ones, and the tones of the signals."""

from __future__ import annotations

import io
import itertools
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decision import Signal
from edge.errors import ConfigError
from hw.signals.sound import MAX_BYTES, MAX_SECONDS, Sound, parse_wav, read_wav
from hw.signals.tones import RATE, silence, tone


def wav(*, seconds: float = 0.1, rate: int = 22_050, channels: int = 1, width: int = 2) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(bytes(round(seconds * rate) * channels * width))
    return stream.getvalue()


@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_is_read_from_its_file_unchanged(channels: int) -> None:
    samples = np.arange(-600, 600, dtype=np.int16).reshape(-1, channels)
    back = parse_wav(Sound(8_000, samples).wav(), "x")
    assert (back.rate, back.samples.tolist()) == (8_000, samples.tolist())


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a WAV"),
        (b"RIFF", "not a WAV"),
        (b"ID3\x04" + bytes(400), "not a WAV"),
        (wav(width=1), "8 bits"),
        (wav(width=3), "24 bits"),
        (wav(channels=3), "3 channels"),
        (wav(rate=4_000), "4000 Hz"),
        (wav(rate=96_000), "96000 Hz"),
        (wav(seconds=0), "lasts 0.0 s"),
        (wav(seconds=MAX_SECONDS + 0.5), "lasts 10.5 s"),
    ],
)
def test_an_unsuitable_sound_is_refused_with_the_command_that_converts_it(data: bytes, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        parse_wav(data, "look-here.wav")
    assert caught.value.message.startswith("look-here.wav: ")
    assert "ffmpeg" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "why"), [("none.wav", "no such file"), (".", "directory"), ("\0", "not a file name")]
)
def test_a_file_that_cannot_be_read_is_named(name: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=why):
        read_wav(tmp_path / name)


def test_a_file_that_is_too_large_is_not_a_sound(tmp_path: Path) -> None:
    path = tmp_path / "film.wav"
    path.write_bytes(wav() + bytes(MAX_BYTES))
    with pytest.raises(ConfigError, match="larger than 2 MB"):
        read_wav(path)


WHOLE = wav(seconds=0.01, rate=8_000)


@given(
    st.binary(max_size=200)
    | st.integers(0, len(WHOLE) - 1).flatmap(
        lambda at: st.binary(min_size=1, max_size=8).map(
            lambda new: WHOLE[:at] + new + WHOLE[at + len(new) :]
        )
    )
)
def test_fuzz_any_bytes_are_a_sound_or_refused(data: bytes) -> None:
    try:
        sound = parse_wav(data, "x")
    except ConfigError:
        return
    assert 0 < sound.seconds <= MAX_SECONDS


def test_a_quieter_sound_keeps_its_length() -> None:
    loud = tone(Signal.LOOK_HERE)
    soft = loud.quieter(50)
    assert soft.samples.shape == loud.samples.shape
    assert abs(int(soft.samples.max()) * 2 - int(loud.samples.max())) <= 2


@pytest.mark.parametrize("signal", Signal)
def test_a_tone_is_short_and_begins_and_ends_without_a_click(signal: Signal) -> None:
    sound = tone(signal)
    assert sound.rate == RATE
    assert sound.seconds < 1
    assert np.abs(sound.samples).max() > 20_000
    assert np.abs(np.diff(sound.samples[:, 0].astype(int))).max() < 12_000
    assert abs(int(sound.samples[0, 0])) < 200
    assert abs(int(sound.samples[-1, 0])) < 3_000


def test_no_two_tones_are_alike() -> None:
    for one, other in itertools.combinations(Signal, 2):
        assert tone(one).wav() != tone(other).wav()


def test_silence_is_all_zeros() -> None:
    assert not silence().samples.any()
