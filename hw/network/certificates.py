"""Certificates that a connection over TLS trusts."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def trust(ca: Path | None, setting: str) -> ssl.SSLContext:
    """The certificates to trust: those in a PEM file, or the system's. Raises ConfigError.

    `setting`: the setting that names the file, such as "[hub] ca".
    """
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as err:
        raise ConfigError(
            f"{setting}: {ca} holds no certificate that can be read", hint="name a PEM file with certificates"
        ) from err
