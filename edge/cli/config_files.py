"""Checks the files, folders and secrets that a configuration names, on this machine."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from edge.app.machine.drop_in import unreachable
from edge.app.machine.installed import missing_models, missing_parts
from edge.app.parts.keys import read_seed
from edge.app.parts.model_folders import model_folders
from edge.app.parts.strike import LINK_KEY_BYTES, OSDP_KEY_BYTES, door_key
from edge.config.authorities import authorities
from edge.config.named import places_of
from edge.errors import ConfigError, EdgeError
from edge.files.owner import user_name
from edge.secret_file import read_password, read_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.config import Config

MAX_SECRET_BYTES = 1_024  # a password, or a key of 32 bytes
MAX_PEM_BYTES = 64 * 1024  # a private key of 16 kbit takes 13 kB


def findings(config: Config, base: Path) -> list[EdgeError]:
    """All problems of this configuration on this machine; the check opens no device and makes no file."""
    return [
        *_secrets(config, base),
        *_files(config, base),
        *_folders(config, base),
        *_rights(config, base),
        *missing_parts(config, base),
        *_permits(config, base),
    ]


def host_notes(config: Config) -> tuple[list[EdgeError], list[EdgeError]]:
    """Hosts that the service cannot reach: those of an installed unit, and those of a unit that may come."""
    sure: list[EdgeError] = []
    maybe: list[EdgeError] = []
    for each, is_installed in unreachable(config):
        message = (
            f"{each.key}: {each.unit}.service reaches localhost only, and {each.host} is another machine"
        )
        hint = "let the unit reach it: sudo doorward config unit --to / door.toml"
        (sure if is_installed else maybe).append(ConfigError(message, hint=hint))
    return sure, maybe


def _secrets(config: Config, base: Path) -> Iterator[EdgeError]:
    for each in authorities(config):
        yield from _secrets_of(each, base)
    if config.strike.kind in ("controller", "wiegand", "osdp"):
        size = OSDP_KEY_BYTES if config.strike.kind == "osdp" else LINK_KEY_BYTES
        yield from _tried(lambda: door_key(base / config.strike.key, size))
    if config.mqtt.host and config.mqtt.password_file:
        password = base / config.mqtt.password_file
        yield from _tried(lambda: read_password(password))
    if config.door.venue == "library":
        library = config.library
        own = library.key if _there(base / library.key) else None  # else the first start makes it
        for name in (library.password_file, library.terminal_password_file, own):
            if name is not None:
                yield from _readable(base / name)


def _secrets_of(config: Config, base: Path) -> Iterator[EdgeError]:
    """Problems of the keys that each authority has."""
    seed = base / config.device.key
    if _there(seed):  # else the first start makes one
        yield from _tried(lambda: read_seed(seed))
    if config.hub.url and config.hub.cert_key:
        key = base / config.hub.cert_key
        yield from _tried(lambda: read_secret(key, "the hub's private key", limit=MAX_PEM_BYTES))


def _readable(secret: Path) -> Iterator[EdgeError]:
    yield from _tried(lambda: read_secret(secret, "the library's secret", limit=MAX_SECRET_BYTES))


def _files(config: Config, base: Path) -> Iterator[EdgeError]:
    """Problems of files that the device reads at its start."""
    own, *joint = authorities(config)
    wanted = {
        "face.calibration": (config.face.calibration, "make the file: doorward face calibrate"),
        "hub.ca": (config.hub.ca if config.hub.url else None, "ask the operator of the hub for this file"),
        "hub.cert": (
            config.hub.cert if config.hub.url else None,
            "ask the operator of the hub for this file",
        ),
        "mqtt.ca": (
            config.mqtt.ca if config.mqtt.host else None,
            "ask the operator of the broker for this file",
        ),
        "request.certificate": (
            config.request.certificate,
            "ask an issuer to make it: doorward-issuer certify",
        ),
        "library.ca": (
            config.library.ca if config.door.venue == "library" else None,
            "ask the operator of the library system for this file",
        ),
        "desk.key": (
            config.desk.key if config.door.venue == "desk" else None,
            "make the pair of keys: doorward desk key",
        ),
        "check.host_key": (
            config.check.host_key if config.door.venue == "check" else None,
            "ask the host for its public key; the host makes it with: doorward desk key",
        ),
        "sync.root": (_first_root(own, base), "copy metadata/1.root.json of the repository to this path"),
    }
    for other in joint:
        is_synced = other.sync.url or other.sync.baked
        wanted |= {
            "lane.other_trust": (
                None if is_synced else other.paths.trust,
                "set [lane] other_sync_url, or copy the other authority's trust folder there",
            ),
            "lane.other_sync_root": (
                _first_root(other, base),
                "copy metadata/1.root.json of the other authority's repository to this path",
            ),
            "lane.other_hub_ca": (
                other.hub.ca if other.hub.url else None,
                "ask the operator of that hub for this file",
            ),
            "lane.other_hub_cert": (
                other.hub.cert if other.hub.url else None,
                "ask the operator of that hub for this file",
            ),
        }
    for key, (name, hint) in wanted.items():
        if name is not None and not _there(base / name):
            yield ConfigError(f"{_key(key)}: {base / name}: no such file", hint=hint)


def _first_root(config: Config, base: Path) -> str | None:
    """The path of the first root metadata, if the device has no later one yet."""
    has_begun = _there(base / config.paths.state / "tuf" / "root_history")
    return config.sync.root if config.sync.url and not has_begun else None


def _folders(config: Config, base: Path) -> Iterator[EdgeError]:
    named = [("device.key", config.device.key), ("paths.journal", config.paths.journal)]
    for other in authorities(config)[1:]:
        named += [("lane.other_key", other.device.key), ("lane.other_journal", other.paths.journal)]
    for key, name in named:
        folder = (base / name).parent
        if not os.path.isdir(folder):  # noqa: PTH112  Path.is_dir raises for what can be no name
            yield ConfigError(f"{_key(key)}: {folder}: no such folder", hint=f"make it: mkdir -p {folder}")
    trust = base / config.paths.trust
    if not _there(trust) and config.sync.url is None and config.sync.baked is None:
        yield ConfigError(
            f"[paths] trust: {trust}: no such folder",
            hint="set [sync] url, or make the folder: doorward-issuer publish",
        )
    models = base / config.paths.models if config.paths.models else model_folders().models
    comes = config.sync.models and not config.paths.models
    if config.door.face != "none" and not comes and not _there(models / "manifest.toml"):
        yield ConfigError(
            f'[door] face = "{config.door.face}" needs models, and {models} has none',
            hint="run: doorward models fetch; or set [paths] models to their folder",
        )
    elif config.door.face != "none" and not (comes and not _there(trust / "models" / "manifest.toml")):
        calibration = config.face.calibration
        if calibration is None or _there(base / calibration):  # else it is told already
            yield from missing_models(config, base)


def _rights(config: Config, base: Path) -> Iterator[EdgeError]:
    """Problems of folders that this user cannot write, and of files that root has made for itself."""
    for place in places_of(config):
        folder = base / place.folder
        if os.path.isdir(folder):  # noqa: PTH112  Path.is_dir raises for what can be no name
            yield from _rights_of(place.key, folder, base / place.path, is_folder=place.is_folder)


def _rights_of(key: str, folder: Path, path: Path, *, is_folder: bool) -> Iterator[EdgeError]:
    if not os.access(folder, os.W_OK | os.X_OK):
        hint = f"run this as the service's user, or give the folder to it: sudo chown doorward: {folder}"
        yield ConfigError(f"{key}: {folder}: this user cannot write there", hint=hint)
        return
    with suppress(OSError, ValueError):
        names = os.listdir(folder)  # noqa: PTH208  names only
        if not is_folder:  # a database has more files beside it, such as its -wal
            names = [name for name in names if name.startswith(path.name)]
        owner = os.stat(folder).st_uid  # noqa: PTH116  pathlib raises for what can be no name
        foreign = [
            name for name in names if os.lstat(folder / name).st_uid not in (owner, os.geteuid() or -1)
        ]
        if foreign:
            who = user_name(os.lstat(folder / foreign[0]).st_uid)
            hint = f"give it to that user: sudo chown -R --reference={folder} {folder / foreign[0]}"
            what = f"{folder / foreign[0]} belongs to {who}, and its folder to {user_name(owner)}"
            yield ConfigError(f"{key}: {what}", hint=hint)


def _permits(config: Config, base: Path) -> Iterator[EdgeError]:
    permits = config.permits
    if permits.rules is None or config.door.venue != "door":
        return
    from edge.app.venues.door import (  # only a door with rules pays for it
        read_rules,
        site_key,
    )

    rules, key = base / permits.rules, base / permits.key
    yield from _tried(lambda: read_rules(rules, config.door.site))
    if _there(base / permits.people):  # else the first start makes a key
        yield from _tried(lambda: site_key(key, may_make=False))


def _key(name: str) -> str:
    """The name of a key as errors write it: `[table] key`."""
    table, _, key = name.partition(".")
    return f"[{table}] {key}"


def _tried(read: Callable[[], object]) -> Iterator[EdgeError]:
    try:
        read()
    except EdgeError as error:
        yield error


def _there(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110  Path.exists raises for what can be no name
