"""X25519 (RFC 7748) in small steps: the loop of the door goes on between two of them.

MicroPython's integers take longer for some numbers than for others, so the time of a step tells something of
the secret. A secret is used for one key, with the lid off, and thrown away.
"""

from limits import POINT_BYTES

_P = (1 << 255) - 19
_TOP = (1 << 255) - 1  # the last bit of a point is not looked at
_A24 = 121_665

BASE = b"\x09" + bytes(POINT_BYTES - 1)


def x25519(secret, point):  # noqa: ANN001, ANN201
    """A generator: yields between steps, and returns the 32 bytes of the product."""
    scalar = bytearray(secret)
    scalar[0] &= 248
    scalar[31] = scalar[31] & 127 | 64
    x1 = int.from_bytes(point, "little") & _TOP
    x2, z2, x3, z3 = 1, 0, x1, 1
    swapped = 0
    for bit in range(254, -1, -1):
        set_bit = scalar[bit >> 3] >> (bit & 7) & 1
        if set_bit != swapped:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = set_bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        yield
        da, cb = d * a % _P, c * b % _P
        aa, bb = a * a % _P, b * b % _P
        yield
        x3, z3 = (da + cb) * (da + cb) % _P, x1 * ((da - cb) * (da - cb) % _P) % _P
        e = aa - bb
        x2, z2 = aa * bb % _P, e * (aa + _A24 * e) % _P
    if swapped:
        x2, z2 = x3, z3
    yield
    # 1 / z2 is z2 to the power of P - 2, whose bits are 250 ones, 0, 1, 0, 1, 1
    inverse = 1
    for bit in range(254, -1, -1):
        inverse = inverse * inverse % _P
        if bit not in (4, 2):
            inverse = inverse * z2 % _P
        if bit & 3 == 0:
            yield
    return (x2 * inverse % _P).to_bytes(POINT_BYTES, "little")
