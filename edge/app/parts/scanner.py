"""Opens the scanner of the configuration, and logs when it fails and when it works again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.app.parts.camera import system_clock
from edge.card.numbers import PREFIX
from edge.log import log_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge import config
    from edge.errors import ReaderFault
    from edge.ports import Clock, Scanner
    from hw.scanner.triggers import Trigger
    from hw.scanner.wire import Wire

READY_S: Final = 3.0  # a port opens at once, and is ready after a silence of 80 ms


def open_scanner(scanner: config.ScannerConfig, base: Path) -> Scanner | None:
    """The scanner of a configuration, if there is one. Raises ReaderFault, ConfigError."""
    if scanner.kind == "none":
        return None
    from hw.scanner.line_decoder import NO_READS, Framing
    from hw.scanner.wire import WiredScanner

    trigger, clock = _trigger(scanner), system_clock()
    framing = Framing(
        suffix=scanner.suffix,
        idle_ms=scanner.idle_ms,
        prefix=scanner.prefix,
        no_reads=NO_READS | {words.casefold() for words in scanner.no_read},
        replies=trigger.replies,
        expect=PREFIX,
        engine=scanner.kind,
    )
    wired = WiredScanner(_opener(scanner, base, trigger, clock), framing, clock=clock, tell=log_scanner)
    try:
        wired.wait_until_ready(READY_S)
    except BaseException:
        wired.close()
        raise
    return wired


def log_scanner(fault: ReaderFault | None) -> None:
    """Write one log line when a scanner fails or sends unknown data, and one when it works again."""
    if fault is None:
        log_line("scanner", state="listening")
    else:
        log_line("scanner", level="warning", state="fault", error=fault.message, hint=fault.hint)


def _opener(scanner: config.ScannerConfig, base: Path, trigger: Trigger, clock: Clock) -> Callable[[], Wire]:
    assert scanner.port is not None, "parse_config refuses a scanner without a port"
    if scanner.kind == "keyboard":
        from hw.scanner.evdev import open_keyboard
        from hw.scanner.keys import KeyDecoder

        name, layout = scanner.port, scanner.layout
        return lambda: open_keyboard(name, KeyDecoder(layout))
    from hw.scanner.serial import SerialSettings, SerialWire

    settings = SerialSettings(str(base / scanner.port), scanner.baud, scanner.parity)
    return lambda: SerialWire(settings, trigger, clock=clock)


def _trigger(scanner: config.ScannerConfig) -> Trigger:
    from hw.scanner.triggers import TRIGGERS, custom

    if scanner.trigger != "custom":
        return TRIGGERS[scanner.trigger]
    start, stop, reply = map(
        bytes.fromhex, (scanner.trigger_start, scanner.trigger_stop, scanner.trigger_reply)
    )
    return custom(start, stop, reply)
