"""Names the kind of this processor, for the choice of a model file."""

from __future__ import annotations

import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
MAX_CPUINFO_CHARS = 64 * 1024  # one core of x86-64 takes 2,000, and all cores are alike
# Linux's names of the instructions that multiply and add four int8 at once, in two encodings. With them
# static int8 is twice as fast as float arithmetic, without them a fifth slower.
VNNI = frozenset({"avx512_vnni", "avx_vnni"})


def kind(machine: str, cpuinfo: str) -> str:
    """The name of a kind: `machine`, followed by "_vnni" on an x86-64 with VNNI.

    `machine`: as `platform.machine()` gives it. `cpuinfo`: the text of /proc/cpuinfo, or "" where there is
    none. models/manifest.toml names the embedder's files by these kinds.
    """
    return f"{machine}_vnni" if machine == "x86_64" and VNNI & _flags(cpuinfo) else machine


def this_kind() -> str:
    """The kind of this machine."""
    try:
        with CPUINFO.open(encoding="ascii", errors="replace") as file:
            cpuinfo = file.read(MAX_CPUINFO_CHARS)
    except OSError:  # not Linux, or a sandbox that hides it: choose as for most machines
        cpuinfo = ""
    return kind(platform.machine(), cpuinfo)


def _flags(cpuinfo: str) -> frozenset[str]:
    """The features of the first core."""
    for line in cpuinfo.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip() == "flags":
            return frozenset(value.split())
    return frozenset()
