"""Checks of the tables that describe the place: risk, lane, desk, library, request, check, permits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from edge.config.zones import zone_mistakes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.config.root import Config
    from edge.config.source import ConfigSource
    from edge.errors import ConfigError

MAX_PURPOSE_BYTES: Final = 96  # of edge/request/REQUEST.md; a character can have four


def _risk(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    levels = {name: getattr(config.risk, name) for name in ("raised", "high", "severe")}
    for name, other in (("high", "raised"), ("severe", "raised"), ("severe", "high")):
        for word in sorted(set(levels[name]) & set(levels[other])):
            left_out = next((each for each in (name, other) if not page.line("risk", each)), None)
            rest = json.dumps([each for each in levels[left_out or name] if each != word])
            yield page.wrong(
                f"[risk] {word} is in both {other} and {name}",
                at=page.line("risk", name) or page.line("risk", other),
                hint=f"add {left_out} = {rest} to [risk]" if left_out else "delete it from one of the two",
            )


def _lane(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    lane = config.lane
    if config.door.venue != "lane":
        return
    line = page.line("door", "venue")
    if config.door.face == "none":
        yield page.wrong(
            '[door] face: "none" is not allowed with venue = "lane"',
            at=page.line("door", "face") or line,
            hint='set face = "required", or "if-bound": an officer compares a face that is not in the card',
        )
    kinds = {config.strike.kind, lane.inner}
    if (lane.sensors == "sim") != (kinds == {"sim"}) or ("sim" in kinds and len(kinds) > 1):
        yield page.wrong(
            'some of [strike] kind, [lane] inner and [lane] sensors are "sim", and some are not',
            at=page.line("lane", "sensors") or line,
            hint='set all three to "sim" for a simulated lane, or none of them for a real one',
        )
    if lane.inner == "controller" and lane.inner_lock is None:
        yield page.wrong(
            '[lane] inner = "controller" needs inner_lock',
            at=page.line("lane", "inner") or line,
            hint='set inner_lock = "fail-secure" (locked without power) or "fail-safe" (unlocked then)',
        )
    if (lane.other_hub_cert is None) != (lane.other_hub_cert_key is None):
        said, missing = "other_hub_cert", "other_hub_cert_key"
        if lane.other_hub_cert is None:
            said, missing = missing, said
        yield page.wrong(
            f"[lane] {said} needs {missing}",
            at=page.line("lane", said),
            hint=f"set {missing} too: mutual TLS needs a certificate and its private key",
        )
    if lane.other_trust is not None:
        yield from _two_authorities(config, page)
    if lane.sensors == "gpio":
        yield from _lane_pins(config, page)


def _lane_pins(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    """The errors of two things on one pin."""
    lane = config.lane
    pins = [("[strike] pin", config.strike.pin)] if config.strike.kind == "gpio" else []
    pins += [("[lane] inner_pin", lane.inner_pin)] if lane.inner == "gpio" else []
    pins += [("[lane] outer_contact", lane.outer_contact), ("[lane] inner_contact", lane.inner_contact)]
    pins += [("[lane] entry_beams", pin) for pin in lane.entry_beams]
    pins += [("[lane] exit_beams", pin) for pin in lane.exit_beams]
    pins += [("[lane] presence_pin", lane.presence_pin)] if lane.presence_pin is not None else []
    taken: dict[int, str] = {}
    for key, pin in pins:
        if pin in taken:
            yield page.wrong(
                f"{key}: pin {pin} is already {taken[pin]}",
                at=page.line("lane", key.removeprefix("[lane] ")) or page.line("lane", "sensors"),
                hint="set another pin, and connect the wire to it",
            )
        taken[pin] = key


def _two_authorities(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    """The errors of files that two authorities share: a journal is the evidence of one authority."""
    lane = config.lane
    pairs = {
        "other_trust": (lane.other_trust, "[paths] trust", config.paths.trust),
        "other_journal": (lane.other_journal, "[paths] journal", config.paths.journal),
        "other_key": (lane.other_key, "[device] key", config.device.key),
    }
    for key, (path, own, taken) in pairs.items():
        if path == taken:
            yield page.wrong(
                f'[lane] {key}: "{path}" is already {own}',
                at=page.line("lane", key) or page.line("lane", "other_trust"),
                hint=f"set {key} to another path: each authority has its own",
            )


def _desk(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    desk = config.desk
    yield from zone_mistakes(desk.zone, page, "desk")
    if config.door.venue == "desk" and not {"family_name", "booking"} & set(desk.request):
        yield page.wrong(
            "[desk] request needs family_name or booking, to find a guest's booking",
            at=page.line("desk", "request"),
            hint="add one of the two to request",
        )
    if desk.authority_key is not None and desk.authority is None:
        yield page.wrong(
            "[desk] authority_key needs authority",
            at=page.line("desk", "authority_key"),
            hint="set authority, or delete authority_key",
        )


def _library(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    library, table = config.library, page.written("library")
    yield from zone_mistakes(library.zone, page, "library")
    if config.door.venue == "library" and library.host is None:
        yield page.wrong(
            f"[{table}] host is required",
            at=page.line("door", "venue"),
            hint="set it to the name of the library system's SIP2 server",
        )
    if config.door.venue == "library" and config.door.staffed and library.unstaffed != "none":
        yield page.wrong(
            f'[door] staffed = true and [{table}] unstaffed = "{library.unstaffed}" exclude each other',
            at=page.line("door", "staffed"),
            hint="delete staffed: in hours without staff no one sees the entrance",
        )
    secret = library.password_file or library.terminal_password_file
    if secret and not library.tls and library.host not in (None, "localhost", "127.0.0.1", "::1"):
        yield page.wrong(
            f"[{table}] tls = false sends the password unencrypted",
            at=page.line("library", "tls"),
            hint="set tls = true; if the server has no TLS, run stunnel here and set host to localhost",
        )
    if library.password_file is not None and library.user is None:
        yield page.wrong(
            f"[{table}] password_file needs user",
            at=page.line("library", "password_file"),
            hint="set user, or delete password_file",
        )
    if library.unstaffed == "registered" and not library.unstaffed_kinds and library.unstaffed_age is None:
        yield page.wrong(
            f'[{table}] unstaffed = "registered" needs unstaffed_kinds or unstaffed_age',
            at=page.line("library", "unstaffed"),
            hint="set one of the two, such as unstaffed_age = 18",
        )


def _request(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    request = config.request
    if request.board != "none" and request.certificate is None:
        yield page.wrong(
            f'[request] board = "{request.board}" needs certificate',
            at=page.line("request", "board"),
            hint="ask an issuer for a certificate of this device (doorward-issuer certify), and set its path",
        )
    if request.show in ("offered", "needed") and request.board == "none":
        yield page.wrong(
            f'[request] show = "{request.show}" needs a screen',
            at=page.line("request", "show"),
            hint='set board = "picture" or "terminal"',
        )
    if twice := set(request.needed) & set(request.optional):
        yield page.wrong(
            f"[request] {min(twice)} is in both needed and optional",
            at=page.line("request", "optional"),
            hint="delete it from one of the two",
        )
    if (size := len(request.purpose.encode())) > MAX_PURPOSE_BYTES:
        yield page.wrong(
            f"[request] purpose has {size} bytes in UTF-8; at most {MAX_PURPOSE_BYTES} are allowed",
            at=page.line("request", "purpose"),
            hint="shorten it: a Latin letter has 1 or 2 bytes, a Chinese character 3",
        )


def _check(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    check = config.check
    missing, hint = {
        "webhook": (None if check.webhook else "webhook", "set it to the address that receives results"),
        "serial": (None if check.port else "port", "find the port with: ls /dev/serial/by-id"),
        "mqtt": (None if config.mqtt.host else "[mqtt] host", "set it to the name of the broker"),
    }.get(check.via, (None, ""))
    if missing:
        yield page.wrong(
            f'[check] via = "{check.via}" needs {missing}', at=page.line("check", "via"), hint=hint
        )
    if check.request and check.via != "none" and check.host_key is None:
        yield page.wrong(
            "[check] request needs host_key: attributes are sealed to the host",
            at=page.line("check", "request"),
            hint="set it to the host's public key; the host makes one with: doorward desk key",
        )


def _permits(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    if config.permits.rules is not None and config.door.venue != "door":
        yield page.wrong(
            f'[permits] rules needs [door] venue = "door", and it is "{config.door.venue}"',
            at=page.line("permits", "rules"),
            hint='delete rules, or set [door] venue = "door"',
        )


CHECKS: Final = (
    _risk,
    _desk,
    _check,
    _library,
    _permits,
    _lane,
    _request,
)
