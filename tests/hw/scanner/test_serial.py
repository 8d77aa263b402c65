"""Serial scanners with the faults of real ones, on a real pty with pyserial at the other end."""

from __future__ import annotations

import errno
import grp
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from peers.cpython_controller import PushedClock
from peers.scanner_on_pty import EngineOnPty
from peers.uart import heard
from peers.waiting import until
from worlds.trust import shown

from edge.errors import ReaderFault
from hw.scanner.line_decoder import HALF_MS, Framing
from hw.scanner.serial import SerialSettings, SerialWire
from hw.scanner.triggers import AGAIN_MS, TRIGGERS, WAKE_MS, Finger, Trigger, custom
from hw.scanner.wire import WiredScanner, why

CODE, OTHER = shown(), shown(card_id=b"card0002")
ACK_GM65 = bytes.fromhex("02 00 00 01 00 33 31")


class Door:
    """A running scanner, and the engine at the other end of its cable."""

    def __init__(self, folder: Path) -> None:
        self.engine = EngineOnPty(folder)
        self.clock = PushedClock()
        self.told: list[ReaderFault | None] = []
        self._texts: list[str] = []
        self._scanner: WiredScanner | None = None

    def open(self, trigger: str = "none", framing: Framing | None = None) -> WiredScanner:
        settings = SerialSettings(str(self.engine.path))
        replies = TRIGGERS[trigger].replies
        self._scanner = WiredScanner(
            lambda: SerialWire(settings, TRIGGERS[trigger], clock=self.clock),
            framing or Framing(replies=replies, expect="EC1:"),
            clock=self.clock,
            tell=self.told.append,
        )
        self._scanner.wait_until_ready(20)
        return self._scanner

    def texts(self, count: int) -> list[str]:
        """Wait for the next `count` texts, and return them."""
        until(lambda: self._listen() or len(self._texts) >= count)
        texts, self._texts = self._texts, []
        return texts

    def _listen(self) -> None:
        assert self._scanner is not None
        self._texts += [scan.symbol.text for scan in self._scanner.scans()]

    def silence(self, holds: Callable[[], object]) -> None:
        """Half a second without a byte, repeated until `holds()`."""
        until(lambda: self.clock.push(HALF_MS) or holds())

    def close(self) -> None:
        if self._scanner is not None:
            self._scanner.close()
        self.engine.close()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    door = Door(tmp_path)
    yield door
    door.close()


# -- bytes that come ---------------------------------------------------------------------------------------

MISBEHAVIOUR: dict[str, tuple[str, list[bytes]]] = {
    "one byte at a time": ("none", [bytes([byte]) for byte in f"{CODE}\r\n".encode()]),
    "in packets of 64 bytes, as over USB": (
        "none",
        [f"{CODE}\r\n".encode()[at : at + 64] for at in range(0, len(CODE) + 2, 64)],
    ),
    "an answer in the middle": ("gm65", [CODE[:99].encode(), ACK_GM65, CODE[99:].encode() + b"\r"]),
    "an answer in two parts": ("gm65", [ACK_GM65[:2], ACK_GM65[2:], CODE.encode() + b"\r"]),
    "no read, and then a code": ("none", [b"%%NoRead\r\n", b"NR\r\n", CODE.encode() + b"\r\n"]),
    "a megabyte without an end": ("none", [b"EC1:" * (1 << 18), b"\r", CODE.encode() + b"\r"]),
    "empty lines": ("none", [b"\r\n\r\n\n\n", CODE.encode() + b"\r\n"]),
}


@pytest.mark.parametrize("case", MISBEHAVIOUR)
def test_the_code_is_read_among_other_bytes(case: str, door: Door) -> None:
    trigger, chunks = MISBEHAVIOUR[case]
    door.open(trigger)
    door.engine.say(*chunks)
    assert door.texts(1) == [CODE]


def test_a_code_that_stays_in_view_is_one_scan_for_each_line_of_the_engine(door: Door) -> None:
    """The passage joins them into one presentation, because it knows what the camera sees."""
    door.open()
    door.engine.say(*[f"{CODE}\r".encode()] * 3)
    assert door.texts(3) == [CODE] * 3


def test_half_a_code_before_a_silence_is_dropped(door: Door) -> None:
    scanner = door.open()
    door.engine.say(CODE[:200].encode())
    door.silence(lambda: scanner.tally.halves)
    door.engine.say(f"{OTHER}\r".encode())
    assert door.texts(1) == [OTHER]


def test_a_wrong_baud_rate_is_a_fault_until_a_code_is_read(door: Door) -> None:
    scanner = door.open()
    door.engine.say(heard(f"{CODE}\r".encode(), sent=115_200, read=9_600))
    door.silence(lambda: scanner.tally.garbled_bytes)
    with pytest.raises(ReaderFault, match="no text") as caught:
        until(lambda: scanner.scans() and False)
    assert "baud" in caught.value.hint
    door.engine.say(f"\r{CODE}\r".encode())
    until(lambda: door.told[-1] is None)
    assert door.texts(1) == [CODE]


# -- the cable ---------------------------------------------------------------------------------------------


def test_unplugging_and_plugging_in_are_logged_once_each(door: Door) -> None:
    scanner = door.open()
    for _ in range(2):
        door.engine.pull_cable()
        until(lambda: door.told[-1] is not None)
        with pytest.raises(ReaderFault):
            scanner.scans()
        door.engine.plug_in()
        until(lambda: door.told[-1] is None)
        door.engine.say(f"{CODE}\r".encode())
        assert door.texts(1) == [CODE]
    healthy = [fault is None for fault in door.told]
    # In between the port may fail first and be missing then, which are two messages.
    assert healthy.count(True) == 3
    assert healthy[0]
    assert healthy[-1]
    assert all(fault.hint for fault in door.told if fault)


def test_half_a_code_before_the_cable_was_pulled_is_dropped(door: Door) -> None:
    door.open()
    door.engine.say(CODE[:200].encode())
    door.engine.pull_cable()
    until(lambda: door.told[-1] is not None)
    door.engine.plug_in()
    until(lambda: door.told[-1] is None)
    door.engine.say(f"{OTHER}\r".encode())
    assert door.texts(1) == [OTHER]


def test_a_port_in_use_names_another_program(door: Door) -> None:
    door.open()
    with pytest.raises(ReaderFault, match="another program") as caught:
        SerialWire(SerialSettings(str(door.engine.path)), TRIGGERS["none"], clock=door.clock)
    assert "fuser" in caught.value.hint


def fault_of(scanner: WiredScanner, words: str) -> ReaderFault:
    """Wait for a fault with these words, and return it."""
    told: list[ReaderFault] = []

    def says() -> bool:
        with pytest.raises(ReaderFault) as caught:
            scanner.scans()
        told.append(caught.value)
        return words in caught.value.message

    until(says)
    return told[-1]


def test_a_missing_port_is_a_fault_at_the_start(tmp_path: Path) -> None:
    clock = PushedClock()
    settings = SerialSettings(str(tmp_path / "absent"))
    scanner = WiredScanner(
        lambda: SerialWire(settings, TRIGGERS["none"], clock=clock), Framing(), clock=clock
    )
    try:
        assert "[scanner] port" in fault_of(scanner, "does not exist").hint
    finally:
        scanner.close()


def test_a_file_is_not_a_port(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"EC1:")
    with pytest.raises(ReaderFault, match="not a device of this kind"):
        SerialWire(SerialSettings(str(tmp_path / "file")), TRIGGERS["none"], clock=PushedClock())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without permission")
@pytest.mark.parametrize(("owner", "named"), [("games", "games"), ("root", "dialout")])
def test_without_permission_the_hint_names_the_group(owner: str, named: str, door: Door) -> None:
    """The kernel refuses. The hint never names the group root."""
    port = door.engine.path.resolve()
    os.chown(port, -1, grp.getgrnam(owner).gr_gid)
    os.seteuid(65_534)
    try:
        with pytest.raises(ReaderFault, match="no permission to open") as caught:
            SerialWire(SerialSettings(str(port)), TRIGGERS["none"], clock=door.clock)
    finally:
        os.seteuid(0)
    assert f"usermod -aG {named} USER" in caught.value.hint


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_without_an_owner_the_usual_group_is_named(number: int) -> None:
    assert "usermod -aG dialout USER" in why("/dev/gone", number, here=()).hint
    assert "usermod -aG input USER" in why("/dev/gone", number, here=(), group="input").hint


def test_a_missing_scanner_does_not_use_more_and_more_memory() -> None:
    def opens() -> SerialWire:
        raise ReaderFault("gone", hint="look for it")

    scanner = WiredScanner(opens, Framing(), clock=PushedClock())
    fault_of(scanner, "gone")
    depths = []
    for _ in range(3):
        with pytest.raises(ReaderFault) as caught:
            scanner.scans()
        depths.append(len(caught.traceback))
    scanner.close()
    assert len(set(depths)) == 1


def test_a_programming_error_of_the_thread_is_raised_to_the_caller() -> None:
    def opens() -> SerialWire:
        raise ZeroDivisionError

    scanner = WiredScanner(opens, Framing(), clock=PushedClock())
    with pytest.raises(ZeroDivisionError):
        scanner.wait_until_ready(20)
    with pytest.raises(ZeroDivisionError):
        scanner.scans()
    scanner.close()


def test_close_ends_the_thread_and_gives_the_port_back(door: Door) -> None:
    before = threading.active_count()
    door.open().close()
    assert threading.active_count() == before
    door.open()
    door.engine.say(f"{CODE}\r".encode())
    assert door.texts(1) == [CODE]


# -- triggers ----------------------------------------------------------------------------------------------


def test_an_engine_in_command_mode_is_triggered_again_after_each_code(door: Door) -> None:
    scanner = door.open("gm65")
    start = TRIGGERS["gm65"].start
    until(lambda: door.engine.commands().count(start) == 1)
    for count, code in enumerate([CODE, OTHER], 2):
        door.engine.say(ACK_GM65, code.encode() + b"\r")
        assert door.texts(1) == [code]
        door.clock.push(AGAIN_MS)
        until(lambda count=count: door.engine.commands().count(start) == count)
    scanner.close()
    assert door.engine.commands().endswith(TRIGGERS["gm65"].stop)


def test_a_first_command_that_is_lost_in_sleep_is_sent_again(door: Door) -> None:
    door.open("gm72")
    trigger = TRIGGERS["gm72"]
    for count in (1, 2):
        until(
            lambda count=count: (
                door.clock.push(WAKE_MS) or door.engine.commands().count(trigger.start) >= count
            )
        )
        door.clock.push(trigger.hold_ms)
    assert door.engine.commands().startswith(trigger.wake + trigger.start)


SCHEDULES: dict[str, tuple[Trigger, list[tuple[int, bytes, bytes]]]] = {
    # (tick, bytes received before it, command sent then)
    "no trigger": (
        TRIGGERS["none"],
        [(0, b"", b""), (60_000, b"EC1:A\r", b"")],
    ),
    "triggered at once, and at the end of its session": (
        TRIGGERS["honeywell"],
        [(0, b"", b"\x16T\r"), (4_999, b"", b""), (5_000, b"", b"\x16T\r")],
    ),
    "triggered 300 ms after a code": (
        TRIGGERS["honeywell"],
        [(0, b"", b"\x16T\r"), (1_000, b"EC1:A\r", b""), (1_299, b"", b""), (1_300, b"", b"\x16T\r")],
    ),
    "its answer is not a code": (
        TRIGGERS["gm65"],
        [(0, b"", TRIGGERS["gm65"].start), (20, ACK_GM65, b""), (400, b"", b""), (5_000, b"", TRIGGERS["gm65"].start)],
    ),
    "a wake-up before each command": (
        TRIGGERS["gm72"],
        [
            (0, b"", b"\0"),
            (49, b"", b""),
            (50, b"", TRIGGERS["gm72"].start),
            (5_050, b"", b"\0"),
            (5_100, b"", TRIGGERS["gm72"].start),
        ],
    ),
    "a custom family": (
        custom(b"T", b"P", b"OK"),
        [(0, b"", b"T"), (10, b"OK", b""), (400, b"", b""), (5_000, b"", b"T")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SCHEDULES)
def test_a_scanner_is_triggered(case: str) -> None:
    trigger, turns = SCHEDULES[case]
    finger = Finger(trigger)
    for tick_ms, came, said in turns:
        if came:
            finger.heard(came, tick_ms)
        assert (tick_ms, finger.due(tick_ms)) == (tick_ms, said)


def test_commands_have_the_checksums_of_their_families() -> None:
    for command in (TRIGGERS["gm72"].start, TRIGGERS["gm72"].stop):
        assert (sum(command[:-2]) + int.from_bytes(command[-2:], "big")) & 0xFFFF == 0  # two's complement
    assert TRIGGERS["gm65"].start[-2:] == b"\xab\xcd"  # "no checksum"
