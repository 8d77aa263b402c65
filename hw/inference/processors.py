"""Names the kind of this processor, for the choice of a model file."""

from __future__ import annotations

import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
MAX_CPUINFO_CHARS = 64 * 1024  # one core of x86-64 takes 2,000, and all cores are alike
# Linux's names of the instructions that multiply and add four int8 at once: on x86-64 in two encodings. There
# static int8 is twice as fast as float arithmetic with them, and a fifth slower without. ARM (SDOT, UDOT; the
# Cortex-A76 of a Raspberry Pi 5 has them, the A72 of a Pi 4 not) is still to be measured on a board.
VNNI = frozenset({"avx512_vnni", "avx_vnni"})
DOT_PRODUCTS = "asimddp"


def kind(machine: str, cpuinfo: str) -> str:
    """The name of a kind: `machine`, with "_vnni" on x86-64 with VNNI, "_asimddp" on ARM with dot products.

    `machine`: as `platform.machine()` gives it. `cpuinfo`: the text of /proc/cpuinfo, or "" where there is
    none. models/manifest.toml names the embedder's files by these kinds.
    """
    if machine == "x86_64" and VNNI & _words(cpuinfo, "flags"):
        return "x86_64_vnni"
    if machine == "aarch64" and DOT_PRODUCTS in _words(cpuinfo, "Features"):
        return "aarch64_asimddp"
    return machine


def this_kind() -> str:
    """The kind of this machine."""
    try:
        with CPUINFO.open(encoding="ascii", errors="replace") as file:
            cpuinfo = file.read(MAX_CPUINFO_CHARS)
    except OSError:  # not Linux, or a sandbox that hides it: choose as for most machines
        cpuinfo = ""
    return kind(platform.machine(), cpuinfo)


def _words(cpuinfo: str, row: str) -> frozenset[str]:
    """The features of the first core; `row`: the name under which Linux lists them."""
    for line in cpuinfo.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip() == row:
            return frozenset(value.split())
    return frozenset()
