"""The findings of the doctor: `ok`, `skipped`, or one of the numbered problems of CHECKS.md.

A number always means one problem, even after its check is removed: technicians write numbers down, and
scripts rely on them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


class Severity(StrEnum):
    """The severity of a finding."""

    SKIPPED = "SKIP"  # not checked: the part is not there, or the check needs more
    OK = "OK"
    WARN = "WARN"  # the door works; a technician should look
    ERROR = "ERROR"  # the door does not work, or will fail soon


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor. `number` is 0 for OK and SKIP; `name` is that of the check."""

    number: int
    name: str
    level: Severity
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One numbered fault that a check can find; `meaning` is its sentence in CHECKS.md."""

    number: int
    name: str
    level: Severity
    meaning: str

    def found(self, text: str, hint: str) -> Finding:
        """This problem as it was found; the hint says what to do."""
        return Finding(self.number, self.name, self.level, text, hint)


def ok(name: str, text: str) -> Finding:
    """A finding without a problem."""
    return Finding(0, name, Severity.OK, text)


def skipped(name: str, why: str, hint: str = "") -> Finding:
    """A check that was not made, and why; the hint says how to make it."""
    return Finding(0, name, Severity.SKIPPED, why, hint)


def absent(name: str) -> Finding:
    """The finding for a part that this machine does not have and does not need."""
    return skipped(name, "not on this machine")


def summary(findings: Sequence[Finding]) -> str:
    """One line with the number of findings of each level, and why checks were skipped."""
    count = Counter(finding.level for finding in findings)
    checks: dict[str, list[str]] = {}
    for each in findings:
        if each.level is Severity.SKIPPED:
            checks.setdefault(each.text, []).append(each.name)
    why = [f"{', '.join(names)} ({text})" for text, names in checks.items()]
    numbers = (
        f"{count[Severity.OK]} passed",
        f"{count[Severity.WARN]} warning{'s' * (count[Severity.WARN] != 1)}",
        f"{count[Severity.ERROR]} failed",
        f"{count[Severity.SKIPPED]} skipped" + (f": {', '.join(why)}" if why else ""),
    )
    return ", ".join(numbers)


def worst(findings: list[Finding]) -> Severity:
    """The worst level among these; OK if there are none."""
    return max((finding.level for finding in findings), key=list(Severity).index, default=Severity.OK)


_E, _W = Severity.ERROR, Severity.WARN

CONFIG_WRONG: Final = Problem(11, "config", _E, "the configuration cannot be read")
SECRET_OPEN: Final = Problem(12, "config", _E, "other users can read a secret of this device")
SECRET_MISSING: Final = Problem(13, "config", _W, "a secret that the configuration names is missing")
SECRET_UNREAD: Final = Problem(14, "config", _E, "a secret cannot be read, or is not a file")
CAMERA_FAULT: Final = Problem(20, "camera", _E, "the camera cannot be opened, or gives no frames")
CAMERA_SLOW: Final = Problem(21, "camera", _W, "the camera gives less than two thirds of [camera] fps")
CAMERA_BLACK: Final = Problem(22, "camera", _E, "the picture of the camera is black")
CAMERA_SATURATED: Final = Problem(23, "camera", _E, "the picture of the camera is white")
CAMERA_DIM: Final = Problem(24, "camera", _W, "the brightest parts of the picture are below 80 of 255")
CAMERA_TURNED: Final = Problem(25, "camera", _W, "the picture of the camera is turned or mirrored")
CARD_SMALL: Final = Problem(26, "focus", _E, "a phone's code would have less than 2.5 pixels a module")
CARD_SCANT: Final = Problem(27, "focus", _W, "a phone's code would have less than 3 pixels a module")
CARD_SOFT: Final = Problem(
    28, "focus", _W, "edges on the test card are wider than a module of a phone's code"
)
CAMERA_GREY: Final = Problem(
    29, "camera", _E, "the picture of the camera has no colour, and faces are judged by it"
)
SCANNER_FAULT: Final = Problem(
    31, "scanner", _E, "the scanner cannot be opened, or does not answer correctly"
)
DOOR_FAULT: Final = Problem(
    41, "door", _E, "the controller, pin or panel that moves the lock cannot be reached"
)
DOOR_STATE: Final = Problem(
    42, "door", _E, "the controller reports a fault, fire, tampering or a forced door"
)
DOOR_OPEN: Final = Problem(43, "door", _W, "the door contact is open")
DOOR_SIM: Final = Problem(44, "door", _W, "the door is simulated: no lock moves")
DOOR_MODE: Final = Problem(45, "door", _W, "the door mode is lock-down or free-access")
STRIKE_FAULT: Final = Problem(46, "strike", _E, "the strike did not release")
CONTACT_DEAD: Final = Problem(47, "strike", _W, "the door contact did not open while the strike was released")
SIGNALS_FAULT: Final = Problem(48, "signals", _E, "a configured lamp or sound does not work")
SOUND_FAULT: Final = Problem(49, "signals", _W, "the sound card plays nothing")
MOVEMENTS_UNSPOKEN: Final = Problem(
    50, "signals", _W, "visitors are asked for movements, and no voice tells them which"
)
CLOCK_SUSPECT: Final = Problem(
    51, "clock", _E, "the clock is suspect: it contradicts a signed or a stored time"
)
RTC_MISSING: Final = Problem(52, "clock", _W, "there is no clock with a battery")
RTC_BATTERY: Final = Problem(53, "clock", _W, "the battery of the clock is low, missing, or not charged")
SYNC_OLD: Final = Problem(54, "clock", _W, "the clock was not corrected for more than 30 days")
DISK_READ_ONLY: Final = Problem(60, "storage", _E, "the disk is read-only, or a file cannot be written")
DISK_FULL: Final = Problem(61, "storage", _E, "less than 50 MB of the disk are free")
DISK_SCANT: Final = Problem(62, "storage", _W, "less of the disk is free than [journal] spare_mb")
DISK_SLOW: Final = Problem(63, "storage", _W, "a record takes more than 200 ms to become durable")
DISK_ERRORS: Final = Problem(64, "storage", _E, "the file system has counted errors")
DISK_WORN: Final = Problem(65, "storage", _W, "the eMMC has used most of its life")
MODELS_WRONG: Final = Problem(
    71, "models", _E, "a model, or the site's calibration, is missing, altered or foreign"
)
MODELS_SLOW: Final = Problem(72, "models", _W, "face detection in one frame takes more than 300 ms")
TRUST_WRONG: Final = Problem(75, "trust", _E, "the trust folder is missing or broken")
TRUST_STAFF: Final = Problem(76, "trust", _E, "a trust input is so old that staff decide")
TRUST_STEP_UP: Final = Problem(77, "trust", _W, "a trust input is so old that every visitor has to step up")
TRUST_AGEING: Final = Problem(78, "trust", _W, "a trust input is ageing or stale, but cards still pass")
ISSUERS_NONE: Final = Problem(79, "trust", _E, "no issuer key is valid now: every card is refused")
JOURNAL_BROKEN: Final = Problem(81, "journal", _E, "the journal is broken, or of another device")
JOURNAL_UNREAD: Final = Problem(82, "journal", _W, "the journal cannot be read now")
JOURNAL_INCOMPLETE: Final = Problem(
    83, "journal", _E, "records are missing, and no signed record says that they were erased"
)
NETWORK_SILENT: Final = Problem(85, "network", _W, "a configured server cannot be reached")
CERTIFICATE_WRONG: Final = Problem(
    87, "request", _E, "the certificate of [request] is missing, of another device, or expired"
)
CERTIFICATE_ENDS: Final = Problem(88, "request", _W, "the certificate of [request] ends within 14 days")
HOT: Final = Problem(91, "heat", _W, "the processor is above 75 degrees")
VERY_HOT: Final = Problem(92, "heat", _E, "the processor is above 82 degrees, or heat slows it down now")
HAS_BEEN_HOT: Final = Problem(93, "heat", _W, "heat has slowed the processor down since the start")
POWER_LOW: Final = Problem(95, "power", _E, "the supply voltage is too low now")
POWER_WAS_LOW: Final = Problem(96, "power", _W, "the supply voltage was too low since the start")
MEMORY_SCANT: Final = Problem(98, "memory", _W, "less than 100 MB of memory are available")

PROBLEMS: Final = tuple(value for value in tuple(globals().values()) if isinstance(value, Problem))
