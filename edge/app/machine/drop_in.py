"""systemd drop-ins: the units of a device reach the hosts, devices and folders of its configuration."""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from edge.config.named import RUN, UNITS, NamedHost, devices_of, hosts_of, places_of, units_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.config import Config

STATE: Final = PurePosixPath("/var/lib/doorward")  # StateDirectory= of the units, and the folder of door.toml
DROP_IN: Final = "etc/systemd/system/{unit}.service.d/door.conf"
HIDDEN: Final = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108  by ProtectHome= and PrivateTmp=
_UNIT_FOLDERS: Final = ("etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system")
_OWN: Final = (STATE, PurePosixPath("/run/doorward"))  # StateDirectory= and RuntimeDirectory=
_MAX_NAME_SERVERS: Final = 3  # of glibc
_HEAD: Final = (
    "# Made by `doorward config unit` of door.toml: make it again when a host, device or folder changes."
)


@dataclass(frozen=True, slots=True)
class DropIn:
    """The drop-in of one unit; without text the unit needs none."""

    unit: str
    text: str
    warnings: list[str]


def drop_ins(
    config: Config,
    *,
    look_up: Callable[[str], list[str]] | None = None,
    name_servers: Callable[[], list[str]] | None = None,
) -> list[DropIn]:
    """The drop-in of each unit. `look_up`: the addresses of a host's name, none if it is unknown."""
    used = units_of(config)
    found = []
    for unit in UNITS:
        if unit not in used:
            found.append(DropIn(unit, "", []))
            continue
        warnings: list[str] = []
        hosts = [each for each in hosts_of(config) if each.unit == unit and not each.is_local]
        lines = [
            *_addresses(hosts, unit, look_up or addresses_of, name_servers or name_servers_here, warnings)
        ]
        lines += _devices(config, unit)
        lines += _folders(config, unit, warnings)
        text = "\n".join([_HEAD, "[Service]", *lines, ""]) if lines else ""
        found.append(DropIn(unit, text, warnings))
    return found


def _addresses(
    hosts: list[NamedHost],
    unit: str,
    look_up: Callable[[str], list[str]],
    name_servers: Callable[[], list[str]],
    warnings: list[str],
) -> Iterator[str]:
    if not hosts:
        return
    addresses: list[str] = []
    for each in hosts:
        found = [each.host] if (is_address := _is_address(each.host)) else look_up(each.host)
        yield f"# {each.key}: {_quoted(each.host)}" + ("" if is_address else ", addresses of today")
        if not found:
            yield "# No address is known for this name: make this file again when there is one."
        if not is_address and unit == RUN:  # the others may reach every address
            warnings.append(_about_name(each, found))
        yield from (f"IPAddressAllow={address}" for address in found)
        addresses += found
    if not all(_is_address(each.host) for each in hosts):
        servers = [server for server in name_servers() if not ipaddress.ip_address(server).is_loopback]
        if servers:
            yield "# Name servers of /etc/resolv.conf"
            yield from (f"IPAddressAllow={server}" for server in servers)
        addresses += servers
    if unit == RUN and any(ipaddress.ip_address(each).version == 6 for each in addresses):
        yield "RestrictAddressFamilies=AF_INET6"
    if unit != RUN:
        yield "# This unit may reach every address; IPAddressDeny=any would limit it to those above."


def _about_name(named: NamedHost, found: list[str]) -> str:
    if not found:
        return f"{named.key}: no address of {named.host} is known; check the name, or write an address"
    return f"{named.key}: {named.host} is now {' '.join(found)}; run this again when that changes"


def _devices(config: Config, unit: str) -> Iterator[str]:
    told: set[str] = set()
    for each in devices_of(config):
        is_device = each.device.startswith(("/dev/", "char-"))
        if each.unit == unit and is_device and each.device not in told:
            told.add(each.device)
            yield f"# {each.key}"
            yield f"DeviceAllow={_quoted(each.device)} {each.access}"


def _folders(config: Config, unit: str, warnings: list[str]) -> Iterator[str]:
    told: set[PurePosixPath] = set()
    for each in places_of(config):
        folder = PurePosixPath(os.path.normpath(STATE / each.folder))
        if unit not in each.units or folder in told or any(folder.is_relative_to(own) for own in _OWN):
            continue
        told.add(folder)
        if hidden := next((place for place in HIDDEN if folder.is_relative_to(place)), None):
            warnings.append(
                f"{each.key}: {unit} cannot see {folder}: choose a folder that is not below {hidden}"
            )
            continue
        yield f"# {each.key}"
        # With the - a folder that is missing does not keep the unit from starting.
        yield f"ReadWritePaths={_quoted(f'-{folder}')}"


def unreachable(config: Config, root: Path = Path("/")) -> list[tuple[NamedHost, bool]]:
    """Hosts that no drop-in lists, of the units that reach listed addresses only.

    Beside each host: whether its unit is installed on this machine.
    """
    closed = [unit for unit in UNITS if "IPAddressDeny=any" in _shipped(unit)]
    found = []
    for each in hosts_of(config):
        if each.unit in closed and not each.is_local:
            listed = _listed(each.unit, root)
            if listed is None or each.host not in listed:
                found.append((each, listed is not None))
    return found


def _shipped(unit: str) -> str:
    return files("edge.app").joinpath("system", f"{unit}.service").read_text("utf-8")


def _listed(unit: str, root: Path) -> set[str] | None:
    """All words of the unit's drop-ins; None if the unit is not installed on this machine."""
    folders = [root / folder for folder in _UNIT_FOLDERS]
    if not any((folder / f"{unit}.service").exists() for folder in folders):
        return None
    words: set[str] = set()
    for folder in folders:
        for file in sorted((folder / f"{unit}.service.d").glob("*.conf")):
            text = file.read_text("utf-8", errors="replace")
            words |= set(text.replace("=", " ").replace(",", " ").split())
    return words


def addresses_of(host: str) -> list[str]:
    """The addresses of a host's name now, in order; none if the name is not known."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return sorted({str(address[0]).partition("%")[0] for *_, address in found})


def name_servers_here(file: Path = Path("/etc/resolv.conf")) -> list[str]:
    """The name servers of this machine."""
    try:
        lines = file.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    words = [line.split() for line in lines]
    named = [each[1].partition("%")[0] for each in words if len(each) > 1 and each[0] == "nameserver"]
    return [each for each in named if _is_address(each)][:_MAX_NAME_SERVERS]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _quoted(path: str) -> str:
    """A path as a unit file takes it: % begins a specifier, a blank ends a word, a line end a setting."""
    if path.isascii() and all(letter.isalnum() or letter in "/._-:+@," for letter in path):
        return path
    escaped = "".join(
        letter
        if letter.isprintable() and letter not in '"\\'
        else "".join(f"\\x{byte:02x}" for byte in letter.encode())
        for letter in path
    )
    return f'"{escaped.replace("%", "%%")}"'
