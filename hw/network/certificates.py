"""Certificates that a connection over TLS believes."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def trust(ca: Path | None, setting: str) -> ssl.SSLContext:
    """Certificates to believe: those in a PEM file, or the system's. Raises ConfigError.

    `setting`: where the file is named, as in "[hub] ca".
    """
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as err:
        raise ConfigError(
            f"{ca}: no certificates in it that can be read", hint=f"{setting}: a PEM file"
        ) from err
