"""One face system in its own process: reads a picture's path, prints vectors and milliseconds in one line.

    worker.py doorward|dlib < paths > JSON lines

It runs under the interpreter that has the system installed, so it imports only modules that both have. The
time is from the decoded picture to the embedding, without reading the file.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    Vectors = tuple[Any, Any]  # as reference and as probe


def doorward() -> Callable[[Any], Vectors | None]:
    """The function of this project: BlazeFace, FaceMesh, MobileFaceNet; a reference of 64 bytes."""
    from edge.app.parts.face_engine import open_face_engine
    from edge.face.engine import subject
    from edge.face.template import TemplateFormat

    engine = open_face_engine()

    def look(rgb: Any) -> Vectors | None:  # noqa: ANN401
        faces = engine.find(rgb)
        if not faces:
            return None
        return engine.sides(engine.embed(engine.probe(rgb, subject(faces, rgb))), TemplateFormat.INT8_64)

    return look


def dlib() -> Callable[[Any], Vectors | None]:
    """The default of `face_recognition` 1.3: HOG at twice the size, five points, ResNet, no jitter."""
    library: Any = importlib.import_module("dlib")
    models: Any = importlib.import_module("face_recognition_models")
    detector = library.get_frontal_face_detector()
    points = library.shape_predictor(models.pose_predictor_five_point_model_location())
    embedder = library.face_recognition_model_v1(models.face_recognition_model_location())

    def look(rgb: Any) -> Vectors | None:  # noqa: ANN401
        height, width = rgb.shape[:2]

        def nearness(box: Any) -> float:  # noqa: ANN401  as edge.face.engine.subject
            centre = box.center()
            off = ((centre.x - width / 2) ** 2 + (centre.y - height / 2) ** 2) ** 0.5
            return float(max(box.width(), box.height()) - off)

        boxes = detector(rgb, 1)
        if not boxes:
            return None
        box = max(boxes, key=nearness)
        vector = np.array(embedder.compute_face_descriptor(rgb, points(rgb, box), 1))
        return vector, vector

    return look


SYSTEMS = {"doorward": doorward, "dlib": dlib}


def main() -> int:
    """Answer each path on standard input with vectors, time and peak memory."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    look = SYSTEMS[sys.argv[1]]()
    for line in sys.stdin:
        rgb = np.asarray(Image.open(line.rstrip("\n")).convert("RGB"))
        began = time.perf_counter()
        found = look(rgb)
        ms = 1000 * (time.perf_counter() - began)
        sides = None if found is None else [[float(x) for x in side] for side in found]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"ms": ms, "sides": sides, "peak_mb": peak}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
