"""Vectors of X25519 under MicroPython: prints each product."""

import binascii

from door_cases import product
from x25519_cases import PRODUCTS

for secret, point, _ in PRODUCTS:
    print(binascii.hexlify(product(binascii.unhexlify(secret), binascii.unhexlify(point))).decode())
