"""The whole controller: every message, every answer, events in order, and messages that never move the strike."""

from __future__ import annotations

import itertools
import os
import random

import door as d
import pytest
from controller import FIRMWARE, Controller
from hypothesis import given
from hypothesis import strategies as st
from limits import EVENTS_KEPT, HEARTBEAT_MS, MAX_RELEASE_MS, PRE_ALARM_MS, REX_RELEASE_MS, SESSION_MS
from peers.link_host import KEY, Host, Keys, Nonces, Technician, framed, tagged, u32, unframed
from signals import BUZZER, GREEN, RED

WRAP = 2**30
OPEN, REX, LID, FIRE, JUMPER = 1, 2, 4, 8, 16
PING, RELEASE, RELOCK, MODE, SIGNAL, EVENTS, WIEGAND = range(0x10, 0x17)
PONG, DONE, DENIED, EVENT = range(0x90, 0x94)
FRAMES = int(os.environ.get("DOORWARD_FUZZ_FRAMES", "2000"))  # a larger number runs longer
REFUSED = 0x8F
BOOT, RELEASED, RELOCKED, OPENED, CLOSED = range(1, 6)
KINDS = {
    1: "boot",
    2: "released",
    3: "relocked",
    4: "opened",
    5: "closed",
    6: "rex",
    7: "forced",
    10: "tamper",
}
KINDS |= {12: "mode", 13: "fault", 14: "session", 15: "alarm over", 16: "lost", 18: "key set"}


class Bench:
    """A controller with its inputs and its clock, and a host at the other end."""

    def __init__(
        self, stored: tuple[int, bytes] | None = (1, KEY), inputs: int = 0, now: int = 0, cause: int = 0
    ) -> None:
        self.host = Host()
        self.inputs, self.now = inputs, now
        self.keys = Keys(stored)
        self.wire = bytearray()
        self.driven: list[int] = []
        self.lamps: list[int] = []
        self.cards: list[tuple[int, bytes]] = []
        self.panel_listens = True
        self.controller = Controller(
            keys=self.keys,
            nonces=Nonces(),
            write=lambda buffer, length: self.wire.extend(buffer[:length]),
            drive=self.driven.append,
            lamps=self.lamps.append,
            wiegand=self._panel,
            inputs=inputs,
            now=now,
            cause=cause,
        )

    def _panel(self, bits: int, buffer: bytearray, at: int) -> bool:
        self.cards.append((bits, bytes(buffer[at : at + 8])))
        return self.panel_listens

    # -- the world

    def step(self, ms: int = 10) -> Bench:
        self.now = (self.now + ms) % WRAP
        self.host.seen = self.now  # as if a PONG had come just now
        self.controller.step(self.inputs, self.now)
        return self

    def wires(self, inputs: int) -> Bench:
        self.inputs = inputs
        return self.step()

    # -- the host

    def commission(self, lock: int = 1) -> bytes:
        """The key that both ends have then."""
        technician = Technician(lock)
        (answer,) = self.offer(technician.offer())
        assert self.put(technician.confirm(answer)) == [technician.is_set()]
        return technician.key

    def offer(self, payload: bytes) -> list[bytes]:
        """A KEY_OFFER: what it was answered, and what comes when the controller has had its time."""
        said = self.put(payload)
        self.wire.clear()
        while self.controller.work():
            pass
        return said + unframed(bytes(self.wire))

    def put(self, payload: bytes) -> list[bytes]:
        """Send one frame. Return the answers."""
        return self.put_raw(framed(payload))

    def put_raw(self, data: bytes) -> list[bytes]:
        self.wire.clear()
        answered = [self.controller.receive(byte, self.now) for byte in data]
        replies = unframed(bytes(self.wire))
        assert sum(answered) == len(replies)
        return replies

    def open(self) -> Bench:
        """Open a session; `next_event` is the number in READY. Old events are not requested."""
        (welcome,) = self.put(self.host.hello())
        (ready,) = self.put(self.host.prove(welcome))
        self.next_event = self.host.ready(ready)
        return self

    def say(self, kind: int, content: bytes = b"") -> tuple[int, bytes]:
        """Send a message of the host. Return its only answer."""
        (reply,) = self.put(self.host.message(kind, content))
        return self.host.heard(reply)

    def ask(self, kind: int, content: bytes = b"") -> int:
        """Send a message of the host. Return 0 for DONE, else the code of the denial."""
        answer, body = self.say(kind, content)
        assert int.from_bytes(body[:4], "little") == self.host.sent
        assert (answer, len(body)) in ((DONE, 4), (DENIED, 5))
        return 0 if answer == DONE else body[4]

    def release(self, for_ms: int = 3_000, grant: int = 77, left_ms: int = 60_000) -> int:
        return self.ask(RELEASE, for_ms.to_bytes(2, "little") + u32(grant) + self._tick(left_ms))

    def mode(self, mode: int, left_ms: int = 60_000) -> int:
        return self.ask(MODE, bytes([mode]) + self._tick(left_ms))

    def card(self, content: bytes, left_ms: int = 200) -> int:
        return self.ask(WIEGAND, content + self._tick(left_ms))

    def _tick(self, left_ms: int) -> bytes:
        return u32((self.now + left_ms) % WRAP)

    def rewind(self, number: int) -> int:
        return self.ask(EVENTS, number.to_bytes(4, "little"))

    def told(self) -> list[tuple[int, bytes]]:
        """All messages that the controller sends without a request, until there are no more."""
        self.wire.clear()
        while self.controller.tell(self.now):
            pass
        return [self.host.heard(payload) for payload in unframed(bytes(self.wire))]

    def events(self) -> list[tuple[int, str, int]]:
        """(number, kind, data) of the events among these messages."""
        return [
            (int.from_bytes(body[:4], "little"), KINDS[body[4]], int.from_bytes(body[9:], "little"))
            for kind, body in self.told()
            if kind == EVENT
        ]

    @property
    def energised(self) -> bool:
        assert self.controller.strike.energised == bool(self.driven[-1])
        return bool(self.driven[-1])


# -- boot -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("inputs", range(32))
@pytest.mark.parametrize("cause", [0, 1])
def test_at_boot_a_fail_secure_strike_has_no_current_for_any_inputs(inputs: int, cause: int) -> None:
    bench = Bench(inputs=inputs, cause=cause)
    assert bench.driven == [0]
    bench.step()
    assert bench.energised == bool(inputs & (REX | FIRE))


def test_at_boot_a_fail_safe_lock_has_its_current() -> None:
    bench = Bench((2, KEY))
    assert bench.driven == [1]
    assert bench.step().energised


@pytest.mark.parametrize("inputs", range(16))
def test_a_controller_without_a_key_drives_nothing(inputs: int) -> None:
    bench = Bench(None, inputs=inputs)
    for _ in range(100):
        bench.step()
    assert set(bench.driven) == {0}


@pytest.mark.parametrize("cause", [0, 1, 3])
def test_the_first_event_is_the_boot_and_its_cause(cause: int) -> None:
    bench = Bench(now=4_711, cause=cause).open()
    assert bench.next_event == 2
    assert bench.rewind(1) == 0
    assert bench.events() == [(1, "boot", cause), (2, "session", 1)]


def test_the_strike_is_driven_again_in_every_turn() -> None:
    bench = Bench()
    for _ in range(5):
        bench.step()
    assert bench.driven == [0] * 6


# -- the opening of a session ---------------------------------------------------------------------


def test_welcome_tells_the_firmware_and_its_flags() -> None:
    (welcome,) = Bench().put(Host().hello())
    assert welcome[2:5] == FIRMWARE
    assert welcome[5] == 0


@pytest.mark.parametrize("lid", [0, 1])
@pytest.mark.parametrize("fault", [0, 3])
@pytest.mark.parametrize("cause", [0, 1])
def test_flags_are_the_bits_of_the_specification(lid: int, fault: int, cause: int) -> None:
    bench = Bench(inputs=LID * lid, cause=cause).step()
    bench.controller.door.set_fault(fault, 0)
    (welcome,) = bench.put(bench.host.hello())
    assert welcome[5] == lid | cause << 2 | bool(fault) << 3
    bench.put(bench.host.prove(welcome))
    (welcome,) = bench.put(bench.host.hello())
    assert welcome[5] == lid | bool(fault) << 3  # the watchdog since the last session


def test_a_controller_without_a_key_refuses_hello() -> None:
    bench = Bench(None)
    assert bench.put(bench.host.hello()) == [bytes([REFUSED, 3])]
    assert bench.controller._flags() == 2


def test_a_session_is_an_event_followed_by_the_state() -> None:
    bench = Bench(now=500).open()
    told = bench.told()
    assert [kind for kind, _ in told] == [EVENT, PONG]
    assert told[0][1] == (2).to_bytes(4, "little") + b"\x0e" + (500).to_bytes(4, "little") + (1).to_bytes(
        4, "little"
    )
    assert bench.told() == []


def test_a_refused_proof_opens_no_session_and_is_no_event() -> None:
    bench = Bench()
    (welcome,) = bench.put(bench.host.hello())
    proof = bytearray(bench.host.prove(welcome))
    proof[5] ^= 1
    assert bench.put(bytes(proof)) == [bytes([REFUSED, 5])]
    assert bench.put(bytes(proof)) == []
    assert bench.told() == []
    assert bench.open().next_event == 2


@pytest.mark.parametrize("what", ["a grant", "free access"])
def test_a_grant_of_one_session_ends_with_the_next_session_as_an_event(what: str) -> None:
    bench = Bench().open()
    assert (bench.release() if what == "a grant" else bench.mode(2)) == 0
    bench.events()
    bench.open()
    bench.step()
    assert not bench.energised
    told = bench.events()
    assert told[0][0] == bench.next_event
    assert [(kind, data) for _, kind, data in told][-2:] == [("relocked", 5), ("session", 1)]


def test_egress_continues_in_the_next_session() -> None:
    bench = Bench().open().wires(REX)
    bench.open().step()
    assert bench.energised


# -- messages, one by one -------------------------------------------------------------------------


@pytest.mark.parametrize("now", [0, 5_000, WRAP - 10])
def test_a_ping_is_answered_with_the_whole_status(now: int) -> None:
    bench = Bench(now=now).wires(OPEN | LID | JUMPER).open()
    assert bench.say(PING) == (
        PONG,
        bytes([d.FORCED, OPEN | LID | JUMPER, 4 | 8, 0]) + u32(bench.now) + u32(1),
    )


@pytest.mark.parametrize(
    ("lock", "inputs", "mode", "expected"),
    [
        (1, 0, 0, (d.NORMAL, 0)),
        (2, 0, 0, (d.NORMAL, 1)),
        (1, REX, 0, (d.EGRESS, 3)),
        (2, REX, 0, (d.EGRESS, 2)),
        (1, FIRE, 0, (d.FIRE, 3)),
        (1, 0, 1, (d.LOCK_DOWN, 0)),
        (1, 0, 2, (d.FREE_ACCESS, 3)),
        (2, 0, 2, (d.FREE_ACCESS, 2)),
        (1, LID, 0, (d.NORMAL, 8)),
        (1, OPEN, 0, (d.FORCED, 4)),
    ],
)
def test_state_and_outputs_are_the_numbers_of_the_specification(
    lock: int, inputs: int, mode: int, expected: tuple[int, int]
) -> None:
    bench = Bench((lock, KEY))
    bench.host.lock = lock
    bench.open()
    assert bench.mode(mode) == 0
    bench.wires(inputs)
    _, body = bench.say(PING)
    assert body[:4] == bytes([expected[0], inputs, expected[1], mode])


@pytest.mark.parametrize("lock", [1, 2])
def test_a_release_moves_the_strike_before_it_is_answered(lock: int) -> None:
    bench = Bench((lock, KEY))
    bench.host.lock = lock
    bench.open()
    locked = bench.energised
    assert bench.release(3_000, grant=0x04030201) == 0
    assert bench.energised != locked
    assert bench.events()[-1] == (3, "released", 0x04030201)
    bench.step(999).say(PING)
    bench.step(1_000).say(PING)
    bench.step(1_000).say(PING)
    assert bench.energised != locked
    assert bench.step(1).energised == locked
    assert bench.events() == [(4, "relocked", 1)]


def test_each_grant_is_an_event_with_its_number_and_a_denied_one_is_not() -> None:
    bench = Bench().open()
    bench.events()
    assert [bench.release(grant=number) for number in (5, 6)] == [0, 0]
    assert bench.release(0, grant=7) == 1
    assert [(kind, data) for _, kind, data in bench.events()] == [("released", 5), ("released", 6)]


def test_a_grant_number_that_is_too_large_is_cut_to_its_low_bits() -> None:
    bench = Bench().open()
    assert bench.release(grant=0xFFFFFFFF) == 0
    assert bench.events()[-1][2] == WRAP - 1


@pytest.mark.parametrize("for_ms", [1, 255, 256, MAX_RELEASE_MS, 65_535])
def test_a_release_lasts_its_time_and_at_most_the_limit(for_ms: int) -> None:
    bench = Bench().open()
    bench.release(for_ms)
    lasted = 0
    while bench.energised:
        bench.step(1)
        lasted += 1
        if lasted % 500 == 0:
            bench.say(PING)
    assert lasted == min(for_ms, MAX_RELEASE_MS)


def test_the_host_revokes_a_grant() -> None:
    bench = Bench().open()
    bench.release()
    assert bench.ask(RELOCK) == 0
    assert not bench.energised
    assert bench.events()[-1][1:] == ("relocked", 4)


@pytest.mark.parametrize(("situation", "code"), [("lock-down", 6), ("fault", 7), ("lid", 8), ("forced", 9)])
def test_a_release_is_denied_with_the_code_of_the_specification(situation: str, code: int) -> None:
    bench = Bench().open()
    if situation == "lock-down":
        bench.mode(1)
    if situation == "fault":
        bench.controller.door.set_fault(1, bench.now)
    bench.wires({"lid": LID, "forced": OPEN}.get(situation, 0))
    assert bench.release() == code
    assert not bench.energised


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_a_mode_is_set_and_is_an_event(mode: int) -> None:
    bench = Bench().open()
    assert bench.mode(mode) == 0
    assert bench.controller.door.mode == mode
    assert bench.energised == (mode == 2)


@pytest.mark.parametrize(
    ("signal", "lit"), [(0, 0), (1, GREEN | BUZZER), (3, GREEN | RED), (4, RED | BUZZER)]
)
def test_a_signal_is_shown_at_the_next_turn(signal: int, lit: int) -> None:
    bench = Bench().open()
    assert bench.ask(SIGNAL, bytes([signal])) == 0
    assert bench.step().lamps[-1] == lit


@pytest.mark.parametrize("bits", [1, 26, 37, 64])
def test_a_card_number_reaches_the_panel_unchanged(bits: int) -> None:
    bench = Bench().open()
    assert bench.card(bytes([bits]) + b"12345678") == 0
    assert bench.cards == [(bits, b"12345678")]


def test_a_busy_panel_denies_the_number() -> None:
    bench = Bench().open()
    bench.panel_listens = False
    assert bench.card(b"\x1a" + bytes(8)) == 9


@pytest.mark.parametrize("late_ms", [0, 1, 60_000])
def test_a_card_number_that_has_expired_reaches_no_panel(late_ms: int) -> None:
    bench = Bench(now=60_000).open()
    assert bench.card(b"\x1a" + bytes(8), left_ms=-late_ms) == 11
    assert bench.cards == []


LENGTHS = {PING: 0, RELEASE: 10, RELOCK: 0, MODE: 5, SIGNAL: 1, EVENTS: 4, WIEGAND: 13}
MALFORMED = [
    *((kind, b"\x01" * length) for kind, right in LENGTHS.items() for length in range(40) if length != right),
    *((kind, bytes(length)) for kind in (0x00, 0x17, 0x7F, 0x90, 0x91, 0xFF) for length in (0, 6)),
    (RELEASE, bytes(6) + u32(9_000)),
    (MODE, b"\x03" + u32(9_000)),
    (MODE, b"\xff" + u32(9_000)),
    (SIGNAL, b"\x06"),
    (EVENTS, bytes(4)),
    (EVENTS, b"\x04\0\0\0"),
    (EVENTS, b"\xff\xff\xff\xff"),
    (WIEGAND, bytes(9) + u32(9_000)),
    (WIEGAND, b"\x41" + bytes(8) + u32(9_000)),
    (WIEGAND, b"\xff" + bytes(8) + u32(9_000)),
]


@pytest.mark.parametrize(("kind", "content"), MALFORMED)
def test_malformed_content_is_denied_and_changes_nothing(kind: int, content: bytes) -> None:
    bench = Bench().open()
    before = bench.told()
    driven = list(bench.driven)
    assert bench.ask(kind, content) == 1
    assert set(bench.driven) == set(driven)
    assert (bench.controller.door.state, bench.controller.door.mode, bench.cards) == (d.NORMAL, 0, [])
    assert bench.told() == []
    assert before


@pytest.mark.parametrize("kind", [0x01, 0x02, 0x04, 0x05])
def test_a_message_that_looks_like_an_opening_is_none(kind: int) -> None:
    bench = Bench().open()
    assert bench.put(bench.host.message(kind, bytes(6))) == []


# -- events ---------------------------------------------------------------------------------------


def test_events_are_sent_once_in_order_and_then_the_state() -> None:
    bench = Bench().open()
    bench.told()
    bench.release(grant=9)
    bench.wires(OPEN)
    kinds = [kind for kind, _ in bench.told()]
    assert kinds == [EVENT] * 3 + [PONG]
    assert bench.rewind(3) == 0
    told = [(3, "released", 9), (4, "opened", 0), (5, "relocked", 2)]
    assert bench.events() == told
    assert bench.events() == []
    assert bench.rewind(3) == bench.rewind(3) == 0
    assert bench.events() == told


@pytest.mark.parametrize("turn", ["inputs", "mode", "free"])
def test_a_change_of_state_is_sent_once_and_at_once(turn: str) -> None:
    bench = Bench().open()
    bench.told()
    if turn == "inputs":
        bench.wires(JUMPER)
    elif turn == "mode":
        bench.mode(1)
    else:
        bench.release()
    pongs = [body for kind, body in bench.told() if kind == PONG]
    assert len(pongs) == 1
    assert bench.told() == []
    _, body = bench.say(PING)
    assert body[:8] == pongs[0][:8]
    assert bench.told() == []


def test_after_a_ping_the_state_is_not_sent_again() -> None:
    bench = Bench().open()
    bench.told()
    bench.wires(JUMPER).say(PING)
    assert bench.told() == []


def test_a_silent_host_gets_its_events_after_its_next_message() -> None:
    bench = Bench().open()
    bench.events()
    bench.step(HEARTBEAT_MS + 1)
    bench.wires(OPEN)
    assert bench.told() == []
    assert bench.say(PING)[0] == PONG
    assert bench.events() == [(3, "session", 0), (4, "opened", 0), (5, "forced", 0)]


def test_events_without_a_host_are_kept_for_a_request() -> None:
    bench = Bench()
    for inputs in (OPEN, 0):
        bench.wires(inputs)
    bench.open()
    assert bench.next_event == 6
    assert bench.events() == [(6, "session", 1)]
    assert bench.rewind(2) == 0
    assert [kind for _, kind, _ in bench.events()] == ["opened", "forced", "closed", "alarm over", "session"]


@pytest.mark.parametrize("flips", [62, 63, 64, 65, 66, 200])
def test_overwritten_events_are_counted_as_lost(flips: int) -> None:
    """The first events are boot and session. Then the lid moves `flips` times: each event is sent or counted as lost."""
    bench = Bench().open()
    for number in range(flips):
        bench.wires(LID * (number % 2 == 0))
        bench.say(PING)
    assert bench.rewind(1) == 0
    told = bench.events()
    numbers = [number for number, _, _ in told]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    total = flips + 2
    if total <= EVENTS_KEPT:
        assert numbers == list(range(1, total + 1))
    else:
        assert told[-1] == (total + 1, "lost", numbers[0] - 1)
        assert len(told) == EVENTS_KEPT
    assert bench.events() == []


def test_events_that_are_overwritten_before_sending_are_counted_too() -> None:
    bench = Bench().open()
    assert bench.events() == [(2, "session", 1)]
    for number in range(100):
        bench.wires(LID * (number % 2 == 0))
        bench.say(PING)
    told = bench.events()
    assert told[0][0] == 40
    assert told[-1] == (103, "lost", 37)  # 3 to 39
    assert len(told) == EVENTS_KEPT


@pytest.mark.parametrize("number", [1, 2, 3])
def test_events_can_be_requested_up_to_the_next_one(number: int) -> None:
    bench = Bench().open()
    assert bench.rewind(number) == 0
    assert [told[0] for told in bench.events()] == list(range(number, 3))


# -- the heartbeat --------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0, WRAP - 500])
def test_a_host_that_is_lost_loses_its_grant_at_once(start: int) -> None:
    bench = Bench(now=start).open()
    bench.release(9_000)
    assert bench.step(HEARTBEAT_MS).energised
    assert not bench.step(1).energised
    assert bench.say(PING)[0] == PONG
    assert [(kind, data) for _, kind, data in bench.events()][-2:] == [("session", 0), ("relocked", 5)]


def test_rex_does_not_depend_on_a_host() -> None:
    bench = Bench().open()
    bench.wires(REX)
    bench.inputs = 0
    for ms in (HEARTBEAT_MS + 1, 1, REX_RELEASE_MS - HEARTBEAT_MS - 3):
        assert bench.step(ms).energised
    assert not bench.step(1).energised


def test_a_silence_of_five_seconds_needs_a_new_handshake() -> None:
    bench = Bench().open()
    bench.step(SESSION_MS + 1)
    assert bench.put(bench.host.message(PING)) == []
    assert bench.open().release() == 0


def test_free_access_ends_with_the_host_and_lock_down_stays() -> None:
    bench = Bench().open()
    bench.mode(2)
    assert bench.step(HEARTBEAT_MS).energised
    assert not bench.step(1).energised
    bench.mode(1)
    bench.step(HEARTBEAT_MS + 1)
    assert bench.controller.door.mode == 1


# -- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lock", [1, 2])
def test_a_key_is_agreed_on_with_the_lid_off_and_shown_to_be_the_same(lock: int) -> None:
    bench = Bench(None).wires(LID)
    key = bench.commission(lock)
    assert bench.keys.stored == (lock, key)
    assert bench.energised == (lock == 2)
    bench.host.key, bench.host.lock = key, lock
    bench.open()
    assert bench.rewind(1) == 0
    assert bench.events() == [(1, "boot", 0), (2, "tamper", 1), (3, "key set", lock), (4, "session", 1)]
    assert bench.wires(REX).energised == (lock == 1)


NEVER = [(None, 0, 8), ((1, bytes(32)), LID, 9), ((1, bytes(32)), 0, 9)]


@pytest.mark.parametrize(("stored", "inputs", "code"), NEVER)
@pytest.mark.parametrize("payload", [Technician().offer(), b"\x05" + bytes(8)])
def test_no_key_is_set_with_the_lid_on_or_where_one_is(
    payload: bytes, stored: tuple[int, bytes] | None, inputs: int, code: int
) -> None:
    bench = Bench(stored).wires(inputs)
    assert bench.offer(payload) == [bytes([REFUSED, code])]
    assert bench.keys.stored == stored
    assert not bench.controller.work()


@pytest.mark.parametrize("when", ["before the answer", "before the confirmation"])
def test_a_lid_that_is_put_on_ends_a_commissioning(when: str) -> None:
    bench, technician = Bench(None).wires(LID), Technician()
    bench.put(technician.offer())
    if when == "before the answer":
        assert bench.controller.work()
        bench.wires(0)
        assert not bench.controller.work()
        return
    (answer,) = bench.offer(technician.offer())
    confirm = technician.confirm(answer)
    bench.wires(0)
    assert bench.put(confirm) == [bytes([REFUSED, 8])]
    bench.controller.work()
    bench.wires(LID)
    assert bench.put(confirm) == []
    assert bench.keys.stored is None


def test_a_passage_and_an_alarm_go_on_beside_a_commissioning() -> None:
    bench = Bench(None).wires(LID)
    bench.put(Technician().offer())
    turns = 0
    while bench.controller.work():
        bench.wires(LID | OPEN if turns % 2 else LID)
        turns += 1
    assert turns > 500
    assert bench.controller.door.tampered


def test_the_service_jumper_erases_key_and_events_and_ends_the_session() -> None:
    bench = Bench().open()
    bench.release()
    bench.wires(LID | JUMPER)
    for _ in range(4):
        bench.step(999).say(PING)
    bench.step(1_002)
    assert bench.keys.stored == (1, KEY)
    bench.say(PING)
    bench.step(2)
    assert bench.keys.stored is None
    assert not bench.controller.session.in_force
    assert bench.put(bench.host.hello()) == [bytes([REFUSED, 3])]
    last = bench.controller._ring.next
    bench.host.key = bench.commission()
    bench.open()
    assert bench.rewind(1) == 0
    told = bench.events()
    assert [kind for _, kind, _ in told] == ["key set", "session", "lost"]
    assert told[0][0] == last
    assert told[-1][2] == last - 1


def test_erasing_the_key_ends_free_access() -> None:
    bench = Bench().open()
    bench.mode(1)
    bench.wires(LID | JUMPER).step(5_000)
    assert bench.keys.stored is None
    assert not bench.energised


@pytest.mark.parametrize("inputs", [JUMPER, LID])
def test_erasing_needs_the_jumper_and_the_open_lid(
    inputs: int,
) -> None:
    bench = Bench().wires(inputs)
    bench.step(60_000).step()
    assert bench.keys.stored == (1, KEY)


@pytest.mark.parametrize("now", [0, WRAP - 3_000])
def test_the_jumper_must_stay_closed_all_the_time(now: int) -> None:
    bench = Bench(now=now)
    for _ in range(4):
        bench.wires(LID | JUMPER).step(4_999)
        bench.wires(LID)
    assert bench.keys.stored == (1, KEY)
    bench.wires(LID | JUMPER).step(5_000)
    assert bench.keys.stored is None


def test_the_jumper_of_a_controller_without_a_key_erases_nothing_later() -> None:
    bench = Bench(None)
    bench.wires(LID | JUMPER).step(60_000)
    key = bench.commission()
    bench.step()
    assert bench.keys.stored == (1, key)
    bench.step(4_999)
    assert bench.keys.stored == (1, key)
    bench.step(1)
    assert bench.keys.stored is None


# -- lamps ----------------------------------------------------------------------------------------


def test_alarms_of_the_door_sound_the_buzzer() -> None:
    bench = Bench()
    assert bench.step().lamps[-1] == 0
    assert bench.wires(OPEN).lamps[-1] & BUZZER
    assert bench.wires(0).lamps[-1] == 0
    bench = Bench(inputs=OPEN)
    for _ in range(PRE_ALARM_MS // 100):
        bench.step(100)
    heard = [bool(bench.step(100).lamps[-1] & BUZZER) for _ in range(10)]
    assert heard.count(True) == 2
    for _ in range(100):
        bench.step(100)
    assert all(bench.step(100).lamps[-1] & BUZZER for _ in range(10))


# -- an attacker on the cable ---------------------------------------------------------------------


def hostile(bench: Bench, chunks: list[bytes]) -> None:
    """Send bytes of an attacker without the key: no current may flow."""
    bench.driven.clear()
    for chunk in chunks:
        for byte in chunk:
            bench.controller.receive(byte, bench.now)
        bench.step(1)
    assert not any(bench.driven)


@given(
    kind=st.sampled_from([RELEASE, MODE]),
    key=st.binary(min_size=32, max_size=32),
    counter=st.integers(0, 2**32 - 1),
)
def test_a_message_with_a_wrong_key_never_moves_the_strike(kind: int, key: bytes, counter: int) -> None:
    bench = Bench().open()
    content = (b"\xff\xff\0\0\0\0" if kind == RELEASE else b"\x02") + u32(9_000)
    forged = tagged(key, bytes([kind]) + u32(counter) + u32(bench.now) + content)
    hostile(bench, [framed(forged)])
    assert bench.put(forged) == []


@given(counters=st.lists(st.integers(1, 20), min_size=1, max_size=8))
def test_a_repeated_or_late_release_never_moves_the_strike(counters: list[int]) -> None:
    bench = Bench().open()
    content = b"\x10\x27\0\0\0\0" + u32(9_000)
    last = 0
    for counter in counters:
        replies = bench.put(bench.host.message(RELEASE, content, counter))
        assert bool(replies) == (counter > last)
        last = max(last, counter)
        bench.controller.door.relock(bench.now)
        bench.step(0)
        hostile(bench, [framed(bench.host.message(RELEASE, content, old)) for old in range(last + 1)])


def random_frames(seed: int, count: int) -> itertools.chain[bytes]:
    """Frames of an attacker without the key: right types, lengths and CRCs, cut or joined frames, and noise."""
    dice = random.Random(seed)
    kinds = (1, 2, 3, 4, 5, *range(0x10, 0x17), 0x81, 0x90, dice.randrange(256))
    for _ in range(count):
        payload = bytes([dice.choice(kinds)]) + dice.randbytes(dice.choice((0, 9, 12, 17, 18, 33, 55)))
        wire = framed(payload)
        match dice.randrange(8):
            case 0:
                wire = wire[: dice.randrange(len(wire))]
            case 1:
                wire = dice.randbytes(dice.randrange(120))
            case 2:
                wire = bytes([wire[0] ^ 1 << dice.randrange(8)]) + wire[1:]
            case _:
                pass
        yield wire


def chunks(total: int) -> list[tuple[int, int]]:
    """(seed, frames) of controllers, each with at most a thousand frames."""
    return [(start // 1_000, min(1_000, total - start)) for start in range(0, total, 1_000)]


def test_fuzz_random_frames_raise_nothing_and_never_move_the_strike() -> None:
    for seed, count in chunks(FRAMES):
        bench = Bench()
        if seed % 2:
            bench.open()
        hostile(bench, random_frames(seed, count))
        bench.put_raw(b"\0")  # the last frame may be cut
        assert bench.step(1_000).open().release() == 0  # a host with the key still works
        assert bench.energised


def test_fuzz_random_frames_set_no_key_with_the_lid_on() -> None:
    bench = Bench(None)
    hostile(bench, random_frames(0, 1_000))
    assert bench.keys.stored is None
