"""The log of a device: one JSON object a line on standard error, for the operator of the service.

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
from typing import Literal


def log_line(event: str, *, level: Literal["info", "warning", "error"] = "info", **more: object) -> None:
    """Write a line. A closed stream is ignored, because a door must not stop for its log."""
    row = {**more, "event": event, "level": level, "timestamp": datetime.now(UTC).isoformat()}
    with suppress(OSError, ValueError):  # ValueError: the stream is closed
        sys.stderr.write(json.dumps(row, default=str) + "\n")  # one write, so that threads do not mix lines
        sys.stderr.flush()
