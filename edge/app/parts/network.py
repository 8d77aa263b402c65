"""Opens connections to a trust repository, a hub and a broker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.errors import ConfigError
from edge.secret_file import read_password

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge.config import MqttConfig
    from edge.ports import Broker, MqttMessage, Post, Source


def open_web_source(url: str) -> Source:
    """A trust repository on a web server."""
    from hw.network.http import HttpSource

    return HttpSource(url)


def open_folder_source(folder: Path) -> Source:
    """A trust repository in a folder, as on a USB stick."""
    from hw.network.folder import FolderSource

    return FolderSource(folder)


def open_post(
    url: str, *, ca: Path | None, cert: Path | None, key: Path | None, whole_s: float | None = None
) -> Post:
    """The connection to a hub, with optional PEM files for TLS. Raises ConfigError.

    `whole_s`: the longest time of one request; None: that of a large batch.
    """
    from hw.network.post_http import Credentials, HttpPost, PostTimeouts

    timeouts = None if whole_s is None else PostTimeouts(whole_s=whole_s)
    return HttpPost(url, Credentials(ca, cert, key), timeouts=timeouts)


def open_broker(
    mqtt: MqttConfig,
    base: Path,
    *,
    client_id: str,
    will: MqttMessage,
    topics: Sequence[str],
    watched: Sequence[str] = (),
) -> Broker:
    """The broker of a configuration, also if it does not answer now. Raises ConfigError, StorageFault.

    `watched`: topics whose retained messages are heard too.
    """
    from hw.network.mqtt_paho import Address, PahoBroker

    assert mqtt.host is not None
    if mqtt.user is not None and not mqtt.tls:
        raise ConfigError(
            "[mqtt] user needs tls = true: without it the password is sent unencrypted",
            hint="set tls = true, or delete user",
        )
    password = read_password(base / mqtt.password_file) if mqtt.password_file else None
    ca = base / mqtt.ca if mqtt.ca else None
    address = Address(mqtt.host, mqtt.port, tls=mqtt.tls, ca=ca, user=mqtt.user, password=password)
    return PahoBroker(address, client_id=client_id, will=will, subscriptions=topics, watched=watched)
