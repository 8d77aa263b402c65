"""The controller's half of a session, with a host made only from LINK.md."""

from __future__ import annotations

import pytest
import session
from hypothesis import given
from hypothesis import strategies as st
from limits import FRESH_MS, HANDSHAKES_A_SECOND, HEARTBEAT_MS, MAX_FRAME, SESSION_MS
from peers.link_host import KEY, NONCE, Host, mac, nonces, tagged, u32
from session import BUSY, NO_KEY, REFUSED, WRONG_LOCK, WRONG_TAG, WRONG_VERSION, Session, get32, put32

WRAP = 2**30
LAST = WRAP - 1
PING = 0x10


class Pair:
    """A controller's session and its host, without a wire."""

    def __init__(self, key: bytes | None = KEY, lock: int = 1, now: int = 0) -> None:
        self.session = Session(key, lock, bytes((3, 4, 5)), nonces())
        self.host = Host()
        self.now = now

    def greet(self, payload: bytes | None = None, flags: int = 0) -> bytes:
        frame = self._frame(self.host.hello() if payload is None else payload)
        return self._said(self.session.greet(*frame, flags, self.now))

    def prove(self, payload: bytes, next_event: int = 1) -> bytes:
        return self._said(self.session.prove(*self._frame(payload), next_event, self.now))

    def accept(self, payload: bytes) -> int:
        return self.session.accept(*self._frame(payload), self.now)

    def open(self) -> Pair:
        self.host.ready(self.prove(self.host.prove(self.greet())))
        return self

    def step(self, ms: int) -> bool:
        self.now = (self.now + ms) % WRAP
        self.host.seen = self.now  # as if a PONG had come just now
        return self.session.step(self.now)

    def _said(self, length: int) -> bytes:
        return bytes(self.session.reply[:length])

    @staticmethod
    def _frame(payload: bytes) -> tuple[bytearray, int]:
        """A receiver's buffer: the payload, followed by bytes of an older frame."""
        return bytearray(payload.ljust(MAX_FRAME, b"\xa5")), len(payload)


# -- opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [0, 1, 15])
def test_a_hello_is_answered_by_the_specification(flags: int) -> None:
    pair = Pair()
    nonce = nonces()()
    secret = mac(KEY, b"doorward link\x02" + NONCE + nonce)
    body = b"\x81\x02\x03\x04\x05" + bytes([flags]) + nonce
    assert pair.greet(flags=flags) == tagged(mac(secret, b"controller to host"), body)


@pytest.mark.parametrize("next_event", [1, 0x04030201, 2**30 - 1])
def test_a_right_proof_opens_the_session_and_sends_the_next_event(next_event: int) -> None:
    pair = Pair()
    proof = pair.host.prove(pair.greet())
    assert not pair.session.in_force
    assert not pair.session.alive
    assert pair.host.ready(pair.prove(proof, next_event)) == next_event
    assert pair.session.in_force
    assert pair.session.alive


@pytest.mark.parametrize("now", [0, 0x04030201, LAST])
def test_a_session_begins_with_the_controllers_tick(now: int) -> None:
    pair = Pair(now=now).open()
    assert pair.host.seen == now


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("key", [KEY, None])
def test_a_hello_of_an_older_version_is_refused_by_name(key: bytes | None, version: int) -> None:
    pair = Pair(key)
    assert pair.greet(bytes([1, version]) + NONCE) == bytes([REFUSED, WRONG_VERSION])
    assert pair.prove(b"\x02\x01" + bytes(8)) == b""


@pytest.mark.parametrize("version", [3, 255])
def test_a_hello_of_a_version_to_come_is_told_the_one_that_is_spoken_here(version: int) -> None:
    assert Pair().greet(bytes([1, version]) + NONCE)[:2] == b"\x81\x02"


@pytest.mark.parametrize("start", [0, WRAP - 500, WRAP - FRESH_MS])
def test_a_handshake_that_is_held_back_opens_nothing(start: int) -> None:
    pair = Pair(now=start)
    proof = pair.host.prove(pair.greet())
    pair.step(FRESH_MS)
    assert pair.prove(proof)[0] == 0x82
    pair = Pair(now=start)
    proof = pair.host.prove(pair.greet())
    pair.step(FRESH_MS + 1)
    assert pair.prove(proof) == b""
    assert not pair.session.in_force


def test_a_handshake_that_is_held_back_does_not_come_round_with_the_clock() -> None:
    pair = Pair().open()
    proof = pair.host.prove(pair.greet())
    pair.step(WRAP // 2)
    pair.step(WRAP // 2)
    assert pair.prove(proof) == b""
    assert (pair.session._pending_host, pair.session._pending_controller) == (None, None)


@pytest.mark.parametrize("length", [2, 17, 19, 56])
def test_a_hello_of_another_length_is_dropped_and_keeps_the_handshake(length: int) -> None:
    pair = Pair()
    proof = pair.host.prove(pair.greet())
    assert pair.greet(pair.host.hello().ljust(length, b"\0")[:length]) == b""
    assert pair.prove(proof)[0] == 0x82


@pytest.mark.parametrize("length", [1, 9, 11, 56])
def test_a_proof_of_another_length_is_dropped_and_keeps_the_handshake(length: int) -> None:
    pair = Pair()
    proof = pair.host.prove(pair.greet())
    assert pair.prove(proof.ljust(length, b"\0")[:length]) == b""
    assert not pair.session.in_force
    assert pair.prove(proof)[0] == 0x82


def test_a_proof_without_a_hello_is_dropped() -> None:
    pair = Pair()
    assert pair.prove(b"\x02\x01" + bytes(8)) == b""
    assert not pair.session.in_force


def test_a_proof_counts_once() -> None:
    pair = Pair()
    proof = pair.host.prove(pair.greet())
    assert pair.prove(proof)[0] == 0x82
    assert pair.prove(proof) == b""


@pytest.mark.parametrize("bit", range(8, 80))
def test_a_proof_with_any_bit_changed_opens_nothing_and_ends_the_handshake(bit: int) -> None:
    pair = Pair()
    proof = bytearray(pair.host.prove(pair.greet()))
    right = bytes(proof)
    proof[bit // 8] ^= 1 << bit % 8
    assert pair.prove(bytes(proof)) == bytes([REFUSED, WRONG_TAG])
    assert not pair.session.in_force
    assert pair.prove(right) == b""


def test_another_kind_of_lock_is_refused_by_name_and_ends_the_handshake() -> None:
    pair = Pair(lock=2)
    proof = pair.host.prove(pair.greet())
    assert pair.prove(proof) == bytes([REFUSED, WRONG_LOCK])
    assert not pair.session.in_force
    assert pair.prove(proof) == b""


def test_a_newer_hello_replaces_an_older_one() -> None:
    pair = Pair()
    stale = pair.host.prove(pair.greet())
    fresh = pair.host.prove(pair.greet())
    assert pair.prove(stale) == bytes([REFUSED, WRONG_TAG])
    assert pair.prove(fresh) == b""
    pair = Pair()
    pair.greet()
    fresh = pair.host.prove(pair.greet())
    assert pair.prove(fresh)[0] == 0x82


def test_without_a_key_there_is_no_handshake() -> None:
    pair = Pair(key=None)
    assert not pair.session.has_key
    assert pair.greet() == bytes([REFUSED, NO_KEY])
    assert pair.prove(b"\x02\x01" + bytes(8)) == b""


@pytest.mark.parametrize("start", [5_000, WRAP - 500])
@pytest.mark.parametrize("key", [KEY, None])
def test_a_flood_of_hellos_is_answered_four_times_a_second(key: bytes | None, start: int) -> None:
    pair = Pair(key, now=start)
    answers = [pair.greet() for _ in range(100)]
    served = [answer != bytes([REFUSED, BUSY]) for answer in answers if answer]
    assert served == [True] * HANDSHAKES_A_SECOND + [False]
    assert all(answers[: len(served)])
    pair.step(999)
    assert pair.greet() == b""
    pair.step(1)
    assert [bool(pair.greet()) for _ in range(7)] == [True] * 5 + [False] * 2


def test_handshakes_with_pauses_are_all_answered() -> None:
    pair = Pair()
    for _ in range(20):
        pair.step(250)
        assert pair.greet()[0] == 0x81


def test_in_its_first_second_a_controller_answers_four_too() -> None:
    pair = Pair()
    assert [pair.greet()[:1] for _ in range(5)] == [b"\x81"] * 4 + [bytes([REFUSED])]


def test_only_a_right_proof_replaces_an_open_session() -> None:
    pair = Pair().open()
    old, new = pair.host, Host(nonce=bytes(16))
    pair.host = new
    proof = bytearray(new.prove(pair.greet()))
    proof[-1] ^= 1
    pair.prove(bytes(proof))
    assert pair.accept(old.message(PING)) == 0
    new.ready(pair.prove(new.prove(pair.greet())))
    assert pair.accept(old.message(PING)) == -1
    assert pair.accept(new.message(PING)) == 0


def test_a_new_session_counts_from_one_in_both_directions() -> None:
    pair = Pair().open()
    assert pair.accept(pair.host.message(PING, counter=77)) == 0
    pair.session.seal(0x90, 0)
    pair.open()
    assert pair.accept(pair.host.message(PING, counter=1)) == 0
    assert get32(pair.session.reply[: pair.session.seal(0x90, 0)], 1) == 1


def test_numbers_on_the_wire_are_those_of_the_specification() -> None:
    assert (session.HELLO, session.PROVE, session.KEY_OFFER, session.KEY_CONFIRM) == (1, 2, 4, 5)
    assert (session.WELCOME, session.READY, session.KEY_ANSWER, session.KEY_SET) == (0x81, 0x82, 0x84, 0x85)
    assert (REFUSED, BUSY, NO_KEY, WRONG_LOCK, WRONG_TAG, WRONG_VERSION) == (0x8F, 2, 3, 4, 5, 12)
    assert session.VERSION == 2


# -- messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 1, 10, 39])
def test_a_new_message_of_the_host_is_taken_with_the_length_of_its_content(length: int) -> None:
    pair = Pair().open()
    assert pair.accept(pair.host.message(0x11, bytes(length))) == length


def test_a_message_without_a_session_is_dropped() -> None:
    pair = Pair()
    pair.host.prove(pair.greet())
    assert pair.accept(pair.host.message(PING)) == -1
    assert not pair.session.alive


@pytest.mark.parametrize("length", range(17))
def test_what_is_shorter_than_the_shortest_message_is_none(length: int) -> None:
    pair = Pair().open()
    assert pair.accept(pair.host.message(PING)[:length]) == -1


def test_a_short_message_is_dropped_even_with_a_right_tag() -> None:
    pair = Pair().open()
    heads = (bytes([0x10]) + u32(counter) + u32(pair.now)[:3] for counter in range(1, 9_999))
    short = next(payload for head in heads if (payload := tagged(pair.host.host, head))[8] == 0)
    pair.step(HEARTBEAT_MS)
    assert pair.accept(short) == -1
    assert pair.step(1)  # it does not keep the session alive
    assert pair.accept(pair.host.message(PING)) == 0


@pytest.mark.parametrize(
    ("counters", "taken"),
    [
        ([1, 1], [0, -1]),
        ([2, 1], [0, -1]),
        ([0, 1], [-1, 0]),
        ([5, 9, 7, 10], [0, 0, -1, 0]),
        ([256, 255, 65_536, 65_535], [0, -1, 0, -1]),
        ([2**24, 2**24 - 1, 2**24 + 1], [0, -1, 0]),
        ([LAST, LAST], [0, -1]),
        ([WRAP, 2**31, 2**32 - 1, 1], [-1, -1, -1, 0]),
    ],
)
def test_only_a_counter_above_the_last_one_is_new(counters: list[int], taken: list[int]) -> None:
    pair = Pair().open()
    assert [pair.accept(pair.host.message(PING, counter=counter)) for counter in counters] == taken


AGES = [
    (0, 0),
    (1, 0),
    (FRESH_MS, 0),
    (FRESH_MS + 1, -1),
    (FRESH_MS * 60, -1),
    (WRAP // 2, -1),
    (LAST, -1),
    (-1, -1),
]


@pytest.mark.parametrize("now", [0, 1, FRESH_MS, WRAP // 2, LAST])
@pytest.mark.parametrize(("age", "taken"), AGES)
def test_only_a_message_that_names_a_tick_of_the_last_second_is_taken(age: int, taken: int, now: int) -> None:
    pair = Pair(now=now).open()
    assert pair.accept(pair.host.message(PING, seen=(now - age) % WRAP)) == taken


@pytest.mark.parametrize("bits", [1 << 30, 1 << 31, 3 << 30])
def test_a_tick_that_no_clock_here_ever_shows_is_not_taken(bits: int) -> None:
    pair = Pair(now=77).open()
    assert pair.accept(pair.host.message(PING, seen=77 | bits)) == -1
    assert pair.accept(pair.host.message(PING, seen=77)) == 0


@pytest.mark.parametrize("bits", [1 << 30, 1 << 31, 3 << 30])
def test_a_counter_and_a_tick_that_are_both_too_large_do_not_make_up_for_each_other(bits: int) -> None:
    pair = Pair(now=77).open()
    assert pair.accept(pair.host.message(PING, counter=1 | bits, seen=77 | bits)) == -1


def test_a_message_that_is_held_back_counts_for_nothing() -> None:
    pair = Pair().open()
    banked = [pair.host.message(0x11, bytes(10)), pair.host.message(PING)]
    pair.step(HEARTBEAT_MS)
    pair.step(1)
    assert [pair.accept(payload) for payload in banked] == [-1, -1]
    assert not pair.session.alive  # not even a sign of life
    assert pair.session.taken == 0
    assert pair.accept(pair.host.message(PING, counter=1)) == 0  # nor does it take a counter away


@given(bit=st.integers(0, 27 * 8 - 1))
def test_a_message_with_any_bit_changed_counts_for_nothing(bit: int) -> None:
    pair = Pair().open()
    pair.step(HEARTBEAT_MS)
    payload = bytearray(pair.host.message(0x11, bytes(10)))
    payload[bit // 8] ^= 1 << bit % 8
    assert pair.accept(bytes(payload)) == -1
    assert pair.step(1)  # it does not keep the session alive
    payload[bit // 8] ^= 1 << bit % 8
    assert pair.accept(bytes(payload)) == 10


def test_the_controllers_own_messages_are_dropped() -> None:
    pair = Pair().open()
    length = pair.session.seal(PING, 0)
    assert pair.accept(bytes(pair.session.reply[:length])) == -1


@pytest.mark.parametrize("content", [b"", b"\x01", bytes(range(13))])
def test_messages_of_the_controller_have_a_tag_and_a_counter(content: bytes) -> None:
    pair = Pair().open()
    for counter in range(1, 4):
        pair.session.reply[5 : 5 + len(content)] = content
        length = pair.session.seal(0x93, len(content))
        said = bytes(pair.session.reply[:length])
        assert pair.host.heard(said) == (0x93, content)
        assert said[1:5] == counter.to_bytes(4, "little")


def test_without_a_session_the_controller_sends_nothing() -> None:
    assert Pair().session.seal(0x90, 0) == 0


def test_after_the_last_counter_the_controller_sends_nothing() -> None:
    pair = Pair().open()
    pair.session._sent = LAST - 1
    assert pair.session.seal(0x90, 0) == 13
    assert get32(pair.session.reply, 1) == LAST
    assert pair.session.seal(0x90, 0) == 0


# -- the heartbeat --------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0, WRAP - 1, WRAP - HEARTBEAT_MS, WRAP - 3_000])
def test_a_silence_is_reported_once_and_later_ends_the_session(start: int) -> None:
    pair = Pair(now=start).open()
    assert not pair.step(HEARTBEAT_MS)
    assert pair.session.alive
    assert pair.step(1)
    assert (pair.session.alive, pair.session.in_force) == (False, True)
    assert not pair.step(1)
    assert not pair.step(SESSION_MS - HEARTBEAT_MS - 2)
    assert pair.session.in_force
    assert not pair.step(1)
    assert not pair.session.in_force
    assert pair.accept(pair.host.message(PING)) == -1
    assert not pair.session.alive


def test_a_silence_of_the_whole_session_time_is_reported_too() -> None:
    pair = Pair().open()
    assert pair.step(SESSION_MS + 1)
    assert not pair.session.in_force
    assert not pair.session.alive


@pytest.mark.parametrize("start", [0, WRAP - 1_500])
def test_every_message_keeps_the_session_alive(start: int) -> None:
    pair = Pair(now=start).open()
    for _ in range(5):
        assert not pair.step(HEARTBEAT_MS)
        assert pair.accept(pair.host.message(PING)) == 0
    assert pair.step(HEARTBEAT_MS + 1)
    assert pair.accept(pair.host.message(PING)) == 0
    assert pair.session.alive
    assert not pair.step(HEARTBEAT_MS)
    assert pair.step(1)


def test_without_a_session_none_is_lost() -> None:
    pair = Pair()
    assert pair.step(SESSION_MS * 2) is False
    pair.greet()
    assert pair.step(SESSION_MS * 2) is False


def test_the_keys_of_an_ended_session_are_deleted() -> None:
    pair = Pair().open()
    pair.step(SESSION_MS + 1)
    assert (pair.session._host, pair.session._controller) == (None, None)


# -- keys -----------------------------------------------------------------------------------------


def test_a_new_key_ends_the_session_of_the_old_one() -> None:
    pair = Pair().open()
    proof = pair.host.prove(pair.greet())
    pair.session.use_key(bytes(32), 2)
    assert not pair.session.in_force
    assert not pair.session.alive
    assert pair.prove(proof) == b""
    assert pair.accept(pair.host.message(PING)) == -1
    pair.host = Host(key=bytes(32), lock=2)
    pair.open()
    assert pair.session.in_force


def test_without_its_key_a_controller_refuses_hello() -> None:
    pair = Pair().open()
    pair.session.use_key(None, 0)
    assert (pair.session.has_key, pair.session.lock) == (False, 0)
    assert pair.greet() == bytes([REFUSED, NO_KEY])


@given(value=st.integers(0, 2**32 - 1), at=st.integers(0, 4))
def test_numbers_are_little_endian(value: int, at: int) -> None:
    data = bytearray(b"\xa5" * 8)
    put32(data, at, value)
    assert data[at : at + 4] == value.to_bytes(4, "little")
    assert data[:at] + data[at + 4 :] == b"\xa5" * 4
    assert get32(data, at) == value


@given(payloads=st.lists(st.binary(min_size=1, max_size=56), max_size=30))
def test_fuzz_no_payload_raises_or_opens_a_session(payloads: list[bytes]) -> None:
    pair = Pair()
    for payload in payloads:
        pair.greet(payload)
        pair.prove(payload)
        assert pair.accept(payload) == -1
    assert not pair.session.in_force
