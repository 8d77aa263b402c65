"""The composition root of the device: the one room that joins `edge` to `hw`.

Everything is opened here, late, so that a command pays only for what it uses: `doorward code read`
never loads a TFLite runtime, `doorward log verify` never loads OpenCV.
"""

from edge.app.parts.camera import open_camera, system_clock
from edge.app.parts.code_readers import (
    READERS,
    luma_of,
    open_code_reader,
    open_live_reader,
    open_picture_readers,
    read_file,
    read_image,
    read_luma,
    read_stream,
)
from edge.app.parts.face_engine import (
    CHECKOUT,
    engine_for,
    engine_parts,
    installed_pad,
    models_dir,
    open_face_engine,
    read_calibration,
)
from edge.app.parts.keys import SEED_BYTES, device_seed, own_key, read_seed
from edge.app.parts.network import open_broker, open_folder_source, open_post, open_web_source
from edge.app.parts.signals import open_signals
from edge.app.parts.trust_folder import open_files, open_trust, trust_files

__all__ = [
    "CHECKOUT",
    "READERS",
    "SEED_BYTES",
    "device_seed",
    "engine_for",
    "engine_parts",
    "installed_pad",
    "luma_of",
    "models_dir",
    "open_broker",
    "open_camera",
    "open_code_reader",
    "open_face_engine",
    "open_files",
    "open_folder_source",
    "open_live_reader",
    "open_picture_readers",
    "open_post",
    "open_signals",
    "open_trust",
    "open_web_source",
    "own_key",
    "read_calibration",
    "read_file",
    "read_image",
    "read_luma",
    "read_seed",
    "read_stream",
    "system_clock",
    "trust_files",
]
