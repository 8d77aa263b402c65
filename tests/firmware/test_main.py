"""The controller's program on a board in memory: pins, loop, watchdog, flash, nonces and a panel's wires."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import machine
import main
import pytest
import rp2
from board import STRIKE, Board
from door_world import KEY
from keystore import KeyStore
from limits import DEBOUNCE_MS
from nonce import Nonces
from peers.link_host import Host, Technician, framed, unframed
from sectors import Sectors
from watchdog import INPUTS_READ, LINK_HEARD, STRIKE_SET, Watchdog
from wiegand import Wiegand

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTACT, REX, TAMPER, FIRE, SERVICE = 3, 4, 5, 6, 7
AT_REST = {CONTACT: 0, TAMPER: 0, FIRE: 0}  # the others read high


class Clock:
    """MicroPython's `time`; each call takes a millisecond."""

    def __init__(self) -> None:
        self.ms = 2**30 - 100  # it wraps during the tests

    def ticks_ms(self) -> int:
        self.ms += 1
        return self.ms

    def ticks_us(self) -> int:
        return self.ms * 1_000

    def sleep_ms(self, ms: int) -> None:
        self.ms += ms


@pytest.fixture(autouse=True)
def hooks(monkeypatch: pytest.MonkeyPatch) -> Iterator[machine.Hooks]:
    """A board at rest with erased flash."""
    hooks = machine.Hooks()
    hooks.levels = dict(AT_REST)
    monkeypatch.setattr(machine, "hooks", hooks)
    monkeypatch.setattr(rp2.Flash, "contents", bytearray(b"\xff" * len(rp2.Flash.contents)))
    monkeypatch.setattr(main, "time", Clock())
    return hooks


def loop(cause: int = 0) -> main.Loop:
    return main.Loop(Board(), machine.WDT(), cause)


def turn(loop: main.Loop, times: int = DEBOUNCE_MS) -> None:
    for _ in range(times):
        loop.turn()


@pytest.mark.parametrize(
    ("levels", "bits"),
    [
        ({}, 0),
        ({CONTACT: 1}, 1),
        ({REX: 0}, 2),
        ({TAMPER: 1}, 4),
        ({FIRE: 1}, 8),
        ({SERVICE: 0}, 16),
        ({CONTACT: 1, REX: 0, TAMPER: 1, FIRE: 1, SERVICE: 0}, 31),
    ],
)
def test_a_cut_loop_reads_on_and_a_cut_button_reads_off(
    hooks: machine.Hooks, levels: dict[int, int], bits: int
) -> None:
    hooks.levels.update(levels)
    assert Board().inputs() == bits


@pytest.mark.parametrize(("straps", "known"), [({}, True), ({20: 0}, False), ({21: 0}, False)])
def test_a_board_of_another_revision_is_a_fault_that_allows_only_rex_and_fire(
    hooks: machine.Hooks, straps: dict[int, int], known: bool
) -> None:
    hooks.levels.update(straps)
    fault = loop().controller.door.fault
    assert fault == (0 if known else main.FAULT_BOARD)


def test_a_pull_up_that_still_rises_at_boot_is_not_rex(hooks: machine.Hooks) -> None:
    looks = []

    def level(number: int) -> int:
        looks.append(number)
        return 0 if len(looks) < 40 else AT_REST.get(number, 1)

    hooks.level = level
    controller = loop().controller
    assert not controller.door.is_free
    assert controller.door.state == 0


def test_a_step_feeds_the_watchdog_and_a_controller_without_a_key_drives_nothing(
    hooks: machine.Hooks,
) -> None:
    hooks.levels[REX] = 0
    turn(loop(), 100)
    assert hooks.fed == 100
    assert hooks.outputs.get(STRIKE, 0) == 0


def test_a_turn_answers_one_frame_and_the_next_turn_the_next(hooks: machine.Hooks) -> None:
    program = loop()
    hello = framed(Host().hello())
    hooks.incoming.extend(hello * 2 + b"\1\2\3\0")
    for answers in (1, 2, 2):
        program.turn()
        assert len(unframed(bytes(hooks.outgoing))) == answers
    assert not hooks.incoming


def test_a_key_survives_the_next_boot(hooks: machine.Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main.gc, "collect", lambda: None)  # here it takes 10 ms, a thousand times
    hooks.levels[TAMPER] = 1
    first = loop()
    turn(first)
    technician = Technician()
    hooks.incoming.extend(framed(technician.offer()))
    while not hooks.outgoing:
        turn(first)
    fed = hooks.fed
    assert fed > 600  # so many turns, and each of them did all that a turn must do
    (answer,) = unframed(bytes(hooks.outgoing))
    hooks.outgoing.clear()
    hooks.incoming.extend(framed(technician.confirm(answer)))
    turn(first, 3)
    assert unframed(bytes(hooks.outgoing)) == [technician.is_set()]
    hooks.levels[TAMPER] = 0
    again = loop()
    assert again.controller.session.has_key
    hooks.levels[REX] = 0
    turn(again, 2 * DEBOUNCE_MS)
    assert hooks.outputs[STRIKE] == 1


@pytest.mark.parametrize("missing", [INPUTS_READ, STRIKE_SET, LINK_HEARD])
def test_an_incomplete_step_does_not_feed_the_watchdog(missing: int) -> None:
    timer = SimpleNamespace(fed=0)
    timer.feed = lambda: setattr(timer, "fed", timer.fed + 1)
    watchdog = Watchdog(timer)
    for _ in range(2):  # the steps of one turn do not count for the next
        for part in (INPUTS_READ, STRIKE_SET, LINK_HEARD):
            if part != missing:
                watchdog.did(part)
        watchdog.end_turn()
    assert timer.fed == 0
    for part in (INPUTS_READ, STRIKE_SET, LINK_HEARD):
        watchdog.did(part)
    watchdog.end_turn()
    assert timer.fed == 1


def test_an_exception_leaves_the_strike_without_current(
    hooks: machine.Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    KeyStore(Sectors()).save(2, KEY)  # fail-safe: the strike has current
    turns = iter(range(5))

    def sleep_ms(_: int) -> None:
        next(turns)

    monkeypatch.setattr(main.time, "sleep_ms", sleep_ms)
    with pytest.raises(StopIteration):
        main.main()
    assert hooks.fed == 6
    assert hooks.outputs[STRIKE] == 0


def test_a_boot_by_the_watchdog_is_an_event(hooks: machine.Hooks) -> None:
    assert loop(1).controller._flags() & 4
    assert not loop(0).controller._flags() & 4


def test_flash_that_does_not_store_the_key_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rp2.Flash, "ioctl", lambda _, operation, __: 2 if operation == 4 else 0)  # no erasing
    Sectors().write(0, bytearray(b"\xf0" * 40))
    with pytest.raises(OSError, match="flash"):
        Sectors().write(0, bytearray(b"\x0f" * 40))


def test_nonces_differ_even_without_the_ring_oscillator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "urandom", bytes)
    nonces = Nonces(b"chip", lambda: 0)
    assert len({nonces.fresh() for _ in range(100)}) == 100
    assert Nonces(b"a", lambda: 0).fresh() != Nonces(b"b", lambda: 0).fresh()
    assert Nonces(b"a", lambda: 1).fresh() != Nonces(b"a", lambda: 2).fresh()


def secret(nonces: Nonces) -> tuple[bytes, int]:
    """A secret, and the steps that it took."""
    steps, number = nonces.secret(), 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, number
        number += 1


def test_a_secret_holds_two_kilobytes_of_noise_and_when_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def urandom(count: int) -> bytes:
        asked.append(count)
        return bytes(count)

    monkeypatch.setattr(os, "urandom", urandom)
    nonces = Nonces(b"chip", lambda: 0)
    asked.clear()
    first, steps = secret(nonces)
    assert sum(asked) >= 2_048
    assert max(asked) <= 64  # a turn of the loop asks for no more
    assert steps >= 32
    clock = iter(range(10_000))
    assert len({first, secret(nonces)[0], secret(Nonces(b"chip", lambda: next(clock)))[0]}) == 3
    monkeypatch.setattr(os, "urandom", lambda count: b"\1" * count)
    assert secret(Nonces(b"chip", lambda: 0))[0] != first


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (1, [0, 0x89ABCDEF]),
        (26, [25, 0x89ABCDEF]),
        (32, [31, 0x89ABCDEF]),
        (34, [31, 0x89ABCDEF, 1, 0x01234567]),
        (64, [31, 0x89ABCDEF, 31, 0x01234567]),
    ],
)
def test_a_number_is_sent_to_the_panel_bit_by_bit(bits: int, words: list[int]) -> None:
    panel = Wiegand(None)
    data = bytearray(b"\0\x89\xab\xcd\xef\x01\x23\x45\x67")
    assert panel.send(bits, data, 1)
    wires = rp2.StateMachine.last
    assert wires.words == words
    assert not panel.send(bits, data, 1), "the first number is still being sent"
    wires.done = len(words) // 2
    assert panel.send(bits, data, 1)
    assert wires.words == words * 2
