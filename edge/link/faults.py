"""Faults of the door link, with a message and a hint for each code of LINK.md section 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.errors import DoorDenied, DoorLinkFault
from edge.link.messages import DenyCode

if TYPE_CHECKING:
    from edge.link.messages import WrongVersion

PROTOCOL: Final = 2
OLDEST_FIRMWARE: Final = (0, 2, 0)


class LinkDown(DoorLinkFault):
    """There is no session with the door controller. `code`: of its refusal, if it sent one."""

    def __init__(self, message: str, *, hint: str, code: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class WrongFirmware(DoorLinkFault):
    """This program does not support the controller's firmware."""


class ControllerDenied(DoorLinkFault):
    """The controller denied a command. `code`: the reason."""

    def __init__(self, message: str, *, hint: str, code: DenyCode) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class KeptShut(ControllerDenied, DoorDenied):
    """The controller correctly denied a release, for the state of the door."""


_STATUS: Final = "run: doorward door status"

_DENIED: Final[dict[DenyCode, tuple[str, str]]] = {
    DenyCode.MALFORMED: ("it does not know this message", "update the controller's firmware"),
    DenyCode.LOCK_DOWN: ("the door is in lock-down", "run: doorward door mode normal"),
    DenyCode.FAULT: ("it has a fault", _STATUS),
    DenyCode.TAMPER: ("its lid is open", "close the lid, and find out why it was opened"),
    DenyCode.NOT_NOW: ("the door is open with an alarm", "close the door"),
    DenyCode.LIMIT: ("it has reached one of its limits", _STATUS),
    DenyCode.EXPIRED: ("the message arrived after its expiry", "check the cable"),
}
_OF_THE_DOOR: Final = frozenset({DenyCode.LOCK_DOWN, DenyCode.TAMPER, DenyCode.NOT_NOW})
# A refusal is not authenticated: a hint that sends a technician to the lid or a key begins at the cable.
_LOOK: Final = "check the cable first, because any device on it can send this;"
_REFUSED: Final[dict[int, tuple[str, str]]] = {
    DenyCode.MALFORMED: ("it cannot use our public key", f"{_LOOK} then try again"),
    DenyCode.BUSY: ("too many sessions began in this second", "stop other programs that use this port"),
    DenyCode.NO_KEY: ("it has no key", f"{_LOOK} then open the lid and run: doorward door commission"),
    DenyCode.LOCK_KIND: (
        "it was commissioned for the other kind of lock",
        f"{_LOOK} then set [strike] lock to the kind of the real lock",
    ),
    DenyCode.WRONG_TAG: (
        "its key differs from that in [strike] key",
        f"{_LOOK} then put the right key file back, or finish a commissioning: doorward door commission",
    ),
    DenyCode.TAMPER: ("its lid is closed", f"{_LOOK} then open the lid: a key can be set only without it"),
    DenyCode.NOT_NOW: (
        "it has a key already",
        f"{_LOOK} then erase it: close the service jumper for 5 s with the lid off",
    ),
    DenyCode.VERSION: (
        f"it has another version of the link, doorward has {PROTOCOL}",
        f"{_LOOK} then update doorward, or flash the controller: make firmware",
    ),
}


def denied(code: DenyCode) -> ControllerDenied:
    """The fault for a DENIED with this code."""
    why, hint = _DENIED.get(code, (f"code {int(code)}", _STATUS))
    return ControllerDenied(f"the door controller denied: {why}", hint=hint, code=code)


def release_denied(code: DenyCode) -> ControllerDenied:
    """The fault for a DENIED release: KeptShut if the state of the door is the reason."""
    fault = denied(code)
    if code in _OF_THE_DOOR:
        return KeptShut(fault.message, hint=fault.hint, code=code)
    return fault


def number_denied(code: DenyCode) -> ControllerDenied:
    """The fault for a DENIED card number."""
    if code is DenyCode.NOT_NOW:
        return ControllerDenied(
            "the door controller denied: it is still sending another card number to the panel",
            hint="send the card number again",
            code=code,
        )
    return denied(code)


def refused(code: int) -> LinkDown:
    """The fault for a REFUSED, which an attacker on the cable may have sent."""
    why, hint = _REFUSED.get(code, (f"code {code}", f"{_LOOK} then update doorward"))
    return LinkDown(f"the door controller, or a device on its cable, refuses: {why}", hint=hint, code=code)


def wrong_firmware(met: WrongVersion) -> WrongFirmware:
    """The fault for a controller of another version, which names both versions."""
    theirs, ours = (".".join(map(str, version)) for version in (met.firmware, OLDEST_FIRMWARE))
    if met.version != PROTOCOL:
        return WrongFirmware(
            f"the door controller, or a device on its cable, has protocol {met.version} "
            f"(firmware {theirs}), doorward has {PROTOCOL}",
            hint=f"{_LOOK} then "
            + ("update doorward" if met.version > PROTOCOL else "flash the controller: make firmware"),
        )
    return WrongFirmware(
        f"the door controller's firmware is {theirs}, older than {ours}",
        hint="flash the controller: make firmware",
    )


def unanswered() -> LinkDown:
    """The fault if the controller does not answer the offer of a key."""
    oldest = ".".join(map(str, OLDEST_FIRMWARE))
    return LinkDown(
        "the door controller does not answer",
        hint=f"check its cable and power, and that its firmware is {oldest} or newer: make firmware",
    )


def silent() -> LinkDown:
    """The fault if the controller does not answer."""
    return LinkDown("the door controller does not answer", hint="check its cable, power and key")
