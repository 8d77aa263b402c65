"""Hosts, devices and folders that a configuration names, with the systemd unit that uses each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge.config.authorities import authorities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.config.root import Config

RUN, SYNC, DESK, CHECK = UNITS = ("doorward-run", "doorward-sync", "doorward-desk", "doorward-check")
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
GPIO: Final = "char-gpiochip"  # all pins of a board are one device
SOUND: Final = "char-alsa"


@dataclass(frozen=True, slots=True)
class NamedHost:
    """A host that a unit connects to. `key`: the key that names it, such as `[library] host`."""

    unit: str
    key: str
    host: str

    @property
    def is_local(self) -> bool:
        """Whether it is this machine."""
        return self.host in LOCAL


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """A device file, or a class of devices, that a unit opens. `access`: `r` or `rw`."""

    unit: str
    key: str
    device: str
    access: str


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A file or a folder that a unit writes. `folder`: it, or the folder of the file."""

    units: tuple[str, ...]
    key: str
    path: str
    is_folder: bool

    @property
    def folder(self) -> str:
        """The folder that the unit writes into."""
        return self.path if self.is_folder else str(PurePosixPath(self.path).parent)


def units_of(config: Config) -> tuple[str, ...]:
    """The units that this device needs."""
    syncs = any(each.sync.url or each.hub.url for each in authorities(config)) or config.mqtt.host
    wanted = {RUN: True, SYNC: syncs, DESK: config.door.venue == "desk", CHECK: config.door.venue == "check"}
    return tuple(unit for unit in UNITS if wanted[unit])


def hosts_of(config: Config) -> Iterator[NamedHost]:
    """Each host that the configuration names, also this machine itself."""
    for number, each in enumerate(authorities(config)):
        for table, url in (("sync", each.sync.url), ("hub", each.hub.url)):
            key = f"[lane] other_{table}_url" if number else f"[{table}] url"
            yield from _of_url(SYNC, key, url)
    if config.mqtt.host:
        yield NamedHost(SYNC, "[mqtt] host", config.mqtt.host)
    match config.door.venue:
        case "library" if config.library.host:
            yield NamedHost(RUN, "[library] host", config.library.host)
        case "desk":
            yield from _of_url(DESK, "[desk] webhook", config.desk.webhook)
            yield from _of_url(DESK, "[desk] authority", config.desk.authority)
        case "check" if config.check.via == "webhook":
            yield from _of_url(CHECK, "[check] webhook", config.check.webhook)
        case "check" if config.check.via == "mqtt" and config.mqtt.host:
            yield NamedHost(CHECK, "[mqtt] host", config.mqtt.host)


def devices_of(config: Config) -> Iterator[NamedDevice]:
    """Each device that the configuration names."""
    for table, of in (("scanner", config.scanner), ("keypad", config.keypad)):
        if of.kind != "none" and of.port is not None:
            yield NamedDevice(RUN, f"[{table}] port", of.port, "r" if of.kind == "keyboard" else "rw")
    for key, camera in _cameras(config):
        device = f"/dev/video{camera}" if str(camera).isdecimal() else str(camera)
        yield NamedDevice(RUN, key, device, "rw")
    if config.strike.kind in ("controller", "wiegand", "osdp"):
        yield NamedDevice(RUN, "[strike] port", config.strike.port, "rw")
    if config.door.venue == "lane" and config.lane.inner == "controller":
        yield NamedDevice(RUN, "[lane] inner_port", config.lane.inner_port, "rw")
    for key in gpio_keys(config):
        yield NamedDevice(RUN, key, GPIO, "rw")
    if config.signals.sound != "none":
        yield NamedDevice(RUN, "[signals] sound", SOUND, "rw")
    if config.door.venue == "check" and config.check.via == "serial" and config.check.port:
        yield NamedDevice(CHECK, "[check] port", config.check.port, "rw")


def _cameras(config: Config) -> Iterator[tuple[str, int | str]]:
    if config.camera.kind != "none" and config.camera.device is not None:
        yield "[camera] device", config.camera.device
    if config.door.venue == "lane":
        yield "[lane] inner_camera", config.lane.inner_camera


def gpio_keys(config: Config) -> list[str]:
    """The keys that use a pin of this board."""
    keys = [
        f"[signals] {name}"
        for name in ("red", "green", "buzzer", "light")
        if getattr(config.signals, name) is not None
    ]
    keys += ["[strike] kind"] if config.strike.kind == "gpio" else []
    if config.door.venue == "lane":
        keys += ["[lane] inner"] if config.lane.inner == "gpio" else []
        keys += ["[lane] sensors"] if config.lane.sensors == "gpio" else []
    return keys


def places_of(config: Config) -> Iterator[NamedPlace]:
    """Each file and folder that the device writes, also a key that only the first start makes."""
    every = units_of(config)
    trusted = tuple(unit for unit in every if unit in (RUN, SYNC))
    for number, each in enumerate(authorities(config)):
        keys = ("device] key", "paths] journal", "paths] state", "paths] trust")
        key, journal, state, trust = (f"[{name}" for name in keys)
        if number:
            key, journal, trust = "[lane] other_key", "[lane] other_journal", "[lane] other_trust"
        yield NamedPlace(every, key, each.device.key, is_folder=False)
        yield NamedPlace(every, journal, each.paths.journal, is_folder=False)
        yield NamedPlace(every, state, each.paths.state, is_folder=True)
        yield NamedPlace(trusted, trust, each.paths.trust, is_folder=True)
        if config.door.venue == "lane" and each.lane.socket is not None:
            socket = "[lane] other_socket" if number else "[lane] socket"
            yield NamedPlace((RUN,), socket, each.lane.socket, is_folder=False)
    if config.strike.kind in ("controller", "wiegand", "osdp"):
        yield NamedPlace((RUN,), "[strike] key", config.strike.key, is_folder=False)
    if config.door.venue == "lane" and config.lane.inner == "controller":
        yield NamedPlace((RUN,), "[lane] inner_key", config.lane.inner_key, is_folder=False)
    if config.request.board == "picture":
        yield NamedPlace((RUN,), "[request] folder", config.request.folder, is_folder=True)
    yield from _of_venue(config)


def _of_venue(config: Config) -> Iterator[NamedPlace]:
    match config.door.venue:
        case "door" if config.permits.rules is not None:
            for name in ("people", "key", "presence"):
                yield NamedPlace((RUN,), f"[permits] {name}", getattr(config.permits, name), is_folder=False)
        case "library":
            for name in ("key", "store"):
                yield NamedPlace((RUN,), f"[library] {name}", getattr(config.library, name), is_folder=False)
        case "desk":
            yield NamedPlace((RUN, DESK), "[desk] folder", config.desk.folder, is_folder=True)
            if config.desk.arrivals is not None:
                yield NamedPlace((DESK,), "[desk] arrivals", config.desk.arrivals, is_folder=True)
        case "check":
            yield NamedPlace((RUN, CHECK), "[check] folder", config.check.folder, is_folder=True)
            yield NamedPlace((RUN, CHECK), "[check] sector_key", config.check.sector_key, is_folder=False)


def _of_url(unit: str, key: str, url: str | None) -> Iterator[NamedHost]:
    if url is None:
        return
    try:
        host = urlsplit(url).hostname
    except ValueError:  # a bracket without its other half: the unit says so when it connects
        return
    if host:
        yield NamedHost(unit, key, host)
