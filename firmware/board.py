"""Pins of the board and their wires. No other file knows the board.

| pin | wire | reason, and meaning of its level |
|---|---|---|
| GP0, GP1 | UART0 to the host | the only pair of UART0 on the edge of the board, beside a ground |
| GP2 | strike | pulled down by the chip from power-on; high closes a switch with its own pull-down |
| GP3 | door contact | a closed loop to ground: a cut wire reads open |
| GP4 | REX | closes to ground: a cut wire must not hold the door free |
| GP5 | tamper | a closed loop through the lid's switch |
| GP6 | fire | a closed loop through the fire panel's contact: a burnt wire frees the passage |
| GP7 | service jumper | closes to ground: two header pins, open while the door works |
| GP8, GP9 | Wiegand D0, D1 | neighbours, for PIO; high pulls the panel's line down, low is idle |
| GP10, GP11 | lamps red, green | high is on |
| GP12 | buzzer | an active buzzer; high is on |
| GP20, GP21 | revision of the board | straps to ground, both open: A |

Inputs have the chip's pull-up of 50 to 80 kilohm and one of 4.7 on the board, against noise on a long wire.
Strike, UART and straps are equal on every revision: the strike is driven before the straps are read.
"""

from machine import UART, Pin
from micropython import const
from signals import BUZZER, GREEN, RED

STRIKE = const(2)
_TX, _RX = const(0), const(1)
_STRAPS = const(20), const(21)
_BAUD = const(115_200)
# 22 ms of the line: the longest turn of the loop, with the hashes of a handshake, took 16 in an emulator.
_BUFFER = const(256)

# contact, REX, tamper, fire, service jumper: bits 0 to 4, as LINK.md numbers them
_CLOSED_READS_ON = const(0b10010)  # REX and jumper; the others are on when their loop is open
_INPUTS = (3, 4, 5, 6, 7)
_D0, _RED, _GREEN, _BUZZER = const(8), const(10), const(11), const(12)
_REVISION_A = const(0)


class Board:
    """All parts of the board; at the start the strike has no current."""

    def __init__(self) -> None:
        self._strike = Pin(STRIKE, Pin.OUT, value=0)
        self._contact, self._rex, self._tamper, self._fire, self._service = (
            Pin(pin, Pin.IN, Pin.PULL_UP) for pin in _INPUTS
        )
        self._red = Pin(_RED, Pin.OUT, value=0)
        self._green = Pin(_GREEN, Pin.OUT, value=0)
        self._buzzer = Pin(_BUZZER, Pin.OUT, value=0)
        self._straps = [Pin(pin, Pin.IN, Pin.PULL_UP) for pin in _STRAPS]
        self.d0 = Pin(_D0, Pin.OUT, value=0)
        self.uart = UART(0, _BAUD, tx=Pin(_TX), rx=Pin(_RX), txbuf=_BUFFER, rxbuf=_BUFFER)

    def is_known(self) -> bool:
        """Whether the board's revision is one with the wires above."""
        open_straps = self._straps[0].value() | self._straps[1].value() << 1
        return open_straps ^ 0b11 == _REVISION_A

    def inputs(self) -> int:
        """Levels of the wires, not debounced, as bits of LINK.md. Pull-ups need a millisecond first."""
        levels = (
            self._contact.value()
            | self._rex.value() << 1
            | self._tamper.value() << 2
            | self._fire.value() << 3
            | self._service.value() << 4
        )
        return levels ^ _CLOSED_READS_ON

    def strike(self, level: int) -> None:
        """Drive the strike; 1 lets current flow."""
        self._strike.value(level)

    def lamps(self, bits: int) -> None:
        """Drive lamps and buzzer, by the bits of `signals`."""
        self._red.value(1 if bits & RED else 0)
        self._green.value(1 if bits & GREEN else 0)
        self._buzzer.value(1 if bits & BUZZER else 0)
