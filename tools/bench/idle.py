"""Measures the idle cost of a door: the whole device with a film of an empty doorway, in real time.

The film is MJPEG at 1280x720 and 15 frames a second, as from a webcam. Run it as a module with a folder that
`passage.prepare` and `save_film` have filled: it runs the door until the end of the film, and prints the
share of one core that this took.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.threads import limit_threads

if TYPE_CHECKING:
    from edge.passage.verifier import StepResult

FPS = 15
SECONDS = 10
CONFIG = """
door.site = "{site}"
camera.device = "idle.avi"
"""


def save_film(folder: Path) -> None:
    """Write the film: a doorway, a lobby and a crowd in turn, each picture with its own noise."""
    import cv2
    import numpy as np

    from edge.app.parts.code_readers import read_image
    from edge.app.parts.model_folders import CHECKOUT
    from hw.sim.pictures.optics import lobby, sense
    from hw.sim.pictures.scene import CODE_SIZE, empty

    crowd = cv2.resize(read_image(CHECKOUT / "models" / "photos" / "sample6.jpg"), CODE_SIZE)
    scenes = [
        lambda seed: empty(size=CODE_SIZE, seed=seed),
        lambda seed: sense(lobby(CODE_SIZE, 1), blur_px=0.6, noise=3, seed=seed),
        lambda seed: sense(crowd.astype(np.float32), blur_px=0.6, noise=3, seed=seed),
    ]
    # About 200 kB a picture, as from webcams; only OpenCV's own writer has a setting for the quality.
    quality = [cv2.VIDEOWRITER_PROP_QUALITY, 90]
    motion_jpeg = cv2.VideoWriter.fourcc(*"MJPG")
    film = cv2.VideoWriter(
        str(folder / "idle.avi"), cv2.CAP_OPENCV_MJPEG, motion_jpeg, FPS, CODE_SIZE, quality
    )
    for number in range(FPS * SECONDS):
        picture = scenes[number // FPS % len(scenes)](number)
        film.write(np.ascontiguousarray(picture[..., ::-1]))
    film.release()


def run(folder: Path) -> None:
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

    config = parse_config(CONFIG.format(site=SITE).encode(), folder / "door.toml")
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
    run(Path(sys.argv[1]))
