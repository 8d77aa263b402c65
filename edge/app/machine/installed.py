"""Finds the parts that a configuration needs and this machine does not have, as `doorward run` finds them.

No device is opened and no file is made. Devices that are not connected are found by `doorward doctor`.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from edge.config.named import gpio_keys
from edge.errors import ConfigError, EdgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.config import Config

# Modules that drive the pins of a board for gpiozero, best first.
PIN_FACTORIES: Final = ("gpiod", "lgpio", "RPi", "pigpio")


def missing_parts(config: Config, base: Path) -> Iterator[EdgeError]:
    """The error of each missing program, Python package, network or weight."""
    for key, modules, hint in _packages(config):
        if not any(map(_is_there, modules)):
            yield ConfigError(f"{key} needs {modules[0]}, which is not installed", hint=hint)
    if config.camera.kind != "none":
        from edge.app.parts.code_readers import open_code_reader

        yield from _tried(lambda: open_code_reader(config.reader.engine))
    yield from _sound(config, base)


def missing_models(config: Config, base: Path) -> Iterator[EdgeError]:
    """The error of the face engine, if its networks, weights or runtime are missing or altered."""
    from edge.app.parts.face_engine import engine_for

    yield from _tried(lambda: engine_for(config, base))


def _packages(config: Config) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """The key that needs a package, the modules of which one is enough, and the hint."""
    if pins := gpio_keys(config):
        from hw.pins.library import CHOSEN

        hint = "pip install 'doorward[pi]'"
        yield pins[0], ("gpiozero",), hint
        if not os.environ.get(CHOSEN):
            yield pins[0], PIN_FACTORIES, hint
    if config.camera.kind == "picamera2":
        hint = (
            "sudo apt install python3-libcamera python3-picamera2, and make the virtual environment with "
            "--system-site-packages"
        )
        yield '[camera] kind = "picamera2"', ("picamera2",), hint
    for table, kind in (("scanner", config.scanner.kind), ("keypad", config.keypad.kind)):
        if kind == "keyboard":
            yield f'[{table}] kind = "keyboard"', ("evdev",), "pip install 'doorward[keyboard]'"
    if config.strike.kind == "osdp":
        yield '[strike] kind = "osdp"', ("osdp_sys",), "pip install 'doorward[osdp]'"
    if config.mqtt.host:
        yield "[mqtt] host", ("paho",), "pip install 'doorward[mqtt]'"


def _sound(config: Config, base: Path) -> Iterator[EdgeError]:
    if config.signals.sound == "none":
        return
    from edge.app.parts.signals import phrases, voice
    from hw.signals.player import aplay

    yield from _tried(lambda: aplay(config.signals.device))
    if config.signals.sound == "speech":
        yield from _tried(lambda: voice(config, base).check(phrases()))


def _is_there(module: str) -> bool:
    return find_spec(module) is not None


def _tried(read: Callable[[], object]) -> Iterator[EdgeError]:
    try:
        read()
    except EdgeError as error:
        yield error
