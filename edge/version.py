"""The version of this program, as records carry it."""

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
    """When the image was built that this program came with; 1970 where it did not come with one.

    Whoever builds an image writes the time into `edge/built.txt`, as `2026-11-22T06:00:00Z`: no clock of a
    device that runs it can honestly be earlier.
    """
    try:
        return instant(files("edge").joinpath("built.txt").read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        return EPOCH


def instant(text: str) -> datetime:
    """A time with its zone, in UTC; 1970 for a text that says nothing sensible, which then says nothing."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return max(moment.astimezone(UTC), EPOCH) if moment.tzinfo else EPOCH
    except (ValueError, OverflowError):
        return EPOCH
