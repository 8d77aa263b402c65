"""Vectors for a controller: the bytes it receives, its answers and its outputs (LINK.md sections 2, 3 and 5).

Each vector is a controller that has just booted, with the key and the lock it was commissioned with, the
nonces and the secret key it will use and the inputs it boots with, and steps: the time, the inputs then, the
bytes heard, the payloads said in answer, and whether current flows through the strike afterwards. Events and
changes of state, which a controller tells unasked, are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.vectors.link import keys, late
from tools.vectors.link import make as m
from tools.vectors.link.make import STARTED, LinkVector, Talk, u32
from tools.vectors.link.play import (
    BUSY,
    CONTACT,
    LOCK_DOWN,
    LOCK_KIND,
    MALFORMED,
    NO_KEY,
    NOT_NOW,
    SHUT_OR_TAMPERED,
    TALK,
    TAMPER,
    THREE_SECONDS,
    VERSION,
    WRONG_TAG,
    ControllerPlay,
    grant,
    mode,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def controller_vectors() -> Iterator[LinkVector]:
    """All of them."""
    for plays in (_handshakes, _hostile, late.late, _asked, _limits, keys.keys):
        for play in plays():
            yield play.vector()


def _handshakes() -> Iterator[ControllerPlay]:
    """Messages that open a session, and messages that do not."""
    hello, again = TALK.hello(), Talk(nonce=m.NONCES[1])
    yield ControllerPlay("handshake", "a session is opened").open()
    yield ControllerPlay("handshake_fail_safe", "a session with a fail-safe lock", lock=m.FAIL_SAFE).open(
        strike=1
    )
    yield ControllerPlay("handshake_tampered", "WELCOME says that the lid is off", inputs=TAMPER).open(
        next_event=3, flags=1
    )
    for name, comment, payload in (
        ("short", "HELLO with 15 bytes of nonce", TALK.hello()[:-1]),
        ("long", "HELLO with one more byte", TALK.hello() + b"\0"),
    ):
        yield ControllerPlay(f"hello_{name}", comment).step(0, payload)
    yield ControllerPlay(
        "hello_version", "HELLO of a version to come: WELCOME says which one is spoken here"
    ).step(0, TALK.hello(version=3), TALK.welcome())
    yield ControllerPlay("hello_version_1", "HELLO of version 1, which is refused by name").step(
        0, TALK.hello(version=1), bytes([m.REFUSED, VERSION])
    )
    held = ControllerPlay("prove_held_back", "PROVE that was held back for more than a second").step(
        0, hello, TALK.welcome()
    )
    yield held.step(1_001, TALK.prove())
    yield ControllerPlay("hello_no_key", "HELLO before commissioning", key=None, lock=0).step(
        0, hello, bytes([m.REFUSED, NO_KEY])
    )
    flood = ControllerPlay(
        "hello_flood", "four HELLOs in one second are answered, the fifth is refused, more are ignored"
    )
    for number in range(3):
        flood.step(number, hello, Talk(nonce=m.NONCES[number]).welcome())
    flood.step(3, hello, Talk(nonce=m.NONCES[0]).welcome())
    flood.step(4, hello, bytes([m.REFUSED, BUSY])).step(5, hello)
    yield flood.step(1_000, hello, Talk(nonce=m.NONCES[1]).welcome())
    yield (
        ControllerPlay("hello_newer", "a newer HELLO replaces one without PROVE")
        .step(0, hello, TALK.welcome())
        .step(1, hello, again.welcome())
        .step(2, TALK.prove(), bytes([m.REFUSED, WRONG_TAG]))
    )
    yield ControllerPlay("prove_alone", "PROVE without HELLO").step(0, TALK.prove())
    yield ControllerPlay("prove_twice", "a second PROVE is ignored").open().step(11, TALK.prove())
    for name, comment, payload in (
        ("tag", "a wrong tag", Talk(key=m.OTHER_KEY).prove()),
        ("side", "tagged with the controller's key", _said_by_controller(TALK.prove()[:2])),
        (
            "lock_changed",
            "another lock under the same tag",
            bytes([TALK.prove()[0], m.FAIL_SAFE]) + TALK.prove()[2:],
        ),
    ):
        yield (
            ControllerPlay(f"prove_{name}", f"PROVE with {comment}")
            .step(0, hello, TALK.welcome())
            .step(1, payload, bytes([m.REFUSED, WRONG_TAG]))
            .step(2, TALK.prove())
        )
    yield (
        ControllerPlay("prove_lock", "PROVE for the other kind of lock")
        .step(0, hello, TALK.welcome())
        .step(1, TALK.prove(lock=m.FAIL_SAFE), bytes([m.REFUSED, LOCK_KIND]))
    )
    yield (
        ControllerPlay("prove_short", "PROVE without the last byte of its tag")
        .step(0, hello, TALK.welcome())
        .step(1, TALK.prove()[:-1])
        .step(2, TALK.prove(), TALK.ready(2, 2))
    )
    yield (
        ControllerPlay("welcome_back", "the controller's own messages, sent back to it")
        .step(0, hello, TALK.welcome())
        .step(1, TALK.welcome())
        .step(2, TALK.ready(2))
    )


def _hostile() -> Iterator[ControllerPlay]:
    """Messages with no effect: the strike stays without current, and there is no answer."""
    good = TALK.ask(m.RELEASE, 1, THREE_SECONDS)
    forged = bytearray(good)
    forged[-1] ^= 1
    longer = bytearray(good)
    longer[6] ^= 0x40
    for name, comment, payload in (
        ("tag_bit", "one bit of the tag", bytes(forged)),
        ("content_bit", "one bit of the time", bytes(longer)),
        ("tag_missing", "no tag", good[:-8]),
        ("tag_zero", "a tag of zeros", good[:-8] + bytes(8)),
        ("truncated", "the last byte of the tag is missing", good[:-1]),
        (
            "other_key",
            "tagged with the key of another pair",
            Talk(key=m.OTHER_KEY).ask(m.RELEASE, 1, THREE_SECONDS),
        ),
        (
            "other_session",
            "tagged for another session",
            Talk(nonce=m.NONCES[1]).ask(m.RELEASE, 1, THREE_SECONDS),
        ),
        ("direction", "tagged with the controller's key", _said_by_controller(good[:-8])),
        ("counter_zero", "counter 0", TALK.ask(m.RELEASE, 0, THREE_SECONDS)),
        ("counter_huge", "counter 2^30", TALK.ask(m.RELEASE, 1 << 30, THREE_SECONDS)),
        ("counter_changed", "another counter under the same tag", good[:1] + u32(2) + good[5:]),
        ("kind_changed", "another type under the same tag", bytes([m.MODE]) + good[1:]),
    ):
        yield ControllerPlay(f"release_{name}", f"RELEASE: {comment}").open().step(20, payload)
    released = ControllerPlay(
        "release_replayed", "RELEASE twice: the second one does not extend the release"
    ).open()
    released.step(20, good, TALK.tell(m.DONE, 1, u32(1)), strike=1).step(620, good, strike=1)
    yield released.step(1_021, b"").step(1_030, good)
    yield (
        ControllerPlay("release_reordered", "RELEASE arrives after a RELOCK that was sent later")
        .open()
        .step(20, TALK.ask(m.RELOCK, 2), TALK.tell(m.DONE, 1, u32(2)))
        .step(21, good)
    )
    yield ControllerPlay("release_without_session", "RELEASE before any session").step(0, good)
    yield (
        ControllerPlay("release_after_silence", "RELEASE in a session that ended 5 s ago")
        .open()
        .step(5_020, good)
    )
    yield (
        ControllerPlay("ping_wrong_tag", "a PING with a wrong tag does not keep the session open")
        .open()
        .step(20, good, TALK.tell(m.DONE, 1, u32(1)), strike=1)
        .step(1_000, TALK.ask(m.PING, 2, seen=20)[:-1] + b"\0", strike=1)
        .step(1_021, b"")
    )


def _asked() -> Iterator[ControllerPlay]:
    """Requests that the controller carries out, and requests that it denies."""
    done, release = TALK.tell(m.DONE, 1, u32(1)), TALK.ask(m.RELEASE, 1, THREE_SECONDS)
    yield (
        ControllerPlay("release", "RELEASE is carried out, and ends after a second without a message")
        .open()
        .step(20, release, done, strike=1)
        .step(1_020, b"", strike=1)
        .step(1_021, b"")
    )
    yield (
        ControllerPlay("release_fail_safe", "RELEASE switches the current off", lock=m.FAIL_SAFE)
        .open(strike=1)
        .step(20, release, done)
        .step(1_021, b"", strike=1)
    )
    held = ControllerPlay(
        "release_runs_out", "the release ends after its time, while the host sends PING"
    ).open()
    held.step(20, release, done, strike=1)
    for number, ms in enumerate(range(500, 3_001, 500), start=2):
        state = bytes((1, 0, 3, 0))  # released; no input; strike and passage
        ping = TALK.ask(m.PING, number, seen=max(STARTED, ms - 500))
        held.step(ms, ping, TALK.tell(m.PONG, number, state + u32(ms) + u32(number)), strike=1)
    yield held.step(3_020, b"")
    yield (
        ControllerPlay("relock", "RELOCK ends a release")
        .open()
        .step(20, release, done, strike=1)
        .step(30, TALK.ask(m.RELOCK, 2), TALK.tell(m.DONE, 2, u32(2)))
    )
    yield (
        ControllerPlay("ping", "PING is answered with the state of the door")
        .open()
        .step(20, TALK.ask(m.PING, 1), TALK.tell(m.PONG, 1, bytes(4) + u32(20) + u32(1)))
    )
    yield (
        ControllerPlay("counters_skip", "messages after a lost message are accepted")
        .open()
        .step(20, TALK.ask(m.PING, 900), TALK.tell(m.PONG, 1, bytes(4) + u32(20) + u32(900)))
    )
    yield (
        ControllerPlay("lock_down", "RELEASE in lock-down")
        .open()
        .step(20, TALK.ask(m.MODE, 1, mode(1)), done)
        .step(21, TALK.ask(m.RELEASE, 2, THREE_SECONDS), TALK.tell(m.DENIED, 2, u32(2) + bytes([LOCK_DOWN])))
    )
    yield (
        ControllerPlay("free_access", "free-access ends when the messages end")
        .open()
        .step(20, TALK.ask(m.MODE, 1, mode(2, 60_020)), done, strike=1)
        .step(1_021, b"")
    )
    yield (
        ControllerPlay("tampered", "RELEASE with the lid off")
        .open()
        .step(20, release, TALK.tell(m.DENIED, 1, u32(1) + bytes([SHUT_OR_TAMPERED])), inputs=TAMPER)
    )
    yield (
        ControllerPlay("forced", "RELEASE after the leaf was forced open")
        .open()
        .step(20, release, TALK.tell(m.DENIED, 1, u32(1) + bytes([NOT_NOW])), inputs=CONTACT)
    )
    for name, comment, opened, code in (
        (
            "late",
            "the leaf opens 99 ms after RELOCK, which is not forced: RELEASE is carried out",
            129,
            0,
        ),
        (
            "forced",
            "the leaf opens 100 ms after RELOCK, which is forced: RELEASE is denied",
            130,
            NOT_NOW,
        ),
    ):
        answer = TALK.tell(m.DENIED, 3, u32(3) + bytes([code])) if code else TALK.tell(m.DONE, 3, u32(3))
        yield (
            ControllerPlay(f"opening_{name}", comment)
            .open()
            .step(20, release, done, strike=1)
            .step(30, TALK.ask(m.RELOCK, 2), TALK.tell(m.DONE, 2, u32(2)))
            .step(opened, b"", inputs=CONTACT)
            .step(200, TALK.ask(m.RELEASE, 3, THREE_SECONDS), answer, inputs=CONTACT)
        )
    yield (
        ControllerPlay("session_replaced", "a new session ends the release of the old one")
        .open()
        .step(20, release, done, strike=1)
        .step(30, TALK.hello(), Talk(nonce=m.NONCES[1]).welcome(), strike=1)
        .step(40, Talk(nonce=m.NONCES[1]).prove(), Talk(nonce=m.NONCES[1]).ready(4, 40), strike=1)
        .step(50, b"")
    )


def _limits() -> Iterator[ControllerPlay]:
    """Contents at their limits and beyond them. The messages are authentic, so there is an answer."""
    malformed = TALK.tell(m.DENIED, 1, u32(1) + bytes([MALFORMED]))
    soon = u32(220)
    for name, comment, kind, content in (
        ("release_no_time", "RELEASE for 0 ms", m.RELEASE, grant(0, 9_999)),
        ("release_short", "RELEASE without an expiry", m.RELEASE, THREE_SECONDS[:6]),
        ("release_long", "RELEASE with a byte more", m.RELEASE, THREE_SECONDS + b"\0"),
        ("relock_long", "RELOCK with content", m.RELOCK, b"\0"),
        ("mode_unknown", "MODE 3", m.MODE, mode(3, 9_999)),
        ("mode_empty", "MODE without a mode", m.MODE, b""),
        ("mode_short", "MODE without an expiry", m.MODE, b"\2"),
        ("signal_unknown", "SIGNAL 6", m.SIGNAL, b"\6"),
        ("events_zero", "EVENTS from 0", m.EVENTS, u32(0)),
        ("events_future", "EVENTS from the one after the next", m.EVENTS, u32(4)),
        ("events_huge", "EVENTS from 2^32 - 1", m.EVENTS, u32(2**32 - 1)),
        ("wiegand_no_bits", "WIEGAND of 0 bits", m.WIEGAND, bytes(9) + soon),
        ("wiegand_65_bits", "WIEGAND of 65 bits", m.WIEGAND, bytes([65]) + bytes(8) + soon),
        ("wiegand_short", "WIEGAND without an expiry", m.WIEGAND, bytes([26]) + bytes(8)),
        ("ping_long", "PING with content", m.PING, b"\0"),
        ("unknown", "an unknown type", 0x17, b""),
    ):
        yield (
            ControllerPlay(f"denied_{name}", comment).open().step(20, TALK.ask(kind, 1, content), malformed)
        )
    done = TALK.tell(m.DONE, 1, u32(1))
    for name, comment, kind, content in (
        ("signal_last", "SIGNAL 5", m.SIGNAL, b"\5"),
        ("events_first", "EVENTS from 1", m.EVENTS, u32(1)),
        ("events_next", "EVENTS from the one that has not happened yet", m.EVENTS, u32(3)),
        ("wiegand_1_bit", "WIEGAND of 1 bit", m.WIEGAND, bytes([1, 0x80]) + bytes(7) + soon),
        ("wiegand_64_bits", "WIEGAND of 64 bits", m.WIEGAND, bytes([64]) + bytes(8) + soon),
        ("mode_same", "MODE that is already in force", m.MODE, mode(0)),
    ):
        yield ControllerPlay(f"done_{name}", comment).open().step(20, TALK.ask(kind, 1, content), done)
    longest = grant(0xFFFF, 0xFFFF + 220)
    capped = ControllerPlay("release_capped", "RELEASE for a minute ends after ten seconds").open()
    capped.step(20, TALK.ask(m.RELEASE, 1, longest), done, strike=1)
    for number, ms in enumerate(range(1_000, 10_001, 1_000), start=2):
        pong = bytes((1, 0, 3, 0)) + u32(ms) + u32(number)
        ping = TALK.ask(m.PING, number, seen=max(STARTED, ms - 1_000))
        capped.step(ms, ping, TALK.tell(m.PONG, number, pong), strike=1)
    yield capped.step(10_019, b"", strike=1).step(10_020, b"")


def _said_by_controller(body: bytes) -> bytes:
    return body + m.mac(TALK.controller, body)[:8]
