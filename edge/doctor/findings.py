"""What a check of the doctor says: well, or one of the numbered troubles of CHECKS.md.

A number is never given to another trouble, also when its own is no longer looked for: technicians write
them down, and scripts wait for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """How bad it is."""

    OK = "OK"
    WARN = "WARN"  # the door works; somebody should look
    ERROR = "ERROR"  # the door does not do its job, or will not for long


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. `number` is 0 where all is well; `name` is the check's."""

    number: int
    name: str
    level: Level
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One numbered thing that can be wrong; `meaning` is its sentence in CHECKS.md."""

    number: int
    name: str
    level: Level
    meaning: str

    def found(self, text: str, hint: str) -> Finding:
        """This trouble, as it is here; the hint says what to do."""
        return Finding(self.number, self.name, self.level, text, hint)


def well(name: str, text: str) -> Finding:
    """Nothing is wrong with this, or this machine has no such thing."""
    return Finding(0, name, Level.OK, text)


def absent(name: str) -> Finding:
    """This machine has no such thing, and needs none."""
    return well(name, "not on this machine")


def worst(findings: list[Finding]) -> Level:
    """The worst level among these; OK where there are none."""
    return max((finding.level for finding in findings), key=list(Level).index, default=Level.OK)


_E, _W = Level.ERROR, Level.WARN

CONFIG_WRONG: Final = Trouble(11, "config", _E, "the configuration cannot be read")
SECRET_OPEN: Final = Trouble(12, "config", _E, "others can read a secret of this device")
SECRET_MISSING: Final = Trouble(13, "config", _W, "a secret that is named is not there")
SECRET_UNREAD: Final = Trouble(14, "config", _E, "a secret cannot be read, or is no file")
CAMERA_FAULT: Final = Trouble(20, "camera", _E, "the camera does not open, or gives no frames")
CAMERA_SLOW: Final = Trouble(21, "camera", _W, "it gives less than two thirds of the frames asked for")
CAMERA_BLACK: Final = Trouble(22, "camera", _E, "its picture is black")
CAMERA_SATURATED: Final = Trouble(23, "camera", _E, "its picture is white")
CAMERA_DIM: Final = Trouble(24, "camera", _W, "the brightest parts of its picture are below 80 of 255")
CARD_SMALL: Final = Trouble(26, "focus", _E, "a phone's code would have less than 2.5 pixels a module")
CARD_SCANT: Final = Trouble(27, "focus", _W, "a phone's code would have less than 3 pixels a module")
CARD_SOFT: Final = Trouble(
    28, "focus", _W, "edges on the test card are wider than a module of a phone's code"
)
SCANNER_FAULT: Final = Trouble(31, "scanner", _E, "the scanner does not open, or cannot be understood")
DOOR_FAULT: Final = Trouble(41, "door", _E, "what moves the lock cannot be reached")
DOOR_STATE: Final = Trouble(
    42, "door", _E, "the controller reports a fault, fire, tampering or a forced door"
)
DOOR_OPEN: Final = Trouble(43, "door", _W, "the contact says that the door is open")
DOOR_SIM: Final = Trouble(44, "door", _W, "the door is simulated: no lock moves")
DOOR_MODE: Final = Trouble(45, "door", _W, "the door is locked down, or free")
STRIKE_FAULT: Final = Trouble(46, "strike", _E, "the strike was not released when asked")
CONTACT_DEAD: Final = Trouble(
    47, "strike", _W, "the contact told of no opening while the strike was released"
)
SIGNALS_FAULT: Final = Trouble(48, "signals", _E, "lamps or sounds that are configured cannot be had")
SOUND_FAULT: Final = Trouble(49, "signals", _W, "the sound card plays nothing")
CLOCK_SUSPECT: Final = Trouble(51, "clock", _E, "the clock is refuted by a signed or a stored time")
RTC_MISSING: Final = Trouble(52, "clock", _W, "no clock runs on through a power cut")
RTC_BATTERY: Final = Trouble(53, "clock", _W, "the battery of the clock is low, missing, or not charged")
SYNC_OLD: Final = Trouble(54, "clock", _W, "the clock has run on its own for more than 30 days")
DISK_READ_ONLY: Final = Trouble(60, "storage", _E, "the disk is read-only, or a file cannot be written")
DISK_FULL: Final = Trouble(61, "storage", _E, "less than 50 MB are free")
DISK_SCANT: Final = Trouble(62, "storage", _W, "less is free than [journal] spare_mb")
DISK_SLOW: Final = Trouble(63, "storage", _W, "a record takes more than 200 ms to become durable")
DISK_ERRORS: Final = Trouble(64, "storage", _E, "the file system has counted errors")
DISK_WORN: Final = Trouble(65, "storage", _W, "the card says that it has used up most of its life")
MODELS_WRONG: Final = Trouble(
    71, "models", _E, "a model, or the site's calibration, is missing, altered or foreign"
)
MODELS_SLOW: Final = Trouble(72, "models", _W, "finding a face in one frame takes more than 300 ms")
TRUST_WRONG: Final = Trouble(75, "trust", _E, "the trust folder is missing or broken")
TRUST_STAFF: Final = Trouble(76, "trust", _E, "something is so old that staff decide")
TRUST_STEP_UP: Final = Trouble(77, "trust", _W, "something is so old that every visitor steps up")
TRUST_AGEING: Final = Trouble(78, "trust", _W, "something is ageing or stale, though cards still pass")
ISSUERS_NONE: Final = Trouble(79, "trust", _E, "no issuer is in force: every card is refused")
JOURNAL_BROKEN: Final = Trouble(81, "journal", _E, "the journal is broken, or is not this device's")
JOURNAL_UNREAD: Final = Trouble(82, "journal", _W, "the journal cannot be read now")
NETWORK_SILENT: Final = Trouble(85, "network", _W, "a server that is configured cannot be reached")
CERTIFICATE_WRONG: Final = Trouble(
    87, "request", _E, "the certificate of the door's screen is missing, foreign, or over"
)
CERTIFICATE_ENDS: Final = Trouble(
    88, "request", _W, "the certificate of the door's screen ends within 14 days"
)
HOT: Final = Trouble(91, "heat", _W, "the processor is above 75 degrees")
VERY_HOT: Final = Trouble(92, "heat", _E, "the processor is above 82 degrees, or slowed down by heat")
HAS_BEEN_HOT: Final = Trouble(93, "heat", _W, "the processor was slowed down by heat since the start")
POWER_LOW: Final = Trouble(95, "power", _E, "the supply voltage is too low now")
POWER_WAS_LOW: Final = Trouble(96, "power", _W, "the supply voltage was too low since the start")
MEMORY_SCANT: Final = Trouble(98, "memory", _W, "less than 100 MB of memory are available")

TROUBLES: Final = tuple(value for value in tuple(globals().values()) if isinstance(value, Trouble))
