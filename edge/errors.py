"""Errors that this program raises on purpose. Each has a message and a hint, and holds nothing personal.

Three readers get three texts: the holder a signal (`edge.decision.Signal`), the record a `Reason`, the
technician the message and the hint of the error.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edge.decision import Reason


class Exit(IntEnum):
    """Exit codes of every command; scripts may rely on them."""

    OK = 0
    REFUSED = 1  # a card was refused, or a check failed
    USAGE = 2  # the command line, an input file or the configuration must change
    DEVICE = 3  # this device cannot do its job
    BUG = 70  # an error of this program itself: EX_SOFTWARE of BSD's sysexits.h
    INTERRUPTED = 130  # Ctrl-C, as a shell reports it


class EdgeError(Exception):
    """Base of all errors that we raise on purpose: the message says what is wrong, the hint what to do.

    Messages are lower case without a full stop and hold nothing personal. `usual_hint`: the hint of this kind
    of error where the raiser knows no better one.
    """

    exit_code: ClassVar[Exit] = Exit.USAGE
    usual_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.usual_hint
        self.also: tuple[EdgeError, ...] = ()  # errors that were found with this one


class Refused(EdgeError):
    """This presentation is not accepted. Raised by card and trust; caught once, in the passage."""

    exit_code = Exit.REFUSED

    def __init__(self, reason: Reason, detail: str = "") -> None:
        message = f"{reason.value}: {detail}" if detail else reason.value
        super().__init__(message, hint=f"read what to do: doorward explain {reason.value}")
        self.reason = reason
        self.detail = detail


class InputError(EdgeError):
    """A file or stream from the command line cannot be used: unreadable, too large, or of another format."""

    usual_hint = "check the path, and the content of the file or value that the error names"


class UsageError(EdgeError):
    """The words of a command line name no verb, or are not the arguments of one."""


class ConfigError(EdgeError):
    """The configuration must change: the message has file, line and value."""

    usual_hint = "read what each key allows: doorward config show"

    def __init__(
        self, message: str, *, file: Path | str | None = None, line: int = 0, hint: str = ""
    ) -> None:
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + message, hint=hint)
        self.file = file
        self.line = line

    @classmethod
    def joined(cls, errors: Sequence[ConfigError]) -> ConfigError:
        """All errors of one file as one."""
        first, *also = errors
        first.also = tuple(also)
        return first


class BugError(EdgeError):
    """An exception that no part of this program expects."""

    exit_code = Exit.BUG


class Fault(EdgeError):
    """This device cannot do its job; the visitor in front of it is denied."""

    exit_code = Exit.DEVICE
    usual_hint = "test the parts of this device: doorward doctor"


class CameraFault(Fault):
    """No frame, or no usable one. `passing`: it is opened again and again, and may give frames later."""

    def __init__(self, message: str, *, hint: str = "", passing: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.passing = passing


class ReaderFault(Fault):
    """A code engine is missing or broken."""


class ModelFault(Fault):
    """A model is missing, altered, or does not belong to the others."""

    usual_hint = "run: doorward models fetch"


class DoorLinkFault(Fault):
    """The strike cannot be commanded."""


class DoorDenied(DoorLinkFault):
    """The door answers and stays locked: lock-down, an open lid, an alarm of its leaf. No part has failed."""


class StorageFault(Fault):
    """A record could not be made durable."""


class ClockFault(Fault):
    """The clock cannot be trusted."""


class TrustFault(Fault):
    """The trust folder is missing or broken."""


class HostFault(Fault):
    """The system behind a venue is offline, or its answer cannot be understood."""

    usual_hint = "check that the system runs, and that this device can reach it"


class SyncError(EdgeError):
    """An update was not applied; the old trust stays in force."""

    exit_code = Exit.REFUSED


class FetchError(SyncError):
    """A source could not be read, was too slow, or sent more than it may.

    `after_s`: the delay before a retry that the source asked for; 0 if it named none.
    """

    exit_code = Exit.DEVICE
    usual_hint = "check the network and the address of the server, and run the command again"

    def __init__(self, message: str, *, hint: str = "", after_s: float = 0.0) -> None:
        super().__init__(message, hint=hint)
        self.after_s = after_s


class NotThere(FetchError):
    """The source answers and does not have this file."""


class UpdateRejected(SyncError):
    """The update of a source is not signed correctly, or is older than the trust in force."""

    usual_hint = "ask the authority to publish again"


class NoSpace(SyncError):
    """The disk has no space for the update."""

    exit_code = Exit.DEVICE
