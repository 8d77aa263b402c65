"""Vectors for a controller that is commissioned, or erased (LINK.md section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.vectors.link import make as m
from tools.vectors.link.make import Exchange, Talk
from tools.vectors.link.play import (
    MALFORMED,
    NO_KEY,
    NOT_NOW,
    SERVICE,
    SHUT_OR_TAMPERED,
    TALK,
    TAMPER,
    VERSION,
    WRONG_TAG,
    ControllerPlay,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def keys() -> Iterator[ControllerPlay]:
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
