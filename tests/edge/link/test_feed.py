"""The feed receives every event once and in order from a real controller, over a cable that loses frames."""

from __future__ import annotations

import hashlib
import itertools

import controller as controller_program
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from limits import EVENTS_KEPT
from peers.link_host import KEY, Keys, Nonces

from edge.link import messages as m
from edge.link.feed import ASK_EVERY_MS, KEPT, Feed, LastEvent
from edge.link.session import LinkPairing, LinkSession

OPEN, SHUT = 1, 0
NOISES = 3


def fresh(label: bytes):
    counter = itertools.count()
    return lambda: hashlib.sha256(label + next(counter).to_bytes(8, "big")).digest()[:16]


class Bench:
    """A host with a controller whose door opens and closes."""

    def __init__(self, after: LastEvent | None = None) -> None:
        self.now = 1_000
        self.inputs = SHUT
        self.feed = Feed(after)
        self.host = LinkSession(LinkPairing(KEY, m.Lock.FAIL_SECURE), fresh=fresh(b"host"))
        self.taken: list[m.Happened] = []
        self.missed = 0  # events that the host knows it has lost
        self.to_host = bytearray()
        self.nonces = Nonces()
        self.boot()

    def boot(self) -> None:
        self.controller = controller_program.Controller(
            Keys(),
            self.nonces,
            self._write,
            lambda _: None,
            lambda _: None,
            None,
            self.inputs,
            self.now & 2**30 - 1,
            0,
        )

    @property
    def logged(self) -> int:
        """The number of events of the controller since its boot."""
        return self.controller._ring.next - 1

    def _write(self, buffer, length) -> None:
        self.to_host += buffer[:length]

    def swing(self, times: int) -> None:
        """The leaf opens or closes `times` times."""
        for _ in range(times):
            self.inputs ^= OPEN
            self.now += 40
            self.controller.step(self.inputs, self.now & 2**30 - 1)

    def turn(self, *, loses=lambda: False) -> None:
        """20 ms at both ends; `loses` says of each message whether the cable drops it."""
        self.now += 20
        self.controller.step(self.inputs, self.now & 2**30 - 1)
        out, told = self.host.step(self.now)
        out += self._hear(told)
        while out:
            for byte in out:
                self.controller.receive(byte, self.now & 2**30 - 1)
            out = b""
        while self.controller.tell(self.now & 2**30 - 1):
            pass
        heard, self.to_host = bytes(self.to_host), bytearray()
        for piece in heard.split(b"\0")[:-1]:
            if loses():
                continue
            reply, told = self.host.receive(piece + b"\0", self.now)
            reply += self._hear(told)
            for byte in reply:
                self.controller.receive(byte, self.now & 2**30 - 1)
        if self.host.is_open and (wanted := self.feed.wants(self.now)) is not None:
            for byte in self.host.events(wanted)[1]:
                self.controller.receive(byte, self.now & 2**30 - 1)

    def _hear(self, told) -> bytes:
        for event in told:
            match event:
                case m.SessionOpened(next_event=number):
                    self.feed.opened(number)
                case m.Happened() if self.feed.take(event):
                    self.taken.append(event)
                    self.missed += self.feed.missed
        return b""

    def settle(self, ms: int = 2 * ASK_EVERY_MS) -> list[int]:
        """The numbers of all received events, after some time without new ones."""
        for _ in range(ms // 20):
            self.turn()
        return [event.number for event in self.taken]


def test_both_sides_have_the_same_number_of_kept_events() -> None:
    assert KEPT == EVENTS_KEPT


def test_a_new_host_receives_all_events_since_the_boot() -> None:
    bench = Bench()
    bench.swing(6)
    numbers = bench.settle()
    assert numbers == list(range(1, bench.logged + 1))
    assert bench.taken[0].kind is m.LinkEventKind.BOOT
    assert [event.kind for event in bench.taken if event.kind is not m.LinkEventKind.SESSION][1:4] == [
        m.LinkEventKind.OPENED,
        m.LinkEventKind.FORCED_OPEN,
        m.LinkEventKind.CLOSED,
    ]


def test_events_during_a_cut_cable_are_received_afterwards() -> None:
    bench = Bench()
    before = len(bench.settle())
    for _ in range(100):
        bench.turn(loses=lambda: True)
    bench.swing(20)
    assert len(bench.taken) == before
    assert bench.settle() == list(range(1, bench.logged + 1))


def test_a_controller_that_booted_meanwhile_begins_again_at_one() -> None:
    bench = Bench()
    bench.swing(8)
    first = bench.settle()
    bench.boot()
    numbers = bench.settle()
    assert numbers[len(first) :] == list(range(1, bench.logged + 1))
    assert bench.taken[len(first)].kind is m.LinkEventKind.BOOT


def test_a_boot_is_noticed_even_if_the_numbers_are_higher_than_before() -> None:
    bench = Bench()
    first = bench.settle()
    bench.boot()
    bench.swing(20)
    assert bench.logged > max(first)
    assert bench.settle()[len(first) :] == list(range(1, bench.logged + 1))


def test_a_restarted_program_continues_after_the_last_event() -> None:
    bench = Bench()
    bench.swing(8)
    told = bench.settle()
    last = bench.taken[-1]
    bench.feed = Feed(LastEvent(last.number, last.tick_ms))
    bench.host = LinkSession(LinkPairing(KEY, m.Lock.FAIL_SECURE), fresh=fresh(b"again"))
    bench.swing(2)
    numbers = bench.settle()
    assert numbers == list(range(1, bench.logged + 1))
    assert len(numbers) > len(told)


@pytest.mark.parametrize("more", range(-3, 4))
def test_a_boot_is_not_taken_for_the_same_one_where_the_numbers_go_on_without_a_gap(more: int) -> None:
    """The last event that is known was just overwritten, and the first EVENTS of the session is dropped."""
    bench = Bench()
    bench.swing(2)
    bench.settle()
    last = bench.taken[-1].number
    bench.taken.clear()
    bench.boot()
    bench.now += 2_000  # the session is lost
    while bench.logged < last + EVENTS_KEPT + more:
        bench.swing(1)
    asked = bench.feed.wants
    dropped = iter([None])
    bench.feed.wants = lambda tick_ms: next(dropped, asked(tick_ms)) if bench.host.is_open else None
    numbers = bench.settle()
    assert bench.missed or numbers[0] == 1  # the boot
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("swings", [0, 1, 3, 40])
def test_whatever_an_attacker_drops_of_the_events_is_known_to_be_missing(swings: int) -> None:
    """EVENTS is dropped for ever, and so are the events of a while."""
    bench = Bench()
    bench.settle()
    known = len(bench.taken)
    wants = bench.feed.wants
    bench.feed.wants = lambda tick_ms: wants(tick_ms) and None
    bench.swing(swings)
    for _ in range(20):
        bench.turn(loses=lambda: True)
    for _ in range(20):
        bench.swing(1)
        bench.settle(1_000)
    assert len(bench.taken) > known + 5
    # where the last one that was known is gone, it may have been of another boot, and counts as well
    assert bench.missed - (bench.logged - len(bench.taken)) in (0, 1)
    assert bool(bench.missed) == bool(swings)


def test_what_was_overwritten_is_said_to_be_lost_and_how_much_of_it() -> None:
    bench = Bench()
    told = bench.settle()
    for _ in range(100):
        bench.turn(loses=lambda: True)
    bench.swing(80)
    numbers = bench.settle()[len(told) :]
    # the last one that was known may be asked for again, and be gone too
    assert numbers[0] - told[-1] - bench.missed in (0, 1)
    assert numbers == list(range(numbers[0], bench.logged + 1))


@pytest.mark.parametrize("start", [2**30 - 2_000, 2**30 - 300])
def test_the_controllers_clock_may_wrap(start: int) -> None:
    bench = Bench()
    bench.now = start
    bench.boot()
    bench.swing(10)
    assert bench.settle() == list(range(1, bench.logged + 1))


@settings(max_examples=25)
@given(st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_noisy_cable_duplicates_no_event_and_loses_no_kept_event(dice, swings: int) -> None:
    bench = Bench()
    bench.settle(200)
    for _ in range(NOISES):  # 3 s in all: less than the time for which the feed asks for a missing event
        bench.swing(swings)
        for _ in range(25):
            bench.turn(loses=lambda: dice.random() < 0.3)
    numbers = bench.settle()
    assert numbers == sorted(set(numbers))
    missing = bench.logged - len(numbers)
    assert missing <= bench.missed <= missing + NOISES
    assert not missing or bench.logged > KEPT


def test_an_erased_controller_has_no_events_from_before() -> None:
    bench = Bench()
    bench.swing(10)
    known = bench.settle()
    bench.swing(10)
    bench.controller._ring._first = bench.controller._ring.next  # as after five seconds of the service jumper
    bench.swing(4)
    numbers = bench.settle(3 * ASK_EVERY_MS)
    assert numbers[: len(known)] == known
    assert numbers[-1] == bench.logged
    assert bench.logged < 70  # repeated requests make few events of their own
