"""The tables of the network: sync (trust), hub (records), MQTT (status) and metrics (Prometheus)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.config.sections.base import FilePath, HostName, Table, Url

TopicName = Annotated[
    str,
    Meta(pattern=r"\A[a-z0-9][a-z0-9/_-]*\Z", max_length=100, description="a topic of a-z, 0-9, /, _ and -"),
]


class SyncConfig(Table, frozen=True):
    """Sync: the source of issuer keys, status lists and models."""

    url: Url | None = None
    """Base address of the trust repository; left out: only `doorward sync --from DIR`."""
    root: FilePath = "root.json"
    """First root metadata of that repository; copy it by hand from a source that you trust."""
    baked: FilePath | None = None
    """Copy of the repository in the image, for a first start without a network."""
    every_min: Annotated[int, Meta(ge=1, le=1_440)] = 15
    """Minutes between two syncs of `doorward sync --watch`."""
    max_mb: Annotated[int, Meta(ge=1, le=4_096)] = 512
    """Maximum download of one sync, in MB."""
    models: bool = False
    """Download models from the repository too; they are used from the next start on."""


class HubConfig(Table, frozen=True):
    """The hub, which receives the records."""

    url: Url | None = None
    """Base address of the hub; left out: records stay on this device."""
    ca: FilePath | None = None
    """File of CA certificates to trust for the hub; left out: those of the operating system."""
    cert: FilePath | None = None
    """This device's certificate for mutual TLS; needs `cert_key`."""
    cert_key: FilePath | None = None
    """Private key of that certificate, mode 0600."""


class MqttConfig(Table, frozen=True):
    """An optional MQTT broker: online state, status, and the command "sync". Its messages carry no trust."""

    host: HostName | None = None
    """Name of the broker; left out: no MQTT."""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 8_883
    """TCP port of the broker: 8883 with TLS, 1883 without."""
    tls: bool = True
    """Encrypt the connection, and check the broker's certificate."""
    ca: FilePath | None = None
    """File of CA certificates to trust for the broker; left out: those of the operating system."""
    user: Annotated[str, Meta(max_length=100)] | None = None
    """User name, if the broker requires one."""
    password_file: FilePath | None = None
    """File with the password of that user, mode 0600."""
    topic: TopicName = "doorward"
    """First part of all topics: <topic>/<device id>/..."""
    home_assistant: bool = False
    """Announce the device to Home Assistant."""
    commands: bool = False
    """Accept the command "sync" from the broker. No command can open a door."""
    staff: bool = True
    """Publish each message to staff, duress in clear, on <topic>/<device id>/staff, for staff only."""


class MetricsConfig(Table, frozen=True):
    """Metrics for Prometheus; they hold no names."""

    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    """Serve /metrics on this TCP port of the loopback interface; left out: no metrics."""
