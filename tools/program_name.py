"""Names of the office's commands: `doorward-hub` installed, `python tools/hub` as a file of a checkout."""

from __future__ import annotations

import sys
from pathlib import Path


def program_name(tool: str) -> str:
    """The command that runs now, as a shell would repeat it."""
    installed = f"doorward-{tool}"
    return installed if Path(sys.argv[0]).name == installed else f"python tools/{tool}"


def with_program_name(text: str | None, tool: str) -> str:
    """A help text whose examples name the command that runs now."""
    name = program_name(tool)
    return (text or "").replace(f"python tools/{tool}", name).replace(f"doorward-{tool}", name)
