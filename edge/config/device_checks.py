"""Checks of the tables that describe the device: camera, scanner, keypad, lock, signals, network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.config.zones import zone_mistakes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.config.root import Config
    from edge.config.source import ConfigSource
    from edge.errors import ConfigError


def _door(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    if config.door.zone != "UTC":  # which needs no database of zones
        yield from zone_mistakes(config.door.zone, page, "door")


def _lists(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    ageing_h, stale_h = config.lists.ageing_h, config.lists.stale_h
    if ageing_h is not None and stale_h is not None and stale_h < ageing_h:
        yield page.wrong(
            f"[lists] stale_h: {stale_h} is below ageing_h, which is {ageing_h}",
            at=page.line("lists", "stale_h"),
            hint=f"set stale_h to {ageing_h} or more",
        )


def _camera(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    if config.camera.kind == "film" and not isinstance(config.camera.device, str):
        yield page.wrong(
            '[camera] kind = "film" needs device, the path of a film',
            at=page.line("camera", "kind"),
            hint='set device to a video, such as "visitors.mp4", or to a folder of pictures',
        )


def _scanner(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    scanner, line = config.scanner, page.line("scanner", "kind")
    if scanner.kind != "none" and scanner.port is None:
        by_id = "/dev/serial/by-id" if scanner.kind == "serial" else "/dev/input/by-id"
        yield page.wrong("[scanner] port is required", at=line, hint=f"find the port with: ls {by_id}")
    if scanner.kind == "keyboard" and scanner.trigger != "none":
        yield page.wrong(
            f'[scanner] trigger: "{scanner.trigger}" needs kind = "serial"',
            at=page.line("scanner", "trigger"),
            hint='set trigger = "none", and set the scanner to read by itself',
        )
    if scanner.trigger == "custom" and not scanner.trigger_start:
        yield page.wrong(
            '[scanner] trigger = "custom" needs trigger_start',
            at=page.line("scanner", "trigger"),
            hint='set it to the command in the scanner\'s manual, such as trigger_start = "16 54 0D"',
        )
    if config.camera.kind != "none":
        return
    line = page.line("camera", "kind")
    if scanner.kind == "none":
        yield page.wrong(
            '[camera] kind = "none" needs a scanner',
            at=line,
            hint='set [scanner] kind = "serial" or "keyboard"',
        )
    if config.door.face != "none":
        yield page.wrong(
            f'[camera] kind = "none" and [door] face = "{config.door.face}" exclude each other',
            at=line,
            hint='set [door] face = "none", or set [camera] kind to the camera of this door',
        )


def _keypad(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    if config.keypad.kind != "none" and config.keypad.port is None:
        yield page.wrong(
            "[keypad] port is required",
            at=page.line("keypad", "kind"),
            hint="find the port with: ls /dev/input/by-id",
        )


def _strike(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    kind, line = config.strike.kind, page.line("strike", "kind")
    if kind in ("controller", "wiegand") and config.strike.lock is None:
        yield page.wrong(
            f'[strike] kind = "{kind}" needs lock',
            at=line,
            hint='set lock = "fail-secure" (locked without power) or "fail-safe" (unlocked without power)',
        )
    if kind in ("wiegand", "osdp") and config.panel.number is None:
        yield page.wrong(
            f'[strike] kind = "{kind}" needs [panel] number',
            at=line,
            hint="enrol a card number for this device at the panel, and set [panel] number to it",
        )


def _signals(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    taken = {config.strike.pin: "[strike] pin"} if config.strike.kind == "gpio" else {}
    lights = config.signals.light or ()
    outputs = [(key, getattr(config.signals, key)) for key in ("red", "green", "buzzer")]
    for key, pin in (*outputs, *(("light", pin) for pin in lights)):
        if pin in taken:
            yield page.wrong(
                f"[signals] {key}: pin {pin} is already {taken[pin]}",
                at=page.line("signals", key),
                hint="set another pin, and connect the wire to it",
            )
        if pin is not None:
            taken[pin] = f"[signals] {key}"
    if config.signals.voice is not None and config.signals.sound != "speech":
        yield page.wrong(
            '[signals] voice needs sound = "speech"',
            at=page.line("signals", "voice"),
            hint='set sound = "speech", or delete voice',
        )


def _flash(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    if not config.face.flash:
        return
    line = page.line("face", "flash")
    if config.door.venue == "lane":
        yield page.wrong(
            '[face] flash = true is not allowed with venue = "lane"',
            at=line,
            hint="delete flash: a lane has no light for it",
        )
    if config.signals.light is None:
        yield page.wrong(
            "[face] flash = true needs [signals] light, lamps that reach the face",
            at=line,
            hint="set light = [5, 6, 13] to the pins of a red, a green and a blue lamp, or delete flash",
        )


def _network(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    hub, mqtt = config.hub, config.mqtt
    if (hub.cert is None) != (hub.cert_key is None):
        said, missing = ("cert", "cert_key") if hub.cert else ("cert_key", "cert")
        yield page.wrong(
            f"[hub] {said} needs {missing}",
            at=page.line("hub", said),
            hint=f"set {missing} too: mutual TLS needs a certificate and its private key",
        )
    if mqtt.user is not None and not mqtt.tls:
        yield page.wrong(
            "[mqtt] user needs tls = true: without it the password is sent unencrypted",
            at=page.line("mqtt", "user"),
            hint="set tls = true, or delete user",
        )
    if mqtt.password_file is not None and mqtt.user is None:
        yield page.wrong(
            "[mqtt] password_file needs user",
            at=page.line("mqtt", "password_file"),
            hint="set user, or delete password_file",
        )


CHECKS: Final = (
    _door,
    _lists,
    _camera,
    _scanner,
    _keypad,
    _strike,
    _signals,
    _flash,
    _network,
)
