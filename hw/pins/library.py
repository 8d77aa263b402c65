"""Imports gpiozero, and gives it the pin factory over libgpiod unless the operator chose another one.

GPIOZERO_PIN_FACTORY names that other one. lgpio, one of them, makes a pipe, .lgd-nfy0, in the current
folder when it is imported. Where it cannot, as in a read-only folder, its import fails, and no pin works.
LG_WD names another folder.
"""

from __future__ import annotations

import atexit
import errno
import os
import shutil
import tempfile
from typing import TYPE_CHECKING, Any, Final

from edge.errors import EdgeError

if TYPE_CHECKING:
    from types import ModuleType

CHOSEN: Final = "GPIOZERO_PIN_FACTORY"
FOLDER: Final = "LG_WD"


def gpiozero_library() -> ModuleType:
    """The module gpiozero. Raises ImportError if it is not installed."""
    if FOLDER not in os.environ:
        folder = tempfile.mkdtemp(prefix="doorward-pins-")  # of this user alone, unlike /tmp itself
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ[FOLDER] = folder  # C code reads it too: os.environ calls setenv
    import gpiozero  # only a device with pins has it

    return gpiozero  # type: ignore[no-any-return]


def pin_factory() -> Any:  # noqa: ANN401  gpiozero has no types
    """The one factory of this process, for all its pins, or None: gpiozero makes the one that is chosen.

    Without gpiod it makes the first of its own that works. gpiozero closes the factory when the program ends.
    Raises ConfigError if this machine has no pins.
    """
    gpiozero = gpiozero_library()
    if gpiozero.Device.pin_factory is None and not os.environ.get(CHOSEN):
        try:
            from hw.pins.factory import GpiodFactory
        except ImportError:  # gpiod is not installed
            return None
        gpiozero.Device.pin_factory = GpiodFactory()
    return gpiozero.Device.pin_factory


def advice(err: Exception) -> str:
    """The hint for a pin that could not be opened, from the error of its factory."""
    if isinstance(err, EdgeError) and err.hint:
        return err.hint
    if isinstance(err, OSError) and err.errno == errno.EBUSY:
        return "another program holds this pin: gpioinfo shows which"
    from gpiozero.exc import BadPinFactory  # as gpiozero_library

    if isinstance(err, BadPinFactory):
        return "pip install 'doorward[pi]'"
    return "give each lamp, lock and sensor a pin of its own, GPIO0 to GPIO27"
