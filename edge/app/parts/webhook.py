"""Opens a webhook: the transport to one web address, signed with the device's key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from edge.app.parts.keys import device_seed
from edge.app.parts.network import open_post
from edge.delivery.carriers import Webhook

if TYPE_CHECKING:
    from pathlib import Path

    from edge import config


def open_webhook(
    root: config.Config,
    base: Path,
    url: str,
    *,
    ca: Path | None,
    only_ok: bool = False,
    content_type: str = "application/json",
) -> Webhook:
    """The transport to one address, signed with the device's key. Raises ConfigError, StorageFault."""
    key = SigningKey(device_seed(base / root.device.key))
    return webhook_to(url, root.device.id, key, ca=ca, only_ok=only_ok, content_type=content_type)


def webhook_to(
    url: str,
    sender: str,
    key: SigningKey,
    *,
    ca: Path | None,
    only_ok: bool = False,
    content_type: str = "application/json",
    whole_s: float | None = None,
) -> Webhook:
    """The transport to one address, signed with `key` of `sender`. Raises ConfigError.

    `whole_s`: the longest time of one request; None: that of a large batch.
    """
    place, _, path = url.rpartition("/")
    if place.endswith("/"):  # https://host without a path
        place, path = url, ""
    post = open_post(place, ca=ca, cert=None, key=None, whole_s=whole_s)
    return Webhook(post, path, sender, key, content_type=content_type, only_ok=only_ok)
