"""What comes in beside the camera: the door's events, a scanner's codes, a keypad's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.audit.record import DevicePart
from edge.errors import DoorLinkFault, ReaderFault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.passage.snapshot import Ports
    from edge.ports import DoorEvent, Scan


class InputPoll:
    """Asked once a frame, in every state: what comes meanwhile is not kept for later."""

    def __init__(self, ports: Ports, tell: Callable[[DevicePart], None]) -> None:
        """`tell` is called once for each part that falls silent, until it was heard again."""
        self._ports = ports
        self._tell = tell
        self._silent: set[str] = set()

    def door(self) -> tuple[DoorEvent, ...] | None:
        """What the door did since the last frame; None: it does not answer."""
        try:
            events = tuple(self._ports.strike.events())
        except DoorLinkFault:
            self._missed("door", DevicePart.DOOR)
            return None
        self._silent.discard("door")
        return events

    def scans(self) -> Sequence[Scan]:
        """What the scanner read."""
        if self._ports.scanner is None:
            return ()
        try:
            scans = self._ports.scanner.scans()
        except ReaderFault:
            self._missed("scanner", DevicePart.READER)
            return ()
        self._silent.discard("scanner")
        return scans

    def keys(self) -> str:
        """What was typed."""
        if self._ports.keypad is None:
            return ""
        try:
            keys = self._ports.keypad.keys()
        except ReaderFault:
            self._missed("keypad", DevicePart.READER)
            return ""
        self._silent.discard("keypad")
        return keys

    def _missed(self, what: str, part: DevicePart) -> None:
        if what not in self._silent:
            self._silent.add(what)
            self._tell(part)
