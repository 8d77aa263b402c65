"""Contradictions in what a kind of place asks, keeps and tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.config.zones import zone_of

if TYPE_CHECKING:
    from edge.config.root import Config
    from edge.config.source import ConfigSource

MAX_PURPOSE_BYTES: Final = 96  # of edge/request/REQUEST.md; letters may have four


def _risk(config: Config, page: ConfigSource) -> None:
    levels = {name: getattr(config.risk, name) for name in ("raised", "high", "severe")}
    for name, other in (("high", "raised"), ("severe", "raised"), ("severe", "high")):
        if twice := set(levels[name]) & set(levels[other]):
            raise page.wrong(
                f"[risk] {min(twice)} is both {other} and {name}",
                at=page.line("risk", name) or page.line("risk", other),
                hint="a sign has one level: say the other list without it",
            )


def _lane(config: Config, page: ConfigSource) -> None:
    lane = config.lane
    if config.door.venue != "lane":
        return
    line = page.line("door", "venue")
    if config.door.face == "none":
        raise page.wrong(
            "a lane looks at the face inside",
            at=page.line("door", "face") or line,
            hint='set [door] face = "if-bound", and an officer looks where a card has none',
        )
    kinds = {config.strike.kind, lane.inner}
    if (lane.sensors == "sim") != (kinds == {"sim"}) or ("sim" in kinds and len(kinds) > 1):
        raise page.wrong(
            "a lane is simulated as a whole: both doors and the sensors between them",
            at=page.line("lane", "sensors") or line,
            hint='set [strike] kind, [lane] inner and [lane] sensors to "sim", or none of them',
        )
    if lane.inner == "controller" and lane.inner_lock is None:
        raise page.wrong(
            "[lane] inner_lock must be said for a door with a controller",
            at=page.line("lane", "inner") or line,
            hint='inner_lock = "fail-secure" is locked without power, "fail-safe" is free without it',
        )
    if (lane.other_hub_cert is None) != (lane.other_hub_cert_key is None):
        raise page.wrong(
            "[lane] other_hub_cert and other_hub_cert_key go together",
            at=page.line("lane", "other_hub_cert" if lane.other_hub_cert else "other_hub_cert_key"),
            hint="mutual TLS takes a certificate and its private key",
        )
    if lane.other_trust is not None:
        _two_authorities(config, page)
    pins = [lane.outer_contact, lane.inner_contact, *lane.entry_beams, *lane.exit_beams]
    pins += [pin for pin in (lane.presence_pin,) if pin is not None]
    pins += [lane.inner_pin] if lane.inner == "gpio" else []
    pins += [config.strike.pin] if config.strike.kind == "gpio" else []
    if lane.sensors == "gpio" and len(set(pins)) < len(pins):
        raise page.wrong(
            "[lane] two things are on one pin",
            at=page.line("lane", "sensors") or line,
            hint="doorward config show lists the pins of [lane] and [strike]",
        )


def _two_authorities(config: Config, page: ConfigSource) -> None:
    """Refuse a joint lane whose authorities share a file: a journal is the evidence of one."""
    lane = config.lane
    pairs = {
        "other_trust": (lane.other_trust, "[paths] trust", config.paths.trust),
        "other_journal": (lane.other_journal, "[paths] journal", config.paths.journal),
        "other_key": (lane.other_key, "[device] key", config.device.key),
    }
    for key, (word, own, taken) in pairs.items():
        if word == taken:
            raise page.wrong(
                f"[lane] {key} is {word}, as {own} is",
                at=page.line("lane", key) or page.line("lane", "other_trust"),
                hint="each authority has a trust folder, a journal and a key of its own",
            )


def _desk(config: Config, page: ConfigSource) -> None:
    desk = config.desk
    zone_of(desk.zone, file=page.file, line=page.line("desk", "zone"))
    if config.door.venue == "desk" and not {"family_name", "booking"} & set(desk.request):
        raise page.wrong(
            "a desk knows its guests by family_name or by booking",
            at=page.line("desk", "request"),
            hint="add one of the two to [desk] request",
        )
    if desk.authority_key is not None and desk.authority is None:
        raise page.wrong(
            "a key of no authority",
            at=page.line("desk", "authority_key"),
            hint="set [desk] authority, or leave authority_key out",
        )


def _library(config: Config, page: ConfigSource) -> None:
    library, table = config.library, page.written("library")
    zone_of(library.zone, file=page.file, line=page.line("library", "zone"))
    if config.door.venue == "library" and library.host is None:
        raise page.wrong(
            f"[{table}] host must be said for a library",
            at=page.line("door", "venue"),
            hint="the name of the library system's SIP2 server",
        )
    secret = library.password_file or library.terminal_password_file
    if secret and not library.tls and library.host not in (None, "localhost", "127.0.0.1", "::1"):
        raise page.wrong(
            f"[{table}] a password would travel in the clear",
            at=page.line("library", "tls"),
            hint="set tls = true; where the system has no TLS, let stunnel on this device speak to it",
        )
    if library.password_file is not None and library.user is None:
        raise page.wrong(
            "a password without a user",
            at=page.line("library", "password_file"),
            hint=f"set [{table}] user, or leave password_file out",
        )
    if library.unstaffed == "registered" and not library.unstaffed_kinds and library.unstaffed_age is None:
        raise page.wrong(
            "who is registered for hours without staff?",
            at=page.line("library", "unstaffed"),
            hint=f"set [{table}] unstaffed_kinds or unstaffed_age",
        )


def _request(config: Config, page: ConfigSource) -> None:
    request = config.request
    if request.board != "none" and request.certificate is None:
        raise page.wrong(
            "a screen without a certificate",
            at=page.line("request", "board"),
            hint="wallets believe no device that nobody vouches for: [request] certificate",
        )
    if request.show != "on-demand" and request.board == "none":
        raise page.wrong(
            "nothing to show it on",
            at=page.line("request", "show"),
            hint='set [request] board = "picture" or "terminal"',
        )
    if twice := set(request.needed) & set(request.optional):
        raise page.wrong(
            f"{min(twice)} is both needed and optional",
            at=page.line("request", "optional"),
            hint="say it once",
        )
    if len(request.purpose.encode()) > MAX_PURPOSE_BYTES:
        raise page.wrong(
            f"purpose has more than {MAX_PURPOSE_BYTES} bytes",
            at=page.line("request", "purpose"),
            hint="it has to fit into a code: say it shorter",
        )


def _check(config: Config, page: ConfigSource) -> None:
    check = config.check
    missing = {
        "webhook": None if check.webhook else "webhook",
        "serial": None if check.port else "port",
        "mqtt": None if config.mqtt.host else "[mqtt] host",
    }.get(check.via)
    if missing:
        raise page.wrong(
            f"{missing} must be said for a host that is told by {check.via}",
            at=page.line("check", "via"),
            hint="see: doorward config show",
        )
    if check.request and check.via != "none" and check.host_key is None:
        raise page.wrong(
            "host_key must be said with request",
            at=page.line("check", "request"),
            hint="what a holder discloses is sealed to the host: doorward desk key makes a pair",
        )


def _permits(config: Config, page: ConfigSource) -> None:
    if config.permits.rules is not None and config.door.venue != "door":
        raise page.wrong(
            f"[permits] rules are for a building's door, and this is a {config.door.venue}",
            at=page.line("permits", "rules"),
            hint='set [door] venue = "door", or leave rules out',
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
