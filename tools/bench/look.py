"""Measures the CPU time of one face frame as the device runs: 15 frames/s, in a process of its own.

    python -m tools.bench.look     print the figures as JSON

The time is that of the whole process, gaps included: a library's thread that spins between two frames counts.
Blocks of one second run in turn (A B C D): whole frames without and with the passive networks, and the graphs
of each alone. Each figure is the median of its blocks, each ratio the median of the ratios of one turn.
"""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from edge.app.heap import keep_freed_memory
from edge.app.threads import THREADS, limit_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.face.engine import FaceEngine
    from edge.face.manifest import ModelFile
    from tools.bench.passage import Prepared

FPS = 15
TURNS = 12


def block(work: Callable[[], object], *, frames: int = FPS) -> float:
    """Milliseconds of CPU time of this process for each frame, gap included."""
    started = time.process_time()
    due = time.monotonic()
    for _ in range(frames):
        work()
        due += 1 / FPS
        time.sleep(max(0.0, due - time.monotonic()))
    return (time.process_time() - started) * 1000 / frames


def graphs(files: Sequence[ModelFile]) -> Callable[[], None]:
    """A function that runs these graphs once, with nothing around them."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    from edge.app.parts.model_folders import model_folders

    opened = []
    for file in files:
        data = (model_folders().models / file.name).read_bytes()
        graph = Interpreter(model_content=data, num_threads=THREADS)
        graph.allocate_tensors()
        (taken,) = graph.get_input_details()
        graph.set_tensor(taken["index"], np.zeros(taken["shape"], taken["dtype"]))
        opened.append(graph)

    def invoke() -> None:
        for graph in opened:
            graph.invoke()

    return invoke


def run() -> None:
    """Measure, and print the figures."""
    from edge.app.parts.face_engine import installed_pad, open_face_engine
    from edge.app.parts.model_folders import model_folders
    from edge.face.engine import RETRY_SHARE
    from edge.face.manifest import parse
    from edge.face.pad.fusion import Family
    from hw.inference.networks import read_manifest
    from hw.inference.processors import this_kind
    from tools.bench.passage import prepare

    world = prepare()
    policy = replace(installed_pad(), exact=False)  # as `edge.app.parts.face_engine.engine_for`
    files = parse(read_manifest(model_folders().models), runtime="litert", machine=this_kind())
    without = open_face_engine(
        runtime="litert", pad=replace(policy, families=policy.families - {Family.PASSIVE})
    )
    (face, *_) = without.find(world.face_rgb)
    is_far = face.side < RETRY_SHARE * max(world.face_rgb.shape[:2])
    used = [files.detector, *([files.detector_retry] if is_far else []), files.mesh, files.embedder]
    works = {"look": look(without, world), "kernels": graphs(used)}
    if Family.PASSIVE in policy.families:
        works["look_passive"] = look(open_face_engine(runtime="litert", pad=policy), world)
        works["passive"] = graphs(files.passive)
    turns = [{name: block(work) for name, work in works.items()} for _ in range(TURNS + 1)][1:]
    told = {name: statistics.median(turn[name] for turn in turns) for name in works}
    told["ratio"] = statistics.median(turn["look"] / turn["kernels"] for turn in turns)
    if "passive" in works:
        told["ratio_passive"] = statistics.median(
            turn["look_passive"] / (turn["kernels"] + turn["passive"]) for turn in turns
        )
    print(json.dumps(told))


def look(engine: FaceEngine, world: Prepared) -> Callable[[], object]:
    """A function that takes the bench's frame to a similarity."""
    data = engine.enrol(world.portrait)
    reference = engine.reference(data, fmt=100, model=engine.model_id)

    def assess() -> None:
        assert engine.assess(world.face_rgb, reference).similarity is not None

    return assess


if __name__ == "__main__":
    limit_threads()
    keep_freed_memory()
    run()
