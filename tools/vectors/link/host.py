"""Vectors for a host: the bytes it receives, its answers and its events (LINK.md sections 2 and 3).

Each vector is a host with the key and the lock of a pair, and the nonces it uses. Each step has a time, the
bytes received, the payloads sent, and the events for the host's program: the class of an event in
edge/link/messages.py, and its numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tools.vectors.link import make as m
from tools.vectors.link.make import LinkVector, Talk, u32, wire

if TYPE_CHECKING:
    from collections.abc import Iterator

TALK: Final = Talk()
NEXT_NONCE: Final = m.digest("door link: next nonce of the host")[:16]
WELCOMED: Final = ["Welcomed", [0, 2, 0], 0]
PONGED: Final = bytes((1, 2, 3, 0)) + u32(12_345) + u32(0)


@dataclass
class HostPlay:
    """The steps of one vector."""

    name: str
    comment: str
    steps: list[dict[str, Any]] = field(default_factory=list)

    def step(self, ms: int, heard: bytes, *said: bytes, told: list[Any] | None = None) -> HostPlay:
        """Add a step: at `ms` the payload `heard` comes, or none; the answers and the events."""
        says = [payload.hex() for payload in said]
        self.steps.append(
            {"ms": ms, "hear": wire(heard).hex() if heard else "", "say": says, "told": told or []}
        )
        return self

    def greet(self) -> HostPlay:
        """Add HELLO, the first message."""
        return self.step(0, b"", TALK.hello())

    def open(self) -> HostPlay:
        """Add the handshake."""
        self.greet().step(1, TALK.welcome(), TALK.prove(), told=[WELCOMED])
        return self.step(2, TALK.ready(7), told=[["SessionOpened", 7]])

    def vector(self) -> LinkVector:
        """The file of the vector."""
        nonces = [m.HOST_NONCE.hex(), NEXT_NONCE.hex()]
        return LinkVector(
            f"host_{self.name}",
            self.comment,
            {"key": m.KEY.hex(), "lock": m.FAIL_SECURE, "nonces": nonces, "steps": self.steps},
        )


def host_vectors() -> Iterator[LinkVector]:
    """All vectors for a host."""
    for plays in (_handshakes, _messages):
        for play in plays():
            yield play.vector()


def _handshakes() -> Iterator[HostPlay]:
    yield HostPlay("handshake", "a session is opened").open()
    prove, welcomed = TALK.prove(), [WELCOMED]
    yield (
        HostPlay("welcome_flags", "WELCOME with the flags of an open lid and of a watchdog reset")
        .greet()
        .step(1, TALK.welcome(flags=5), prove, told=[["Welcomed", [0, 2, 0], 5]])
    )
    yield (
        HostPlay("welcome_twice", "a second WELCOME is ignored")
        .greet()
        .step(1, TALK.welcome(), prove, told=welcomed)
        .step(2, TALK.welcome())
    )
    wrong = [["HandshakeRefused", 5]]
    for name, comment, payload, told in (
        ("other_key", "of another pair", Talk(key=m.OTHER_KEY).welcome(), wrong),
        ("other_nonce", "for another HELLO", Talk(host_nonce=NEXT_NONCE).welcome(), wrong),
        ("tag_bit", "with one bit of its tag changed", _flip(TALK.welcome()), wrong),
        ("side", "tagged with the host's key", _tagged(TALK.host, TALK.welcome()[:-8]), wrong),
        ("version", "of a version to come", TALK.welcome(version=3), [["WrongVersion", 3, [0, 2, 0]]]),
        (
            "version_1",
            "of version 1, whose tag is not looked at",
            TALK.welcome(version=1, firmware=bytes((0, 1, 0)))[:-8] + bytes(8),
            [["WrongVersion", 1, [0, 1, 0]]],
        ),
        (
            "firmware",
            "of an older firmware than is wanted",
            TALK.welcome(firmware=bytes((0, 1, 255))),
            [["WrongVersion", 2, [0, 1, 255]]],
        ),
        ("short", "without its last byte", TALK.welcome()[:-1], []),
        ("long", "with one more byte", TALK.welcome() + b"\0", []),
    ):
        yield HostPlay(f"welcome_{name}", f"WELCOME {comment}").greet().step(1, payload, told=told)
    for name, comment, payload in (
        ("other_key", "of another pair", Talk(key=m.OTHER_KEY).ready(7)),
        ("other_session", "of another session", Talk(nonce=m.NONCES[1]).ready(7)),
        ("tag_bit", "with one bit of its tag changed", _flip(TALK.ready(7))),
        ("side", "tagged with the host's key", _tagged(TALK.host, TALK.ready(7)[:-8])),
        ("short", "without its last byte", TALK.ready(7)[:-1]),
    ):
        yield (
            HostPlay(f"ready_{name}", f"READY {comment}")
            .greet()
            .step(1, TALK.welcome(), prove, told=welcomed)
            .step(2, payload)
        )
    yield HostPlay("ready_alone", "READY without WELCOME").greet().step(1, TALK.ready(7))
    yield HostPlay("ready_twice", "a second READY is ignored").open().step(3, TALK.ready(8))
    yield (
        HostPlay("refused", "REFUSED, which has no tag")
        .greet()
        .step(1, bytes([m.REFUSED, 4]), told=[["HandshakeRefused", 4]])
    )
    yield (
        HostPlay("refused_in_session", "REFUSED does not end a session")
        .open()
        .step(3, bytes([m.REFUSED, 3]), told=[["HandshakeRefused", 3]])
        .step(4, TALK.tell(m.DONE, 1, u32(9)), told=[["CommandDone", 9]])
    )
    yield (
        HostPlay("hello_again", "no answer: a new HELLO after half a second")
        .greet()
        .step(499, b"")
        .step(500, b"", Talk(host_nonce=NEXT_NONCE).hello())
    )


def _messages() -> Iterator[HostPlay]:
    pong = TALK.tell(m.PONG, 1, PONGED)
    event = u32(7) + bytes([7]) + u32(500) + u32(0)
    for name, comment, payload, told in (
        ("pong", "PONG with the state of the door", pong, ["ControllerStatus", 1, 2, 3, 0, 12_345]),
        ("done", "DONE for request 3", TALK.tell(m.DONE, 1, u32(3)), ["CommandDone", 3]),
        ("denied", "DENIED for request 3", TALK.tell(m.DENIED, 1, u32(3) + b"\6"), ["CommandDenied", 3, 6]),
        ("event", "EVENT of a leaf forced open", TALK.tell(m.EVENT, 1, event), ["Happened", 7, 7, 500, 0]),
    ):
        yield HostPlay(name, comment).open().step(3, payload, told=[told])
    for name, comment, payload in (
        ("tag_bit", "with one bit of its tag changed", _flip(pong)),
        ("other_key", "of another pair", Talk(key=m.OTHER_KEY).tell(m.PONG, 1, PONGED)),
        ("other_session", "of another session", Talk(nonce=m.NONCES[1]).tell(m.PONG, 1, PONGED)),
        ("side", "tagged with the host's key", TALK.ask(m.PONG, 1, PONGED)),
        ("counter_zero", "with counter 0", TALK.tell(m.PONG, 0, PONGED)),
        ("counter_changed", "with another counter under the same tag", pong[:1] + u32(2) + pong[5:]),
        ("short", "with content missing", TALK.tell(m.PONG, 1, PONGED[:-1])),
        ("long", "with a byte more", TALK.tell(m.PONG, 1, PONGED + b"\0")),
        ("v1", "without the message that it answers", TALK.tell(m.PONG, 1, PONGED[:-4])),
        ("state", "with a state to come", TALK.tell(m.PONG, 1, b"\x63" + PONGED[1:])),
        ("mode", "with a mode to come", TALK.tell(m.PONG, 1, PONGED[:3] + b"\x09" + PONGED[4:])),
    ):
        yield HostPlay(f"pong_{name}", f"PONG {comment}").open().step(3, payload)
    yield (
        HostPlay("pong_replayed", "PONG twice")
        .open()
        .step(3, pong, told=[["ControllerStatus", 1, 2, 3, 0, 12_345]])
        .step(4, pong)
    )
    yield HostPlay("pong_without_session", "PONG before READY").greet().step(1, pong)
    yield (
        HostPlay("event_kind", "EVENT of an unknown kind")
        .open()
        .step(3, TALK.tell(m.EVENT, 1, event[:4] + b"\x63" + event[5:]))
    )
    yield (
        HostPlay("denied_code", "DENIED with an unknown reason")
        .open()
        .step(3, TALK.tell(m.DENIED, 1, u32(3) + b"\x63"))
    )
    yield (
        HostPlay("own_words", "the host's own messages, sent back to it").open().step(3, TALK.ask(m.PING, 1))
    )
    quiet = HostPlay("silence", "a PING every 250 ms, and no answer for a second: the session is lost").open()
    for number, ms in enumerate(range(252, 1_003, 250), start=1):
        quiet.step(ms, b"", TALK.ask(m.PING, number))
    yield quiet.step(1_003, b"", Talk(host_nonce=NEXT_NONCE).hello(), told=[["Lost"]])
    yield from _late()


def _late() -> Iterator[HostPlay]:
    """Messages of the controller that were held back, and what the host's own say of its clock."""
    lost = [["Lost"]]
    hello = Talk(host_nonce=NEXT_NONCE).hello()
    seen = HostPlay("seen", "each message names the tick of the newest PONG").open()
    seen.step(252, b"", TALK.ask(m.PING, 1))
    pong = bytes((0, 0, 0, 0)) + u32(270) + u32(1)
    seen.step(260, TALK.tell(m.PONG, 1, pong), told=[["ControllerStatus", 0, 0, 0, 0, 270]])
    yield seen.step(502, b"", TALK.ask(m.PING, 2, seen=270))
    banked = HostPlay(
        "pong_held_back", "PONGs that are let through one by one, of PINGs of more than a second ago"
    ).open()
    for number, ms in enumerate(range(252, 1_003, 250), start=1):
        banked.step(ms, b"", TALK.ask(m.PING, number))
    late = TALK.tell(m.PONG, 1, bytes(4) + u32(9) + u32(0))
    yield banked.step(1_003, late, hello, told=lost)
    deaf = HostPlay("done_held_back", "DONE and EVENT may have been held back: no sign of life").open()
    for number, ms in enumerate(range(252, 1_003, 250), start=1):
        done = TALK.tell(m.DONE, number, u32(99))
        deaf.step(ms, done, TALK.ask(m.PING, number), told=[["CommandDone", 99]])
    yield deaf.step(1_003, b"", hello, told=lost)
    wraps = HostPlay("seen_wraps", "the controller's clock comes round").open()
    wraps.step(252, b"", TALK.ask(m.PING, 1))
    last = bytes(4) + u32(2**30 - 1) + u32(1)
    wraps.step(260, TALK.tell(m.PONG, 1, last), told=[["ControllerStatus", 0, 0, 0, 0, 2**30 - 1]])
    yield wraps.step(502, b"", TALK.ask(m.PING, 2, seen=2**30 - 1))


def _flip(payload: bytes) -> bytes:
    return payload[:-1] + bytes([payload[-1] ^ 1])


def _tagged(key: bytes, body: bytes) -> bytes:
    return body + m.mac(key, body)[:8]
