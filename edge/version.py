"""The version of this program, as records carry it, and the time at which its image was built."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

_PACKAGE = Path(__file__).parent
_WHEEL = "doorward-", ".dist-info"  # the folder that pip makes beside the package, around the version
_CHECKOUT = 'version = "'
EPOCH = datetime.fromtimestamp(0, UTC)


def software_version() -> str:
    """The version that is installed, or that of a checkout; "0" if neither is found.

    `importlib.metadata` gives the same for 15 ms of CPU and 2 MB, at every start of a device.
    """
    return version_beside(_PACKAGE)


def version_beside(package: Path) -> str:
    """The version of a package, by the files beside its folder."""
    before, after = _WHEEL
    for folder in package.parent.glob(f"{before}*{after}"):
        return folder.name.removeprefix(before).removesuffix(after)
    try:
        lines = (package.parent / "pyproject.toml").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return "0"
    return next((line.split('"')[1] for line in lines if line.startswith(_CHECKOUT)), "0")


def built_at() -> datetime:
    """The time at which the image of this device was built; 1970 if no image names it.

    The maker of an image writes the time into `edge/built.txt`, as `2026-11-22T06:00:00Z`: the true time on a
    device that runs it is never earlier.
    """
    try:
        return instant((_PACKAGE / "built.txt").read_text("ascii"))
    except (OSError, UnicodeDecodeError):
        return EPOCH


def instant(text: str) -> datetime:
    """A time with its zone, in UTC; 1970 for any other text, so that it counts for nothing."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return max(moment.astimezone(UTC), EPOCH) if moment.tzinfo else EPOCH
    except (ValueError, OverflowError):
        return EPOCH
