"""The real binary in an emulated RP2040, with the rules that a door must always keep. Times are the chip's own."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from peers.emulated_chip import CONTACT, D0, D1, HIGH, REX, STRIKE, TAMPER, Chip

from edge.link import messages as m
from edge.link.session import LinkPairing

if TYPE_CHECKING:
    from collections.abc import Iterator

PRESS_MS = 100


@dataclass
class Commissioned:
    """A chip with its key, and how that came about: when REX was pressed or let go meanwhile, and how long it took."""

    chip: Chip
    pair: LinkPairing
    took_us: int
    presses_us: list[int]


@pytest.fixture(scope="module", params=["rp2040js", "rp2040py"])
def commissioned(request: pytest.FixtureRequest) -> Iterator[Commissioned]:
    """One chip for all of them: commissioned once, with an impatient hand at REX all the while."""
    chip = Chip(request.param)
    chip.set(TAMPER, 1)
    chip.run(200)
    presses_us: list[int] = []
    run, began = chip.run, chip.us

    def run_and_press(ms: int) -> None:
        if chip.us >= began + (len(presses_us) + 1) * PRESS_MS * 1_000:
            presses_us.append(chip.us)
            chip.set(REX, 1 - len(presses_us) % 2)
        run(ms)

    chip.run = run_and_press
    pair = chip.commission()
    chip.run = run
    took_us = chip.us - began
    assert all(us > chip.us - 500_000 for us, _ in chip.strikes())  # not before there is a lock to free
    chip.set(TAMPER, 0)
    yield Commissioned(chip, pair, took_us, presses_us)
    chip.close()


@pytest.fixture
def chip(commissioned: Commissioned) -> Chip:
    return commissioned.chip


@pytest.fixture
def pair(commissioned: Commissioned) -> LinkPairing:
    return commissioned.pair


@pytest.fixture(autouse=True)
def began(chip: Chip, pair: LinkPairing) -> int:
    """At rest and in session; the time it is."""
    for pin, level in {CONTACT: 0, REX: 1, TAMPER: 0}.items():
        chip.set(pin, level)
    if chip.session is None:
        chip.connect(pair)
    chip.until(lambda: chip.session and chip.session.is_open, within_ms=3_000)
    chip.run(100)  # until the inputs count, and their events are sent
    chip.until(lambda: is_at_rest(chip), within_ms=12_000)
    return chip.us


def is_at_rest(chip: Chip) -> bool:
    status = chip.told(m.ControllerStatus)
    return not chip.energised and bool(status) and status[-1].state == m.DoorState.NORMAL


def say(chip: Chip, what: str) -> None:
    """Print a measurement for tests/EVIDENCE.md."""
    print(f"\n{chip.emulator}: {what}", end="", flush=True)


def test_inputs_and_the_watchdog_wait_for_no_commissioning(commissioned: Commissioned, began: int) -> None:
    chip, presses = commissioned.chip, commissioned.presses_us
    chip.repeat_events()
    chip.run(300)
    pressed = presses[:-1:2]  # the last one may have been let go before it was believed
    told = [event.tick_ms for event in chip.told(m.LinkEventKind.REX, began)][: len(pressed)]
    waits = [tick * 1_000 - us for tick, us in zip(told, pressed, strict=True)]
    spread = max(waits) - min(waits)
    say(
        chip,
        f"commissioning took {commissioned.took_us / 1e6:.2f} s; REX, {len(told)} times meanwhile: "
        f"heard within {spread / 1e3:.0f} ms of each other",
    )
    assert len(told) >= 5
    assert spread <= 20_000
    assert chip.resets == 0
    assert commissioned.took_us < 8_000_000  # a host asks for 12 s


def test_a_release_moves_the_strike_is_answered_and_ends(chip: Chip, began: int) -> None:
    counter = chip.release(500, grant=42)
    chip.until(lambda: m.CommandDone(counter) in chip.told(m.CommandDone, began), within_ms=100)
    chip.run(600)
    (on, _), (off, _) = chip.strikes(began)
    say(
        chip,
        f"release of 500 ms: energised {(on - began) / 1e3:.1f} ms after it was sent, for {(off - on) / 1e3:.0f} ms",
    )
    assert on - began < 20_000
    assert abs(off - on - 500_000) < 20_000
    assert [event.data for event in chip.told(m.LinkEventKind.RELEASED, began)] == [42]


def test_a_release_of_sixty_seconds_ends_after_ten(chip: Chip, began: int) -> None:
    chip.release(60_000, grant=1)
    chip.until(lambda: len(chip.strikes(began)) == 2, within_ms=12_000)
    (on, _), (off, _) = chip.strikes(began)
    say(chip, f"asked for 60 s, held {(off - on) / 1e6:.2f} s")
    assert abs(off - on - 10_000_000) < 20_000


def fresh(chip: Chip) -> None:
    """Run until the host has just seen the controller's tick."""
    seen = len(chip.told(m.ControllerStatus))
    chip.until(lambda: len(chip.told(m.ControllerStatus)) > seen, within_ms=400)


def test_a_release_that_is_held_back_past_its_expiry_does_not_energise(chip: Chip, began: int) -> None:
    for late_ms, answered in ((800, True), (1_500, False)):
        fresh(chip)
        sent = chip.us
        chip.hold_back()
        counter = chip.release(500, grant=1)
        chip.run(late_ms)
        chip.let_through()
        denied = m.CommandDenied(counter, m.DenyCode.EXPIRED)
        chip.run(200)
        assert (denied in chip.told(m.CommandDenied, sent)) == answered, late_ms
        assert m.CommandDone(counter) not in chip.told(m.CommandDone, sent)
        assert chip.strikes(began) == []
        chip.until(lambda: chip.session and chip.session.is_open, within_ms=3_000)
    say(chip, "a release of 500 ms, held back for 0.8 s: denied; for 1.5 s: not heard")


def test_a_release_that_is_held_back_ends_no_later_than_it_expires(chip: Chip, began: int) -> None:
    fresh(chip)
    sent = chip.us
    chip.hold_back()
    chip.release(2_000, grant=1)
    chip.run(900)
    chip.let_through()
    chip.until(lambda: len(chip.strikes(began)) == 2, within_ms=3_000)
    (on, _), (off, _) = chip.strikes(began)
    say(
        chip,
        f"a release of 2 s, held back for 0.9 s: energised after {(on - sent) / 1e3:.0f} ms, "
        f"ended {(sent + 2_200_000 - off) / 1e3:.0f} ms before it expired",
    )
    assert on - sent >= 900_000
    assert off <= sent + 2_200_000


def test_a_release_ends_no_later_than_it_expires_whatever_else_is_on_the_line(chip: Chip, began: int) -> None:
    early: list[int] = []
    for before_ms in (15, 20, 25, 30, 35):
        fresh(chip)
        before, sent = len(chip.strikes(began)), chip.us
        chip.hold_back()
        chip.release(500, grant=1)
        chip.run(500)
        chip.let_through()
        chip.until(lambda: chip.energised, within_ms=100)
        chip.run((sent + 675_000 - chip.us) // 1_000 - before_ms)
        for number in range(4):  # as many as are answered in a second, at once: what costs the most
            chip.say(bytes([m.MessageType.HELLO, 2]) + number.to_bytes(16, "little"))
        chip.until(lambda: not chip.energised, within_ms=200)
        off = chip.strikes(began)[before + 1][0]
        early.append(sent + 700_000 - off)
        chip.run(1_000)
    say(
        chip, f"HELLOs meanwhile: ended {min(early) / 1e3:.1f} to {max(early) / 1e3:.1f} ms before it expired"
    )
    assert min(early) >= 0


def test_a_host_that_hangs_loses_its_release(chip: Chip, began: int) -> None:
    chip.release(9_000, grant=1)
    chip.until(lambda: chip.energised, within_ms=100)
    hung = chip.us
    chip.disconnect()
    chip.until(lambda: not chip.energised, within_ms=1_200)
    relocked = chip.strikes(began)[-1][0]
    say(chip, f"host hangs: relocked {(relocked - hung) / 1e3:.0f} ms later")
    assert relocked - hung < 1_100_000


def test_rex_works_without_a_host(chip: Chip, began: int) -> None:
    chip.disconnect()
    chip.run(1_500)
    pressed = chip.us
    chip.set(REX, 0)
    chip.until(lambda: chip.energised, within_ms=200)
    chip.set(REX, 1)
    chip.until(lambda: not chip.energised, within_ms=6_000)
    (on, _), (off, _) = chip.strikes(pressed)
    say(chip, f"REX, host dead: free after {(on - pressed) / 1e3:.0f} ms, for {(off - on) / 1e6:.2f} s")
    assert on - pressed < 100_000
    assert off - on > 4_900_000


def test_a_forced_leaf_alarms_and_the_strike_stays_locked(chip: Chip, began: int) -> None:
    chip.set(CONTACT, 1)
    chip.until(lambda: chip.told(m.LinkEventKind.FORCED_OPEN, began), within_ms=300)
    say(chip, f"forced open: told {(chip.us - began) / 1e3:.0f} ms after the contact opened")
    counter = chip.release(1_000, grant=1)
    chip.until(
        lambda: m.CommandDenied(counter, m.DenyCode.NOT_NOW) in chip.told(m.CommandDenied, began),
        within_ms=200,
    )
    assert chip.strikes(began) == []


def test_the_strike_relocks_when_the_leaf_opens(chip: Chip, began: int) -> None:
    chip.release(5_000, grant=1)
    chip.until(lambda: chip.energised, within_ms=100)
    opened = chip.us
    chip.set(CONTACT, 1)
    chip.until(lambda: not chip.energised, within_ms=200)
    say(chip, f"leaf opens: relocked {(chip.strikes(began)[-1][0] - opened) / 1e3:.0f} ms later")


def test_a_leaf_pulled_at_the_end_of_a_release_is_not_forced(chip: Chip, began: int) -> None:
    chip.release(300, grant=1)
    chip.until(lambda: chip.energised, within_ms=100)
    chip.run(290 - (chip.us - chip.strikes(began)[0][0]) // 1_000)
    assert chip.energised
    pulled = chip.us
    chip.set(CONTACT, 1)
    chip.until(lambda: chip.told(m.LinkEventKind.OPENED, began), within_ms=200)
    relocked = chip.strikes(began)[-1][0]
    say(
        chip,
        f"leaf pulled: relocked {(relocked - pulled) / 1e3:.0f} ms later, told {(chip.us - pulled) / 1e3:.0f} ms later",
    )
    assert relocked - pulled < 30_000  # us: by the time of the release, before the opening counts
    chip.run(200)
    assert chip.told(m.LinkEventKind.FORCED_OPEN, began) == []


def test_power_lost_in_mid_release_never_pulses_the_strike(chip: Chip, pair: LinkPairing, began: int) -> None:
    chip.release(9_000, grant=1)
    chip.until(lambda: chip.energised, within_ms=100)
    lost = chip.us
    chip.power_cycle()
    chip.disconnect()
    chip.run(1_500)
    levels = {move.level for move in chip.moves if move.pin == STRIKE and move.us >= lost}
    first = next(move.us for move in chip.moves if move.pin == STRIKE and move.us > lost and move.level == 0)
    say(chip, f"power back: strike driven low after {(first - lost) / 1e3:.2f} ms, never high")
    assert HIGH not in levels
    chip.connect(pair)  # the key is still there
    chip.until(lambda: chip.session.is_open, within_ms=2_000)
    chip.repeat_events()
    chip.until(lambda: chip.told(m.LinkEventKind.BOOT, lost), within_ms=200)


def test_a_firmware_that_hangs_is_reset_and_its_release_ends(chip: Chip, began: int) -> None:
    chip.release(9_000, grant=1)
    chip.until(lambda: chip.energised, within_ms=100)
    hung, resets = chip.us, chip.resets
    chip.hang()
    chip.until(lambda: not chip.energised, within_ms=1_200)
    relocked = chip.strikes(began)[-1][0]
    say(chip, f"firmware hangs: the watchdog relocked {(relocked - hung) / 1e3:.0f} ms later")
    assert chip.resets == resets + 1
    assert relocked - hung < 1_100_000
    chip.until(lambda: chip.told(m.Welcomed, hung), within_ms=7_000)
    assert m.Flags.WATCHDOG in chip.told(m.Welcomed, hung)[-1].flags


def test_whoever_lacks_the_key_moves_nothing(chip: Chip, began: int) -> None:
    seen = chip.told(m.ControllerStatus)[-1].tick_ms.to_bytes(4, "little")
    for number, forged in enumerate(
        (
            bytes([m.MessageType.RELEASE])
            + (999).to_bytes(4, "little")
            + seen
            + bytes.fromhex("881300000000")
            + bytes(12),
            bytes([m.MessageType.MODE]) + (999).to_bytes(4, "little") + seen + b"\x02" + bytes(12),
            bytes([m.MessageType.KEY_OFFER, 2, 2]) + bytes(range(32)),
            bytes([m.MessageType.PROVE, 1]) + bytes(8),
        )
    ):
        chip.say(forged)
        chip.run(20)
        assert chip.strikes(began) == [], number
    chip.disconnect()
    chip.connect(LinkPairing(bytes(32), m.Lock.FAIL_SECURE))
    chip.run(1_500)
    assert chip.session
    assert not chip.session.is_open
    assert chip.strikes(began) == []
    say(chip, "forged frames and a host with another key: nothing moved, no session")
    chip.disconnect()


def test_a_number_goes_out_on_the_panels_wires(chip: Chip, began: int) -> None:
    if chip.emulator == "rp2040js":
        pytest.skip("the PIO of this emulator follows the wall clock")
    number = 0b1_0110_0111_0001_1110_0001_0101  # 26 bits, with the parity of the host
    chip.watch_closely()
    counter = chip.send_number(26, number)
    chip.until(lambda: m.CommandDone(counter) in chip.told(m.CommandDone, began), within_ms=100)
    chip.run(70)
    pulses = []
    for rise, fall in itertools.pairwise(
        move for move in chip.moves if move.pin in (D0, D1) and move.us > began
    ):
        if rise.level == HIGH:
            assert (fall.pin, fall.level) == (rise.pin, 0)
            pulses.append((rise.us, fall.us - rise.us, rise.pin == D1))
    assert [bit for _, _, bit in pulses] == [bool(number >> place & 1) for place in range(25, -1, -1)]
    widths = [width for _, width, _ in pulses]
    gaps = [after - before for (before, _, _), (after, _, _) in itertools.pairwise(pulses)]
    say(chip, f"26 bits: pulses of {min(widths)} to {max(widths)} us, every {min(gaps)} to {max(gaps)} us")
    assert 45 <= min(widths) <= max(widths) <= 55
    assert 1_990 <= min(gaps) <= max(gaps) <= 2_010
