"""The log of a device: one JSON object a line on standard error, for whoever watches the service.

Standard output belongs to the rows of a command. The lines are structlog's, which the hub writes with; the
library itself brings an event loop and a syntax highlighter, 8 MB that every door would carry for them.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal


def log_line(event: str, *, level: Literal["info", "warning", "error"] = "info", **more: object) -> None:
    """Write it, if anybody still reads: a log that has gone stops no door."""
    row = {**more, "event": event, "level": level, "timestamp": datetime.now(UTC).isoformat()}
    with suppress(OSError, ValueError):  # the latter for a stream that was closed
        sys.stderr.write(json.dumps(row, default=str) + "\n")  # in one piece, whichever thread it comes from
        sys.stderr.flush()
