"""The version of this program, as records carry it."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files


def software_version() -> str:
    """The installed version; "0" in a checkout that is not installed."""
    try:
        return version("doorward")
    except PackageNotFoundError:
        return "0"


def built_at() -> datetime:
    """When the image was built that this program came with; 1970 where it did not come with one.

    Whoever builds an image writes the time into `edge/built.txt`, as `2026-11-22T06:00:00Z`: no clock of a
    device that runs it can honestly be earlier. A file that says nothing sensible says nothing.
    """
    try:
        moment = datetime.fromisoformat(files("edge").joinpath("built.txt").read_text("ascii").strip())
    except (OSError, ValueError, OverflowError):
        return datetime.fromtimestamp(0, UTC)
    return moment.astimezone(UTC) if moment.tzinfo else datetime.fromtimestamp(0, UTC)
