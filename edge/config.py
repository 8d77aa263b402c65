"""One TOML file, typed. An unknown key, a wrong type or a value out of range says file, line and hint."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

# A hundred times the longest sensible configuration.
MAX_CONFIG_BYTES = 64 * 1024

SiteName = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\Z", max_length=80)]
# What no file system takes for a name, the configuration does not either.
FilePath = Annotated[str, Meta(pattern=r"\A[^\x00]+\Z", max_length=1_000)]
Url = Annotated[str, Meta(pattern=r"\Ahttps?://[^\s?#]+\Z", max_length=1_000)]
HostName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9.:-]*\Z", max_length=253)]
Jurisdiction = Annotated[str, Meta(pattern=r"\A[A-Z]{2}(-[A-Z0-9]{1,3})?\Z")]
HexBytes = Annotated[str, Meta(pattern=r"\A([0-9A-Fa-f]{2} ?)*\Z", max_length=120)]
PictureSide = Annotated[int, Meta(ge=160, le=4_608)]
DeviceName = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9.-]*\Z", max_length=40)]


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table: unknown keys are errors."""


class Device(Table, frozen=True):
    """Who this device is."""

    id: DeviceName = "doorward-1"
    """Stands in every record and in the origin line of every checkpoint."""
    key: FilePath = "device.key"
    """Ed25519 seed of the device, 32 bytes, mode 0600; made at the first start."""


class Door(Table, frozen=True):
    """The door and what it asks for."""

    site: SiteName = "tower-1/lobby"
    """The door's name as cards and issuers scope it; `/` goes from the large to the small."""
    venue: Literal["door", "desk", "gate", "lane", "check"] = "door"
    """What kind of place this is; issuers may be trusted for some kinds only."""
    jurisdiction: Jurisdiction | None = None
    """Whose law holds here: an ISO 3166 code such as MO or CN-GD; left out: only issuers for anywhere."""
    release_ms: Annotated[int, Meta(ge=200, le=10_000)] = 3_000
    """How long the strike is released for one grant; the door relocks earlier when it opens."""
    face: Literal["required", "if-bound", "none"] = "required"
    """Whether a face is compared before this door opens."""
    min_assurance: Annotated[int, Meta(ge=0, le=3)] = 0
    """How well the issuer must have checked the face at enrolment: 0 unknown .. 3 supervised."""


class Face(Table, frozen=True):
    """The comparison."""

    one_in: Annotated[int, Meta(ge=100, le=10_000_000)] | None = None
    """Accept one false match in this many strangers; left out: the models' own careful default."""
    calibration: FilePath | None = None
    """What `doorward face calibrate` wrote: the site's own strangers say which similarity 1 in N is."""
    time_ms: Annotated[int, Meta(ge=1_000, le=60_000)] = 8_000
    """How long a visitor has to look into the camera."""
    pad: tuple[Literal["geometry", "texture", "passive"], ...] = ("geometry", "texture")
    """What a frame must pass to be taken for a person; "passive" needs weights: models/README.md."""
    prompts: Annotated[int, Meta(ge=0, le=4)] = 0
    """Ask the visitor for this many movements of the head ("turn to the left"); 0 asks for none."""
    consistency: bool = False
    """Want half a second of looks that show one face, moving as the living do."""
    mirrored: bool = False
    """The camera shows a looking-glass picture: left and right are swapped."""
    runtime: Literal["litert", "tflite"] | None = None
    """TFLite runtime; left out: ai-edge-litert where it is installed, else tflite-runtime."""


class Lists(Table, frozen=True):
    """How old status lists may be. Where the site has a written policy, the stricter of the two holds."""

    ageing_h: Annotated[int, Meta(ge=1, le=24 * 366)] | None = None
    """Older than this is ageing; left out: what the site's policy says, else 24."""
    stale_h: Annotated[int, Meta(ge=1, le=24 * 366)] | None = None
    """Older than this is stale, and staff decide; left out: what the site's policy says, else 168."""
    ageing: Literal["pass", "step-up", "staff"] | None = None
    """What ageing lists leave of a passage; left out: what the site's policy says, else "pass"."""


class Reader(Table, frozen=True):
    """The code engine."""

    engine: Literal["zxing", "zbar"] | None = None
    """Left out: zxing-cpp where it is installed, else zbar."""


class Camera(Table, frozen=True):
    """Where frames come from."""

    kind: Literal["webcam", "picamera2", "film", "none"] | None = None
    """`webcam`: USB. `picamera2`: a Raspberry Pi's own. `film`: a video, or a folder of pictures. `none`: the
    door has a scanner alone. Left out: a webcam, or a film where `device` is a file or a folder."""
    device: int | FilePath | None = None
    """Webcam by number or path, Pi's camera by number or id, or the film; left out: the only one there is."""
    size: tuple[PictureSide, PictureSide] = (1_280, 720)
    """Width and height of what codes are read from; a Pi's camera module 3 can do [2304, 1296]."""
    fps: Annotated[int, Meta(ge=1, le=60)] = 15
    """Pictures a second; each costs CPU time, also while nobody comes."""
    exposure: Literal["auto", "short"] = "auto"
    """"short" for moving phones in good light: less blur, more noise."""
    mains_hz: Literal[0, 50, 60] = 50
    """Lamps flicker with the mains, which shows as bands; 0: no such lamps."""
    lens: Annotated[float, Meta(ge=0, le=32)] = 4.5
    """Where a Pi's movable lens stands, in dioptres (1 / metres): codes from 15 to 25 cm, faces to 70 cm."""


class Scanner(Table, frozen=True):
    """A 2D scanner that reads codes by itself, beside the camera or in place of it."""

    kind: Literal["none", "serial", "keyboard"] = "none"
    """`serial`: on a serial port or as USB-CDC, the better choice. `keyboard`: one that types."""
    port: FilePath | None = None
    """Its port, best from /dev/serial/by-id; a keyboard's path from /dev/input/by-id, or its name."""
    baud: Annotated[int, Meta(ge=1_200, le=1_000_000)] = 9_600
    """Speed of the port, as the scanner is set; at 9600 a code takes 0.8 s, at 115200 0.06 s."""
    parity: Literal["none", "even", "odd"] = "none"
    """As the scanner is set."""
    suffix: Literal["any", "cr", "lf", "crlf", "tab", "idle"] = "any"
    """What ends a code: `any` of CR and LF, or one of them, or a silence (`idle`)."""
    idle_ms: Annotated[int, Meta(ge=20, le=400)] = 80
    """How long a silence is, for `idle`."""
    prefix: Annotated[str, Meta(max_length=40)] = ""
    """What the scanner puts before each code, if it was set to."""
    no_read: tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...] = ()
    """What it says where it read nothing, beside NR, NOREAD and %%NoRead."""
    trigger: Literal["none", "gm65", "gm72", "honeywell", "newland", "custom"] = "none"
    """Which commands make it look; `none`: it watches for codes by itself. `gm65` is Waveshare's too."""
    trigger_start: HexBytes = ""
    """For `custom`: the command to look, as hexadecimal bytes."""
    trigger_stop: HexBytes = ""
    """For `custom`: the command to look no more."""
    trigger_reply: HexBytes = ""
    """For `custom`: what it answers to these commands."""
    layout: Literal["us", "uk", "de", "fr"] = "us"
    """For `keyboard`: the country that the scanner is set to; us needs no other setting."""
    again_ms: Annotated[int, Meta(ge=500, le=10_000)] = 1_500
    """A code that was not read for this long has gone; longer than the scanner's own delay for the same."""


class Strike(Table, frozen=True):
    """What moves the lock."""

    kind: Literal["sim", "gpio", "controller", "wiegand", "osdp"] = "sim"
    """`sim`: a simulated door. `gpio`: a relay on a pin of this board. `controller`: one on a serial line.
    `wiegand`: a panel on that controller's wires. `osdp`: a panel on an OSDP bus."""
    pin: Annotated[int, Meta(ge=0, le=27)] = 17
    """BCM number of the relay's pin, for `gpio`."""
    port: FilePath = "/dev/serial0"
    """Serial port of controller or bus; over USB best a name from /dev/serial/by-id, which stays the same."""
    baud: Annotated[int, Meta(ge=9_600, le=1_000_000)] | None = None
    """Speed of that port; left out: 115200 to a controller, 9600 on an OSDP bus."""
    lock: Literal["fail-secure", "fail-safe"] | None = None
    """Locked or free without power; must be said for a controller, and be what it was commissioned with."""
    key: FilePath = "door.key"
    """Key shared with the controller (32 bytes) or the panel (16), mode 0600: doorward door commission."""


class Panel(Table, frozen=True):
    """A third-party panel that moves the lock in our place, for strikes of kind `wiegand` and `osdp`."""

    format: Annotated[str, Meta(max_length=2_000)] = "H10301"
    """How a card number is written in bits: H10301, H10302, H10304, H10306, or a layout with masks."""
    facility: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    """Facility of this device's one card number, as the panel knows it."""
    number: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None
    """That number: sent for every grant; no printed card should have it. Must be said for a panel."""
    address: Annotated[int, Meta(ge=0, le=126)] = 0
    """Address on the OSDP bus."""


class Sync(Table, frozen=True):
    """Where keys, lists and models come from."""

    url: Url | None = None
    """Base address of the trust repository; left out: only `doorward sync --from DIR`."""
    root: FilePath = "root.json"
    """The first root of that repository: the one thing a device is told to believe."""
    baked: FilePath | None = None
    """A copy of the repository in the image, for a first start without a network."""
    every_min: Annotated[int, Meta(ge=1, le=1_440)] = 15
    """How often `doorward sync --watch` asks."""
    max_mb: Annotated[int, Meta(ge=1, le=4_096)] = 512
    """The most that one sync may download."""
    models: bool = False
    """Take models from the repository too; they are used from the next start on."""


class Hub(Table, frozen=True):
    """Where records go."""

    url: Url | None = None
    """Base address of the hub; left out: records stay here."""
    ca: FilePath | None = None
    """Certificates to believe in place of the system's."""
    cert: FilePath | None = None
    """This device's certificate for mutual TLS, with `cert_key`."""
    cert_key: FilePath | None = None
    """Its private key, mode 0600."""


class Journal(Table, frozen=True):
    """How long records stay here."""

    segment_mb: Annotated[int, Meta(ge=1, le=1_024)] = 64
    """A journal file larger than this is closed, and a new one goes on from its signed head."""
    keep_days: Annotated[int, Meta(ge=1, le=3_660)] = 90
    """Closed files are kept this long, and and, where there is a hub, until it has them."""
    spare_mb: Annotated[int, Meta(ge=1, le=100_000)] = 200
    """When less is free, acknowledged files go first, the oldest before the others."""


class Mqtt(Table, frozen=True):
    """An optional broker: presence, status, and "come and sync". It carries no trust."""

    host: HostName | None = None
    """Name of the broker; left out: no MQTT."""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 8_883
    """8883 with TLS, 1883 without."""
    tls: bool = True
    """Encrypt, and believe the system's certificates or those in `ca`."""
    ca: FilePath | None = None
    """Certificates to believe in place of the system's."""
    user: Annotated[str, Meta(max_length=100)] | None = None
    """User name, where the broker wants one."""
    password_file: FilePath | None = None
    """A file with the password, mode 0600."""
    topic: Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9/_-]*\Z", max_length=100)] = "doorward"
    """Topics are <topic>/<device id>/..."""
    home_assistant: bool = False
    """Announce the device to Home Assistant."""
    commands: bool = False
    """Obey "sync" from the broker. Nothing that opens a door can be asked for."""


class Metrics(Table, frozen=True):
    """Numbers for Prometheus, without names."""

    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    """Serve /metrics on this port of the loopback interface; left out: not at all."""


class Paths(Table, frozen=True):
    """Where things are; relative to the configuration file."""

    trust: FilePath = "trust"
    journal: FilePath = "journal.db"
    models: FilePath | None = None
    state: FilePath = "state"
    """What the device remembers besides: time, update metadata, how far records were sent."""


class Config(Table, frozen=True):
    """The whole file."""

    device: Device = Device()
    door: Door = Door()
    face: Face = Face()
    lists: Lists = Lists()
    reader: Reader = Reader()
    camera: Camera = Camera()
    scanner: Scanner = Scanner()
    strike: Strike = Strike()
    panel: Panel = Panel()
    sync: Sync = Sync()
    hub: Hub = Hub()
    journal: Journal = Journal()
    mqtt: Mqtt = Mqtt()
    metrics: Metrics = Metrics()
    paths: Paths = Paths()


def parse_config(data: bytes, file: Path) -> Config:
    """The configuration in `data`; `file` is named in errors. Raises ConfigError."""
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(
            f"is larger than {MAX_CONFIG_BYTES // 1024} kB", file=file, hint="is this the right file?"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as err:
        line = data[: err.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8 text", file=file, line=line, hint="save the file as UTF-8") from err
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        found = re.search(r"at line (\d+)", str(err))
        raise ConfigError(
            str(err).partition(" (at")[0].lower(),
            file=file,
            line=int(found[1]) if found else 0,
            hint="see https://toml.io",
        ) from err
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as err:
        raise _explain(str(err), text, file) from err
    ageing_h, stale_h = config.lists.ageing_h, config.lists.stale_h
    if ageing_h is not None and stale_h is not None and stale_h < ageing_h:
        raise ConfigError(
            f"stale_h {stale_h} is below ageing_h {ageing_h}",
            file=file,
            line=_line_of(text, "lists", "stale_h"),
            hint="lists age before they are stale: make stale_h the larger",
        )
    if config.camera.kind == "film" and not isinstance(config.camera.device, str):
        raise ConfigError(
            "device must name the film",
            file=file,
            line=_line_of(text, "camera", "kind"),
            hint='device = "visitors.mp4" plays that video, device = "pictures" all in that folder',
        )
    _check_scanner(config, text, file)
    _check_strike(config, text, file)
    _check_network(config, text, file)
    return config


def _check_scanner(config: Config, text: str, file: Path) -> None:
    scanner, line = config.scanner, _line_of(text, "scanner", "kind")
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
            line=_line_of(text, "scanner", "trigger"),
            hint='set trigger = "none", and the scanner to watch for codes by itself',
        )
    if scanner.trigger == "custom" and not scanner.trigger_start:
        raise ConfigError(
            "trigger_start must be said for a custom trigger",
            file=file,
            line=_line_of(text, "scanner", "trigger"),
            hint='the command from the scanner\'s manual, such as trigger_start = "16 54 0D"',
        )
    if config.camera.kind != "none":
        return
    line = _line_of(text, "camera", "kind")
    if scanner.kind == "none":
        raise ConfigError(
            "a door without a camera needs a scanner", file=file, line=line, hint="see [scanner] kind"
        )
    if config.door.face != "none":
        raise ConfigError(
            "a door without a camera compares no faces", file=file, line=line, hint='set [door] face = "none"'
        )


def _check_strike(config: Config, text: str, file: Path) -> None:
    kind, line = config.strike.kind, _line_of(text, "strike", "kind")
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


def _check_network(config: Config, text: str, file: Path) -> None:
    hub, mqtt = config.hub, config.mqtt
    if (hub.cert is None) != (hub.cert_key is None):
        said, missing = ("cert", "cert_key") if hub.cert else ("cert_key", "cert")
        raise ConfigError(
            f"{missing} must be said with {said}",
            file=file,
            line=_line_of(text, "hub", said),
            hint="mutual TLS takes a certificate and its private key",
        )
    if mqtt.user is not None and not mqtt.tls:
        raise ConfigError(
            "[mqtt] a password would travel in the clear",
            file=file,
            line=_line_of(text, "mqtt", "user"),
            hint="set tls = true, or leave user out",
        )
    if mqtt.password_file is not None and mqtt.user is None:
        raise ConfigError(
            "a password without a user",
            file=file,
            line=_line_of(text, "mqtt", "password_file"),
            hint="set [mqtt] user, or leave password_file out",
        )


def explain() -> list[tuple[str, str, object, str]]:
    """Every key as (table, key, default, what it means): the source of `doorward config show`."""
    return [
        (table.name, key.name, key.default, _notes(type(table.default)).get(key.name, ""))
        for table in msgspec.structs.fields(Config)
        for key in msgspec.structs.fields(type(table.default))
    ]


def _explain(message: str, text: str, file: Path) -> ConfigError:
    where = re.search(r"`\$\.?([\w.\[\]]*)`", message)
    path = [part for part in (where[1] if where else "").split(".") if part]
    unknown = re.search(r"unknown field `([^`]+)`", message)
    if unknown:
        key = unknown[1]
        known = [f.name for f in msgspec.structs.fields(_table(path))]
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
        name = f"[{path[0]}] {key}" if path else key
        return ConfigError(
            f"unknown key {name}", file=file, line=_line_of(text, path[0] if path else None, key), hint=hint
        )
    table = path[0] if path else None
    key = path[-1].partition("[")[0] if path else ""  # `pad[1]` is the second word of the key `pad`
    what = message.partition(" - at")[0].replace("`", "").lower()
    return ConfigError(
        f"{'.'.join(path)}: {what}",
        file=file,
        line=_line_of(text, table, key),
        hint="see: doorward config show",
    )


def _table(path: list[str]) -> type[Struct]:
    for field in msgspec.structs.fields(Config):
        if path and field.name == path[0]:
            return type(field.default)
    return Config


def _line_of(text: str, table: str | None, key: str) -> int:
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


def _notes(struct: type[Struct]) -> dict[str, str]:
    """The sentence under each field, read from the source: one text for the code and for the help."""
    import inspect  # noqa: PLC0415  only `config show` needs the source

    source = inspect.getsource(struct)
    return {
        name: " ".join(note.split())
        for name, note in re.findall(
            r'^    (\w+): [^\n]*\n    """(.*?)"""', source, flags=re.MULTILINE | re.DOTALL
        )
    }
