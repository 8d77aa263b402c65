"""Vectors for a controller whose messages were held back: it bounds their age (LINK.md section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.vectors.link import make as m
from tools.vectors.link.make import STARTED, u32
from tools.vectors.link.play import EXPIRED, TALK, THREE_SECONDS, ControllerPlay, grant, mode

if TYPE_CHECKING:
    from collections.abc import Iterator


def late() -> Iterator[ControllerPlay]:
    """Messages that were held back: the controller bounds their age by its own clock."""
    good, done = TALK.ask(m.RELEASE, 1, THREE_SECONDS), TALK.tell(m.DONE, 1, u32(1))
    expired = TALK.tell(m.DENIED, 1, u32(1) + bytes([EXPIRED]))
    yield (
        ControllerPlay("late_release", "RELEASE a second after the tick that it names")
        .open()
        .step(STARTED + 1_000, good, done, strike=1)
    )
    yield ControllerPlay("late_release_stale", "and a millisecond later").open().step(STARTED + 1_001, good)
    yield (
        ControllerPlay("late_ping_stale", "a PING of more than a second ago is no sign of life")
        .open()
        .step(20, good, done, strike=1)
        .step(1_012, TALK.ask(m.PING, 2), strike=1)
        .step(1_021, b"")
    )
    banked = ControllerPlay("late_banked", "PINGs that are let through one by one keep no session alive")
    banked.open()
    for number in range(1, 8):
        heard = TALK.ask(m.PING, number, seen=STARTED)
        pong = TALK.tell(m.PONG, number, bytes(4) + u32(900 * number) + u32(number))
        banked.step(900 * number, heard, *([pong] if number == 1 else []))
    yield banked.step(6_310, TALK.ask(m.RELEASE, 8, grant(3_000, 9_999), seen=6_300))
    for name, comment, seen in (
        ("future", "RELEASE that names a tick to come", 21),
        ("half", "RELEASE that names the tick half a period away", 20 + 2**29),
        ("no_tick", "RELEASE that names a number that is no tick", STARTED + 2**30),
    ):
        yield (
            ControllerPlay(f"late_seen_{name}", comment)
            .open()
            .step(20, TALK.ask(m.RELEASE, 1, THREE_SECONDS, seen=seen))
        )
    for name, comment, expires in (
        ("now", "RELEASE that expires now", 20),
        ("turn", "RELEASE that expires within the longest turn of the loop", 45),
        ("past", "RELEASE that has expired", 19),
        ("half", "RELEASE that expires half a period away", 20 + 2**29),
        ("no_tick", "RELEASE that expires at a number that is no tick", 3_220 + 2**30),
    ):
        yield (
            ControllerPlay(f"late_expires_{name}", comment)
            .open()
            .step(20, TALK.ask(m.RELEASE, 1, grant(3_000, expires)), expired)
        )
    yield (
        ControllerPlay("late_expires_first", "RELEASE for three seconds that expires after half of one")
        .open()
        .step(20, TALK.ask(m.RELEASE, 1, grant(3_000, 520)), done, strike=1)
        .step(494, b"", strike=1)
        .step(495, b"")
    )
    yield (
        ControllerPlay("late_wiegand", "WIEGAND that has expired")
        .open()
        .step(20, TALK.ask(m.WIEGAND, 1, bytes([26]) + bytes(8) + u32(20)), expired)
    )
    for name, comment, expires in (
        ("past", "free access that has expired", 19),
        ("now", "free access that expires now", 20),
    ):
        yield (
            ControllerPlay(f"late_mode_{name}", comment)
            .open()
            .step(20, TALK.ask(m.MODE, 1, mode(2, expires)), expired)
        )
    yield (
        ControllerPlay("late_mode_expires", "free access ends by itself")
        .open()
        .step(20, TALK.ask(m.MODE, 1, mode(2, 820)), done, strike=1)
        .step(794, b"", strike=1)
        .step(795, b"")
    )
    yield (
        ControllerPlay("late_mode_renewed", "free access that is asked for again goes on")
        .open()
        .step(20, TALK.ask(m.MODE, 1, mode(2, 520)), done, strike=1)
        .step(400, TALK.ask(m.MODE, 2, mode(2, 920)), TALK.tell(m.DONE, 2, u32(2)), strike=1)
        .step(894, b"", strike=1)
        .step(895, b"")
    )
    capped = ControllerPlay("late_mode_capped", "free access for an hour ends after a minute").open()
    capped.step(20, TALK.ask(m.MODE, 1, mode(2, 3_600_020)), done, strike=1)
    for number, ms in enumerate(range(1_000, 60_001, 1_000), start=2):
        pong = bytes((9, 0, 3, 2)) + u32(ms) + u32(number)
        ping = TALK.ask(m.PING, number, seen=max(STARTED, ms - 1_000))
        capped.step(ms, ping, TALK.tell(m.PONG, number, pong), strike=1)
    yield capped.step(60_019, b"", strike=1).step(60_020, b"")
