"""The tables of the network: sync brings trust, records go to the hub, MQTT tells status, metrics count."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.config.sections.base import FilePath, HostName, Table, Url


class SyncConfig(Table, frozen=True):
    """Sync: the source of keys, lists and models."""

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


class HubConfig(Table, frozen=True):
    """The hub, which receives the records."""

    url: Url | None = None
    """Base address of the hub; left out: records stay here."""
    ca: FilePath | None = None
    """Certificates to believe in place of the system's."""
    cert: FilePath | None = None
    """This device's certificate for mutual TLS, with `cert_key`."""
    cert_key: FilePath | None = None
    """Its private key, mode 0600."""


class MqttConfig(Table, frozen=True):
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


class MetricsConfig(Table, frozen=True):
    """Numbers for Prometheus, without names."""

    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    """Serve /metrics on this port of the loopback interface; left out: not at all."""
