"""The host's session with the controller's, over a cable that may do anything to the bytes."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import tracemalloc
from dataclasses import dataclass, field

import frame as controller_frame
import pytest
import session as controller_session
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import HEARTBEAT_MS, MAX_WIRE, SESSION_MS

from edge.link import frame
from edge.link import messages as m
from edge.link.faults import LinkDown
from edge.link.session import PING_EVERY_MS, LinkPairing, LinkSession

KEY = bytes(range(32))
OTHER = bytes(32)


def nonces(label: bytes):
    counter = itertools.count()
    return lambda: hashlib.sha256(label + bytes([next(counter) & 255])).digest()[:16]


class Controller:
    """The controller's link with a strike that only counts obeyed RELEASEs."""

    def __init__(self, key: bytes | None = KEY, lock: int = 1) -> None:
        self.receiver = controller_frame.Receiver()
        self.session = controller_session.Session(key, lock, bytes((0, 2, 0)), nonces(b"controller"))
        self.wire = bytearray(MAX_WIRE)
        self.obeyed: list[bytes] = []
        self.lost = 0

    def receive(self, data: bytes, now: int) -> bytes:
        out = bytearray()
        for byte in data:
            length = self.receiver.feed(byte)
            if length:
                out += self._answer(length, now)
        return bytes(out)

    def step(self, now: int) -> None:
        self.lost += self.session.step(now)

    def _answer(self, length: int, now: int) -> bytes:
        payload, session = self.receiver.frame, self.session
        if payload[0] == controller_session.HELLO:
            return self._send(session.greet(payload, length, 0, now))
        if payload[0] == controller_session.PROVE:
            return self._send(session.prove(payload, length, 7, now))
        content = session.accept(payload, length, now)
        if content < 0:
            return b""
        if payload[0] == m.MessageType.PING:
            session.reply[5:17] = bytes(4) + now.to_bytes(4, "little") + session.taken.to_bytes(4, "little")
            return self._send(session.seal(m.MessageType.PONG, 12))
        self.obeyed.append(bytes(payload[:1]) + bytes(payload[9 : 9 + content]))
        session.reply[5:9] = payload[1:5]
        return self._send(session.seal(m.MessageType.DONE, 4))

    def _send(self, length: int) -> bytes:
        if not length:
            return b""
        size = controller_frame.encode(self.session.reply, length, self.wire)
        return bytes(self.wire[:size])


@dataclass
class Cable:
    """Both ends, and their events."""

    host: LinkSession = field(
        default_factory=lambda: LinkSession(LinkPairing(KEY, m.Lock.FAIL_SECURE), fresh=nonces(b"host"))
    )
    controller: Controller = field(default_factory=Controller)
    events: list[m.LinkEvent] = field(default_factory=list)
    now: int = 0

    def carry(self, to_controller: bytes) -> None:
        """Carry bytes in both directions until neither end sends more."""
        while to_controller:
            to_host = self.controller.receive(to_controller, self.now)
            to_controller, told = self.host.receive(to_host, self.now)
            self.events += told

    def pass_time(self, ms: int, *, connected: bool = True) -> None:
        for _ in range(ms // 50):
            self.now += 50
            self.controller.step(self.now)
            out, told = self.host.step(self.now)
            self.events += told
            if connected:
                self.carry(out)

    def open(self) -> Cable:
        self.pass_time(50)
        assert self.host.is_open
        self.events.clear()
        return self


@pytest.mark.parametrize("step_ms", [1, 10, 50, 100])
def test_an_open_session_sends_four_pings_a_second(step_ms: int) -> None:
    cable = Cable().open()
    sent = 0
    for _ in range(10_000 // step_ms):
        cable.now += step_ms
        out, _ = cable.host.step(cable.now)
        sent += bool(out)
        cable.carry(out)
    assert 33 <= sent <= 40, "a step of 100 ms sends one every 300 ms"
    assert cable.host.is_open


def test_a_session_that_just_opened_sends_its_first_ping_after_a_quarter_of_a_second() -> None:
    cable = Cable(now=10**9).open()
    opened = cable.now
    assert cable.host.step(opened + PING_EVERY_MS - 1) == (b"", ())
    assert cable.host.step(opened + PING_EVERY_MS) != (b"", ())
    assert cable.host.step(opened + PING_EVERY_MS + 1) == (b"", ())


@given(st.binary(min_size=1, max_size=56))
def test_the_two_codecs_agree(payload: bytes) -> None:
    out = bytearray(MAX_WIRE)
    scratch = bytearray(payload + bytes(2))
    encoded = bytes(out[: controller_frame.encode(scratch, len(payload), out)])
    assert encoded == frame.encode(payload)
    assert len(encoded) <= MAX_WIRE
    assert b"\0" not in encoded[:-1]
    assert list(frame.FrameReceiver().feed(encoded)) == [payload]
    receiver = controller_frame.Receiver()
    lengths = [receiver.feed(byte) for byte in encoded]
    assert lengths[-1] == len(payload)
    assert bytes(receiver.frame[: len(payload)]) == payload
    assert not any(lengths[:-1])


def test_the_crc_is_that_of_the_catalogue() -> None:
    assert frame.crc16(b"123456789") == 0x29B1
    assert controller_frame.crc16(bytearray(b"123456789"), 9) == 0x29B1


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_both_sides_decode_noise_alike(chunks: list[bytes]) -> None:
    host, controller = frame.FrameReceiver(), controller_frame.Receiver()
    heard = [
        bytes(controller.frame[:length]) for byte in b"".join(chunks) if (length := controller.feed(byte))
    ]
    assert [payload for chunk in chunks for payload in host.feed(chunk)] == heard


def test_noise_before_a_frame_loses_at_most_that_frame() -> None:
    host, payload = frame.FrameReceiver(), b"\x10hello"
    assert list(host.feed(b"\x07garbage" + frame.encode(payload) + frame.encode(payload))) == [payload]


def test_noise_without_an_end_takes_the_memory_of_one_frame() -> None:
    host = frame.FrameReceiver()
    tracemalloc.start()
    try:
        for _ in range(1_000):
            assert list(host.feed(b"\x07" * 1_000)) == []
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept_bytes < 10_000
    assert list(host.feed(b"\0" + frame.encode(b"\x10"))) == [b"\x10"]


def test_a_handshake_opens_a_session_on_both_sides() -> None:
    cable = Cable()
    cable.pass_time(50)
    assert cable.events == [m.Welcomed((0, 2, 0), m.Flags(0)), m.SessionOpened(7)]
    assert cable.host.is_open
    assert cable.controller.session.in_force


def test_a_command_is_obeyed_once_and_confirmed() -> None:
    cable = Cable().open()
    counter, data = cable.host.release(3_000, grant=42, tick_ms=cable.now)
    cable.carry(data)
    assert cable.controller.obeyed == [
        b"\x11" + (3_000).to_bytes(2, "little") + (42).to_bytes(4, "little") + (3_250).to_bytes(4, "little")
    ]
    assert cable.events == [m.CommandDone(counter)]


def test_a_session_lives_while_the_host_pings() -> None:
    cable = Cable().open()
    cable.pass_time(60_000)
    assert cable.host.is_open
    assert cable.controller.session.alive
    assert m.Lost() not in cable.events


def test_both_sides_notice_a_cut_cable_and_recover() -> None:
    cable = Cable().open()
    cable.pass_time(HEARTBEAT_MS + 100, connected=False)
    assert not cable.host.is_open
    assert not cable.controller.session.alive
    assert cable.controller.lost == 1
    cable.pass_time(SESSION_MS, connected=False)
    assert not cable.controller.session.in_force
    cable.pass_time(1_000)
    assert cable.host.is_open
    assert cable.controller.session.alive


def test_no_command_can_be_sent_without_a_session() -> None:
    with pytest.raises(LinkDown):
        LinkSession(LinkPairing(KEY, m.Lock.FAIL_SECURE), fresh=nonces(b"")).release(1_000, 0, 0)


@pytest.mark.parametrize(
    ("controller", "told"),
    [
        (Controller(key=None), [m.HandshakeRefused(m.DenyCode.NO_KEY)]),
        (Controller(lock=2), [m.Welcomed((0, 2, 0), m.Flags(0)), m.HandshakeRefused(m.DenyCode.LOCK_KIND)]),
        (Controller(key=OTHER), [m.HandshakeRefused(m.DenyCode.WRONG_TAG)]),
    ],
)
def test_another_key_or_lock_opens_no_session(controller: Controller, told: list[m.LinkEvent]) -> None:
    cable = Cable(controller=controller)
    cable.pass_time(50)
    assert cable.events == told
    assert not cable.host.is_open
    assert not controller.session.in_force


def test_a_flood_of_hellos_is_answered_four_times_a_second_and_ends_no_session() -> None:
    cable = Cable().open()
    hello = frame.encode(bytes([m.MessageType.HELLO, 2]) + bytes(16))
    answers = [cable.controller.receive(hello, cable.now) for _ in range(100)]
    assert sum(map(bool, answers)) <= 4
    assert cable.controller.session.in_force
    counter, data = cable.host.release(1_000, 1, cable.now)
    cable.carry(data)
    assert cable.events == [m.CommandDone(counter)]


# -- the cable is hostile -------------------------------------------------------------------------


def recorded(cable: Cable, asked: int) -> list[bytes]:
    """All frames of the host in a session with `asked` releases, as an attacker records them."""
    heard = []
    for number in range(asked):
        _, data = cable.host.release(1_000, number, cable.now)
        heard.append(data)
        cable.carry(data)
    return heard


@given(st.data())
@settings(max_examples=200)
def test_replayed_reordered_and_altered_frames_move_nothing(data: st.DataObject) -> None:
    cable = Cable().open()
    heard = recorded(cable, 3)
    obeyed = list(cable.controller.obeyed)
    for _ in range(data.draw(st.integers(1, 8))):
        forged = bytearray(data.draw(st.sampled_from(heard)))
        match data.draw(st.sampled_from(["replay", "flip", "cut", "join"])):
            case "flip":
                forged[data.draw(st.integers(0, len(forged) - 2))] ^= 1 << data.draw(st.integers(0, 7))
            case "cut":
                del forged[data.draw(st.integers(0, len(forged) - 2)) :]
                forged += b"\0"
            case "join":
                forged += data.draw(st.sampled_from(heard))
        cable.controller.receive(bytes(forged), cable.now)
    assert cable.controller.obeyed == obeyed


@given(st.data())
@settings(max_examples=200)
def test_an_attacker_without_the_key_moves_nothing_with_any_counter(data: st.DataObject) -> None:
    """The frames are right except for the tag of another key, for any type and counter."""
    cable = Cable().open()
    kind = data.draw(
        st.sampled_from([m.MessageType.RELEASE, m.MessageType.MODE, m.MessageType.RELOCK, m.MessageType.PING])
    )
    counter = data.draw(st.integers(0, 2**32 - 1))
    seen = cable.now.to_bytes(4, "little")
    body = bytes([kind]) + counter.to_bytes(4, "little") + seen + data.draw(st.binary(max_size=8))
    tag = hmac.digest(data.draw(st.binary(min_size=32, max_size=32)), body, "sha256")[:8]
    before = cable.controller.session._heard
    assert cable.controller.receive(frame.encode(body + tag), cable.now + 9) == b""
    assert cable.controller.obeyed == []
    assert cable.controller.session._heard == before  # it does not count as an answer either


def test_a_session_recorded_yesterday_opens_nothing_today() -> None:
    yesterday = Cable()
    out, _ = yesterday.host.step(50)
    spoken = [out]
    while out:
        back = yesterday.controller.receive(out, 50)
        out, _ = yesterday.host.receive(back, 50)
        spoken.append(out)
    _, release = yesterday.host.release(3_000, 1, 50)
    today = Controller()
    today.session._nonce = nonces(b"another day")
    for data in [*spoken, release]:
        today.receive(data, 50)
    assert today.obeyed == []
    assert not today.session.in_force


def test_the_controller_refuses_its_own_messages() -> None:
    cable = Cable().open()
    _, data = cable.host.release(1_000, 1, cable.now)
    answer = cable.controller.receive(data, cable.now)
    obeyed = list(cable.controller.obeyed)
    cable.controller.receive(answer, cable.now)
    assert cable.controller.obeyed == obeyed
    assert cable.host.receive(data, cable.now) == (b"", ())


@given(st.lists(st.binary(max_size=100), max_size=10), st.integers(0, 2**30 - 1))
def test_fuzz_any_bytes_raise_nothing_on_either_side(chunks: list[bytes], now: int) -> None:
    cable = Cable(now=now).open()
    for chunk in chunks:
        cable.controller.receive(chunk + b"\0", cable.now)
        cable.host.receive(chunk + b"\0", cable.now)
    assert cable.controller.obeyed == []


@pytest.mark.parametrize("start", [2**30 - 1_050, 2**30 - 50, 2**30 - 1])
def test_the_controllers_clock_may_wrap_in_the_middle_of_a_session(start: int) -> None:
    cable = Cable(now=start)
    real = cable.controller
    receive, step = real.receive, real.step
    real.receive = lambda data, now: receive(data, now & 2**30 - 1)
    real.step = lambda now: step(now & 2**30 - 1)
    cable.open()
    cable.pass_time(10_000)
    assert real.lost == 0
    cable.pass_time(2_000, connected=False)
    assert real.lost == 1
