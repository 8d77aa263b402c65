"""Firmware of the door's controller: `build` makes it, `packages` fetches programs that run it in tests."""

from __future__ import annotations

from functools import partial

from edge.cli import verbs
from edge.cli.verbs import Verb

FIRMWARE = Verb(
    "python tools/firmware",
    "build the firmware of the door's controller",
    verbs=(
        Verb(
            "build",
            "make the UF2 for the RP2040 from packages of Debian 13 (as root)",
            "tools.firmware.build:run",
            "tools.firmware.build:ARGUMENTS",
        ),
        Verb(
            "packages",
            "fetch programs that run the firmware without a controller",
            "tools.firmware.packages:run",
            "tools.firmware.packages:ARGUMENTS",
        ),
    ),
)
main = partial(verbs.main, FIRMWARE)
