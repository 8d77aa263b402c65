"""Opens the face engine: models, thresholds and a site's calibration that belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.app.parts.model_folders import model_folders
from edge.app.parts.trust_folder import open_files
from edge.app.threads import THREADS
from edge.errors import ModelFault, StorageFault

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config import Config
    from edge.face.engine import FaceEngine
    from edge.face.evaluation.calibration import Calibration, Parts
    from edge.face.manifest import EngineManifest, ModelFile
    from edge.face.pad.fusion import PadPolicy
    from edge.ports import Network


def open_face_engine(
    folder: Path | None = None,
    *,
    runtime: str | None = None,
    machine: str | None = None,
    one_in: int | None = None,
    calibration: Path | None = None,
    pad: PadPolicy | None = None,
) -> FaceEngine:
    """Detector, mesh, embedder and thresholds that belong together. Raises ModelFault.

    `runtime`: "litert" or "tflite"; None takes the best one that is installed. `machine`: use the files for
    this kind of machine, as `hw.inference.processors` names it; None: this machine. `one_in`: accept one
    false match in this many strangers; None: the default of the models. `calibration`: a file of `doorward
    face calibrate`, which replaces the thresholds of the models; it must be made with these model files.
    `pad`: the PAD measures; None: the default policy. Raises ConfigError for a `one_in` that was not
    measured.
    """
    import time

    from edge.face.compare import threshold_for
    from edge.face.engine import FaceEngine, Networks
    from edge.face.evaluation.calibration import site_threshold
    from edge.face.manifest import parse
    from edge.face.pad.fusion import Family, PadPolicy
    from hw.inference.networks import read_array, read_manifest
    from hw.inference.processors import this_kind
    from hw.inference.runtimes import open_runtime

    folder = folder or model_folders().models
    name, open_network = open_runtime(runtime)
    parts = parse(read_manifest(folder), runtime=name, machine=machine or this_kind())

    def load(file: ModelFile, *, late: bool = False) -> Network:
        return open_network(folder / file.name, file.sha256, threads=THREADS, late=late)

    if calibration:
        threshold = site_threshold(
            read_calibration(calibration), _engine_parts(parts), default=parts.threshold, one_in=one_in
        )
    else:
        threshold = threshold_for(parts.thresholds, one_in) if one_in else parts.threshold
    policy = pad or PadPolicy()
    passive = _installed(folder, parts) if Family.PASSIVE in policy.families else None
    return FaceEngine(
        Networks(
            detector=load(parts.detector),
            # 13 MB and 9 ms for faces that are far: not before the first of them. Checked now.
            detector_retry=load(parts.detector_retry, late=True),
            mesh=load(parts.mesh),
            embedder=load(parts.embedder),
            passive=(load(passive[0]), load(passive[1])) if passive else None,
        ),
        read_array(folder / parts.basis.name, parts.basis.sha256),
        model_id=parts.model_id,
        threshold=threshold,
        pad=policy,
        seconds=time.perf_counter,
    )


def engine_for(config: Config, base: Path) -> FaceEngine:
    """The face engine of a configuration. Raises ModelFault, ConfigError."""
    from edge.face.pad.fusion import Family, PadPolicy

    return open_face_engine(
        models_folder(config, base),
        runtime=config.face.runtime,
        one_in=config.face.one_in,
        calibration=base / config.face.calibration if config.face.calibration else None,
        # A margin of the risk policy compares values that are far from their limits.
        pad=PadPolicy(frozenset(Family(name) for name in config.face.pad), exact=config.risk.pad_margin > 0),
    )


def models_folder(config: Config, base: Path) -> Path | None:
    """Folder of the models: that of `[paths] models`, else that of the last sync; None: the default."""
    if config.paths.models:
        return base / config.paths.models
    fetched = (base / config.paths.trust).resolve() / "models"
    return fetched if config.sync.models and (fetched / "manifest.toml").is_file() else None


def installed_pad(folder: Path | None = None) -> PadPolicy:
    """The PAD measures of these models: with the passive networks, if their files are there."""
    from edge.face.manifest import parse
    from edge.face.pad.fusion import Family, PadPolicy
    from hw.inference.networks import read_manifest
    from hw.inference.processors import this_kind

    folder = folder or model_folders().models
    parts = parse(read_manifest(folder), runtime="litert", machine=this_kind())
    families = set(Family) if _installed(folder, parts) else set(Family) - {Family.PASSIVE}
    return PadPolicy(frozenset(families))


def _installed(folder: Path, parts: EngineManifest) -> tuple[ModelFile, ModelFile] | None:
    """The two files of passive PAD, if both are there; the loader checks their content."""
    return parts.passive if all((folder / file.name).is_file() for file in parts.passive) else None


def engine_parts(folder: Path | None = None, *, runtime: str | None = None) -> Parts:
    """The parts of `open_face_engine`, as a calibration names them. Raises ModelFault."""
    from edge.face.manifest import parse
    from hw.inference.networks import read_manifest
    from hw.inference.processors import this_kind
    from hw.inference.runtimes import open_runtime

    name, _ = open_runtime(runtime)
    page = read_manifest(folder or model_folders().models)
    return _engine_parts(parse(page, runtime=name, machine=this_kind()))


def _engine_parts(manifest: EngineManifest) -> Parts:
    from edge.face.evaluation.calibration import Parts

    return Parts(
        model_id=manifest.model_id,
        embedder_sha256=manifest.embedder.sha256,
        basis_sha256=manifest.basis.sha256,
    )


def read_calibration(file: Path) -> Calibration:
    """The calibration of a site. Raises ModelFault if the file cannot be read or is not a calibration."""
    from edge.face.evaluation.calibration import MAX_CALIBRATION_BYTES, parse

    try:
        data = open_files(file.parent).read(file.name, limit=MAX_CALIBRATION_BYTES)
        return parse(data)
    except StorageFault as err:
        raise ModelFault(
            err.message, hint="set [face] calibration to a file of doorward face calibrate"
        ) from err
    except ModelFault as err:
        raise ModelFault(f"{file}: {err.message}", hint=err.hint) from err
