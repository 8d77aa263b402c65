"""Reads the part of models/manifest.toml that a device needs: the model files that belong together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge.errors import ModelFault
from edge.face.compare import Threshold, threshold_at
from edge.formats.untrusted_text import toml_table

if TYPE_CHECKING:
    from collections.abc import Mapping

HINT = "build the models again: doorward models fetch"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file in the folder of the manifest, and its required sha256 (hex)."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class EngineManifest:
    """The files of one face engine, and its threshold of a match."""

    model_id: str
    detector: ModelFile
    detector_retry: ModelFile
    mesh: ModelFile
    embedder: ModelFile
    basis: ModelFile
    threshold: Threshold
    thresholds: tuple[Threshold, ...]
    passive: tuple[ModelFile, ModelFile]  # MiniFASNet V2 and V1SE


def parse(text: str, *, runtime: str, machine: str) -> EngineManifest:
    """The engine that the manifest describes for one runtime ("litert" or "tflite") on one kind of machine.

    `machine`: a name of `hw.inference.processors`; one without a file of its own uses the runtime's.

    Raises ModelFault.
    """
    try:
        page = toml_table(text)
        face, files = page["face"], page["files"]
        rows = [Threshold(_number(row["fmr"]), _number(row["cosine"])) for row in face["thresholds"]]
        key = {"litert": "litert", "tflite": "tflite_runtime"}[runtime]
        embedder = face["embedder"].get(f"{key}_{machine}") or face["embedder"][key]
        return EngineManifest(
            model_id=_word(face["model_id"]),
            detector=_file(files, face["detector"]),
            detector_retry=_file(files, face["detector_retry"]),
            mesh=_file(files, face["mesh"]),
            embedder=_file(files, embedder),
            basis=_file(files, face["basis"]),
            threshold=threshold_at(rows, _number(face["default_cosine"])),
            thresholds=tuple(rows),
            passive=(_file(files, page["pad"]["v2"]["file"]), _file(files, page["pad"]["v1se"]["file"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as err:  # UnreadableText is a ValueError
        raise ModelFault(f"models/manifest.toml: {err}", hint=HINT) from err


def _file(files: Mapping[str, Any], name: str) -> ModelFile:
    name = _word(name)
    if "/" in name or "\\" in name or name.startswith("."):
        raise ValueError(f"{name!r} is not a plain file name")
    return ModelFile(name, _word(files[name]["sha256"]))


def _word(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 64:  # a sha256 in hex is the longest
        raise ValueError(f"{value!r} is not a name")
    return value


def _number(value: object) -> float:
    """A similarity or a rate, above 0 and up to 1. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ValueError(f"{value!r} is not a number above 0, up to 1")
    return float(value)
