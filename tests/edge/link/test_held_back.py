"""Attackers on the cable who hold back what both real halves say: order is kept, and nothing old is obeyed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from controller import Controller
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import FREE_ACCESS_MS, HEARTBEAT_MS, SESSION_MS
from peers.link_host import KEY, Keys, Nonces, nonces

from edge.link import frame
from edge.link import limits as host_limits
from edge.link import messages as m
from edge.link.session import LinkPairing, LinkSession

STEP_MS = 50
HOUR_MS = 3_600_000
HANDSHAKE = (m.MessageType.HELLO, m.MessageType.PROVE)


@dataclass
class Attacked:
    """Both halves, and an attacker who decides when each frame of a direction arrives."""

    now: int = 0
    level: int = 0
    moves: list[tuple[int, int]] = field(default_factory=list)
    told: list[m.LinkEvent] = field(default_factory=list)
    to_controller: list[bytes] = field(default_factory=list)  # frames of the host, held back
    to_host: list[bytes] = field(default_factory=list)  # frames of the controller, held back
    slows: str = ""  # whose frames are held back: the host's or the controller's
    is_host_dead: bool = False
    let_at: int = 0
    every_ms: int = 900  # so often one old frame is let through: in time for a heartbeat
    inputs: int = 0

    def __post_init__(self) -> None:
        self._said = bytearray()
        self.controller = Controller(
            keys=Keys((1, KEY)),
            nonces=Nonces(),
            write=lambda buffer, length: self._said.extend(buffer[:length]),
            drive=self._drive,
            lamps=lambda _: None,
            wiegand=lambda *_: True,
            inputs=0,
            now=0,
            cause=0,
        )
        self.host = LinkSession(LinkPairing(KEY, m.Lock.FAIL_SECURE), fresh=nonces(b"host"))
        self.run(200)
        assert self.host.is_open
        self.told.clear()

    @property
    def tick(self) -> int:
        """The controller's clock."""
        return self.now & 2**30 - 1

    def _drive(self, level: int) -> None:
        if level != self.level:
            self.level = level
            self.moves.append((self.now, level))

    def say(self, data: bytes) -> None:
        """Frames of the host, as far as the attacker lets them."""
        for piece in data.split(b"\0")[:-1]:
            payload = frame.decode(piece)
            assert payload is not None
            if self.slows == "host" and payload[0] not in HANDSHAKE:
                self.to_controller.append(piece + b"\0")
            else:
                self.deliver(piece + b"\0")

    def deliver(self, data: bytes) -> None:
        """To the controller, now."""
        for byte in data:
            self.controller.receive(byte, self.tick)

    def run(self, ms: int, choose: Callable[[list[bytes]], bytes | None] = lambda held: held[0]) -> None:
        """So much time passes. `choose`: which of the frames that are held back is let through next."""
        for _ in range(ms // STEP_MS):
            self.now += STEP_MS
            if not self.is_host_dead:
                out, told = self.host.step(self.now)
                self.told += told
                self.say(out)
            self.controller.step(self.inputs, self.tick)
            held = self.to_controller or self.to_host
            if held and self.now - self.let_at >= self.every_ms and (chosen := choose(held)) is not None:
                self.let_at = self.now
                held.remove(chosen)
                self.deliver(chosen) if held is self.to_controller else self._hear(chosen)
            self._answers()

    def _answers(self) -> None:
        while self.controller.tell(self.tick):
            pass
        said, self._said = bytes(self._said), bytearray()
        for piece in said.split(b"\0")[:-1]:
            if self.slows == "controller" and not self._is_handshake(piece):
                self.to_host.append(piece + b"\0")
            else:
                self._hear(piece + b"\0")

    def _is_handshake(self, piece: bytes) -> bool:
        payload = frame.decode(piece)
        return payload is not None and payload[0] in (m.MessageType.WELCOME, m.MessageType.READY)

    def _hear(self, data: bytes) -> None:
        if not self.is_host_dead:
            reply, told = self.host.receive(data, self.now)
            self.told += told
            self.say(reply)


def kind_of(data: bytes) -> int:
    payload = frame.decode(data[:-1])
    assert payload is not None
    return payload[0]


def oldest_pong(held: list[bytes]) -> bytes | None:
    return next((data for data in held if kind_of(data) == m.MessageType.PONG), None)


def only_pings(held: list[bytes]) -> bytes | None:
    return next((data for data in held if kind_of(data) == m.MessageType.PING), None)


def test_both_halves_have_the_same_limits() -> None:
    assert host_limits.FREE_ACCESS_MS == FREE_ACCESS_MS
    assert host_limits.SILENCE_MS == HEARTBEAT_MS
    assert 3 * host_limits.RENEW_MS <= FREE_ACCESS_MS


def test_a_host_whose_frames_are_slowed_down_keeps_no_session_and_its_banked_release_opens_nothing() -> None:
    world = Attacked(slows="host")
    world.run(HOUR_MS)
    assert m.Lost() in world.told
    while not world.host.is_open:
        world.run(STEP_MS)
    _, data = world.host.release(3_000, 4711, world.now)
    world.say(data)
    release = world.to_controller[-1]
    world.is_host_dead = True
    world.run(2 * HOUR_MS, only_pings)
    assert not world.controller.session.in_force
    world.deliver(release)
    world.run(1_000, only_pings)
    assert world.moves == []


@pytest.mark.parametrize("host_lives_on", [True, False])
@pytest.mark.parametrize("late_ms", [1_100, 1_500, 3_000, 10_000, SESSION_MS + 1_000, 2**30])
def test_a_release_that_is_handed_over_late_moves_nothing(late_ms: int, host_lives_on: bool) -> None:
    world = Attacked()
    _, release = world.host.release(10_000, 1, world.now)
    world.is_host_dead = not host_lives_on
    if late_ms == 2**30:  # the controller's clock comes round: 12 days
        late_ms = 0
        for _ in range(4):
            world.now += 2**28
            world.controller.step(0, world.tick)
    world.run(late_ms)
    world.deliver(release)
    world.run(1_000)
    assert world.moves == []


@pytest.mark.parametrize("host_lives_on", [True, False])
def test_free_access_ends_although_its_end_is_held_back_and_old_pings_are_let_through(
    host_lives_on: bool,
) -> None:
    world = Attacked()
    _, data = world.host.mode(m.Mode.FREE_ACCESS, FREE_ACCESS_MS, world.now)
    world.say(data)
    began = world.now
    assert world.level == 1
    _, banked = world.host.mode(m.Mode.FREE_ACCESS, FREE_ACCESS_MS, world.now)
    world.slows = "host"
    world.run(900, lambda _: None)
    world.slows = ""
    world.host.mode(m.Mode.NORMAL, 0, world.now)  # dropped
    world.is_host_dead = not host_lives_on
    for _ in range(90):
        world.run(1_000, only_pings)
        world.deliver(banked)
    assert world.level == 0
    assert world.moves[-1][0] - began <= (FREE_ACCESS_MS if host_lives_on else HEARTBEAT_MS + 1_000)


@pytest.mark.parametrize("every_ms", [260, 300, 900])
def test_a_status_that_is_taken_is_never_old(every_ms: int) -> None:
    """Else a door that was forced would be shown shut for hours: PONGs of the quiet time, later and later."""
    world = Attacked(slows="controller", every_ms=every_ms)
    heard: list[tuple[int, m.ControllerStatus]] = []
    for number in range(2_400):
        if number == 1_000:
            world.inputs = 1  # the leaf is forced open
        before = len(world.told)
        world.run(STEP_MS, oldest_pong)
        heard += [(world.now, e) for e in world.told[before:] if isinstance(e, m.ControllerStatus)]
    assert heard
    assert max(now - status.tick_ms for now, status in heard) <= 2_000
    assert m.Lost() in world.told
    forced = 1_000 * STEP_MS
    assert all(status.inputs for now, status in heard if now > forced + 2_000)


def test_a_handshake_that_is_banked_opens_no_session_later() -> None:
    world = Attacked()
    world.is_host_dead = True
    world.run(SESSION_MS + 1_000)
    other = LinkSession(LinkPairing(KEY, m.Lock.FAIL_SECURE), fresh=nonces(b"another host"))
    hello, _ = other.step(world.now)
    world.deliver(hello)
    prove, _ = other.receive(bytes(world._said), world.now)
    world._said.clear()
    world.run(1_100)
    world.deliver(prove)
    assert not world.controller.session.in_force


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_fuzz_whatever_is_held_back_the_strike_moves_only_for_a_grant_of_this_moment(
    data: st.DataObject,
) -> None:
    """Frames are held, dropped, repeated and let through in any order; each grant is good until it expires."""
    world = Attacked(slows="host")
    expiries: list[tuple[int, int]] = []
    for _ in range(data.draw(st.integers(5, 40))):
        match data.draw(st.sampled_from(["wait", "wait", "release", "free", "let", "again", "drop", "die"])):
            case "wait":
                world.let_at = world.now + HOUR_MS  # nothing of itself
                world.run(data.draw(st.sampled_from([50, 200, 500, 1_000, 5_000])))
            case "release" if world.host.is_open and not world.is_host_dead:
                for_ms = data.draw(st.sampled_from([100, 1_000, 10_000, 60_000]))
                world.say(world.host.release(for_ms, 1, world.now)[1])
                expiries.append((world.now, world.now + min(for_ms, 10_000) + 1_000))
            case "free" if world.host.is_open and not world.is_host_dead:
                world.say(world.host.mode(m.Mode.FREE_ACCESS, FREE_ACCESS_MS, world.now)[1])
                expiries.append((world.now, world.now + FREE_ACCESS_MS))
            case "let" if world.to_controller:
                at = data.draw(st.integers(0, len(world.to_controller) - 1))
                world.deliver(world.to_controller.pop(at))
            case "again" if world.to_controller:
                world.deliver(data.draw(st.sampled_from(world.to_controller)))
            case "drop" if world.to_controller:
                world.to_controller.pop(0)
            case "die":
                world.is_host_dead = not world.is_host_dead
        if world.level:
            assert any(since <= world.now <= until for since, until in expiries)
