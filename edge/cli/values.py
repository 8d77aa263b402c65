"""Values of arguments, read from the words of a command line. Each raises UsageError with its own hint."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge.cli.command.complaints import quoted
from edge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_BYTES: Final = 32  # an Ed25519 public key
_AGO: Final = re.compile(r"([0-9]{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PSEUDONYM: Final = re.compile(r"[0-9a-f]{12}")


def instant(text: str) -> datetime:
    """An aware UTC time. A time without a zone is UTC; `now` is the time of the command line itself."""
    if text == "now":
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:  # a zone may lead out of the years 1 to 9999
        raise UsageError(
            f"{quoted(text)} is not a day or a time", hint="write it as 2026-01-31 or 2026-01-31T18:00Z"
        ) from error


def since(text: str) -> datetime:
    """A day or a time as `instant` takes it, or the time that lies this long ago, such as 2h or 3d."""
    found = _AGO.fullmatch(text)
    if found is None:
        try:
            return instant(text)
        except UsageError as error:
            raise UsageError(
                error.message, hint=f"{error.hint}, or as 2h or 3d for the time until now"
            ) from error
    try:
        return datetime.now(UTC) - timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError as error:
        raise UsageError(f"{quoted(text)} is before the year 1", hint="write it as 2h or 3d") from error


def pseudonym(text: str) -> str:
    """The pseudonym of a card, as records hold it."""
    if not _PSEUDONYM.fullmatch(text):
        raise UsageError(
            f"{quoted(text)} is not a pseudonym of 12 of the digits 0-9 and a-f",
            hint="copy it from the column `card` of: doorward log show",
        )
    return text


def count(text: str) -> int:
    """A number from 1 to 999,999,999."""
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:
        raise UsageError(
            f"{quoted(text)} is not a whole number from 1 to 999999999", hint="write a number such as 20"
        )
    return int(text)


def between(low: float, high: float) -> Callable[[str], float]:
    """The reader of a number from `low` to `high`."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise UsageError(
                f"{quoted(text)} is not a number from {low:g} to {high:g}",
                hint=f"write a number such as {high / 2:g}",
            )
        return value

    return number


def octets(text: str) -> bytes:
    """Bytes in hexadecimal."""
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise UsageError(
            f"{quoted(text)} is not hexadecimal", hint="write two of the digits 0-9 and a-f for each byte"
        ) from error


def public_key(text: str) -> bytes:
    """The 32 bytes of a public key in hexadecimal."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise UsageError(
            f"{quoted(text)} is not a public key of 64 hexadecimal digits",
            hint="copy all 64 digits of the public key",
        )
    return key
