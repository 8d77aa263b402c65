"""Faults of the door link, with a message and a hint for each code of LINK.md section 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.errors import DoorDenied, DoorLinkFault
from edge.link.messages import DenyCode

if TYPE_CHECKING:
    from edge.link.messages import WrongVersion

PROTOCOL: Final = 1
OLDEST_FIRMWARE: Final = (0, 1, 0)


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
}
_OF_THE_DOOR: Final = frozenset({DenyCode.LOCK_DOWN, DenyCode.TAMPER, DenyCode.NOT_NOW})
_REFUSED: Final[dict[int, tuple[str, str]]] = {
    DenyCode.BUSY: ("too many sessions began in this second", "stop other programs that use this port"),
    DenyCode.NO_KEY: ("it has no key", "open its lid, then run: doorward door commission"),
    DenyCode.LOCK_KIND: (
        "it was commissioned for the other kind of lock",
        "set [strike] lock to the kind of the real lock; or erase the controller with the service jumper and "
        "commission it again",
    ),
    DenyCode.WRONG_TAG: (
        "its key differs from that in [strike] key",
        "put the right key file back; or erase the controller with the service jumper and commission it",
    ),
    DenyCode.TAMPER: ("its lid is closed", "open the lid: a key can be set only without it"),
    DenyCode.NOT_NOW: (
        "it has a key already",
        "erase it first: close the service jumper for 5 s with the lid off",
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
    why, hint = _REFUSED.get(code, (f"code {code}", "update doorward"))
    return LinkDown(f"the door controller refuses: {why}", hint=hint, code=code)


def wrong_firmware(met: WrongVersion) -> WrongFirmware:
    """The fault for a controller of another version, which names both versions."""
    theirs, ours = (".".join(map(str, version)) for version in (met.firmware, OLDEST_FIRMWARE))
    if met.version != PROTOCOL:
        return WrongFirmware(
            f"the door controller has protocol {met.version} (firmware {theirs}), doorward has {PROTOCOL}",
            hint="update doorward" if met.version > PROTOCOL else "flash the controller: make firmware",
        )
    return WrongFirmware(
        f"the door controller's firmware is {theirs}, older than {ours}",
        hint="flash the controller: make firmware",
    )


def silent() -> LinkDown:
    """The fault if the controller does not answer."""
    return LinkDown("the door controller does not answer", hint="check its cable, power and key")
