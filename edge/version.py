"""The version of this program, as records carry it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def software_version() -> str:
    """The installed version; "0" in a checkout that is not installed."""
    try:
        return version("doorward")
    except PackageNotFoundError:
        return "0"
