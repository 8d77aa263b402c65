"""Sets the heap of this process: memory that was freed is kept for the next picture.

glibc gives memory back to the kernel once twice the largest block is free, and each frame frees more: an
enlarged picture of 3.7 MB, and the engine's copies of it. So each second reading step (`hw.codes.cascade`)
began with 1,500 page faults, which took 3.7 of its 10 ms of CPU time. With the limits below it takes 6.3 ms,
an idle frame of a moving scene 7.8 ms in place of 10.1, and the peak memory of a passage stays the same.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from typing import Final

# Numbers of glibc's malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
# The largest value that glibc takes for the second one on 64-bit boards; 32-bit boards refuse it.
KEPT_BYTES: Final = 32 * 1024 * 1024
# mallopt(3): what an operator sets is kept.
VARIABLES: Final = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


def keep_freed_memory() -> None:
    """Keep up to KEPT_BYTES of freed memory in each heap. Does nothing without glibc, or where it refuses."""
    if any(name in os.environ for name in VARIABLES):
        return
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        # One without the other is worse than none: either setting ends glibc's own adjustment of both.
        if mallopt(_M_MMAP_THRESHOLD, KEPT_BYTES):
            mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
