"""MicroPython's module of this name, for CPython: a constant is its value."""

from __future__ import annotations


def const(value: int) -> int:
    return value
