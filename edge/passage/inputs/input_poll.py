"""Polls the inputs of one door beside its camera: the door's events, a scanner's codes, a keypad's keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from edge.audit.record import DevicePart
from edge.errors import DoorLinkFault, ReaderFault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.ports import DoorEvent, Keypad, Scan, Scanner, Strike

_Item = TypeVar("_Item")


class InputPoll:
    """Polls each input once a frame, in every state, so that no input is kept for a later passage."""

    def __init__(
        self,
        tell: Callable[[DevicePart], None],
        strike: Strike,
        scanner: Scanner | None = None,
        keypad: Keypad | None = None,
    ) -> None:
        """`tell` is called once for each outage of a part."""
        self._tell = tell
        self._strike = strike
        self._scanner = scanner
        self._keypad = keypad
        self._silent: set[str] = set()

    def door(self) -> tuple[DoorEvent, ...]:
        """The door's events since the last frame; none if the door does not answer."""
        return tuple(self._poll("door", DevicePart.DOOR, self._strike.events))

    def scans(self) -> Sequence[Scan]:
        """The scans since the last frame."""
        return self._poll("scanner", DevicePart.READER, self._scanner.scans) if self._scanner else ()

    def keys(self) -> str:
        """The keys since the last frame."""
        return "".join(self._poll("keypad", DevicePart.READER, self._keypad.keys)) if self._keypad else ""

    def camera(self, *, answers: bool) -> None:
        """Note whether the camera, which the frame loop polls, has a frame."""
        self._note("camera", DevicePart.CAMERA, answers=answers)

    def _poll(self, what: str, part: DevicePart, poll: Callable[[], Sequence[_Item]]) -> Sequence[_Item]:
        try:
            items = poll()
        except (DoorLinkFault, ReaderFault):
            self._note(what, part, answers=False)
            return ()
        self._note(what, part, answers=True)
        return items

    def _note(self, what: str, part: DevicePart, *, answers: bool) -> None:
        if answers:
            self._silent.discard(what)
        elif what not in self._silent:
            self._silent.add(what)
            self._tell(part)
