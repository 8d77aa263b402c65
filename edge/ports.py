"""The ports of the core: Protocols that `hw` implements, and `hw.sim` in memory.

Each port names its errors: an adapter raises only the fault that is named here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from edge.decision import Signal
    from edge.on_record import OnRecord
    from edge.screen_text import ScreenText

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Frame:
    """One picture of a camera, in the two forms that a verifier needs.

    `luma`: uint8 (H, W), for codes; `rgb`: uint8 (h, w, 3), for faces; the sizes may differ. The caller of
    `Camera.frames` owns both. `tick_ms`: monotonic capture time. A camera may give `rgb` as a function, which
    is called once, when colour is first asked for: an idle door asks for none. It raises nothing.
    """

    __slots__ = ("_rgb", "luma", "tick_ms")

    def __init__(self, luma: Pixels, rgb: Pixels | Callable[[], Pixels], tick_ms: int) -> None:
        self.luma: Final = luma
        self.tick_ms: Final = tick_ms
        self._rgb = rgb

    @property
    def rgb(self) -> Pixels:
        if not isinstance(self._rgb, np.ndarray):
            self._rgb = self._rgb()
        return self._rgb

    def at(self, tick_ms: int) -> Frame:
        """This picture with another time."""
        return self if tick_ms == self.tick_ms else Frame(self.luma, self._rgb, tick_ms)


@dataclass(frozen=True, slots=True)
class Symbol:
    """One full QR symbol as an engine read it; hostile until its signatures are verified.

    `corners`: four (x, y) in pixels of the image, clockwise from the top left. `mended`: the engine could not
    read the picture, and read the symbol after it was corrected and drawn again.
    """

    text: str
    payload: bytes
    engine: str
    corners: tuple[tuple[float, float], ...] = field(default=(), compare=False)
    mended: bool = field(default=False, compare=False)


class Camera(Protocol):
    """A source of frames that gives only the latest one. Raises CameraFault.

    The caller owns each frame; later frames do not change its pixels. After a fault, a new call of `frames`
    retries.
    """

    def frames(self) -> Iterator[Frame]: ...

    def close(self) -> None: ...


class Light(StrEnum):
    """The light in a picture."""

    FINE = "fine"
    BLACK = "black"  # a cap on the lens, a dead sensor, or night
    SATURATED = "saturated"  # a lamp in the lens, or a wrong exposure


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """The health of a camera, for its operator.

    `arrived`: number of pictures; `unseen`: number of pictures that a newer one replaced before the caller
    took them; `restarts`: number of times that the camera was opened again; `light`: of the latest frame.
    """

    arrived: int
    unseen: int
    restarts: int
    light: Light


@runtime_checkable
class TellsHealth(Protocol):
    """A Camera that reports its health."""

    def health(self) -> CameraHealth: ...


class CodeReader(Protocol):
    """Finds QR symbols in one luma image, uint8 (H, W), which is not changed.

    It reports full QR symbols only, not Micro QR and rMQR. A part of a structured append is left out, or
    reported with its own part of the text, which is no card. It never raises an error for pixels. Raises
    ReaderFault if the engine is missing.
    """

    @property
    def name(self) -> str: ...

    def read(self, luma: Pixels) -> tuple[Symbol, ...]: ...


@dataclass(frozen=True, slots=True)
class Scan:
    """One symbol that a scanner sent, as untrusted as any other; it has no corners.

    `tick_ms`: monotonic time of its last character.
    """

    symbol: Symbol
    tick_ms: int


class Scanner(Protocol):
    """A device that finds and reads codes by itself, with a camera at the door or without one."""

    def scans(self) -> Sequence[Scan]:
        """The scans since the last call, oldest first: the newest 16 at most.

        Never blocks. A code that stays in view may be sent again and again. Raises ReaderFault while the
        scanner is missing or sends malformed data; it is opened again meanwhile, so that a later call may
        succeed.
        """
        ...

    def close(self) -> None: ...


class Screen(Protocol):
    """A small screen that shows the door's own code to a holder's phone."""

    def post(self, text: str | None) -> None:
        """Show this text as a QR symbol; None clears the screen. Never blocks, never raises."""
        ...


class Keypad(Protocol):
    """Twelve keys for a holder: digits, `*` to begin again, `#` to end."""

    def keys(self) -> str:
        """The keys typed since the last call: the newest 16 at most. Never blocks.

        Raises ReaderFault while the keypad does not work.
        """
        ...

    def close(self) -> None: ...


class Network(Protocol):
    """One TFLite graph with a fixed input: one picture. Raises ModelFault."""

    @property
    def input_shape(self) -> tuple[int, ...]: ...

    def run(self, pixels: Pixels, levels: Floats) -> tuple[Floats, ...]:
        """Outputs in the order and the shapes of the graph, as float32 (int8 outputs are dequantized).

        `pixels`: uint8 of `input_shape` without its first 1. `levels`: the float32 input of the graph for
        each of the 256 grey levels, (256,), or (256, 3) if the channels differ. Neither is changed. The
        caller owns the outputs; a later run does not change them.
        """
        ...


class DoorEventKind(StrEnum):
    """The kinds of event of a door. A door without a controller reports the first five only."""

    RELEASED = "released"
    OPENED = "opened"
    CLOSED = "closed"
    RELOCKED = "relocked"
    FORCED = "forced"
    PRE_ALARM = "pre-alarm"  # the leaf is open for too long, and the buzzer sounds
    OPEN_TOO_LONG = "open-too-long"
    ALARM_OVER = "alarm-over"  # a leaf that was forced, or open too long, is closed
    REX = "rex"  # a person inside pressed the button to leave
    REX_STUCK = "rex-stuck"  # that button was held for a minute, and is ignored until its release
    TAMPER = "tamper"
    TAMPER_OVER = "tamper-over"
    FIRE = "fire"
    FIRE_OVER = "fire-over"
    NORMAL_MODE = "normal-mode"
    LOCK_DOWN = "lock-down"
    FREE_ACCESS = "free-access"
    FAULT = "fault"  # the controller has found an inconsistency in itself
    FAULT_OVER = "fault-over"
    BOOT = "boot"  # the controller started
    WATCHDOG = "watchdog"  # the controller hung, and its watchdog restarted it
    KEY_SET = "key-set"
    PRESENTED = "presented"  # a card number was sent to a third-party panel, which decides about the lock
    DENIED = "denied"  # the door denied a release for its own state (the cause); no part has failed
    EVENTS_LOST = "events-lost"  # without a host there were more events than the controller keeps


class Cause(StrEnum):
    """The cause for which the strike or the leaf moved."""

    GRANT = "grant"  # a recorded decision released it
    TIMEOUT = "timeout"  # the time of the release ended
    OPENED = "opened"  # the leaf opened, so the strike relocked
    CLOSED = "closed"  # the leaf closed
    COMMAND = "command"  # an operator asked for it
    SCHEDULE = "schedule"  # the hours of the site's rules asked for it
    SHUTDOWN = "shutdown"  # this program is ending
    HEARTBEAT = "heartbeat"  # this program did not send to the controller any more
    MODE = "mode"  # free-access or lock-down began or ended
    REX = "rex"  # a person inside pressed the button to leave
    FIRE = "fire"
    TAMPER = "tamper"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class EventMark:
    """Identifies one event of a controller: its number, and the controller's clock at that time."""

    number: int
    tick_ms: int


@dataclass(frozen=True, slots=True)
class DoorEvent:
    """One event at a door, and its time.

    Only some doors know the `cause` of a movement, the `grant` (the seq of the record) of a release, and the
    `mark` that identifies the event.
    """

    kind: DoorEventKind
    tick_ms: int
    cause: Cause | None = None
    grant: int | None = None
    mark: EventMark | None = None


class Strike(Protocol):
    """The lock output of one door. Raises DoorLinkFault, and its subclass DoorDenied if the door denies."""

    def release(self, for_ms: int, allowed: OnRecord) -> None:
        """Energise for at most `for_ms`; the output relocks by itself, even if this program dies.

        `allowed`: proof of the record that allows it, once. An older one, one of another door or one of
        another journal is a DoorLinkFault. The door's own events have its seq.
        """
        ...

    def relock(self) -> None:
        """De-energise now. Safe to call at any time, also repeatedly."""
        ...

    def events(self) -> Sequence[DoorEvent]:
        """The events at the door since the last call; never blocks."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class Recounts(Protocol):
    """A Strike whose door keeps its events while no host is connected."""

    def recount(self, after: EventMark | None) -> None:
        """Report every event after `after`, the last recorded one; None: all kept events."""
        ...


class Signals(Protocol):
    """A lamp, buzzer or screen that shows one of the five signals, or nothing."""

    def show(self, signal: Signal | None) -> None: ...

    def prompt(self, text: ScreenText | None) -> None:
        """Show a text for the holder ("turn your head to the left"); None clears it."""
        ...


class ColourLight(Protocol):
    """A light at the door that reaches the holder's face, red, green and blue."""

    def shine(self, light: tuple[int, int, int] | None) -> None:
        """Show this colour, each part 0 or 1, within 0.3 s; None: off. Never blocks, never raises."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class LaneView:
    """The state of the sensors between two interlocked doors.

    `people`: the number of people in the lane; None: unknown, because a sensor failed or contradicts another,
    or because no officer has reset the count since the power came back. `outer_shut`, `inner_shut`: the
    contacts of the leaves.
    """

    people: int | None
    outer_shut: bool
    inner_shut: bool


class LaneSensors(Protocol):
    """Counts people between two doors. Never blocks, never raises: an unknown number is None."""

    def view(self) -> LaneView:
        """The current state, after counting each person who entered or left since the last call."""
        ...

    def emptied(self) -> None:
        """Reset the count, because an officer has seen that the lane is empty."""
        ...

    def close(self) -> None: ...


class Clock(Protocol):
    """The clocks of a device: `now` is UTC and may jump, `tick_ms` is monotonic. They are never mixed."""

    def now(self) -> datetime: ...

    def tick_ms(self) -> int: ...


class Source(Protocol):
    """Reads a trust repository from a web server, or from a folder on a USB stick. Raises FetchError."""

    def fetch(self, name: str, *, offset: int = 0) -> Iterator[bytes]:
        """The file `name` (relative, with `/`) from `offset` on, in chunks of at most 64 kB.

        Raises:
            NotThere: the source has no such file.
            FetchError: any other failure.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """The untrusted answer of a hub. `after_s`: the delay that it asked for before a retry."""

    status: int
    body: bytes = field(repr=False)
    after_s: float = 0.0


class Post(Protocol):
    """Sends a body to a hub, and waits for the answer until a deadline."""

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer, its body truncated to 4 kB and `after_s` to an hour. `path`: below the hub's address.

        Raises:
            FetchError: no answer in time. The hub may have stored the body nevertheless.
        """
        ...


@dataclass(frozen=True, slots=True)
class MqttMessage:
    """A topic and its payload; the broker retains those of a device."""

    topic: str
    payload: str = field(repr=False)


class Broker(Protocol):
    """An untrusted message broker, perhaps unreachable. Never blocks, never raises."""

    def publish(self, message: MqttMessage) -> None:
        """Publish a retained message, now and after every reconnection; an empty payload withdraws it."""
        ...

    def acknowledged(self, message: MqttMessage) -> bool:
        """Whether the broker has this message, which is the last that was published on its topic."""
        ...

    def forget(self, topic: str) -> None:
        """Publish nothing on this topic after a reconnection."""
        ...

    def heard(self) -> Sequence[MqttMessage]:
        """The messages on the subscriptions since the last call: at most 100, the oldest first."""
        ...

    def close(self) -> None:
        """Publish the last will, and disconnect."""
        ...


class Files(Protocol):
    """Small files below one root. Raises StorageFault; names are relative, with `/`."""

    def names(self) -> Sequence[str]: ...

    def read(self, name: str, *, limit: int) -> bytes:
        """The whole file; one byte over `limit` is a StorageFault."""
        ...

    def write(self, name: str, data: bytes, *, secret: bool = False) -> None:
        """Write a file atomically and durably: the old one or the new one. `secret` means mode 0600."""
        ...


class HostLine(Protocol):
    """A connection to an untrusted system behind a venue. Raises HostFault.

    After an error it cannot be used any more; the caller opens a new one.
    """

    def send(self, data: bytes) -> None:
        """Send all bytes. Raises HostFault."""
        ...

    def receive(self, wait_s: float) -> bytes:
        """The received bytes, at most 4 kB; empty if none came in `wait_s` seconds.

        Raises HostFault if the other end has closed the connection.
        """
        ...

    def close(self) -> None: ...
