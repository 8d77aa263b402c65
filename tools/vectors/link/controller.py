"""Vectors for a controller: the bytes it receives, its answers and its outputs (LINK.md sections 2, 3 and 5).

Each vector is a controller that has just booted, with the key and the lock it was commissioned with, the
nonces and the secret key it will use and the inputs it boots with, and steps: the time, the inputs then, the
bytes heard, the payloads said in answer, and whether current flows through the strike afterwards. Events and
changes of state, which a controller tells unasked, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tools.vectors.link import make as m
from tools.vectors.link.make import STARTED, Exchange, LinkVector, Talk, u32, wire

if TYPE_CHECKING:
    from collections.abc import Iterator

TALK: Final = Talk()
CONTACT, TAMPER, SERVICE = 1, 4, 16
MALFORMED, BUSY, NO_KEY, LOCK_KIND, WRONG_TAG, LOCK_DOWN, _, SHUT_OR_TAMPERED, NOT_NOW = range(1, 10)
EXPIRED, VERSION = 11, 12


def grant(for_ms: int, expires: int) -> bytes:
    """The content of a RELEASE."""
    return for_ms.to_bytes(2, "little") + u32(77) + u32(expires)


def mode(number: int, expires: int = 0) -> bytes:
    """The content of a MODE."""
    return bytes([number]) + u32(expires)


THREE_SECONDS: Final = grant(3_000, 3_220)


@dataclass
class ControllerPlay:
    """The steps of one vector."""

    name: str
    comment: str
    key: bytes | None = m.KEY
    lock: int = m.FAIL_SECURE
    inputs: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)

    def step(
        self, ms: int, heard: bytes, *said: bytes, strike: int = 0, inputs: int | None = None
    ) -> ControllerPlay:
        """Add a step: at `ms` the payload `heard` comes, or none; the answers, the current of the strike."""
        step = {
            "ms": ms,
            "inputs": self.inputs if inputs is None else inputs,
            "hear": wire(heard).hex() if heard else "",
            "say": [payload.hex() for payload in said],
            "strike": strike,
        }
        self.steps.append(step)
        return self

    def open(
        self, talk: Talk = TALK, *, next_event: int = 2, strike: int = 0, flags: int = 0
    ) -> ControllerPlay:
        """Add the handshake."""
        self.step(0, talk.hello(), talk.welcome(flags=flags), strike=strike)
        return self.step(STARTED, talk.prove(lock=self.lock), talk.ready(next_event), strike=strike)

    def vector(self) -> LinkVector:
        """The file of the vector."""
        pair = {"key": self.key.hex() if self.key else None, "lock": self.lock}
        nonces = [nonce.hex() for nonce in m.NONCES]
        return LinkVector(
            f"controller_{self.name}",
            self.comment,
            {**pair, "nonces": nonces, "secret": m.SECRET.hex(), "inputs": self.inputs, "steps": self.steps},
        )


def controller_vectors() -> Iterator[LinkVector]:
    """All of them."""
    for plays in (_handshakes, _hostile, _late, _asked, _limits, _keys):
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


def _late() -> Iterator[ControllerPlay]:
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
        ("wiegand_no_bits", "WIEGAND of 0 bits", m.WIEGAND, bytes(9)),
        ("wiegand_65_bits", "WIEGAND of 65 bits", m.WIEGAND, bytes([65]) + bytes(8)),
        ("wiegand_short", "WIEGAND with 7 bytes", m.WIEGAND, bytes([26]) + bytes(7)),
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
        ("events_next", "EVENTS from the next one", m.EVENTS, u32(3)),
        ("wiegand_1_bit", "WIEGAND of 1 bit", m.WIEGAND, bytes([1, 0x80]) + bytes(7)),
        ("wiegand_64_bits", "WIEGAND of 64 bits", m.WIEGAND, bytes([64]) + bytes(8)),
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


def _keys() -> Iterator[ControllerPlay]:
    """Commissioning."""
    new, free = Exchange(), Exchange(lock=m.FAIL_SAFE)
    blank: dict[str, Any] = {"key": None, "lock": 0, "inputs": TAMPER}
    no_key = bytes([m.REFUSED, NO_KEY])
    talk = Talk(key=new.key)
    yield (
        ControllerPlay("key_set", "with the lid off; the session that follows needs the key", **blank)
        .step(0, new.offer(), new.answer())
        .step(10, new.confirm(), new.is_set())
        .step(20, talk.hello(), talk.welcome(flags=1))
        .step(30, talk.prove(), talk.ready(4, 30))
    )
    yield (
        ControllerPlay("key_fail_safe", "current flows as soon as the lock is known", **blank)
        .step(0, free.offer(), free.answer())
        .step(10, free.confirm(), free.is_set(), strike=1)
    )
    yield (
        ControllerPlay("key_lid_shut", "with the lid shut", key=None, lock=0)
        .step(0, new.offer(), bytes([m.REFUSED, SHUT_OR_TAMPERED]))
        .step(10, new.confirm(), bytes([m.REFUSED, SHUT_OR_TAMPERED]))
        .step(20, TALK.hello(), no_key)
    )
    yield (
        ControllerPlay("key_lid_put_on", "the lid is put on before the confirmation", **blank)
        .step(0, new.offer(), new.answer())
        .step(10, b"", inputs=0)
        .step(20, new.confirm())
        .step(30, TALK.hello(), no_key)
    )
    yield (
        ControllerPlay("key_again", "where there is a key already", inputs=TAMPER, key=m.OTHER_KEY)
        .step(0, new.offer(), bytes([m.REFUSED, NOT_NOW]))
        .step(10, new.confirm(), bytes([m.REFUSED, NOT_NOW]))
    )
    yield (
        ControllerPlay("key_offered_twice", "an offer that comes again has the same answer", **blank)
        .step(0, new.offer(), new.answer())
        .step(10, new.offer(), new.answer())
        .step(20, new.confirm(), new.is_set())
    )
    yield (
        ControllerPlay(
            "key_newer_offer", "a newer offer takes the place of one without a confirmation", **blank
        )
        .step(0, new.offer(), new.answer())
        .step(10, free.offer(), free.answer())
        .step(20, new.confirm(), bytes([m.REFUSED, WRONG_TAG]))
        .step(30, free.confirm())
        .step(40, TALK.hello(), no_key)
    )
    yield (
        ControllerPlay("key_not_confirmed", "an offer alone sets no key", **blank)
        .step(0, new.offer(), new.answer())
        .step(10, TALK.hello(), no_key)
    )
    yield (
        ControllerPlay("key_confirmed_alone", "a confirmation without an offer", **blank)
        .step(0, new.confirm())
        .step(10, TALK.hello(), no_key)
    )
    offer = new.offer()
    for name, comment, payload, code in (
        ("version_1", "of version 1", new.offer(version=1), VERSION),
        ("version_3", "of a version to come", new.offer(version=3), VERSION),
        ("lock_unknown", "for a lock of kind 3", Exchange(lock=3).offer(), MALFORMED),
        ("lock_zero", "for a lock of kind 0", Exchange(lock=0).offer(), MALFORMED),
        (
            "zero",
            "with a public key of zeros, which makes every pair's key the same",
            offer[:3] + bytes(32),
            MALFORMED,
        ),
        ("one", "with a public key of order 1", offer[:3] + b"\1" + bytes(31), MALFORMED),
        ("short", "with 31 bytes", offer[:-1], 0),
        ("long", "with 33 bytes", offer + b"\0", 0),
        ("in_clear", "SET_KEY of version 1, which said the key in clear", bytes([3, 1]) + m.KEY, 0),
    ):
        said = [bytes([m.REFUSED, code])] if code else []
        yield (
            ControllerPlay(f"key_offer_{name}", f"KEY_OFFER {comment}", **blank)
            .step(0, payload, *said)
            .step(10, TALK.hello(), no_key)
        )
    wrong = bytearray(new.confirm())
    wrong[-1] ^= 1
    for name, comment, payload, code in (
        ("tag_bit", "with one bit changed", bytes(wrong), WRONG_TAG),
        ("back", "with the controller's own check", bytes([m.KEY_CONFIRM]) + new.answer()[-8:], WRONG_TAG),
        ("other", "of another exchange", Exchange(host_secret=m.OTHER_KEY).confirm(), WRONG_TAG),
        ("short", "without its last byte", new.confirm()[:-1], 0),
    ):
        said = [bytes([m.REFUSED, code])] if code else []
        yield (
            ControllerPlay(f"key_confirm_{name}", f"KEY_CONFIRM {comment}", **blank)
            .step(0, new.offer(), new.answer())
            .step(10, payload, *said)
            .step(20, TALK.hello(), no_key)
        )
    erased = ControllerPlay(
        "erase", "the service jumper erases the key after five seconds with the lid off", inputs=TAMPER
    )
    erased.step(0, b"", inputs=TAMPER | SERVICE).step(
        4_999, TALK.hello(), TALK.welcome(flags=1), inputs=TAMPER | SERVICE
    )
    yield erased.step(5_000, TALK.hello(), bytes([m.REFUSED, NO_KEY]), inputs=TAMPER | SERVICE)
    kept = ControllerPlay(
        "erase_interrupted", "a jumper that was off restarts the five seconds", inputs=TAMPER
    )
    kept.step(0, b"", inputs=TAMPER | SERVICE).step(4_000, b"")
    yield kept.step(4_001, b"", inputs=TAMPER | SERVICE).step(
        9_000, TALK.hello(), TALK.welcome(flags=1), inputs=TAMPER | SERVICE
    )
    yield (
        ControllerPlay("erase_lid_shut", "the jumper with the lid closed erases nothing")
        .step(0, b"", inputs=SERVICE)
        .step(6_000, TALK.hello(), TALK.welcome(), inputs=SERVICE)
    )


def _said_by_controller(body: bytes) -> bytes:
    return body + m.mac(TALK.controller, body)[:8]
