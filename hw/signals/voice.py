"""Words as sounds: recordings of an operator, and speech of espeak-ng. All sounds are made at the start.

The operator's folder has for each phrase, such as "look here", a recording `look-here.wav`, or a text
`look-here.txt` that espeak-ng speaks in its language. Without either, an English voice speaks the phrase.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.errors import ConfigError, StorageFault
from hw.signals.sound import MAX_BYTES, Sound, parse_wav, read_wav
from hw.system.files import Folder

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_TEXT_BYTES: Final = 400  # 10 s of speech
_TIMEOUT_S: Final = 20.0  # a Pi 3 takes 0.1 s for a phrase, and its SD card a second to load the program
_WORDS_A_MINUTE: Final = "150"  # espeak-ng's own 175 is fast for a visitor who hears the door the first time
_COMMAND: Final = "espeak-ng"


class Voice:
    """Speaks phrases in one language.

    `language`: a voice of espeak-ng, such as "en-gb" or "yue". `folder`: the operator's; `cache`: keeps the
    speech of espeak-ng for the next start.
    """

    def __init__(self, language: str, *, folder: Path | None, cache: Path, command: str = _COMMAND) -> None:
        self._language, self._folder, self._cache, self._command = language, folder, cache, command

    def says(self, phrases: Iterable[str]) -> dict[str, Sound]:
        """A sound for each of these phrases. Raises ConfigError where one is missing, with a hint."""
        phrases = tuple(phrases)
        texts = self._texts(phrases)
        sounds: dict[str, Sound] = {}
        for words in phrases:
            text, file = texts.get(words), self._recording(words)
            sounds[words] = self._spoken(text) if text is not None else read_wav(file or Path())
        return sounds

    def check(self, phrases: Iterable[str]) -> None:
        """Raise the ConfigError of `says` for what is missing, and make no sound."""
        texts = self._texts(tuple(phrases))
        if any(not self._cached(text).is_file() for text in texts.values()):
            self._program()

    def _texts(self, phrases: tuple[str, ...]) -> dict[str, str]:
        """The text of each phrase without a recording. Raises ConfigError."""
        texts = {words: self._text(words) for words in phrases if self._recording(words) is None}
        missing = [file_name(words) for words, text in texts.items() if text is None]
        if missing:
            where = self._folder or "no folder is set, so"
            raise ConfigError(
                f"[signals] voice: {where}: no {missing[0]}.wav and no {missing[0]}.txt"
                + (f", and {len(missing) - 1} more are missing" if len(missing) > 1 else ""),
                hint="set [signals] voice to a folder with a recording or a translation of each phrase",
            )
        return {words: text for words, text in texts.items() if text is not None}

    def _recording(self, words: str) -> Path | None:
        file = self._folder / f"{file_name(words)}.wav" if self._folder else None
        return file if file and file.is_file() else None

    def _text(self, words: str) -> str | None:
        if self._folder and (self._folder / f"{file_name(words)}.txt").is_file():
            try:
                data = Folder(self._folder).read(f"{file_name(words)}.txt", limit=MAX_TEXT_BYTES)
                return data.decode().strip()
            except (StorageFault, UnicodeDecodeError) as err:
                raise ConfigError(
                    f"{self._folder / file_name(words)}.txt: cannot be read",
                    hint=f"save it as UTF-8 text of at most {MAX_TEXT_BYTES} bytes",
                ) from err
        return words if self._language.split("-")[0] == "en" else None

    def _spoken(self, text: str) -> Sound:
        name = self._cached(text).name
        files = Folder(self._cache)
        with suppress(StorageFault, ConfigError):  # missing or damaged: make it again
            return parse_wav(files.read(name, limit=MAX_BYTES), name)
        data = self._say(text)
        sound = parse_wav(data, self._command)
        with suppress(StorageFault):  # a full disk is the journal's to report
            files.write(name, data)
        return sound

    def _cached(self, text: str) -> Path:
        words = hashlib.sha256(f"{self._language}\n{_WORDS_A_MINUTE}\n{text}".encode())
        return self._cache / f"{words.hexdigest()[:32]}.wav"

    def _program(self) -> str:
        """The path of espeak-ng. Raises ConfigError."""
        command = shutil.which(self._command)
        if command is None:
            raise ConfigError(
                f"[signals] sound: {self._command} is not installed",
                hint="apt-get install espeak-ng, or put recordings of all phrases into [signals] voice",
            )
        return command

    def _say(self, text: str) -> bytes:
        command = self._program()
        with tempfile.TemporaryDirectory(prefix="doorward-voice-") as folder:
            file = Path(folder) / "said.wav"
            try:
                subprocess.run(  # noqa: S603  the text comes in by its standard input
                    [command, "-v", self._language, "-s", _WORDS_A_MINUTE, "--stdin", "-w", file],
                    input=text.encode(),
                    capture_output=True,
                    timeout=_TIMEOUT_S,
                    check=True,
                )
                return file.read_bytes()
            except subprocess.TimeoutExpired as err:
                raise ConfigError(f"{self._command} does not end", hint="try `espeak-ng hello`") from err
            except (OSError, subprocess.CalledProcessError) as err:
                raise ConfigError(
                    f"[signals] language: {self._language!r} is not a voice of {self._command}",
                    hint="choose one of the list of `espeak-ng --voices`",
                ) from err


def file_name(words: str) -> str:
    """The file name of a phrase: `look-here` for "look here"."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
