"""The ports of the core: Protocols that `hw` implements, and `hw.sim` in memory.

Every port owns its errors: an adapter raises the fault named here and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from edge.decision import Signal

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a camera, in the two sizes that a verifier needs.

    `luma`: uint8 (H, W), for codes; `rgb`: uint8 (h, w, 3), for faces; the sizes may differ. Both belong to
    the caller of `Camera.frames`. `tick_ms`: monotonic capture time.
    """

    luma: Pixels
    rgb: Pixels
    tick_ms: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """One full QR symbol as an engine read it; hostile until a signature says otherwise.

    `corners`: four (x, y) in pixels of the image that was read, clockwise from the top left.
    """

    text: str
    payload: bytes
    engine: str
    corners: tuple[tuple[float, float], ...] = field(default=(), compare=False)


class Camera(Protocol):
    """A source of frames where the latest wins. Raises CameraFault.

    A frame belongs to the caller who took it: later ones leave its pixels alone. After a fault, asking for
    `frames` again tries again.
    """

    def frames(self) -> Iterator[Frame]: ...

    def close(self) -> None: ...


class Light(StrEnum):
    """The light that a picture was taken in."""

    FINE = "fine"
    BLACK = "black"  # a cap on the lens, a dead sensor, or night
    SATURATED = "saturated"  # a lamp in the lens, or an exposure that has gone wrong


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """The health of a camera, for its operator.

    `arrived`: pictures so far; `unseen`: those among them that a newer one replaced before the caller took
    them; `restarts`: how often it was opened anew; `light`: of the latest frame.
    """

    arrived: int
    unseen: int
    restarts: int
    light: Light


@runtime_checkable
class TellsHealth(Protocol):
    """A Camera that counts its pictures and restarts."""

    def health(self) -> CameraHealth: ...


class CodeReader(Protocol):
    """Finds QR symbols in one luma image, uint8 (H, W), which stays the caller's and is not changed.

    Reports full QR symbols only: Micro QR and rMQR are left out. A part of a structured append is left out
    or reported with its own part of the text, which is no card.
    Never raises on pixels, whatever they show. Raises ReaderFault where the engine is missing.
    """

    @property
    def name(self) -> str: ...

    def read(self, luma: Pixels) -> tuple[Symbol, ...]: ...


@dataclass(frozen=True, slots=True)
class Scan:
    """One symbol as a scanner sent it, no more to be believed than any other.

    `tick_ms`: monotonic time at which its last character came. Such a symbol has no corners.
    """

    symbol: Symbol
    tick_ms: int


class Scanner(Protocol):
    """A device that finds and reads codes by itself, beside the camera or without one."""

    def scans(self) -> Sequence[Scan]:
        """The scans since the last call, the oldest first: at most 16, of which the newest are kept.

        Never blocks. A code that stays in view may be sent again and again. Raises ReaderFault for as long
        as nothing can be read, because the scanner is gone or cannot be understood; it is looked for again
        meanwhile, so that a later call may succeed.
        """
        ...

    def close(self) -> None: ...


class Screen(Protocol):
    """A small screen from which a holder's phone reads the door's own code."""

    def post(self, text: str | None) -> None:
        """Show this text as a QR symbol, or nothing. Never blocks, never raises."""
        ...


class Keypad(Protocol):
    """Twelve keys on which a holder types: digits, `*` to begin anew, `#` to end."""

    def keys(self) -> str:
        """The keys typed since the last call: at most 16, of which the newest are kept. Never blocks.

        Raises ReaderFault for as long as nothing can be typed.
        """
        ...

    def close(self) -> None: ...


class Network(Protocol):
    """One TFLite graph with a fixed float32 input. Raises ModelFault."""

    @property
    def input_shape(self) -> tuple[int, ...]: ...

    def run(self, x: Floats) -> tuple[Floats, ...]:
        """Outputs in the order and the shapes of the graph, as float32 (int8 outputs are dequantized).

        `x`: float32 of `input_shape`; it stays the caller's. The outputs belong to the caller: a later run
        leaves them alone.
        """
        ...


class DoorEventKind(StrEnum):
    """The kinds of event of a door. A door without a controller of its own reports the first five only."""

    RELEASED = "released"
    OPENED = "opened"
    CLOSED = "closed"
    RELOCKED = "relocked"
    FORCED = "forced"
    PRE_ALARM = "pre-alarm"  # the leaf is held open, and the buzzer asks for it to be shut
    OPEN_TOO_LONG = "open-too-long"
    ALARM_OVER = "alarm-over"  # a leaf that was forced, or open too long, is shut
    REX = "rex"  # a person inside asked to leave
    REX_STUCK = "rex-stuck"  # that button was held for a minute and counts for nothing until it is let go
    TAMPER = "tamper"
    TAMPER_OVER = "tamper-over"
    FIRE = "fire"
    FIRE_OVER = "fire-over"
    NORMAL_MODE = "normal-mode"
    LOCK_DOWN = "lock-down"
    FREE_ACCESS = "free-access"
    FAULT = "fault"  # the controller cannot rely on itself
    FAULT_OVER = "fault-over"
    BOOT = "boot"  # the controller got its power back
    WATCHDOG = "watchdog"  # the controller hung, and began anew
    KEY_SET = "key-set"
    PRESENTED = "presented"  # a card number went to a third-party panel, which moves the lock or does not
    DENIED = "denied"  # the door did not carry out a grant; the cause says why, and no part has failed
    EVENTS_LOST = "events-lost"  # more happened while no host listened than the controller keeps


class Cause(StrEnum):
    """The cause for which the strike or the leaf moved."""

    GRANT = "grant"  # a recorded decision released it
    TIMEOUT = "timeout"  # the release ran out
    OPENED = "opened"  # the leaf opened, so the strike relocked
    CLOSED = "closed"  # the leaf shut again
    COMMAND = "command"  # an operator asked for it
    SHUTDOWN = "shutdown"  # this program is ending
    HEARTBEAT = "heartbeat"  # the controller heard nothing from this program any more
    MODE = "mode"  # free-access or lock-down began or ended
    REX = "rex"  # a person inside asked to leave
    FIRE = "fire"
    TAMPER = "tamper"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class EventMark:
    """Identifies one of a controller's events: its number, and the controller's own clock then."""

    number: int
    tick_ms: int


@dataclass(frozen=True, slots=True)
class DoorEvent:
    """One event at a door, and its time.

    Only some doors know the `cause` of a move, the `grant` (the seq of the record) behind a release, and the
    `mark` by which the event can be told from every other one.
    """

    kind: DoorEventKind
    tick_ms: int
    cause: Cause | None = None
    grant: int | None = None
    mark: EventMark | None = None


class Strike(Protocol):
    """The lock output of one door. Raises DoorLinkFault; of these DoorDenied, where the door decided so."""

    def release(self, for_ms: int, *, grant: int = 0) -> None:
        """Energise for at most `for_ms`; the output relocks by itself, whatever becomes of this program.

        `grant`: seq of the record that allows it, for the door's own events; 0 where there is none.
        """
        ...

    def relock(self) -> None:
        """De-energise now. Safe to call at any time, any number of times."""
        ...

    def events(self) -> Sequence[DoorEvent]:
        """The events at the door since the last call; never blocks."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class Recounts(Protocol):
    """A Strike whose door keeps its events while no host listens."""

    def recount(self, after: EventMark | None) -> None:
        """Report every event after this one, which is the last on record; None: all that are kept."""
        ...


class Signals(Protocol):
    """Lamp, buzzer or screen: shows one of the four signals, or nothing."""

    def show(self, signal: Signal | None) -> None: ...

    def prompt(self, words: str | None) -> None:
        """Show what the holder is asked to do now ("turn your head to the left"), or nothing."""
        ...


@dataclass(frozen=True, slots=True)
class LaneView:
    """The state of the sensors between two interlocked doors.

    `people`: how many are in the lane; None: unknown, because a sensor failed, contradicts another, or has
    not been told since the power came back. `outer_shut`, `inner_shut`: the contacts of the leaves.
    """

    people: int | None
    outer_shut: bool
    inner_shut: bool


class LaneSensors(Protocol):
    """Counts people between two doors. Never blocks, never raises: what it cannot tell it says it cannot."""

    def view(self) -> LaneView:
        """The state now; it counts each person who came or went since the last call."""
        ...

    def emptied(self) -> None:
        """An officer has looked, and the lane is empty: forget the count so far."""
        ...

    def close(self) -> None: ...


class Clock(Protocol):
    """`now` is UTC and may jump; `tick_ms` is monotonic and may not. They are never mixed."""

    def now(self) -> datetime: ...

    def tick_ms(self) -> int: ...


class Source(Protocol):
    """Reads a trust repository: from a web server, or from a folder on a stick. Raises FetchError."""

    def fetch(self, name: str, *, offset: int = 0) -> Iterator[bytes]:
        """The file `name` (relative, with `/`) from `offset` on, in chunks of at most 64 kB.

        Raises:
            NotThere: the source has no such file.
            FetchError: anything else.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a hub, which may be anything. `after_s`: the delay that it asked for before a retry."""

    status: int
    body: bytes = field(repr=False)
    after_s: float = 0.0


class Post(Protocol):
    """Hands a body to a hub, and waits for the answer until a deadline."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Any answer, its body cut at 4 kB and `after_s` at an hour; `path` is below the hub's address.

        Raises:
            FetchError: there was none, or not in time. The hub may have taken the body all the same.
        """
        ...


@dataclass(frozen=True, slots=True)
class MqttMessage:
    """A topic and its payload; the broker retains ours."""

    topic: str
    payload: str = field(repr=False)


class Broker(Protocol):
    """A message broker that may come and go; nothing it says is believed. Never blocks, never raises."""

    def publish(self, message: MqttMessage) -> None:
        """Publish a message, which the broker retains; publish it again after every reconnection."""
        ...

    def heard(self) -> Sequence[MqttMessage]:
        """The messages on the subscriptions since the last call: at most 100, the oldest first."""
        ...

    def close(self) -> None:
        """Publish the last will, and disconnect."""
        ...


class Files(Protocol):
    """Small files under one root. Raises StorageFault; names are relative, with `/`."""

    def names(self) -> Sequence[str]: ...

    def read(self, name: str, *, limit: int) -> bytes:
        """The whole file; one byte over `limit` is a StorageFault."""
        ...

    def write(self, name: str, data: bytes, *, secret: bool = False) -> None:
        """Atomic and durable: the old file or the new one, never a part. `secret` means mode 0600."""
        ...


class HostLine(Protocol):
    """A connection to a system behind a venue; nothing that comes over it is believed. Raises HostFault.

    The caller opens a new one after it raised: this one is of no use any more.
    """

    def send(self, data: bytes) -> None:
        """Send all of it. Raises HostFault where that fails."""
        ...

    def receive(self, wait_s: float) -> bytes:
        """The bytes that have come, at most 4 kB; none where none came in `wait_s` seconds.

        Raises HostFault where the other end has hung up.
        """
        ...

    def close(self) -> None: ...
