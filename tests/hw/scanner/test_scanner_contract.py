"""The contract of every Scanner.

It runs on the simulated scanner, on a serial one over a real pty, and on one that types. With `--hardware` it also
runs on the scanner of DOORWARD_SCANNER, a path or the name of a keyboard: the tester holds a code in front of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from peers.cpython_controller import PushedClock
from peers.keyboard_on_pipe import TypingScanner
from peers.scanner_on_pty import EngineOnPty
from peers.waiting import until

from edge.errors import ReaderFault
from edge.ports import Clock, Scan, Scanner
from hw.scanner.evdev import open_keyboard
from hw.scanner.keys import KeyDecoder
from hw.scanner.line_decoder import Framing
from hw.scanner.serial import SerialSettings, SerialWire
from hw.scanner.triggers import TRIGGERS
from hw.scanner.wire import WiredScanner
from hw.sim.clock import SimClock
from hw.sim.scanner import SimScanner
from hw.system.clock import SystemClock

CODE = (
    "EC1:6BFOXN%TS3DH0YOJ58S S-W5HDC *M0II5XHC9B5G2+$N IOP-IA%NFQGRJPC%OQHIZC4.OI1RM8ZA.A5:S9MKN4NN3F85QNCY0"
)


@dataclass
class Bench:
    """A scanner, with functions that show codes to it and move its cable."""

    scanner: Scanner
    clock: Clock
    show: Callable[[str], object]
    unplug: Callable[[], object]
    plug_in: Callable[[], object]

    def told(self, count: int = 1) -> Sequence[Scan]:
        """Wait for `count` scans, and return the scans."""
        scans: list[Scan] = []
        until(lambda: scans.extend(self.scanner.scans()) or len(scans) >= count)
        return scans

    def fault(self) -> ReaderFault:
        """Wait for the fault of the scanner, and return it."""
        found: list[ReaderFault] = []

        def raises() -> bool:
            try:
                self.scanner.scans()
            except ReaderFault as fault:
                found.append(fault)
            return bool(found)

        until(raises)
        return found[0]

    def healed(self) -> Sequence[Scan]:
        """The scans of the first call that succeeds again."""
        brought: list[Sequence[Scan]] = []

        def answers() -> bool:
            try:
                brought.append(self.scanner.scans())
            except ReaderFault:
                return False
            return True

        until(answers)
        return brought[0]


def sim_bench() -> Bench:
    clock = SimClock(datetime(2026, 1, 1, tzinfo=UTC), tick_ms=5_000)
    scanner = SimScanner(clock)

    def put(there: bool) -> None:
        scanner.is_there = there

    return Bench(scanner, clock, scanner.show, lambda: put(False), lambda: put(True))


def serial_bench(engine: EngineOnPty) -> Bench:
    clock = PushedClock()
    settings = SerialSettings(str(engine.path))
    scanner = WiredScanner(
        lambda: SerialWire(settings, TRIGGERS["none"], clock=clock), Framing(), clock=clock
    )
    scanner.wait_until_ready(20)
    return Bench(
        scanner, clock, lambda text: engine.say(f"{text}\r\n".encode()), engine.pull_cable, engine.plug_in
    )


def keyboard_bench(typing: TypingScanner) -> Bench:
    clock = PushedClock()
    scanner = WiredScanner(typing.opens, Framing(), clock=clock)
    scanner.wait_until_ready(20)
    return Bench(scanner, clock, lambda text: typing.type(f"{text}\r"), typing.unplug, typing.plug_in)


@pytest.fixture(params=["sim", "serial", "keyboard"])
def bench(request: Any, tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        match request.param:
            case "sim":
                bench = sim_bench()
            case "serial":
                engine = EngineOnPty(tmp_path)
                stack.callback(engine.close)
                bench = serial_bench(engine)
            case _:
                typing = TypingScanner()
                stack.callback(typing.close)
                bench = keyboard_bench(typing)
        stack.callback(bench.scanner.close)
        yield bench


def test_without_a_code_there_is_no_scan(bench: Bench) -> None:
    assert tuple(bench.scanner.scans()) == ()


def test_a_code_is_one_scan_with_its_text_and_tick(bench: Bench) -> None:
    before_ms = bench.clock.tick_ms()
    bench.show(CODE)
    (scan,) = bench.told()
    assert (scan.symbol.text, scan.symbol.payload, scan.symbol.corners) == (CODE, CODE.encode(), ())
    assert before_ms <= scan.tick_ms <= bench.clock.tick_ms()
    assert tuple(bench.scanner.scans()) == ()


def test_scans_come_in_the_order_of_reading(bench: Bench) -> None:
    bench.show("EC1:A")
    bench.show("EC1:B")
    scans = bench.told(2)
    assert [scan.symbol.text for scan in scans] == ["EC1:A", "EC1:B"]
    assert scans[0].tick_ms <= scans[1].tick_ms


def test_of_too_many_scans_the_newest_are_kept(bench: Bench) -> None:
    for number in range(20):
        bench.show(f"EC1:{number}")
    told: list[str] = []
    until(lambda: told.extend(s.symbol.text for s in bench.scanner.scans()) or told[-1:] == ["EC1:19"])
    assert told == sorted(told, key=lambda text: int(text[4:]))
    assert told[-16:] == [f"EC1:{number}" for number in range(20)][-min(16, len(told)) :]


def test_without_its_cable_it_raises_and_later_reads_again(bench: Bench) -> None:
    bench.unplug()
    for _ in range(3):
        assert bench.fault().hint
    bench.plug_in()
    bench.healed()
    bench.show(CODE)
    assert [scan.symbol.text for scan in bench.told()] == [CODE]


def test_scans_from_before_the_cable_was_pulled_are_dropped(bench: Bench) -> None:
    bench.show(CODE)
    bench.unplug()
    bench.fault()
    bench.plug_in()
    assert tuple(bench.healed()) == ()


def test_a_closed_scanner_gives_no_scan_and_may_be_closed_again(bench: Bench) -> None:
    bench.show(CODE)
    bench.scanner.close()
    bench.scanner.close()
    with pytest.raises(ReaderFault):
        bench.scanner.scans()


@pytest.mark.hardware
def test_a_real_scanner_reads_the_code_in_front_of_it() -> None:
    name = os.environ.get("DOORWARD_SCANNER") or pytest.skip("DOORWARD_SCANNER names no scanner")
    clock = SystemClock()
    is_serial = name.startswith("/dev/") and not name.startswith("/dev/input")

    def opens() -> Any:
        if is_serial:
            baud = int(os.environ.get("DOORWARD_SCANNER_BAUD", "9600"))
            return SerialWire(SerialSettings(name, baud), TRIGGERS["none"], clock=clock)
        return open_keyboard(name, KeyDecoder())

    scanner = WiredScanner(opens, Framing(expect="EC1:"), clock=clock)
    try:
        scanner.wait_until_ready(10)
        told: list[Scan] = []
        until(lambda: told.extend(scanner.scans()) or told, for_s=60)
        assert told[0].symbol.text.startswith("EC1:")
    finally:
        scanner.close()
