"""Contradictions between what a device has and what it is asked to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.config.zones import zone_of

if TYPE_CHECKING:
    from edge.config.root import Config
    from edge.config.source import ConfigSource


def _door(config: Config, page: ConfigSource) -> None:
    if config.door.zone != "UTC":  # which needs no database of zones
        zone_of(config.door.zone, file=page.file, line=page.line("door", "zone"))


def _lists(config: Config, page: ConfigSource) -> None:
    ageing_h, stale_h = config.lists.ageing_h, config.lists.stale_h
    if ageing_h is not None and stale_h is not None and stale_h < ageing_h:
        raise page.wrong(
            f"stale_h {stale_h} is below ageing_h {ageing_h}",
            at=page.line("lists", "stale_h"),
            hint="lists age before they are stale: make stale_h the larger",
        )


def _camera(config: Config, page: ConfigSource) -> None:
    if config.camera.kind == "film" and not isinstance(config.camera.device, str):
        raise page.wrong(
            "device must name the film",
            at=page.line("camera", "kind"),
            hint='device = "visitors.mp4" plays that video, device = "pictures" all in that folder',
        )


def _scanner(config: Config, page: ConfigSource) -> None:
    scanner, line = config.scanner, page.line("scanner", "kind")
    if scanner.kind != "none" and scanner.port is None:
        raise page.wrong(
            "port must be said for a scanner",
            at=line,
            hint="`ls /dev/serial/by-id /dev/input/by-id` lists what is plugged in",
        )
    if scanner.kind == "keyboard" and scanner.trigger != "none":
        raise page.wrong(
            "a scanner that types hears no commands",
            at=page.line("scanner", "trigger"),
            hint='set trigger = "none", and the scanner to watch for codes by itself',
        )
    if scanner.trigger == "custom" and not scanner.trigger_start:
        raise page.wrong(
            "trigger_start must be said for a custom trigger",
            at=page.line("scanner", "trigger"),
            hint='the command from the scanner\'s manual, such as trigger_start = "16 54 0D"',
        )
    if config.camera.kind != "none":
        return
    line = page.line("camera", "kind")
    if scanner.kind == "none":
        raise page.wrong("a door without a camera needs a scanner", at=line, hint="see [scanner] kind")
    if config.door.face != "none":
        raise page.wrong(
            "a door without a camera compares no faces", at=line, hint='set [door] face = "none"'
        )


def _keypad(config: Config, page: ConfigSource) -> None:
    if config.keypad.kind != "none" and config.keypad.port is None:
        raise page.wrong(
            "port must be said for a keypad",
            at=page.line("keypad", "kind"),
            hint="`ls /dev/input/by-id` lists what is plugged in",
        )


def _strike(config: Config, page: ConfigSource) -> None:
    kind, line = config.strike.kind, page.line("strike", "kind")
    if kind in ("controller", "wiegand") and config.strike.lock is None:
        raise page.wrong(
            "lock must be said for a door with a controller",
            at=line,
            hint='lock = "fail-secure" is locked without power, "fail-safe" is free without it',
        )
    if kind in ("wiegand", "osdp") and config.panel.number is None:
        raise page.wrong(
            "[panel] number must be said for a door with a panel",
            at=line,
            hint="enrol a number for this device at the panel, and give it here",
        )


def _signals(config: Config, page: ConfigSource) -> None:
    taken = {config.strike.pin: "[strike] pin"} if config.strike.kind == "gpio" else {}
    for key in ("red", "green", "buzzer"):
        pin = getattr(config.signals, key)
        if pin in taken:
            raise page.wrong(
                f"{key} {pin} is {taken[pin]} already",
                at=page.line("signals", key),
                hint="one pin drives one thing: wire it to another",
            )
        if pin is not None:
            taken[pin] = f"[signals] {key}"
    if config.signals.voice is not None and config.signals.sound != "speech":
        raise page.wrong(
            "a voice without speech",
            at=page.line("signals", "voice"),
            hint='set sound = "speech", or leave voice out',
        )


def _network(config: Config, page: ConfigSource) -> None:
    hub, mqtt = config.hub, config.mqtt
    if (hub.cert is None) != (hub.cert_key is None):
        said, missing = ("cert", "cert_key") if hub.cert else ("cert_key", "cert")
        raise page.wrong(
            f"{missing} must be said with {said}",
            at=page.line("hub", said),
            hint="mutual TLS takes a certificate and its private key",
        )
    if mqtt.user is not None and not mqtt.tls:
        raise page.wrong(
            "[mqtt] a password would travel in the clear",
            at=page.line("mqtt", "user"),
            hint="set tls = true, or leave user out",
        )
    if mqtt.password_file is not None and mqtt.user is None:
        raise page.wrong(
            "a password without a user",
            at=page.line("mqtt", "password_file"),
            hint="set [mqtt] user, or leave password_file out",
        )


CHECKS: Final = (
    _door,
    _lists,
    _camera,
    _scanner,
    _keypad,
    _strike,
    _signals,
    _network,
)
