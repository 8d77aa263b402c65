"""Networks on tflite-runtime 2.14: the only runtime for 32-bit boards; Python 3.9 to 3.11 and numpy < 2.

Its XNNPACK cannot run our static int8 graph (30 ms instead of 2.7 ms, research of 2026-11): give it the
weight-only int8 file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflite_runtime.interpreter import Interpreter

from hw.inference.networks import open_checked

if TYPE_CHECKING:
    from pathlib import Path

    from edge.ports import Network


def open_network(path: Path, sha256: str, *, threads: int = 1, late: bool = False) -> Network:
    """One graph from a file whose sha256 (hex) is known. Raises ModelFault."""
    return open_checked(Interpreter, path, sha256, threads=threads, late=late)
