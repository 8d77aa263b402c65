"""What no single key can say: which words of a configuration contradict each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from edge.config.zones import zone_of
from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config.whole import Config


MAX_PURPOSE_BYTES: Final = 96  # of edge/venue/REQUEST.md; letters may have four


def check(config: Config, text: str, file: Path) -> None:
    """Raise ConfigError for the first two words that contradict each other."""
    for ask in _CHECKS:
        ask(config, text, file)


def _door(config: Config, text: str, file: Path) -> None:
    if config.door.zone != "UTC":  # which needs no database of zones
        zone_of(config.door.zone, file=file, line=line_of(text, "door", "zone"))


def _lists(config: Config, text: str, file: Path) -> None:
    ageing_h, stale_h = config.lists.ageing_h, config.lists.stale_h
    if ageing_h is not None and stale_h is not None and stale_h < ageing_h:
        raise ConfigError(
            f"stale_h {stale_h} is below ageing_h {ageing_h}",
            file=file,
            line=line_of(text, "lists", "stale_h"),
            hint="lists age before they are stale: make stale_h the larger",
        )


def _camera(config: Config, text: str, file: Path) -> None:
    if config.camera.kind == "film" and not isinstance(config.camera.device, str):
        raise ConfigError(
            "device must name the film",
            file=file,
            line=line_of(text, "camera", "kind"),
            hint='device = "visitors.mp4" plays that video, device = "pictures" all in that folder',
        )


def _scanner(config: Config, text: str, file: Path) -> None:
    scanner, line = config.scanner, line_of(text, "scanner", "kind")
    if scanner.kind != "none" and scanner.port is None:
        raise ConfigError(
            "port must be said for a scanner",
            file=file,
            line=line,
            hint="`ls /dev/serial/by-id /dev/input/by-id` lists what is plugged in",
        )
    if scanner.kind == "keyboard" and scanner.trigger != "none":
        raise ConfigError(
            "a scanner that types hears no commands",
            file=file,
            line=line_of(text, "scanner", "trigger"),
            hint='set trigger = "none", and the scanner to watch for codes by itself',
        )
    if scanner.trigger == "custom" and not scanner.trigger_start:
        raise ConfigError(
            "trigger_start must be said for a custom trigger",
            file=file,
            line=line_of(text, "scanner", "trigger"),
            hint='the command from the scanner\'s manual, such as trigger_start = "16 54 0D"',
        )
    if config.camera.kind != "none":
        return
    line = line_of(text, "camera", "kind")
    if scanner.kind == "none":
        raise ConfigError(
            "a door without a camera needs a scanner", file=file, line=line, hint="see [scanner] kind"
        )
    if config.door.face != "none":
        raise ConfigError(
            "a door without a camera compares no faces", file=file, line=line, hint='set [door] face = "none"'
        )


def _keypad(config: Config, text: str, file: Path) -> None:
    if config.keypad.kind != "none" and config.keypad.port is None:
        raise ConfigError(
            "port must be said for a keypad",
            file=file,
            line=line_of(text, "keypad", "kind"),
            hint="`ls /dev/input/by-id` lists what is plugged in",
        )


def _risk(config: Config, text: str, file: Path) -> None:
    levels = {name: getattr(config.risk, name) for name in ("raised", "high", "severe")}
    for name, other in (("high", "raised"), ("severe", "raised"), ("severe", "high")):
        if twice := set(levels[name]) & set(levels[other]):
            raise ConfigError(
                f"[risk] {min(twice)} is both {other} and {name}",
                file=file,
                line=line_of(text, "risk", name) or line_of(text, "risk", other),
                hint="a sign has one level: say the other list without it",
            )


def _strike(config: Config, text: str, file: Path) -> None:
    kind, line = config.strike.kind, line_of(text, "strike", "kind")
    if kind in ("controller", "wiegand") and config.strike.lock is None:
        raise ConfigError(
            "lock must be said for a door with a controller",
            file=file,
            line=line,
            hint='lock = "fail-secure" is locked without power, "fail-safe" is free without it',
        )
    if kind in ("wiegand", "osdp") and config.panel.number is None:
        raise ConfigError(
            "[panel] number must be said for a door with a panel",
            file=file,
            line=line,
            hint="enrol a number for this device at the panel, and give it here",
        )


def _signals(config: Config, text: str, file: Path) -> None:
    taken = {config.strike.pin: "[strike] pin"} if config.strike.kind == "gpio" else {}
    for key in ("red", "green", "buzzer"):
        pin = getattr(config.signals, key)
        if pin in taken:
            raise ConfigError(
                f"{key} {pin} is {taken[pin]} already",
                file=file,
                line=line_of(text, "signals", key),
                hint="one pin drives one thing: wire it to another",
            )
        if pin is not None:
            taken[pin] = f"[signals] {key}"
    if config.signals.voice is not None and config.signals.sound != "speech":
        raise ConfigError(
            "a voice without speech",
            file=file,
            line=line_of(text, "signals", "voice"),
            hint='set sound = "speech", or leave voice out',
        )


def _network(config: Config, text: str, file: Path) -> None:
    hub, mqtt = config.hub, config.mqtt
    if (hub.cert is None) != (hub.cert_key is None):
        said, missing = ("cert", "cert_key") if hub.cert else ("cert_key", "cert")
        raise ConfigError(
            f"{missing} must be said with {said}",
            file=file,
            line=line_of(text, "hub", said),
            hint="mutual TLS takes a certificate and its private key",
        )
    if mqtt.user is not None and not mqtt.tls:
        raise ConfigError(
            "[mqtt] a password would travel in the clear",
            file=file,
            line=line_of(text, "mqtt", "user"),
            hint="set tls = true, or leave user out",
        )
    if mqtt.password_file is not None and mqtt.user is None:
        raise ConfigError(
            "a password without a user",
            file=file,
            line=line_of(text, "mqtt", "password_file"),
            hint="set [mqtt] user, or leave password_file out",
        )


def _lane(config: Config, text: str, file: Path) -> None:
    lane = config.lane
    if config.door.venue != "lane":
        return
    line = line_of(text, "door", "venue")
    if config.door.face == "none":
        raise ConfigError(
            "a lane looks at the face inside",
            file=file,
            line=line_of(text, "door", "face") or line,
            hint='set [door] face = "if-bound", and an officer looks where a card has none',
        )
    kinds = {config.strike.kind, lane.inner}
    if (lane.sensors == "sim") != (kinds == {"sim"}) or ("sim" in kinds and len(kinds) > 1):
        raise ConfigError(
            "a lane is simulated as a whole: both doors and the sensors between them",
            file=file,
            line=line_of(text, "lane", "sensors") or line,
            hint='set [strike] kind, [lane] inner and [lane] sensors to "sim", or none of them',
        )
    if lane.inner == "controller" and lane.inner_lock is None:
        raise ConfigError(
            "[lane] inner_lock must be said for a door with a controller",
            file=file,
            line=line_of(text, "lane", "inner") or line,
            hint='inner_lock = "fail-secure" is locked without power, "fail-safe" is free without it',
        )
    pins = [lane.outer_contact, lane.inner_contact, *lane.entry_beams, *lane.exit_beams]
    pins += [pin for pin in (lane.presence_pin,) if pin is not None]
    pins += [lane.inner_pin] if lane.inner == "gpio" else []
    pins += [config.strike.pin] if config.strike.kind == "gpio" else []
    if lane.sensors == "gpio" and len(set(pins)) < len(pins):
        raise ConfigError(
            "[lane] two things are on one pin",
            file=file,
            line=line_of(text, "lane", "sensors") or line,
            hint="doorward config show lists the pins of [lane] and [strike]",
        )


def _desk(config: Config, text: str, file: Path) -> None:
    desk = config.desk
    zone_of(desk.zone, file=file, line=line_of(text, "desk", "zone"))
    if config.door.venue == "desk" and not {"family_name", "booking"} & set(desk.request):
        raise ConfigError(
            "a desk knows its guests by family_name or by booking",
            file=file,
            line=line_of(text, "desk", "request"),
            hint="add one of the two to [desk] request",
        )
    if desk.authority_key is not None and desk.authority is None:
        raise ConfigError(
            "a key of no authority",
            file=file,
            line=line_of(text, "desk", "authority_key"),
            hint="set [desk] authority, or leave authority_key out",
        )


def _gate(config: Config, text: str, file: Path) -> None:
    gate = config.gate
    zone_of(gate.zone, file=file, line=line_of(text, "gate", "zone"))
    if config.door.venue == "gate" and gate.host is None:
        raise ConfigError(
            "[gate] host must be said for a library's gate",
            file=file,
            line=line_of(text, "door", "venue"),
            hint="the name of the library system's SIP2 server",
        )
    secret = gate.password_file or gate.terminal_password_file
    if secret and not gate.tls and gate.host not in (None, "localhost", "127.0.0.1", "::1"):
        raise ConfigError(
            "[gate] a password would travel in the clear",
            file=file,
            line=line_of(text, "gate", "tls"),
            hint="set tls = true; where the system has no TLS, let stunnel on this device speak to it",
        )
    if gate.password_file is not None and gate.user is None:
        raise ConfigError(
            "a password without a user",
            file=file,
            line=line_of(text, "gate", "password_file"),
            hint="set [gate] user, or leave password_file out",
        )
    if gate.unstaffed == "registered" and not gate.unstaffed_kinds and gate.unstaffed_age is None:
        raise ConfigError(
            "who is registered for hours without staff?",
            file=file,
            line=line_of(text, "gate", "unstaffed"),
            hint="set [gate] unstaffed_kinds or unstaffed_age",
        )


def _request(config: Config, text: str, file: Path) -> None:
    request = config.request
    if request.board != "none" and request.certificate is None:
        raise ConfigError(
            "a screen without a certificate",
            file=file,
            line=line_of(text, "request", "board"),
            hint="wallets believe no device that nobody vouches for: [request] certificate",
        )
    if request.show != "on-demand" and request.board == "none":
        raise ConfigError(
            "nothing to show it on",
            file=file,
            line=line_of(text, "request", "show"),
            hint='set [request] board = "picture" or "terminal"',
        )
    if twice := set(request.needed) & set(request.optional):
        raise ConfigError(
            f"{min(twice)} is both needed and optional",
            file=file,
            line=line_of(text, "request", "optional"),
            hint="say it once",
        )
    if len(request.purpose.encode()) > MAX_PURPOSE_BYTES:
        raise ConfigError(
            f"purpose has more than {MAX_PURPOSE_BYTES} bytes",
            file=file,
            line=line_of(text, "request", "purpose"),
            hint="it has to fit into a code: say it shorter",
        )


def _check(config: Config, text: str, file: Path) -> None:
    check = config.check
    missing = {
        "webhook": None if check.webhook else "webhook",
        "serial": None if check.port else "port",
        "mqtt": None if config.mqtt.host else "[mqtt] host",
    }.get(check.via)
    if missing:
        raise ConfigError(
            f"{missing} must be said for a host that is told by {check.via}",
            file=file,
            line=line_of(text, "check", "via"),
            hint="see: doorward config show",
        )
    if check.request and check.via != "none" and check.host_key is None:
        raise ConfigError(
            "host_key must be said with request",
            file=file,
            line=line_of(text, "check", "request"),
            hint="what a holder discloses is sealed to the host: doorward desk key makes a pair",
        )


def _permits(config: Config, text: str, file: Path) -> None:
    if config.permits.rules is not None and config.door.venue != "door":
        raise ConfigError(
            f"[permits] rules are for a building's door, and this is a {config.door.venue}",
            file=file,
            line=line_of(text, "permits", "rules"),
            hint='set [door] venue = "door", or leave rules out',
        )


_CHECKS: Final = (
    _door,
    _lists,
    _camera,
    _scanner,
    _keypad,
    _risk,
    _strike,
    _signals,
    _network,
    _desk,
    _check,
    _gate,
    _permits,
    _lane,
    _request,
)


def line_of(text: str, table: str | None, key: str) -> int:
    """The line that sets this key, counted from 1; 0 where none does."""
    current: str | None = None
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([\w-]+)\s*\]", line)
        if header:
            current = header[1]
            if table is None and current == key:
                return number
        elif (current == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line)) or (
            current is None and table and re.match(rf"\s*{re.escape(table)}\s*[.=].*{re.escape(key)}", line)
        ):
            return number
    return 0
