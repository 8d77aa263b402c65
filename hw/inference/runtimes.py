"""Opens the TFLite runtime that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from edge.errors import ModelFault

if TYPE_CHECKING:
    from pathlib import Path

    from edge.ports import Network


class Runtime(Protocol):
    """A way to make a Network from a file whose sha256 is known. Raises ModelFault.

    `late`: the file is checked and read now; its tensors are made at the first run.
    """

    def __call__(self, path: Path, sha256: str, *, threads: int = 1, late: bool = False) -> Network: ...


REINSTALL = "reinstall doorward with its dependencies"


def open_runtime(name: str | None = None) -> tuple[str, Runtime]:
    """The named runtime ("litert" or "tflite"), or the best installed one. Raises ModelFault."""
    if name in (None, "litert"):
        try:
            from hw.inference import litert
        except ImportError as err:
            if name:
                raise ModelFault("ai-edge-litert is not installed", hint=REINSTALL) from err
        else:
            return "litert", litert.open_network
    if name in (None, "tflite"):
        try:
            from hw.inference import tflite
        except ImportError as err:
            raise ModelFault(
                "no TFLite runtime is installed" if name is None else "tflite-runtime is not installed",
                hint=f"{REINSTALL}; tflite-runtime needs Python 3.9 to 3.11",
            ) from err
        return "tflite", tflite.open_network
    raise ModelFault(f"TFLite runtime: {name!r} is not one of litert, tflite", hint="name one of them")
