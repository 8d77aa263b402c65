"""The version of this program, as records carry it, and the time at which its image was built."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files

EPOCH = datetime.fromtimestamp(0, UTC)


def software_version() -> str:
    """The installed version; "0" in a checkout that is not installed."""
    try:
        return version("doorward")
    except PackageNotFoundError:
        return "0"


def built_at() -> datetime:
    """The time at which the image of this device was built; 1970 if no image names it.

    The maker of an image writes the time into `edge/built.txt`, as `2026-11-22T06:00:00Z`: the true time on a
    device that runs it is never earlier.
    """
    try:
        return instant(files("edge").joinpath("built.txt").read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        return EPOCH


def instant(text: str) -> datetime:
    """A time with its zone, in UTC; 1970 for any other text, so that it counts for nothing."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return max(moment.astimezone(UTC), EPOCH) if moment.tzinfo else EPOCH
    except (ValueError, OverflowError):
        return EPOCH
