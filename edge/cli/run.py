"""`doorward run`: watch the camera and work the door until told to stop."""

from __future__ import annotations

import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.config import given
from edge.cli.output import harmless, tell
from edge.cli.service import serve
from edge.cli.values import count
from edge.cli.verbs import CONFIG_OR_DEFAULTS, argument, json_lines, one_of
from edge.errors import InputError
from edge.passage.machine import PassageState

if TYPE_CHECKING:
    import argparse

    from edge.passage.verifier import PassageOutcome, StepResult
    from edge.policy.obligations import Obligations
    from edge.trust.time.trust_age import TrustState


def run(args: argparse.Namespace) -> int:
    """Work the door until told to stop."""
    if args.sim and args.config:
        raise InputError("--config is for a real door", hint="leave out --config, or --sim")
    if args.journal and not args.sim:
        raise InputError("--journal goes with --sim", hint="set paths.journal in the configuration")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # A flag, not an exception: a passage is left between two frames, never inside a transaction.
        signal.signal(number, lambda *_: stop.set())
    show = _Rows(limit=args.passages, as_json=args.json, stop=stop)
    if args.sim:
        from edge.app.demo.live import run_sim

        return run_sim(stop=stop, on_ready=show.ready, on_moment=show, journal=args.journal)
    from edge.app.door_device import open_device

    config, base = given(args.config)
    if config.door.venue == "lane":
        from edge.cli.venues.lane import run_work

        if args.camera or args.passages:
            raise InputError("a lane has two cameras, and no end", hint="leave out --camera and --passages")
        return run_work(args)
    watched = "camera" if args.camera or config.camera.kind != "none" else "scanner"
    status = f"{config.door.site}, watching the {watched}"
    opened = open_device(config, base, camera=args.camera)
    ready = partial(show.ready, status)
    return serve(opened, config, args.config, status=status, stop=stop, on_ready=ready, on_moment=show)


class _Rows:
    """Prints a line for each passage, and ends the run once `limit` of them are over."""

    def __init__(self, *, limit: int | None, as_json: bool, stop: threading.Event) -> None:
        self._left = limit
        self._json = as_json
        self._stop = stop
        self._staff = not as_json and sys.stdout.isatty()  # what a log may hold, a service's log will

    def ready(self, what: str) -> None:
        """Say that the device is at work; to people only, JSON Lines are passages."""
        if not self._json:
            print(f"ready: {what}; Ctrl-C stops", flush=True)

    def __call__(self, step: StepResult) -> None:
        if step.outcome is not None:
            self._print(step.outcome, step.trust_state)
            if step.obligations is not None and self._staff:
                self._brief(step.obligations)
            if self._left is not None:
                self._left -= 1
        # Whoever was let in has to get through the door before we leave it.
        if self._left is not None and self._left <= 0 and step.state is not PassageState.RELEASED:
            self._stop.set()

    def _print(self, outcome: PassageOutcome, trust_state: TrustState | None) -> None:
        word = "deny" if outcome.reason else "grant"
        total = sum(outcome.micros.get(stage, 0) for stage in ("code", "verify", "face", "record")) / 1000
        row: dict[str, object] = {"outcome": word, "reason": outcome.reason, "record": outcome.seq}
        row |= {"ms": round(total, 1)} | (_standing(trust_state) if trust_state else {})
        line = f"{word:5}  {outcome.reason or '':24} record {outcome.seq}  {total:.1f} ms"
        tell(row, line, as_json=self._json)

    def _brief(self, obligations: Obligations) -> None:
        """What whoever works here should know of this visit; on a screen, and nowhere else."""
        for words in (*sorted(note.value for note in obligations.notices), *obligations.lines):
            print(f"       {harmless(words)}", flush=True)


def _standing(trust_state: TrustState) -> dict[str, object]:
    """On what the passage stood: the clock, and the age of each part of trust with what it leaves."""
    return {
        "clock": trust_state.at.anomaly or "trusted",
        "trust": {
            part.kind: {
                "age_s": int(part.age.total_seconds()),
                "freshness": part.freshness,
                "leaves": part.action,
            }
            for part in trust_state.ages
        },
    }


ARGUMENTS = (
    one_of(
        argument("--sim", action="store_true", help="simulated visitors at a simulated door, for ever"),
        argument(
            "--camera", metavar="N", help="a webcam by number or path, or a film; overrides the configuration"
        ),
    ),
    CONFIG_OR_DEFAULTS,
    argument("--journal", type=Path, metavar="DIR", help="with --sim: keep the journal in this folder"),
    argument("--passages", type=count, metavar="N", help="stop after N passages"),
    json_lines("one JSON object for each passage"),
)
