"""The host's session with a controller that is written from firmware/LINK.md: contents, counters, age and versions."""

from __future__ import annotations

import pytest
from peers.link_host import KEY, framed, mac, tagged, u32, unframed

from edge.link import messages as m
from edge.link.limits import FRESH_MS, LAST_COUNTER, PING_EVERY_MS, SILENCE_MS
from edge.link.session import LinkPairing, LinkSession

HOSTS, CONTROLLERS = bytes(range(100, 116)), bytes(range(16))
LARGE = 0x01020304  # of four bytes that differ
BEGIN = 5_000
DONE, EVENT, LATER = 0x91, 0x93, 0x9F


class Session(LinkSession):
    """A session, and what its controller says in it."""

    def __init__(self) -> None:
        super().__init__(LinkPairing(KEY, m.Lock.FAIL_SECURE), fresh=lambda: HOSTS)
        secret = mac(KEY, b"doorward link\x02" + HOSTS + CONTROLLERS)
        self.key = mac(secret, b"controller to host")
        self.step(BEGIN)

    def hear(self, payload: bytes, ms: int = BEGIN) -> tuple[m.LinkEvent, ...]:
        """The events of a payload; an answer to it has to be frames."""
        said, told = self.receive(framed(payload), ms)
        assert said == b"".join(map(framed, unframed(said)))
        return told

    def welcome(self, version: int = 2, firmware: tuple[int, int, int] = (0, 2, 0), flags: int = 0) -> bytes:
        return tagged(self.key, bytes([0x81, version, *firmware, flags]) + CONTROLLERS)

    def ready(self, next_event: int = 1, more: bytes = b"") -> bytes:
        return tagged(self.key, b"\x82" + u32(next_event) + u32(70) + more)

    def message(self, kind: int, counter: int, content: bytes) -> bytes:
        return tagged(self.key, bytes([kind]) + u32(counter) + content)

    def pong(self, counter: int, taken: int = 0, more: bytes = b"") -> bytes:
        return self.message(0x90, counter, bytes(4) + u32(90) + u32(taken) + more)

    def open(self) -> Session:
        self.hear(self.welcome())
        assert self.hear(self.ready()) == (m.SessionOpened(1),)
        return self


def test_the_key_is_in_no_text() -> None:
    assert repr(LinkPairing(KEY, m.Lock.FAIL_SAFE)) == "LinkPairing(lock=<Lock.FAIL_SAFE: 2>)"


@pytest.mark.parametrize(
    ("version", "firmware"), [(3, (9, 8, 7)), (1, (0, 1, 4)), (2, (0, 1, 9))], ids=["later", "older", "old"]
)
def test_another_version_is_told_with_that_of_its_firmware(
    version: int, firmware: tuple[int, int, int]
) -> None:
    host = Session()
    assert host.hear(host.welcome(version, firmware, flags=5)) == (m.WrongVersion(version, firmware),)


def test_a_ready_of_another_length_opens_no_session() -> None:
    host = Session()
    host.hear(host.welcome())
    assert host.hear(host.ready(more=b"\0")) == ()
    assert not host.is_open


def test_numbers_have_four_bytes() -> None:
    host = Session()
    host.hear(host.welcome())
    assert host.hear(host.ready(LARGE)) == (m.SessionOpened(LARGE),)
    assert host.hear(host.message(DONE, 1, u32(LARGE))) == (m.CommandDone(LARGE),)
    content = u32(LARGE) + bytes([m.LinkEventKind.RELEASED]) + u32(LARGE + 1) + u32(LARGE + 2)
    assert host.hear(host.message(EVENT, 2, content)) == (
        m.Happened(LARGE, m.LinkEventKind.RELEASED, LARGE + 1, LARGE + 2),
    )


@pytest.mark.parametrize(
    ("for_ms", "grant", "content"),
    [
        (3_000, 7, (3_000, 7)),
        (0xFFFF, 2**32 - 1, (0xFFFF, 2**32 - 1)),
        (0x10000, 2**32, (0xFFFF, 0)),
        (10**6, 2**32 + 3, (0xFFFF, 3)),
    ],
)
def test_a_release_is_as_long_as_the_field_holds_and_names_the_low_bits_of_the_record(
    for_ms: int, grant: int, content: tuple[int, int]
) -> None:
    _, said = Session().open().release(for_ms, grant, BEGIN)
    (payload,) = unframed(said)
    assert (int.from_bytes(payload[9:11], "little"), int.from_bytes(payload[11:15], "little")) == content


def test_a_message_too_short_for_its_counter_takes_none() -> None:
    host = Session().open()
    assert host.hear(tagged(host.key, bytes([DONE, 2, 0, 0]))) == ()
    assert host.hear(host.message(DONE, 1, u32(1))) == (m.CommandDone(1),)


def test_a_message_that_this_release_does_not_know_takes_its_counter() -> None:
    host = Session().open()
    assert host.hear(host.message(LATER, 2, b"")) == ()
    assert host.hear(host.message(DONE, 1, u32(1))) == ()
    assert host.hear(host.message(DONE, 3, u32(1))) == (m.CommandDone(1),)


@pytest.mark.parametrize(("late_ms", "is_taken"), [(0, True), (FRESH_MS, True), (FRESH_MS + 1, False)])
def test_a_pong_counts_if_what_it_names_was_said_a_second_ago_at_most(late_ms: int, is_taken: bool) -> None:
    host = Session().open()
    assert bool(host.hear(host.pong(1), BEGIN + late_ms)) is is_taken


@pytest.mark.parametrize(("more", "lives"), [(b"", True), (b"\0", False)])
def test_a_pong_of_another_length_is_no_sign_of_life(more: bytes, lives: bool) -> None:
    host = Session().open()
    host.hear(host.pong(1, more=more), BEGIN + SILENCE_MS)
    _, told = host.step(BEGIN + SILENCE_MS + 1)
    assert (told == ()) is lives


def test_a_session_whose_counters_are_used_up_begins_anew() -> None:
    host = Session().open()
    host._sent = LAST_COUNTER - 1  # as after three years at ten messages a second
    ping, told = host.step(BEGIN + PING_EVERY_MS)
    assert unframed(ping)[0][:5] == b"\x10" + u32(LAST_COUNTER)
    assert told == ()
    hello, told = host.step(BEGIN + PING_EVERY_MS + 1)
    assert unframed(hello)[0][:2] == b"\x01\x02"
    assert told == (m.Lost(),)
    assert not host.is_open
