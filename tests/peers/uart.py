"""Simulation of a serial port that reads a transmitter at another speed or parity: bits sampled as a UART does."""

from __future__ import annotations

from itertools import chain


def heard(
    data: bytes, *, sent: int, read: int, sent_parity: str = "none", read_parity: str = "none"
) -> bytes:
    """The bytes that a port reads at one baud rate when `data` is sent at another, with no pause between characters."""
    bits = list(chain.from_iterable(_bits(byte, sent_parity) for byte in data))

    def level(at_s: float) -> int:
        index = int(at_s * sent)
        return bits[index] if index < len(bits) else 1

    out, at_s, step_s = bytearray(), 0.0, 1 / read
    fine_s = min(1 / sent, step_s) / 16  # a UART samples 16 times per bit to find the start
    end_s = len(bits) / sent
    checked = 9 if read_parity != "none" else 8
    while at_s < end_s:
        if level(at_s):
            at_s += fine_s
            continue
        samples = [level(at_s + (bit + 1.5) * step_s) for bit in range(checked)]
        wrong = checked == 9 and sum(samples) % 2 != (read_parity == "odd")
        out.append(0 if wrong else sum(bit << place for place, bit in enumerate(samples[:8])))
        at_s += (checked + 1.5) * step_s  # the middle of the stop bit
    return bytes(out)


def _bits(byte: int, parity: str) -> list[int]:
    data = [byte >> place & 1 for place in range(8)]
    check = {"none": [], "even": [sum(data) % 2], "odd": [1 - sum(data) % 2]}[parity]
    return [0, *data, *check, 1]
