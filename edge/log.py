"""The log of a device: one JSON object a line on standard error, for the operator of the service.

On a terminal a line is words: `signal: look here`, for a technician who works the door by hand.

No text from outside belongs in it: no words of a screen (`edge/screen_text.py` makes them unprintable), no
scanned code, no message of another system, no name of a file that another user chose.

Standard output is for the rows of a command. The lines have the form of structlog, which the hub uses. The
library itself is not used here: it needs an event loop and a syntax highlighter, 8 MB on every door.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN: Final = {"show", "state", "kind", "error", "why"}  # their values say it all


def log_line(event: str, *, level: Literal["info", "warning", "error"] = "info", **more: object) -> None:
    """Write a line. A closed stream is ignored, because a door must not stop for its log."""
    row = {**more, "event": event, "level": level, "timestamp": datetime.now(UTC).isoformat()}
    with suppress(OSError, ValueError):  # ValueError: the stream is closed
        text = _words(event, level, more) if sys.stderr.isatty() else json.dumps(row, default=str)
        sys.stderr.write(text + "\n")  # one write, so that threads do not mix lines
        sys.stderr.flush()


def _words(event: str, level: str, more: Mapping[str, object]) -> str:
    """A line for a person; a character that a terminal would obey is escaped."""
    values = [
        _harmless(value) if key in _PLAIN else f"{key.replace('_', ' ')} {_harmless(value)}"
        for key, value in more.items()
        if value not in (None, "", [], ())
    ]
    return f"{'' if level == 'info' else level + ': '}{event}: {', '.join(values)}"


def _harmless(value: object) -> str:
    value = " ".join(map(str, value)) if isinstance(value, list | tuple) else value
    return json.dumps(str(value))[1:-1].replace('\\"', '"')
