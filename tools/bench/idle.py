"""Measures the idle cost of a door: the whole device with a film without codes, in real time.

Each film is MJPEG at 1280x720 and 15 frames a second, as from a webcam: a still scene, and a moving one. Run
it as a module with a folder that `passage.prepare` and `save_films` have filled, and the name of a film: it
runs the door until the end of the film, and prints the share of one core that this took.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.heap import keep_freed_memory
from edge.app.threads import limit_threads

if TYPE_CHECKING:
    from edge.passage.verifier import StepResult
    from edge.ports import Pixels

FPS = 15
SECONDS = 10
FILMS = ("still", "moving")
CONFIG = """
door.site = "{site}"
camera.device = "{film}.avi"
"""
_STEP_PX = 8  # a picture: a walk of 1 m/s, four metres from the camera


def save_films(folder: Path) -> None:
    """Write the films, each picture with its own noise.

    `still`: a doorway, a lobby and a crowd that stands, each for a third of the time. `moving`: a crowd that
    walks through the lobby.
    """
    import cv2
    import numpy as np

    from edge.app.parts.code_readers import read_image
    from edge.app.parts.model_folders import CHECKOUT
    from hw.sim.pictures.optics import lobby, sense
    from hw.sim.pictures.scene import CODE_SIZE, empty

    width, height = CODE_SIZE
    crowd = cv2.resize(read_image(CHECKOUT / "models" / "photos" / "sample6.jpg"), CODE_SIZE).astype(
        np.float32
    )
    back = lobby(CODE_SIZE, 1)

    def still(number: int) -> Pixels:
        if number < FPS * SECONDS // 3:
            return empty(size=CODE_SIZE, seed=number)
        scene = back if number < FPS * SECONDS * 2 // 3 else crowd
        return sense(scene, blur_px=0.6, noise=3, seed=number)

    def moving(number: int) -> Pixels:
        scene = back.copy()
        left = number * _STEP_PX % (width // 2)
        scene[height // 4 :, left : left + width // 2] = crowd[height // 4 :, : width // 2]
        return sense(scene, blur_px=0.6, noise=3, seed=number)

    # About 200 kB a picture, as from webcams; only OpenCV's own writer has a setting for the quality.
    quality = [cv2.VIDEOWRITER_PROP_QUALITY, 90]
    motion_jpeg = cv2.VideoWriter.fourcc(*"MJPG")
    for name, picture in zip(FILMS, (still, moving), strict=True):
        path = str(folder / f"{name}.avi")
        film = cv2.VideoWriter(path, cv2.CAP_OPENCV_MJPEG, motion_jpeg, FPS, CODE_SIZE, quality)
        for number in range(FPS * SECONDS):
            film.write(np.ascontiguousarray(picture(number)[..., ::-1]))
        film.release()


def run(folder: Path, film: str) -> None:
    """Run the door, and print the share of a core from the first frame to the last."""
    from edge.app.device_parts import DoorParts
    from edge.app.door_device import open_device
    from edge.app.loop.run import run_device
    from edge.config import parse_config
    from edge.ports import TellsHealth
    from tools.bench.passage import SITE

    marks: list[tuple[float, float]] = []

    def watch(_: StepResult) -> None:
        marks.append((time.monotonic(), time.process_time()))

    config = parse_config(CONFIG.format(site=SITE, film=film).encode(), folder / "door.toml")
    with open_device(config, folder) as device:
        run_device(device, stop=threading.Event(), on_moment=watch)
        assert isinstance(device.parts, DoorParts)
        assert isinstance(device.parts.camera, TellsHealth)
        unseen = device.parts.camera.health().unseen
    (began_s, began_cpu_s), (ended_s, ended_cpu_s) = marks[0], marks[-1]
    share = (ended_cpu_s - began_cpu_s) / (ended_s - began_s)
    rate = (len(marks) - 1) / (ended_s - began_s)
    print(json.dumps({"share": share, "frames_per_s": rate, "unseen": unseen}))


if __name__ == "__main__":
    limit_threads()
    keep_freed_memory()
    run(Path(sys.argv[1]), sys.argv[2])
