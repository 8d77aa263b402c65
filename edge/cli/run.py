"""`doorward run`: watch the camera and work the door until told to stop."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.output import emit
from edge.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from edge.passage.verifier import Moment


def configure(parser: argparse.ArgumentParser) -> None:
    """`--sim` brings its own visitors; `--camera N` waits for real ones."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--sim", action="store_true", help="simulated visitors at a simulated door, for ever")
    source.add_argument(
        "--camera", metavar="N", help="a webcam by number or path; overrides the configuration"
    )
    parser.add_argument(
        "--config", type=Path, help="configuration file; left out: the defaults, in this folder"
    )
    parser.add_argument(
        "--journal", type=Path, metavar="DIR", help="with --sim: keep the journal in this folder"
    )
    parser.add_argument("--passages", type=int, metavar="N", help="stop after N passages")
    parser.add_argument("--json", action="store_true", help="one JSON object for each passage")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # A flag, not an exception: a passage is left between two frames, never inside a transaction.
        signal.signal(number, lambda *_: stop.set())
    show = _Rows(limit=args.passages, as_json=args.json, stop=stop)
    if args.sim:
        from edge.demo.live import run_sim  # noqa: PLC0415

        return run_sim(stop=stop, on_moment=show, journal=args.journal)
    from edge.config import Config, parse_config  # noqa: PLC0415
    from edge.device import open_device, run_device  # noqa: PLC0415

    config = Config()
    base = Path()
    if args.config:
        try:
            config = parse_config(args.config.read_bytes(), args.config)
        except OSError as err:
            raise ConfigError(f"cannot be read: {err.strerror}", file=args.config) from err
        base = args.config.parent
    with open_device(config, base, camera=args.camera) as device:
        print(f"ready: {config.door.site}, watching the camera; Ctrl-C stops")
        return run_device(device, stop=stop, on_moment=show)


class _Rows:
    """Prints a line for each passage, and ends the run after `limit` of them."""

    def __init__(self, *, limit: int | None, as_json: bool, stop: threading.Event) -> None:
        self._left = limit
        self._json = as_json
        self._stop = stop

    def __call__(self, moment: Moment) -> None:
        outcome = moment.outcome
        if outcome is None:
            return
        word = "deny" if outcome.reason else "grant"
        total = sum(outcome.micros.get(stage, 0) for stage in ("code", "verify", "face", "record")) / 1000
        if self._json:
            emit({"outcome": word, "reason": outcome.reason, "record": outcome.seq, "ms": round(total, 1)})
        else:
            print(f"{word:5}  {outcome.reason or '':24} record {outcome.seq}  {total:.1f} ms", flush=True)
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._stop.set()
