"""Words as sounds: recordings, translations and espeak-ng's voice, all made at the start."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.app.parts.signals import phrases
from edge.decision import Signal
from edge.errors import ConfigError
from hw.signals import voice
from hw.signals.tones import tone
from hw.signals.voice import MAX_TEXT_BYTES, Voice, file_name

PHRASES = ("look here", "turn your head to the left")


@dataclass
class Speaker:
    """A stand-in for espeak-ng: it writes its arguments and words to a file, and makes a tone. `command`: its path."""

    folder: Path
    then: str = 'cp "$TONE" "$7"'

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "tone.wav").write_bytes(tone(Signal.WAIT).wav())
        program = self.folder / "espeak-ng"
        program.write_text(
            f"#!/bin/sh\nTONE={shlex.quote(str(self.folder / 'tone.wav'))}\n"
            f'{{ echo "$*" | cut -d" " -f1-6; cat; echo; }} >> {shlex.quote(str(self.folder / "said.txt"))}\n'
            f"{self.then}\n"
        )
        program.chmod(0o755)

    @property
    def command(self) -> str:
        return str(self.folder / "espeak-ng")

    def said(self) -> list[str]:
        """Arguments and words, line by line."""
        file = self.folder / "said.txt"
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def speaker(tmp_path: Path) -> Speaker:
    return Speaker(tmp_path / "bin")


def test_english_is_spoken_unchanged(speaker: Speaker, tmp_path: Path) -> None:
    says = Voice("en-gb", folder=None, cache=tmp_path / "cache", command=speaker.command).says(PHRASES)
    assert set(says) == set(PHRASES)
    assert speaker.said() == [line for words in PHRASES for line in ("-v en-gb -s 150 --stdin -w", words)]


def test_a_spoken_phrase_is_kept_for_the_next_start(speaker: Speaker, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = Voice("en", folder=None, cache=cache, command=speaker.command).says(PHRASES)
    again = Voice("en", folder=None, cache=cache, command=str(tmp_path / "uninstalled")).says(PHRASES)
    assert {words: sound.wav() for words, sound in again.items()} == {
        words: sound.wav() for words, sound in first.items()
    }


def test_a_damaged_file_of_the_cache_is_made_again(speaker: Speaker, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    Voice("en", folder=None, cache=cache, command=speaker.command).says(PHRASES)
    for file in cache.iterdir():
        file.write_bytes(b"half")
    Voice("en", folder=None, cache=cache, command=speaker.command).says(PHRASES)
    assert len(speaker.said()) == 4 * len(PHRASES)


def test_another_language_is_another_sound(speaker: Speaker, tmp_path: Path) -> None:
    for language in ("en-gb", "en-us"):
        Voice(language, folder=None, cache=tmp_path / "cache", command=speaker.command).says(PHRASES)
    assert len(speaker.said()) == 4 * len(PHRASES)


def test_a_read_only_cache_does_not_stop_the_voice(speaker: Speaker, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    says = Voice("en", folder=None, cache=blocked / "cache", command=speaker.command).says(PHRASES)
    assert set(says) == set(PHRASES)


def test_a_recording_has_priority(tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    for words in PHRASES:
        (folder / f"{file_name(words)}.wav").write_bytes(tone(Signal.ASK_STAFF).wav())
        (folder / f"{file_name(words)}.txt").write_text("not read")
    says = Voice("yue", folder=folder, cache=tmp_path / "cache", command="/nowhere").says(PHRASES)
    assert {sound.wav() for sound in says.values()} == {tone(Signal.ASK_STAFF).wav()}


def test_a_translation_is_spoken_in_its_language(speaker: Speaker, tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "look-here.txt").write_text("望呢度\n", encoding="utf-8")
    Voice("yue", folder=folder, cache=tmp_path / "cache", command=speaker.command).says(["look here"])
    assert speaker.said() == ["-v yue -s 150 --stdin -w", "望呢度"]


def test_missing_translations_are_named_at_the_start(speaker: Speaker, tmp_path: Path) -> None:
    (tmp_path / "voice").mkdir()
    says = Voice("de", folder=tmp_path / "voice", cache=tmp_path / "cache", command=speaker.command)
    with pytest.raises(
        ConfigError, match=r"no look-here\.wav and no look-here\.txt, and 1 more are missing"
    ) as caught:
        says.says(PHRASES)
    assert "[signals] voice" in caught.value.hint
    assert speaker.said() == []


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x" * (MAX_TEXT_BYTES + 1)], ids=["not UTF-8", "too long"])
def test_an_invalid_translation_is_named(content: bytes, speaker: Speaker, tmp_path: Path) -> None:
    folder = tmp_path / "voice"
    folder.mkdir()
    (folder / "look-here.txt").write_bytes(content)
    says = Voice("de", folder=folder, cache=tmp_path / "cache", command=speaker.command)
    with pytest.raises(ConfigError, match=r"look-here\.txt: cannot be read"):
        says.says(["look here"])


def test_a_damaged_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "look-here.wav").write_bytes(b"RIFF....")
    says = Voice("en", folder=tmp_path, cache=tmp_path / "cache", command="/nowhere")
    with pytest.raises(ConfigError, match=r"look-here\.wav: is not a WAV"):
        says.says(["look here"])


def test_without_the_program_the_hint_says_how_to_install_it(tmp_path: Path) -> None:
    says = Voice("en", folder=None, cache=tmp_path / "cache", command=str(tmp_path / "espeak-ng"))
    with pytest.raises(ConfigError, match="is not installed") as caught:
        says.says(PHRASES)
    assert "apt-get install espeak-ng" in caught.value.hint


@pytest.mark.parametrize("then", ["exit 1", 'rm -f "$7"', 'echo no sound > "$7"'])
def test_a_voice_that_cannot_speak_is_a_fault_at_the_start(then: str, tmp_path: Path) -> None:
    speaker = Speaker(tmp_path / "bin", then)
    says = Voice("en-xx", folder=None, cache=tmp_path / "cache", command=speaker.command)
    with pytest.raises(ConfigError):
        says.says(PHRASES)


def test_a_program_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "_TIMEOUT_S", 0.2)
    speaker = Speaker(tmp_path / "bin", "exec sleep 3600")
    says = Voice("en", folder=None, cache=tmp_path / "cache", command=speaker.command)
    with pytest.raises(ConfigError, match="does not end"):
        says.says(PHRASES)


def test_no_two_phrases_share_a_file() -> None:
    names = [file_name(words) for words in phrases()]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() for name in names)


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_real_espeak_says_every_phrase(tmp_path: Path) -> None:
    says = Voice("en-gb", folder=None, cache=tmp_path / "cache").says(phrases())
    assert all(0.3 < sound.seconds < 6 for sound in says.values())
    assert all(abs(sound.samples).max() > 3_000 for sound in says.values())


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_a_real_espeak_does_not_know_every_language(tmp_path: Path) -> None:
    (tmp_path / "look-here.txt").write_text("look here")
    with pytest.raises(ConfigError, match="'qqq' is not a voice"):
        Voice("qqq", folder=tmp_path, cache=tmp_path / "cache").says(["look here"])
