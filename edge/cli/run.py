"""`doorward run`: reads codes, compares faces and opens the door, until it is stopped."""

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
from edge.cli.visits.story import Story
from edge.errors import InputError
from edge.passage.machine import PassageState
from edge.policy.staff_messages import on_screen

if TYPE_CHECKING:
    import argparse

    from edge.passage.verifier import PassageOutcome, StepResult
    from edge.policy.obligations import Obligations
    from edge.trust.time.trust_age import TrustState


def run(args: argparse.Namespace) -> int:
    """Work the door until SIGINT or SIGTERM, or for `--passages`."""
    if args.sim and args.config:
        raise InputError("--config and --sim exclude each other", hint="leave out one of the two")
    if args.journal and not args.sim:
        raise InputError("--journal needs --sim", hint="set [paths] journal in the configuration")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # A flag, not an exception: the run ends between two frames, never inside a transaction.
        signal.signal(number, lambda *_: stop.set())
    show = _Rows(limit=args.passages, as_json=args.json, stop=stop)
    if args.sim:
        from edge.app.demo.live import run_sim

        return run_sim(
            stop=stop, on_ready=show.ready, on_scene=show.scene, on_moment=show, journal=args.journal
        )
    from edge.app.door_device import open_device

    config, base = given(args.config)
    if config.door.venue == "lane":
        from edge.cli.venues.lane import run_work

        if args.camera or args.passages:
            raise InputError("--camera and --passages do not work for a lane", hint="leave them out")
        return run_work(args)
    watched = "camera" if args.camera or config.camera.kind != "none" else "scanner"
    status = f"{config.door.site}, watching the {watched}"
    opened = open_device(config, base, camera=args.camera)
    ready = partial(show.ready, status)
    return serve(opened, config, args.config, status=status, stop=stop, on_ready=ready, on_moment=show)


class _Rows:
    """Prints each passage, and ends the run after `limit` passages.

    A terminal gets the story of each passage; a file and a pipe get one line, as scripts read it.
    """

    def __init__(self, *, limit: int | None, as_json: bool, stop: threading.Event) -> None:
        self._left = limit
        self._json = as_json
        self._stop = stop
        # At a terminal only: a service's log would keep the notices for staff.
        self._story = Story() if not as_json and sys.stdout.isatty() else None
        self._asked: str | None = None

    def ready(self, what: str) -> None:
        """Print that the device is ready; JSON Lines are passages only."""
        if not self._json:
            print(f"ready: {what}; Ctrl-C stops", flush=True)

    def scene(self, who: str, situation: str) -> None:
        """Print who comes next in a simulation."""
        if self._story:
            print(f"\n{who}: {situation}", flush=True)

    def __call__(self, step: StepResult) -> None:
        self._ask(step.prompt)
        if step.outcome is not None:
            self._print(step.outcome, step.trust_state)
            if step.obligations is not None and self._story:
                self._brief(step.obligations)
            if self._left is not None:
                self._left -= 1
        # The door has to relock before the run ends: a granted visitor is still on the way through.
        if self._left is not None and self._left <= 0 and step.state is not PassageState.RELEASED:
            self._stop.set()

    def _print(self, outcome: PassageOutcome, trust_state: TrustState | None) -> None:
        word = "deny" if outcome.reason else "grant"
        total = sum(outcome.micros.get(stage, 0) for stage in ("code", "verify", "face", "record")) / 1000
        if self._story:
            print(*self._story.lines(outcome, total), sep="\n", flush=True)
            return
        row: dict[str, object] = {"outcome": word, "reason": outcome.reason, "record": outcome.seq}
        row |= {"ms": round(total, 1)} | (_standing(trust_state) if trust_state else {})
        line = f"{word:5}  {outcome.reason or '':24} record {outcome.seq}  {total:.1f} ms"
        tell(row, line, as_json=self._json)

    def _ask(self, words: str | None) -> None:
        """Print what the visitor is asked for, once; a door that is tried by hand may have no voice."""
        if self._story and words and words != self._asked:
            print(f"asked: {harmless(words)}", flush=True)
        self._asked = words

    def _brief(self, obligations: Obligations) -> None:
        """Print the notices of this visit for staff."""
        lines = (text.words for text in obligations.lines)
        notices = sorted(on_screen(note.value) for note in obligations.notices)
        for words in (*notices, *lines):
            print(f"       {harmless(words)}", flush=True)


def _standing(trust_state: TrustState) -> dict[str, object]:
    """The clock, and the age, freshness and action of each trust input, at the time of the passage."""
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
        argument(
            "--sim", action="store_true", help="play simulated visitors at a simulated door, until stopped"
        ),
        argument(
            "--camera",
            metavar="N",
            help="use this webcam (number or path) or film in place of [camera] device",
        ),
    ),
    CONFIG_OR_DEFAULTS,
    argument("--journal", type=Path, metavar="DIR", help="with --sim: keep the journal in this folder"),
    argument("--passages", type=count, metavar="N", help="stop after N passages"),
    json_lines("print one JSON object for each passage"),
)
