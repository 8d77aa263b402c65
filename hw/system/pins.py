"""Imports gpiozero, which drives the pins of a board, with a folder for the files of its driver lgpio.

lgpio makes a pipe, .lgd-nfy0, in the current folder when it is imported. Where it cannot, as in a read-only
folder, its import fails, and no pin works. LG_WD names another folder.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

VARIABLE: Final = "LG_WD"


def gpiozero_library() -> ModuleType:
    """The module gpiozero. Raises ImportError if it is not installed."""
    if VARIABLE not in os.environ:
        folder = tempfile.mkdtemp(prefix="doorward-pins-")  # of this user alone, unlike /tmp itself
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ[VARIABLE] = folder  # C code reads it too: os.environ calls setenv
    import gpiozero  # only a device with pins has it

    return gpiozero  # type: ignore[no-any-return]
