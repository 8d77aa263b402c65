"""Decodes the bytes of a scanner into symbols. Pure: bytes and ticks in, scans out.

A scanner's line has no frames and no checksum: it says the text of a symbol, with whatever it was set to put
around it, and an end. Between and inside of texts stand its answers to our commands. What is lost of a text
cannot be told here; the signatures in our codes tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from edge.errors import ReaderFault
from edge.ports import Scan, Symbol
from hw.codes.cascade import MAX_PAYLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Suffix = Literal["any", "cr", "lf", "crlf", "tab", "idle"]

MAX_LINE_BYTES: Final = MAX_PAYLOAD_BYTES + 256  # any QR symbol, and what scanners put around it
# A text that stops for this long is half a text: characters are 1 ms apart at 9600 baud, USB and Bluetooth
# hold them back for 100 ms, and a keyboard that a person set to slow types one in 60 ms.
HALF_MS: Final = 500
GARBLED_BYTES: Final = 32  # a wrong baud makes more than this of any of our codes
# Of bytes read at any other of the usual speeds at least half are no text (test_line_decoder.py).
_GARBLED_SHARE: Final = 0.1
_HALVES: Final = 2  # one may be a cable or a sleep; two whole texts without an end are a setting

_ENDS: Final[dict[Suffix, re.Pattern[bytes] | None]] = {
    "any": re.compile(rb"[\r\n]"),
    "cr": re.compile(rb"\r"),
    "lf": re.compile(rb"\n"),
    "crlf": re.compile(rb"\r\n"),
    "tab": re.compile(rb"\t"),
    "idle": None,
}
# Whatever the end, and STX, ETX, or the NUL that wakes an engine. Never a space: it is a digit of base45.
_CONTROLS: Final = bytes(range(0x20)) + b"\x7f"
_BREAKS: Final = "\r\n\t\x1d"  # in texts of several lines or, for the last, of several GS1 fields
_AIM_QR: Final = re.compile(
    r"\]Q[0-6]"
)  # ISO/IEC 15424; another symbology's stays, and makes no code of ours
# qr.md section 5 (ZKTeco); Honeywell 1300g manual 3-14 and Zebra CS4070 manual 3-64; Microscan MS-820 manual
# 8-5; Allen-Bradley 2755 manual 15-63; and what others write.
NO_READS: Final = frozenset({"%%noread", "nr", "noread", "no-read", "no read"})


@dataclass(frozen=True, slots=True)
class Framing:
    """The framing of one scanner's texts. `replies`: a pattern of what it answers to commands.

    `expect`: what our codes begin with, to tell a keyboard that changes letters.
    """

    suffix: Suffix = "any"
    idle_ms: int = 80
    prefix: str = ""
    no_reads: frozenset[str] = NO_READS
    replies: re.Pattern[bytes] | None = None
    expect: str = ""
    engine: str = "scanner"


@dataclass(slots=True)
class Tally:
    """Counts since the scanner was opened, for diagnostics; of texts, but for `garbled_bytes`."""

    read: int = 0
    no_reads: int = 0
    halves: int = 0
    too_long: int = 0
    garbled_bytes: int = 0


@dataclass(slots=True)
class LineDecoder:
    """One scanner from when it was opened. `fault`: why nothing of it can be understood, if that is so."""

    framing: Framing
    opened_ms: int
    tally: Tally = field(default_factory=Tally)
    fault: ReaderFault | None = None
    _held: bytearray = field(default_factory=bytearray)
    _last_ms: int = field(init=False)
    _skipping: bool = True  # whoever opens a port may do so in the middle of a text
    _understood: bool = False

    def __post_init__(self) -> None:
        self._last_ms = self.opened_ms

    @property
    def is_ready(self) -> bool:
        """Whether the next text would be taken; until a first silence it may be the end of another."""
        return not self._skipping

    def receive(self, data: bytes | None, tick_ms: int) -> list[Scan]:
        """The texts that end here. Empty data: a read has waited, and nothing came. None: something is lost.

        Only a read that waited tells silence: two reads may be far apart because we were busy.
        """
        if data is None:
            self._skip()
            return []
        if not data:
            return self._silence(tick_ms)
        self._last_ms = tick_ms
        self._held += data
        return self._scans(self._lines(), tick_ms)

    def _silence(self, tick_ms: int) -> list[Scan]:
        by_silence = self._skipping or self.framing.suffix == "idle"
        if tick_ms - self._last_ms < (self.framing.idle_ms if by_silence else HALF_MS):
            return []
        rest = bytes(self._held)
        self._held.clear()
        if self._skipping:
            self._skipping = False
        elif self.framing.suffix == "idle":
            return self._scans([rest], tick_ms)
        else:
            self._half(self._without_replies(rest))
        return []

    def _lines(self) -> Iterator[bytes]:
        end = _ENDS[self.framing.suffix]
        *lines, rest = end.split(bytes(self._held)) if end else [bytes(self._held)]
        self._held[:] = rest
        for line in lines:
            if not self._skipping and self._fits(line):
                yield line
            self._skipping = False
        if self._skipping:
            self._held.clear()
        elif not self._fits(rest):
            self._skip()

    def _fits(self, line: bytes) -> bool:
        if len(line) <= MAX_LINE_BYTES:
            return True
        self.tally.too_long += 1
        self._judge(line)
        return False

    def _skip(self) -> None:
        self._held.clear()
        self._skipping = True

    def _scans(self, lines: Iterable[bytes], tick_ms: int) -> list[Scan]:
        symbols = (self._symbol(self._without_replies(line)) for line in lines)
        return [Scan(symbol, tick_ms) for symbol in symbols if symbol is not None]

    def _without_replies(self, line: bytes) -> bytes:
        """The line without the scanner's answers, which may stand anywhere in it."""
        return self.framing.replies.sub(b"", line) if self.framing.replies is not None else line

    def _symbol(self, line: bytes) -> Symbol | None:
        if (not self._judge(line) and not self._understood) or not (line := line.strip(_CONTROLS)):
            return None
        payload = self._unwrapped(line)
        text = payload.decode("utf-8", "replace")
        if not text:
            return None
        if text.casefold() in self.framing.no_reads:
            self.tally.no_reads += 1
            return None
        self._compare(text)
        self.tally.read += 1
        return Symbol(text, payload, self.framing.engine)

    def _unwrapped(self, line: bytes) -> bytes:
        prefix = self.framing.prefix.encode()
        line = line.removeprefix(prefix)
        if _AIM_QR.match(line[:3].decode("ascii", "replace")):
            line = line[3:]
        return line.removeprefix(prefix)  # some put it before the identifier, some behind

    def _judge(self, line: bytes) -> bool:
        """Whether this is text. If it never was since the scanner was opened, that is the line's fault.

        Later it is a visitor's, who shows a symbol of bytes.
        """
        if _is_text(line.strip(_CONTROLS) or line):  # NULs alone are what a wrong parity makes of everything
            return True
        self.tally.garbled_bytes += len(line)
        if self.tally.garbled_bytes >= GARBLED_BYTES:
            self._complain(
                f"the scanner sends {self.tally.garbled_bytes} bytes that are no text",
                "set [scanner] baud and parity to the scanner's; 9600 and 115200 are usual",
            )
        return False

    def _half(self, line: bytes) -> None:
        if not line.strip(_CONTROLS):
            self._judge(line)
            return
        self.tally.halves += 1
        if self._judge(line) and self.tally.halves >= _HALVES:
            self._complain(
                "the scanner's texts have no end",
                'set the scanner to end them with CR, or set [scanner] suffix = "idle"',
            )

    def _compare(self, text: str) -> None:
        """Note that the scanner is understood, unless what begins like our codes came by other letters."""
        expect = self.framing.expect
        begins = text[: len(expect)]
        if begins == expect or not _keys_of(expect).match(begins):
            self._understood = True
            self.fault = None
        else:
            self._complain(
                f"the scanner sends {begins!r} for {expect!r}",
                "set its keyboard to United States and its case to unchanged,"
                " or [scanner] layout to its keyboard",
            )

    def _complain(self, message: str, hint: str) -> None:
        """The first wrong thing is told until something is right. Later it is the codes of visitors."""
        if not self._understood and self.fault is None:
            self.fault = ReaderFault(message, hint=hint)


def _is_text(line: bytes) -> bool:
    text = line.decode("utf-8", "replace")
    strange = sum(char == "\ufffd" or not (char.isprintable() or char in _BREAKS) for char in text)
    return strange <= _GARBLED_SHARE * len(text)


@cache
def _keys_of(expect: str) -> re.Pattern[str]:
    """What may come of this text when a keyboard of another country, or its caps lock, stands between."""
    keys = (f"[{char.lower()}{char.upper()}]" if char.isalpha() else "[^A-Za-z]" for char in expect)
    return re.compile("".join(keys) or r"\b\B")  # nothing is expected: nothing looks like it
