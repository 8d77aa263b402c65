"""Messages of the door link (firmware/LINK.md sections 2, 3 and 5): their numbers, and typed events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag


class MessageType(IntEnum):
    """The type of a message: the first byte of its payload."""

    HELLO = 0x01
    PROVE = 0x02
    KEY_OFFER = 0x04
    KEY_CONFIRM = 0x05
    PING = 0x10
    RELEASE = 0x11
    RELOCK = 0x12
    MODE = 0x13
    SIGNAL = 0x14
    EVENTS = 0x15
    WIEGAND = 0x16
    WELCOME = 0x81
    READY = 0x82
    KEY_ANSWER = 0x84
    KEY_SET = 0x85
    REFUSED = 0x8F
    PONG = 0x90
    DONE = 0x91
    DENIED = 0x92
    EVENT = 0x93


class Lock(IntEnum):
    """The state of a lock without power."""

    FAIL_SECURE = 1
    FAIL_SAFE = 2


class Mode(IntEnum):
    """The mode of a door."""

    NORMAL = 0
    LOCK_DOWN = 1
    FREE_ACCESS = 2


class DoorState(IntEnum):
    """The states of a door, with the names of BACnet."""

    NORMAL = 0
    RELEASED = 1
    EGRESS = 2
    OPEN = 3
    PRE_ALARM = 4
    OPEN_TOO_LONG = 5
    FORCED_OPEN = 6
    FAULT = 7
    LOCK_DOWN = 8
    FREE_ACCESS = 9
    FIRE = 10


class ControllerInputs(IntFlag):
    """The inputs of the controller."""

    CONTACT_OPEN = 1
    REX = 2
    TAMPER = 4
    FIRE = 8
    SERVICE = 16


class Outputs(IntFlag):
    """The outputs of the controller."""

    STRIKE = 1
    PASSAGE_FREE = 2
    BUZZER = 4
    TAMPER_ALARM = 8


class Flags(IntFlag):
    """Flags of a controller in WELCOME."""

    TAMPER_OPEN = 1
    NO_KEY = 2
    WATCHDOG = 4
    FAULT = 8


class LinkEventKind(IntEnum):
    """The kinds of EVENT."""

    BOOT = 1
    RELEASED = 2
    RELOCKED = 3
    OPENED = 4
    CLOSED = 5
    REX = 6
    FORCED_OPEN = 7
    PRE_ALARM = 8
    OPEN_TOO_LONG = 9
    TAMPER = 10
    FIRE = 11
    MODE = 12
    FAULT = 13
    SESSION = 14
    ALARM_OVER = 15
    EVENTS_LOST = 16
    REX_STUCK = 17
    KEY_SET = 18


class DenyCode(IntEnum):
    """The reason of a DENIED or a REFUSED."""

    MALFORMED = 1
    BUSY = 2
    NO_KEY = 3
    LOCK_KIND = 4
    WRONG_TAG = 5
    LOCK_DOWN = 6
    FAULT = 7
    TAMPER = 8
    NOT_NOW = 9
    LIMIT = 10
    EXPIRED = 11
    VERSION = 12


@dataclass(frozen=True, slots=True)
class HandshakeRefused:
    """A REFUSED. It is not authenticated: an attacker on the cable can send it. For a technician only.

    WRONG_TAG: the keys of the two ends are different; either end can find it.
    """

    code: int


@dataclass(frozen=True, slots=True)
class Welcomed:
    """A controller with the right key has answered; the session is not open yet."""

    firmware: tuple[int, int, int]
    flags: Flags


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The session is open. `next_event`: the number of the controller's next event."""

    next_event: int


@dataclass(frozen=True, slots=True)
class ControllerStatus:
    """A PONG. `tick_ms`: the controller's clock, which wraps to 0 at 2^30 ms."""

    state: DoorState
    inputs: ControllerInputs
    outputs: Outputs
    mode: Mode
    tick_ms: int


@dataclass(frozen=True, slots=True)
class CommandDone:
    """The controller obeyed the message with this counter."""

    counter: int


@dataclass(frozen=True, slots=True)
class CommandDenied:
    """The controller denied the message with this counter."""

    counter: int
    code: DenyCode


@dataclass(frozen=True, slots=True)
class Happened:
    """An event at the door, numbered without gaps."""

    number: int
    kind: LinkEventKind
    tick_ms: int
    data: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The controller does not answer any more, or has never answered."""


@dataclass(frozen=True, slots=True)
class WrongVersion:
    """The controller has another version of the protocol, or a firmware that is too old."""

    version: int
    firmware: tuple[int, int, int]


LinkEvent = (
    HandshakeRefused
    | Welcomed
    | SessionOpened
    | ControllerStatus
    | CommandDone
    | CommandDenied
    | Happened
    | Lost
    | WrongVersion
)
