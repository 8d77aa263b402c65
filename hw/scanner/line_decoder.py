"""Decodes the bytes of a scanner into symbols. Pure: bytes and ticks in, scans out.

A scanner's line has no frames and no checksum: it sends the text of a symbol, with a prefix and a suffix by
its settings. Its answers to our commands stand between and inside the texts. Lost bytes of a text cannot be
detected here; the signature in a card's code detects them.
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

MAX_LINE_BYTES: Final = MAX_PAYLOAD_BYTES + 256  # any QR symbol, with its prefix and suffix
# A text that stops for this long is incomplete: characters are 1 ms apart at 9600 baud, USB and Bluetooth
# delay them by 100 ms, and a scanner that works as a slow keyboard sends one in 60 ms.
HALF_MS: Final = 500
GARBLED_BYTES: Final = 32  # at a wrong baud each of our codes gives more than this
# Of bytes read at any other usual speed at least half are not text (test_line_decoder.py).
_GARBLED_SHARE: Final = 0.1
_HALVES: Final = 2  # one may come from the cable or from sleep; two texts without an end come from a setting

_ENDS: Final[dict[Suffix, re.Pattern[bytes] | None]] = {
    "any": re.compile(rb"[\r\n]"),
    "cr": re.compile(rb"\r"),
    "lf": re.compile(rb"\n"),
    "crlf": re.compile(rb"\r\n"),
    "tab": re.compile(rb"\t"),
    "idle": None,
}
# Every end, and STX, ETX, or the NUL that wakes an engine. Never a space: it is a digit of base45.
_CONTROLS: Final = bytes(range(0x20)) + b"\x7f"
_BREAKS: Final = "\r\n\t\x1d"  # in texts of several lines or, for the last, of several GS1 fields
_AIM_QR: Final = re.compile(
    r"\]Q[0-6]"
)  # ISO/IEC 15424; the identifier of another symbology is kept, and its text is then no code of ours
# qr.md section 5 (ZKTeco); Honeywell 1300g manual 3-14 and Zebra CS4070 manual 3-64; Microscan MS-820 manual
# 8-5; Allen-Bradley 2755 manual 15-63; and the texts of other makers.
NO_READS: Final = frozenset({"%%noread", "nr", "noread", "no-read", "no read"})


@dataclass(frozen=True, slots=True)
class Framing:
    """The framing of one scanner's texts. `replies`: a pattern of its answers to commands.

    `expect`: the prefix of our codes, which shows a keyboard layout that changes letters.
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
    """Counts of texts since the scanner was opened, for diagnostics; `garbled_bytes` counts bytes."""

    read: int = 0
    no_reads: int = 0
    halves: int = 0
    too_long: int = 0
    garbled_bytes: int = 0


@dataclass(slots=True)
class LineDecoder:
    """The state of one scanner since it was opened. `fault`: the cause if no text of it can be decoded."""

    framing: Framing
    opened_ms: int
    tally: Tally = field(default_factory=Tally)
    fault: ReaderFault | None = None
    _held: bytearray = field(default_factory=bytearray)
    _last_ms: int = field(init=False)
    _skipping: bool = True  # the port may have been opened in the middle of a text
    _understood: bool = False

    def __post_init__(self) -> None:
        self._last_ms = self.opened_ms

    @property
    def is_ready(self) -> bool:
        """Whether the next text is taken; before the first silence it may be the end of another text."""
        return not self._skipping

    def receive(self, data: bytes | None, tick_ms: int) -> list[Scan]:
        """The texts that end in this data. Empty data: a read waited and got nothing. None: bytes were lost.

        Only a read that waited proves silence: two reads may be far apart because the loop was busy.
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
        """The line without the scanner's answers, at any place in it."""
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
        return line.removeprefix(prefix)  # some scanners send it before the identifier, some behind

    def _judge(self, line: bytes) -> bool:
        """Whether this is text. If no text has come since the scanner was opened, the line is set wrongly.

        After the first text the cause is a visitor who shows a symbol with bytes.
        """
        if _is_text(line.strip(_CONTROLS) or line):  # a wrong parity turns everything into NULs
            return True
        self.tally.garbled_bytes += len(line)
        if self.tally.garbled_bytes >= GARBLED_BYTES:
            self._complain(
                f"the scanner sends {self.tally.garbled_bytes} bytes that are no text",
                "set [scanner] baud and parity as in the scanner's settings; 9600 and 115200 are usual",
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
        """Note that the scanner's texts are right, unless the prefix of our codes came in other letters."""
        expect = self.framing.expect
        begins = text[: len(expect)]
        if begins == expect or not _keys_of(expect).match(begins):
            self._understood = True
            self.fault = None
        else:
            self._complain(
                f"the scanner sends {begins!r} for {expect!r}",
                "set the scanner to the keyboard United States and unchanged case, or set [scanner] layout",
            )

    def _complain(self, message: str, hint: str) -> None:
        """Keep the first fault until a text is right. After that, wrong texts are codes of visitors."""
        if not self._understood and self.fault is None:
            self.fault = ReaderFault(message, hint=hint)


def _is_text(line: bytes) -> bool:
    text = line.decode("utf-8", "replace")
    strange = sum(char == "\ufffd" or not (char.isprintable() or char in _BREAKS) for char in text)
    return strange <= _GARBLED_SHARE * len(text)


@cache
def _keys_of(expect: str) -> re.Pattern[str]:
    """A pattern of the texts that another keyboard layout, or caps lock, may make of this text."""
    keys = (f"[{char.lower()}{char.upper()}]" if char.isalpha() else "[^A-Za-z]" for char in expect)
    return re.compile("".join(keys) or r"\b\B")  # nothing is expected: match no text
