"""The errors of the house. Each carries a hint; none carries a name, a template, a key or a card.

Three readers, three texts: the holder gets a signal (`edge.decision.Signal`), the audit record a
`Reason`, the technician the message and the hint of the error itself.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pathlib import Path

    from edge.decision import Reason


class Exit(IntEnum):
    """Exit codes of every command; scripts may rely on them."""

    OK = 0
    REFUSED = 1  # a card was refused, or a check did not hold
    USAGE = 2  # the command line, an input file or the configuration must change
    DEVICE = 3  # this device cannot do its job
    INTERRUPTED = 130  # Ctrl-C, as a shell reports it


class EdgeError(Exception):
    """Base of all errors we raise on purpose: what is wrong, then what to do next.

    Messages are lower case without a full stop and hold nothing personal.
    """

    exit_code: ClassVar[Exit] = Exit.USAGE

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Refused(EdgeError):
    """This presentation is not accepted. Raised by card and trust; caught once, in the passage."""

    exit_code = Exit.REFUSED

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail


class InputError(EdgeError):
    """A file or stream that a person named cannot be used: unreadable, too large, not what it says."""


class UsageError(EdgeError):
    """The words of a command line name no verb, or are not the arguments of one."""


class ConfigError(EdgeError):
    """A technician must change the configuration: says file, line and value."""

    def __init__(self, message: str, *, file: Path | None = None, line: int = 0, hint: str = "") -> None:
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + message, hint=hint)
        self.file = file
        self.line = line


class Fault(EdgeError):
    """This device cannot do its job; whoever stands in front of it is denied."""

    exit_code = Exit.DEVICE


class CameraFault(Fault):
    """No frame, or none that can be used. `passing`: the camera is looked for, and may give frames again."""

    def __init__(self, message: str, *, hint: str = "", passing: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.passing = passing


class ReaderFault(Fault):
    """A code engine is missing or broken."""


class ModelFault(Fault):
    """A model is missing, altered, or does not belong to the others."""


class DoorLinkFault(Fault):
    """The strike cannot be commanded."""


class DoorDenied(DoorLinkFault):
    """The door answers, and stays shut: lock-down, an open lid, an alarm of its leaf. No part has failed."""


class StorageFault(Fault):
    """A record could not be made durable."""


class ClockFault(Fault):
    """The clock cannot be believed."""


class TrustFault(Fault):
    """The trust folder is missing or broken."""


class HostFault(Fault):
    """The system behind a venue is away, or says what cannot be understood."""


class SyncError(EdgeError):
    """An update was not applied; the old trust stays in force."""

    exit_code = Exit.REFUSED


class FetchError(SyncError):
    """A source could not be read, was too slow, or sent more than it may.

    `after_s`: how long the source asked to be left alone; 0 where it did not say.
    """

    exit_code = Exit.DEVICE

    def __init__(self, message: str, *, hint: str = "", after_s: float = 0.0) -> None:
        super().__init__(message, hint=hint)
        self.after_s = after_s


class NotThere(FetchError):
    """A source answers, and has no such file."""


class UpdateRejected(SyncError):
    """What a source offered is not signed as it must be, or is older than what we have."""


class NoSpace(SyncError):
    """There is no room on the disk for the update."""

    exit_code = Exit.DEVICE
