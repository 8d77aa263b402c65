"""Wiegand out: pulses of 50 us every 2 ms on D0 and D1, timed by the chip's PIO while the loop goes on.

Bits are sent as given, with or without parity: the host knows the format of a card.
"""

import rp2
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:  # words of the assembler below; no import exists at run time
    from rp2.asm_pio import (
        block,
        jmp,
        label,
        mov,
        not_y,
        osr,
        out,
        pins,
        pull,
        push,
        set,
        wrap,
        wrap_target,
        x,
        x_dec,
        y,
        y_dec,
    )

_HZ = const(200_000)  # 5 us a step: 10 steps a pulse, 400 from one pulse to the next
_MACHINE = const(0)
_WORD = const(32)


@rp2.asm_pio(set_init=[rp2.PIO.OUT_LOW, rp2.PIO.OUT_LOW], out_shiftdir=rp2.PIO.SHIFT_LEFT)
def _pulses() -> None:
    """One word holds the number of bits, less one; the next the bits, from its left. Then one is pushed."""
    wrap_target()
    pull(block)
    mov(x, osr)
    pull(block)
    label("bit")
    out(y, 1)
    jmp(not_y, "zero")
    set(pins, 0b10)[8]
    jmp("pause")
    label("zero")
    set(pins, 0b01)[9]
    label("pause")
    set(pins, 0b00)[1]
    set(y, 31)
    label("wait")
    jmp(y_dec, "wait")[11]  # 32 x 12 steps
    jmp(x_dec, "bit")
    push(block)
    wrap()


class Wiegand:
    """The two wires to a panel. `d0`: the pin of D0; D1 is the next pin."""

    def __init__(self, d0) -> None:  # noqa: ANN001
        self._machine = rp2.StateMachine(_MACHINE, _pulses, freq=_HZ, set_base=d0)
        self._machine.active(1)
        self._words = 0  # that are being sent

    def send(self, bits: int, data: bytearray, at: int) -> bool:
        """Send 1 to 64 bits of the eight bytes from `at` on; False while another number is sent."""
        machine = self._machine
        if machine.rx_fifo() < self._words:
            return False
        for _ in range(self._words):
            machine.get()
        self._words = 0
        while bits > 0:
            count = min(bits, _WORD)
            machine.put(count - 1)
            machine.put(data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3])
            self._words += 1
            bits -= count
            at += 4
        return True
