"""Networks on ai-edge-litert: the default runtime, x86_64 and aarch64, static int8 through XNNPACK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_edge_litert.interpreter import Interpreter

from hw.inference.networks import open_checked

if TYPE_CHECKING:
    from pathlib import Path

    from edge.ports import Network


def open_network(path: Path, sha256: str, *, threads: int = 1, late: bool = False) -> Network:
    """One graph from a file whose sha256 (hex) is known. Raises ModelFault."""
    return open_checked(Interpreter, path, sha256, threads=threads, late=late)
