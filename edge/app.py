"""The composition root of the device: the one module that joins `edge` to `hw`.

Everything is opened here, late, so that a command pays only for what it uses: `doorward code read`
never loads a TFLite runtime, `doorward log verify` never loads OpenCV.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from edge.errors import ConfigError, ModelFault, ReaderFault, StorageFault, TrustFault
from edge.secretfile import read_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

    from edge import config
    from edge.config import Mqtt
    from edge.face.calibration import Calibration, Parts
    from edge.face.engine import FaceEngine
    from edge.face.manifest import Manifest, ModelFile
    from edge.face.pad.fusion import PadPolicy
    from edge.ports import (
        Broker,
        Camera,
        Clock,
        CodeReader,
        Files,
        Message,
        Network,
        Pixels,
        Post,
        Signals,
        Source,
        Strike,
    )
    from edge.trust.snapshot import TrustSnapshot

CHECKOUT = Path(__file__).resolve().parent.parent
READERS = ("zxing", "zbar")
SEED_BYTES = 32
MAX_PASSWORD_BYTES = 1_000  # of a broker


def models_dir() -> Path:
    """Where `make models` leaves what it built: beside this checkout, or where an image keeps it."""
    built = CHECKOUT / "models" / "built"
    return built if built.parent.is_dir() else Path("/var/lib/doorward/models")


def open_files(root: Path) -> Files:
    """A folder as a Files port."""
    from hw.files import Folder  # noqa: PLC0415

    return Folder(root)


def open_code_reader(engine: str | None = None) -> CodeReader:
    """The named engine, or the best one this machine has: zxing-cpp, else zbar. Raises ReaderFault."""
    if engine in (None, "zxing"):
        try:
            from hw.codes_zxing import ZxingReader  # noqa: PLC0415

            return ZxingReader()
        except ReaderFault:
            if engine == "zxing":
                raise
    from hw.codes_zbar import ZbarReader  # noqa: PLC0415

    return ZbarReader()


def open_picture_readers(engine: str | None = None) -> tuple[CodeReader, ...]:
    """Engines for still pictures, each with all its steps: the named one, or all that are here, best first.

    Raises ReaderFault if there is none.
    """
    from hw.codes import Cascade  # noqa: PLC0415

    readers = [open_code_reader(engine)]
    if engine is None and readers[0].name != READERS[-1]:
        with suppress(ReaderFault):
            readers.append(open_code_reader(READERS[-1]))
    return tuple(Cascade(reader, thorough=True) for reader in readers)


def read_file(path: Path) -> bytes:
    """The bytes of a file that a person named, within the limit of hw.images. Raises InputError."""
    from hw.images import read_bytes  # noqa: PLC0415

    return read_bytes(path)


def read_stream(stream: BinaryIO, *, name: str) -> bytes:
    """The bytes of a stream, within the same limit. Raises InputError."""
    from hw.images import read_stream  # noqa: PLC0415

    return read_stream(stream, name=name)


def luma_of(data: bytes, *, name: str) -> Pixels | None:
    """Luma, uint8 (H, W), upright, of a file's content; None if it does not start like a picture.

    Raises InputError for a picture that is damaged or too large.
    """
    from hw.images import decode_luma, looks_like_image  # noqa: PLC0415

    return decode_luma(data, name=name) if looks_like_image(data) else None


def read_luma(path: Path) -> Pixels:
    """An image file as uint8 luma (H, W), upright. Raises InputError."""
    from hw.images import read_luma  # noqa: PLC0415

    return read_luma(path)


def read_image(path: Path) -> Pixels:
    """An image file as uint8 RGB (H, W, 3), upright, within the limits of hw.images. Raises InputError."""
    from hw.images import read_rgb  # noqa: PLC0415

    return read_rgb(path)


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

    `runtime`: "litert" or "tflite"; None takes the best that is installed. `machine`: with the files that
    suit this kind of machine, as `hw.processors` names it; None is this one. `one_in`: accept one false
    match in this many strangers; None takes the models' careful default. `calibration`: a file of `doorward
    face calibrate`, whose strangers count in place of the models'; it must belong to these very files. `pad`:
    what is asked of a face besides; None is the policy's own default. Raises ConfigError for a `one_in` that
    was not measured.
    """
    import time  # noqa: PLC0415

    from edge.face.calibration import site_threshold  # noqa: PLC0415
    from edge.face.compare import threshold_for  # noqa: PLC0415
    from edge.face.engine import FaceEngine, Networks  # noqa: PLC0415
    from edge.face.manifest import parse  # noqa: PLC0415
    from edge.face.pad.fusion import Family, PadPolicy  # noqa: PLC0415
    from hw.networks import read_array, read_manifest  # noqa: PLC0415
    from hw.processors import this_kind  # noqa: PLC0415
    from hw.runtimes import open_runtime  # noqa: PLC0415

    folder = folder or models_dir()
    name, open_network = open_runtime(runtime)
    parts = parse(read_manifest(folder), runtime=name, machine=machine or this_kind())

    def load(file: ModelFile) -> Network:
        return open_network(folder / file.name, file.sha256)

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
            detector_retry=load(parts.detector_retry),
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


def installed_pad(folder: Path | None = None) -> PadPolicy:
    """All of PAD that these models can measure: the passive networks only where their files are built."""
    from edge.face.manifest import parse  # noqa: PLC0415
    from edge.face.pad.fusion import Family, PadPolicy  # noqa: PLC0415
    from hw.networks import read_manifest  # noqa: PLC0415
    from hw.processors import this_kind  # noqa: PLC0415

    folder = folder or models_dir()
    parts = parse(read_manifest(folder), runtime="litert", machine=this_kind())
    families = set(Family) if _installed(folder, parts) else set(Family) - {Family.PASSIVE}
    return PadPolicy(frozenset(families))


def _installed(folder: Path, parts: Manifest) -> tuple[ModelFile, ModelFile] | None:
    """The pair of passive PAD, where both files are there; whether they are right is for who loads them."""
    pair = parts.passive
    return pair if pair and all((folder / file.name).is_file() for file in pair) else None


def engine_parts(folder: Path | None = None, *, runtime: str | None = None) -> Parts:
    """What `open_face_engine` would put together, as a calibration names it. Raises ModelFault."""
    from edge.face.manifest import parse  # noqa: PLC0415
    from hw.networks import read_manifest  # noqa: PLC0415
    from hw.processors import this_kind  # noqa: PLC0415
    from hw.runtimes import open_runtime  # noqa: PLC0415

    name, _ = open_runtime(runtime)
    return _engine_parts(parse(read_manifest(folder or models_dir()), runtime=name, machine=this_kind()))


def _engine_parts(manifest: Manifest) -> Parts:
    from edge.face.calibration import Parts  # noqa: PLC0415

    return Parts(
        model_id=manifest.model_id,
        embedder_sha256=manifest.embedder.sha256,
        basis_sha256=manifest.basis.sha256,
    )


def read_calibration(file: Path) -> Calibration:
    """The calibration of a site. Raises ModelFault where the file cannot be read, or is none."""
    from edge.face.calibration import MAX_CALIBRATION_BYTES, parse  # noqa: PLC0415

    try:
        data = open_files(file.parent).read(file.name, limit=MAX_CALIBRATION_BYTES)
        return parse(data)
    except StorageFault as err:
        raise ModelFault(
            err.message, hint="check [face] calibration, or make it: doorward face calibrate"
        ) from err
    except ModelFault as err:
        raise ModelFault(f"{file}: {err.message}", hint=err.hint) from err


def open_trust(folder: Path) -> TrustSnapshot:
    """The trust in a folder. Raises TrustFault naming the file that is broken."""
    from edge.trust.bundle import load  # noqa: PLC0415

    return load(trust_files(folder))


def trust_files(folder: Path) -> dict[str, Buffer]:
    """The files of a trust folder by name. Raises TrustFault where there is none, and StorageFault.

    Bitmaps are mapped and not read, so that a list of 10^8 cards takes no memory of its own. Models beside
    the trust are left out: they are large, and checked by whoever runs them.
    """
    from edge.trust.bundle import MAX_BITMAP_BYTES, MAX_FILE_BYTES, is_bitmap  # noqa: PLC0415
    from hw.files import Folder  # noqa: PLC0415

    if not os.path.isdir(folder):  # noqa: PTH112  Path.is_dir raises for what can be no name
        raise TrustFault(
            f"{folder}: no such folder", hint="publish an issuer into it: tools/issuer.py publish"
        )
    files = Folder(folder)
    return {
        name: files.map(name, limit=MAX_BITMAP_BYTES)
        if is_bitmap(name)
        else files.read(name, limit=MAX_FILE_BYTES)
        for name in files.names()
        if not name.startswith("models/")
    }


def open_web_source(url: str) -> Source:
    """A trust repository on a web server."""
    from hw.source_http import HttpSource  # noqa: PLC0415

    return HttpSource(url)


def open_post(url: str, *, ca: Path | None, cert: Path | None, key: Path | None) -> Post:
    """The way to a hub; PEM files for TLS, all of which may be left out. Raises ConfigError."""
    from hw.post_http import Credentials, HttpPost  # noqa: PLC0415

    return HttpPost(url, Credentials(ca, cert, key))


def open_broker(mqtt: Mqtt, base: Path, *, client_id: str, will: Message, topics: Sequence[str]) -> Broker:
    """The broker of a configuration, whether or not it answers. Raises ConfigError, StorageFault."""
    from hw.mqtt_paho import Address, PahoBroker  # noqa: PLC0415

    assert mqtt.host is not None
    if mqtt.user is not None and not mqtt.tls:
        raise ConfigError(
            "[mqtt] a password would travel in the clear", hint="set tls = true, or leave user out"
        )
    password = mqtt_password(base / mqtt.password_file) if mqtt.password_file else None
    ca = base / mqtt.ca if mqtt.ca else None
    address = Address(mqtt.host, mqtt.port, tls=mqtt.tls, ca=ca, user=mqtt.user, password=password)
    return PahoBroker(address, client_id=client_id, will=will, subscriptions=topics)


def mqtt_password(file: Path) -> str:
    """The password for a broker. Raises ConfigError."""
    hint = "put the password there, as UTF-8, and chmod 600"
    data = read_secret(file, "the password", limit=MAX_PASSWORD_BYTES, lost=hint)
    if len(data) > MAX_PASSWORD_BYTES:
        raise ConfigError(f"{file}: is larger than {MAX_PASSWORD_BYTES} bytes", hint=hint)
    try:
        return data.decode().strip()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: not text", hint=hint) from error


def open_folder_source(folder: Path) -> Source:
    """A trust repository in a folder, as on a USB stick."""
    from hw.source_folder import FolderSource  # noqa: PLC0415

    return FolderSource(folder)


def device_seed(file: Path) -> bytes:
    """The device's Ed25519 seed; made with mode 0600 at the first start. Raises ConfigError, StorageFault."""
    if os.path.exists(file):  # noqa: PTH110  Path.exists raises for what can be no name
        return read_seed(file)
    seed = secrets.token_bytes(SEED_BYTES)
    open_files(file.parent).write(file.name, seed, secret=True)
    return seed


def read_seed(file: Path) -> bytes:
    """The device's Ed25519 seed. Raises ConfigError where others can read it, StorageFault for no seed."""
    leaked = "; if a stranger had the chance, move it away, and enrol the device anew"
    seed = read_secret(file, "the device's key", limit=SEED_BYTES, leaked=leaked)
    if len(seed) != SEED_BYTES:
        raise StorageFault(f"{file}: is no device key", hint="put the right file back, or remove this one")
    return seed


def system_clock() -> Clock:
    """The clock of this machine."""
    from hw.clock import SystemClock  # noqa: PLC0415

    return SystemClock()


def open_camera(camera: config.Camera, base: Path, *, instead: str | None = None) -> Camera:
    """The camera of a configuration; `instead` names another on the command line. Raises CameraFault."""
    if camera.kind == "none" and instead is None:
        from hw.camera_none import NoCamera  # noqa: PLC0415

        return NoCamera(clock=system_clock())
    from hw.camera_setting import Setting  # noqa: PLC0415

    setting = Setting(camera.size, camera.fps, camera.exposure, camera.mains_hz, camera.lens)
    named = instead if instead is not None else camera.device
    kind = camera.kind if instead is None else None
    if kind == "picamera2":
        from hw.camera_picamera2 import PiCamera  # noqa: PLC0415  only a Pi has it

        return PiCamera(named, clock=system_clock(), setting=setting)
    if named is None or isinstance(named, int) or named.isdecimal():
        source: int | Path | None = None if named is None else int(named)
    else:
        source = Path(named) if instead is not None else base / named
    if isinstance(source, Path) and (kind == "film" or (kind is None and not _is_device(source))):
        from hw.camera_film import Film  # noqa: PLC0415

        return Film(source, clock=system_clock(), setting=setting)
    from hw.camera_webcam import Webcam  # noqa: PLC0415

    return Webcam(source, clock=system_clock(), setting=setting)


def _is_device(path: Path) -> bool:
    try:
        return stat.S_ISCHR(os.stat(path).st_mode)  # noqa: PTH116  pathlib raises for what can be no name
    except (OSError, ValueError):
        return False


def open_signals(strike: Strike | None = None) -> Signals:
    """Lamps and buzzer of the door's controller, where it has one; else the signal goes to the log alone."""
    lamps: Signals | None = getattr(strike, "signals", None)
    if lamps is not None:
        return lamps
    from hw.signals_log import LogSignals  # noqa: PLC0415

    return LogSignals()


def open_live_reader(engine: str | None = None) -> CodeReader:
    """The reader of the passage loop: one step on each frame, the magnified step on every second one."""
    from hw.codes import Cascade  # noqa: PLC0415

    return Cascade(open_code_reader(engine), second_step_every=2)
