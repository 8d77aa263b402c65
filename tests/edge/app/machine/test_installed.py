"""Parts that a configuration needs and this machine does not have, as `config check` tells them."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge.app.machine.installed import missing_models, missing_parts
from edge.app.parts.model_folders import model_folders
from edge.app.parts.signals import open_signals, phrases, voice
from edge.config import parse_config
from edge.errors import EdgeError
from hw.pins.library import CHOSEN
from hw.signals.voice import file_name

NO_CAMERA = "[camera]\nkind = 'none'\n[door]\nface = 'none'\n"
SERIAL = "[scanner]\nkind = 'serial'\nport = 'p'\n"


def missing(text: str, base: Path = Path()) -> list[tuple[str, str]]:
    return [
        (error.message, error.hint) for error in missing_parts(parse_config(text.encode(), Path("d")), base)
    ]


# The text, the module or program of which at least one is needed, and a part of the error and of its hint.
NEEDS = {
    "pins": (
        NO_CAMERA + SERIAL + "[strike]\nkind = 'gpio'\n",
        ("gpiod", "lgpio", "RPi", "pigpio"),
        "[strike] kind needs gpiod",
        "[pi]",
    ),
    "lamps": (
        NO_CAMERA + SERIAL + "[signals]\nred = 5\n",
        ("gpiod", "lgpio", "RPi", "pigpio"),
        "[signals] red needs gpiod",
        "[pi]",
    ),
    "Pi camera": (
        "[camera]\nkind = 'picamera2'\n",
        ("picamera2",),
        '[camera] kind = "picamera2" needs',
        "python3-picamera2",
    ),
    "keyboard": (
        NO_CAMERA + "[scanner]\nkind = 'keyboard'\nport = 'p'\n",
        ("evdev",),
        '[scanner] kind = "keyboard" needs evdev',
        "[keyboard]",
    ),
    "keypad": (
        NO_CAMERA + SERIAL + "[keypad]\nkind = 'keyboard'\nport = 'p'\n",
        ("evdev",),
        '[keypad] kind = "keyboard" needs evdev',
        "[keyboard]",
    ),
    "OSDP": (
        NO_CAMERA + SERIAL + "[strike]\nkind = 'osdp'\n[panel]\nnumber = 1\n",
        ("osdp_sys",),
        '[strike] kind = "osdp" needs osdp_sys',
        "[osdp]",
    ),
    "broker": (NO_CAMERA + SERIAL + "[mqtt]\nhost = 'b'\n", ("paho",), "[mqtt] host needs paho", "[mqtt]"),
}


@pytest.mark.parametrize("case", NEEDS)
def test_a_package_that_is_missing_is_told_once(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CHOSEN, raising=False)
    text, modules, error, hint = NEEDS[case]
    told = missing(text)
    if any(map(find_spec, modules)):
        assert told == []
    else:
        assert len(told) == 1
        assert told[0][0].startswith(error)
        assert hint in told[0][1]


def test_a_simulated_pin_factory_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOSEN, "mock")
    assert missing(NEEDS["pins"][0]) == []


@pytest.mark.parametrize("sound", ["tones", "speech"])
def test_programs_of_sounds_are_told_as_run_tells_them(
    sound: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"{NO_CAMERA}{SERIAL}[signals]\nsound = '{sound}'\n"
    monkeypatch.setenv("PATH", str(tmp_path))
    told = missing(text, tmp_path)
    assert [error for error, _ in told] == [
        f"[signals] sound: {program} is not installed"
        for program in ("aplay", "espeak-ng")[: 1 + (sound == "speech")]
    ]
    with pytest.raises(EdgeError) as caught, open_signals(parse_config(text.encode(), Path("d")), tmp_path):
        pass
    assert caught.value.message in dict(told)


def test_recordings_of_all_phrases_need_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    config = parse_config(
        f"{NO_CAMERA}{SERIAL}[signals]\nsound = 'speech'\nvoice = 'v'\n".encode(), Path("d")
    )
    (tmp_path / "v").mkdir()
    for words in phrases():
        (tmp_path / "v" / f"{file_name(words)}.wav").touch()
    voice(config, tmp_path).check(phrases())


needs_models = pytest.mark.skipif(
    not (model_folders().models / "manifest.toml").is_file(), reason="no models: make models"
)


def of_models(folder: Path, more: str = "") -> list[str]:
    config = parse_config(f"[paths]\nmodels = '{folder}'\n{more}".encode(), Path("d"))
    return [error.message for error in missing_models(config, Path())]


@needs_models
def test_a_network_that_is_missing_or_altered_is_told(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model_folders().models, tmp_path / "m"))
    assert of_models(folder) == []
    (folder / "basis.npy").unlink()
    assert len(of_models(folder)) == 1
    assert "basis.npy" in of_models(folder)[0]


@needs_models
def test_weights_that_a_key_asks_for_are_told(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(model_folders().models, tmp_path / "m"))
    for weights in folder.glob("*pad*"):
        weights.unlink()
    assert of_models(folder, "[face]\npad = ['passive']\n") == [
        "the networks of passive PAD are not installed"
    ]
