"""Measures the numbers that this project promises, on this machine: `make bench`.

Everything runs with the settings of the device (`edge.app.threads`, `edge.app.heap`). Each figure is a median
of many runs, beside its bound; figures that are compared are measured in turn, A B A B, in one run. Timings
are never part of the tests: they depend on the machine and on its load.

    python tools/bench device              print the table, then one JSON object
    python tools/bench device --write      also write tests/BENCHMARKS.md
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.verbs import argument
from tools.bench import tables
from tools.bench.idle import FILMS, save_films
from tools.bench.passage import prepare

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from edge.face.engine import FaceEngine
    from tools.bench.passage import Prepared

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "tests" / "BENCHMARKS.md"
HEADS = ("figure", "measured", "promised")
# Half, and 0.8, of what version 0.1 took on the machine of BENCHMARKS.md: 17.5 and 18.1 %.
IDLE_PERCENT = {"still": 8.7, "moving": 14.5}
LFW = ROOT.parent / "shared" / "data" / "faces" / "lfw"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `bound` is None where nothing is promised."""

    name: str
    value: float
    unit: str
    bound: float | None
    more_is_better: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether the promise holds; None where there is none."""
        if self.bound is None:
            return None
        return self.value >= self.bound if self.more_is_better else self.value <= self.bound


def median_ms(*work: Callable[[], object], runs: int = 200, warm_up: int = 10) -> list[float]:
    """Median milliseconds of each callable, run in turn, so that changes of the machine affect all alike."""
    times: list[list[float]] = [[] for _ in work]
    for turn in range(runs + warm_up):
        for index, call in enumerate(work):
            started = time.perf_counter_ns()
            call()
            if turn >= warm_up:
                times[index].append((time.perf_counter_ns() - started) / 1e6)
    return [statistics.median(each) for each in times]


def codes() -> list[Figure]:
    """The figures of reading and verifying codes."""
    from edge.app.parts.code_readers import open_code_reader
    from edge.errors import ReaderFault
    from hw.camera.framing import frame_from_rgb
    from hw.codes.cascade import Cascade
    from hw.sim.pictures import scene

    world = prepare()
    idle = frame_from_rgb(scene.empty(size=scene.CODE_SIZE), 0).luma
    zxing = open_code_reader("zxing")
    first, both = median_ms(lambda: zxing.read(idle), lambda: Cascade(zxing).read(idle), runs=60)
    figures = [
        Figure("idle 1280x720, first step (zxing)", first, "ms", 3.0),
        Figure("idle 1280x720, both steps", both, "ms", None),
    ]
    try:
        zbar = open_code_reader("zbar")
        (slow,) = median_ms(lambda: zbar.read(idle), runs=20)
        figures.append(Figure("idle 1280x720, zbar", slow, "ms", None))
    except ReaderFault:
        pass
    return [*figures, *_cards(world)]


def _cards(world: Prepared) -> list[Figure]:
    """The figures from code text to card, beside the two signatures alone, in pairs."""
    from nacl.bindings import crypto_sign_open

    from edge.card.code import parse_code
    from edge.card.ecard import decode
    from edge.trust.verify import VerificationContext, verify

    text, trust, now = world.code_text, world.trust, world.now
    context = VerificationContext(site=world.site)
    signed = decode(parse_code(text))
    envelopes = (
        (signed.card_envelope, trust.issuers[signed.kid].public_key),
        (signed.presentation_envelope, signed.claims.holder_key),
    )
    (first, issuer), (second, holder) = (
        (each.signature + each.signed_bytes(), key) for each, key in envelopes
    )
    card, bare = median_ms(
        lambda: verify(decode(parse_code(text)), trust, now=now, context=context),
        lambda: (crypto_sign_open(first, issuer), crypto_sign_open(second, holder)),
        runs=2_000,
    )
    return [
        Figure(f"code text ({len(text)} chars) to verified card", card, "ms", 0.5),
        Figure("two bare Ed25519 verifications", bare, "ms", None),
        Figure("code text to card / verifications", card / bare, "times", 2.0),
    ]


def faces() -> list[Figure]:
    """The figures from one camera frame to a similarity, on both runtimes, and of attack detection."""
    from edge.app.parts.face_engine import installed_pad, open_face_engine
    from edge.errors import ModelFault
    from edge.face.pad.fusion import Family

    world = prepare()
    figures = []
    for runtime, bound in (("litert", 12.0), ("tflite", None)):
        try:
            every = replace(installed_pad(), exact=False)  # as `edge.app.parts.face_engine.engine_for`
            without = replace(every, families=every.families - {Family.PASSIVE})
            default, fewer = (
                _looks(open_face_engine(runtime=runtime, pad=pad), world) for pad in (every, without)
            )
        except ModelFault:
            continue
        alike = statistics.median(ms["detect"] + ms["align"] + ms["embed"] for ms in default)
        figures += [
            Figure(f"640x480 frame to similarity ({runtime})", alike, "ms", bound),
            Figure(f"attack detection, by default ({runtime})", _attack(default), "ms", None),
            Figure(f"attack detection, without passive networks ({runtime})", _attack(fewer), "ms", None),
        ]
    return figures


def _looks(engine: FaceEngine, world: Prepared) -> list[Mapping[str, float]]:
    """Milliseconds by stage of a hundred frames. Engines do not run in turn, which would clear caches."""
    data = engine.enrol(world.portrait)
    reference = engine.reference(data, fmt=100, model=engine.model_id)
    return [engine.assess(world.face_rgb, reference).ms for _ in range(120)][20:]


def _attack(looks: list[Mapping[str, float]]) -> float:
    return statistics.median(ms["pad"] for ms in looks)


def look() -> list[Figure]:
    """The figures of one frame at 15 frames/s: CPU time of the process, and of its graphs alone."""
    child = [sys.executable, "-m", "tools.bench.look"]
    told = json.loads(subprocess.run(child, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout)
    figures = [
        Figure("face frame at 15 frames/s, CPU, without passive networks", told["look"], "ms", None),
        Figure("its kernels (detectors, landmarks, embedder)", told["kernels"], "ms", None),
        Figure("frame / kernels", told["ratio"], "times", 1.5),
    ]
    if "passive" in told:
        figures += [
            Figure("face frame at 15 frames/s, CPU, with passive networks", told["look_passive"], "ms", None),
            Figure("kernels of the passive networks", told["passive"], "ms", None),
            Figure("frame / kernels, with passive networks", told["ratio_passive"], "times", None),
        ]
    return figures


def device() -> list[Figure]:
    """The figures of a whole device in its own process, with frames from files and a real journal."""
    with tempfile.TemporaryDirectory() as folder:
        prepare().save(Path(folder))
        starts, busy, peaks, decisions = [], [], [], []
        for _ in range(5):
            started = time.perf_counter()
            child = subprocess.Popen(
                _child("passage", folder),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
                env=_with_bytecode(folder),
            )
            assert child.stdout is not None
            busy.append(json.loads(child.stdout.readline())["start_cpu_s"])
            starts.append(time.perf_counter() - started)
            told = json.loads(child.stdout.read())
            child.wait()
            peaks.append(told["peak_mb"])
            decisions += told["decision_ms"]
    return [
        Figure("process start to ready", statistics.median(starts), "s", 1.5),
        Figure("process start to ready, CPU", statistics.median(busy), "s", 0.35),
        Figure(
            f"whole decision, record included (n={len(decisions)})", statistics.median(decisions), "ms", 40.0
        ),
        Figure("peak memory of the device", statistics.median(peaks), "MB", 125.0),
        Figure("peak memory at the first start, which makes the journal", max(peaks), "MB", None),
    ]


def idle() -> list[Figure]:
    """The figures of a whole device in its own process, before a scene without a code."""
    with tempfile.TemporaryDirectory() as folder:
        prepare().save(Path(folder))
        save_films(Path(folder))
        told: dict[str, list[dict[str, float]]] = {film: [] for film in FILMS}
        for _ in range(3):
            for film, runs in told.items():
                child = [*_child("idle", folder), film]
                ran = subprocess.run(child, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
                runs.append(json.loads(ran.stdout))
    return [
        *(
            Figure(
                f"idle CPU at 15 frames/s of 1280x720 MJPEG, {film} scene",
                100 * statistics.median(run["share"] for run in runs),
                "% of a core",
                IDLE_PERCENT[film],
            )
            for film, runs in told.items()
        ),
        Figure(
            "frames seen meanwhile",
            statistics.median(run["frames_per_s"] for runs in told.values() for run in runs),
            "a second",
            None,
            more_is_better=True,
        ),
    ]


def accuracy() -> list[Figure]:
    """The figures of LFW folds, if the test data is on this machine."""
    if not LFW.is_dir():
        return []
    pairs = [str(LFW / "pairs.csv"), "--root", str(LFW)]
    command = [sys.executable, "-m", "edge", "face", "eval", *pairs, "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return [
        Figure("LFW folds, accuracy", 100 * told["accuracy"], "%", 98.9, more_is_better=True),
        Figure("LFW all pairs, TAR at FAR 1e-3", 100 * told["tar"]["1e-3"], "%", None, more_is_better=True),
        Figure("LFW all pairs, TAR at FAR 1e-4", 100 * told["tar"]["1e-4"], "%", None, more_is_better=True),
    ]


def show(figures: list[Figure]) -> None:
    """Print the table on the terminal."""
    marks = {True: "[green]holds[/]", False: "[red]missed[/]", None: ""}
    rows = [(*_cells(figure, "at least", "at most"), marks[figure.holds]) for figure in figures]
    tables.show((*HEADS, ""), rows)


def page(figures: list[Figure]) -> str:
    """The figures as the Markdown page of the repository."""
    from hw.inference.processors import this_kind

    notes = (
        ". Medians.",
        "No Raspberry Pi was measured: expect two to six times these times there, and measure it yourself.",
        "[Another kind of processor](BENCHMARKS-x86_64.md) misses one promise.",
    )
    table = tables.markdown(HEADS, [_cells(figure, "≥", "≤") for figure in figures])
    missed = [" ".join(_cells(figure, "≥", "≤")) for figure in figures if figure.holds is False]
    return tables.page(
        "Benchmarks",
        "device --write",
        notes,
        table,
        missed=missed,
        machine=this_kind(),
        limits="one thread a library",
    )


def _cells(figure: Figure, least: str, most: str) -> tuple[str, str, str]:
    """The cells of one row: name, figure, promise."""
    sign = least if figure.more_is_better else most
    bound = "" if figure.bound is None else f"{sign} {figure.bound:g} {figure.unit}"
    return figure.name, f"{figure.value:.2f} {figure.unit}", bound


def _child(module: str, folder: str) -> list[str]:
    """The command of a process that holds only a device; it starts in the checkout."""
    return [sys.executable, "-m", f"tools.bench.{module}", folder]


def _with_bytecode(folder: str) -> dict[str, str]:
    """An environment whose first process compiles all modules, as pip does at installation."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode")}


def run(args: argparse.Namespace) -> int:
    """Measure and print; exit 1 where a promise was missed."""
    figures = [*codes(), *faces(), *look(), *device(), *idle(), *accuracy()]
    show(figures)
    print(json.dumps({"figures": [{**asdict(f), "holds": f.holds} for f in figures]}))
    if args.write:
        PAGE.write_text(page(figures), "utf-8")
    return 0 if all(figure.holds is not False for figure in figures) else 1


ARGUMENTS = (argument("--write", action="store_true", help="write tests/BENCHMARKS.md"),)
