"""`doorward lane`: works a lane, and shows its referrals to an officer at a terminal."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli.config import given
from edge.cli.output import emit, tell
from edge.cli.verbs import CONFIG_REQUIRED, argument, json_lines, verb
from edge.cli.visits.story import because
from edge.errors import Exit, InputError

if TYPE_CHECKING:
    import argparse

    from edge.passage.lane.officers.messages import Referral, ReferralClosed
    from edge.passage.lane.snapshot import LaneStepResult

WORDS: Final = "admit, send-back or empty"
# What an officer should look at in each kind of referral; the reason code names the finding.
ABOUT: Final = {
    "face": "compare the person with the document",
    "by-eye": "the card has no face: compare the person with the document",
    "several": "more than one person is in the lane",
    "held-open": "a door does not shut",
    "inner-opened": "the inner door was opened",
    "not-leaving": "the inner door is unlocked, and no person goes through",
    "sensors": "the sensors cannot count the people in the lane",
    "occupancy": "a person may be in the lane without a card",
    "device": "a part of the lane failed",
}


def run_work(args: argparse.Namespace) -> int:
    """Work the lane; print a line for each decision and each passage."""
    from edge.app.lane_device import open_lane
    from edge.cli.service import serve

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    config, base = given(args.config)

    def ready() -> None:
        if not args.json:
            print(f"ready: {config.door.site}; Ctrl-C stops", flush=True)

    return serve(
        open_lane(config, base),
        config,
        args.config,
        status=f"{config.door.site}, a lane",
        stop=stop,
        on_ready=ready,
        on_moment=partial(_show, as_json=args.json, explained=sys.stdout.isatty()),
    )


def _show(step: LaneStepResult, *, as_json: bool, explained: bool = False) -> None:
    """Print the decisions, and the time of a finished passage. `explained`: for a person at a terminal."""
    from edge.decision import Deny

    for outcome in step.update.outcomes:
        said = [each.reason.value if isinstance(each, Deny) else "grant" for each in outcome.decisions]
        tell(
            {"door": outcome.side, "decisions": said, "records": list(outcome.seqs)},
            f"{outcome.side}: {', '.join(said)}",
            as_json=as_json,
        )
        if explained and not as_json:
            for reason in dict.fromkeys(each.reason for each in outcome.decisions if isinstance(each, Deny)):
                print(*because(reason), sep="\n", flush=True)
    if step.update.passed_ms is not None:
        tell(
            {"passed_ms": step.update.passed_ms},
            f"passed in {step.update.passed_ms / 1000:.1f} s",
            as_json=as_json,
        )


def run_watch(args: argparse.Namespace) -> int:
    """Print referrals until the lane closes the connection; send the verbs that the officer types."""
    with _connect(args.socket) as lane:
        return _Screen(lane, as_json=args.json).work()


def _connect(path: Path) -> socket.socket:
    lane = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        lane.connect(str(path))
    except (OSError, ValueError) as err:
        lane.close()
        why = (getattr(err, "strerror", None) or str(err)).lower()
        raise InputError(
            f"{path}: {why}", hint="start doorward run there, and join the group of the socket's folder"
        ) from err
    return lane


def _row(news: Referral | ReferralClosed) -> dict[str, object]:
    """The row of `watch --json`. It keeps the key `case` for a referral, because scripts read it."""
    from msgspec import to_builtins

    row = to_builtins(news)
    kind = {"referral": "case", "closed": "over"}[row.pop("kind")]
    return {"kind": kind, "case": row.pop("referral"), **row}


class _Screen:
    """One officer at one lane."""

    def __init__(self, lane: socket.socket, *, as_json: bool) -> None:
        self._lane = lane
        self._json = as_json
        self._referral: Referral | None = None
        self._heard = self._typed = b""

    def work(self) -> int:
        lane, keys = self._lane.fileno(), sys.stdin.fileno()
        sources = [lane, keys]
        while True:
            ready, _, _ = select.select(sources, [], [])
            if lane in ready and not self._hear():
                return Exit.OK
            if keys in ready and not self._type(os.read(keys, 4_096)):
                sources.remove(keys)  # standard input ended: this screen only watches

    def _hear(self) -> bool:
        """Read from the lane; False: it closed the connection."""
        from edge.passage.lane.officers.messages import MAX_LINE_BYTES, parse_referral

        try:
            data = self._lane.recv(MAX_LINE_BYTES)
        except ConnectionError:
            data = b""
        *lines, self._heard = (self._heard + data).split(b"\n")
        for text in lines:
            self._show(parse_referral(text))
        return bool(data)

    def _show(self, news: Referral | ReferralClosed) -> None:
        from edge.passage.lane.officers.messages import Referral

        self._referral = news if isinstance(news, Referral) else None
        if self._json:
            emit(_row(news))
        elif isinstance(news, Referral):
            count = "unknown" if news.people is None else news.people
            family = f", {news.party[0]} of {news.party[1]} of a party are through" if news.party else ""
            may = "admit or send-back" if news.admissible else "send-back, or empty"
            about = f"{news.reason}; {ABOUT[news.why]}; people in the lane: {count}{family}"
            print(f"referral {news.referral}, {news.lane}: {about} [{may}]")
        else:
            print(f"referral {news.referral}: closed")
        sys.stdout.flush()

    def _type(self, typed: bytes) -> bool:
        """Read what the officer typed; False: standard input ended."""
        *words, self._typed = (self._typed + typed).split(b"\n")
        for word in words:
            self._say(word.decode(errors="replace").strip())
        return bool(typed)

    def _say(self, word: str) -> None:
        """Send the officer's verb for the open referral."""
        from edge.passage.lane.officers.messages import OfficerMessage, OfficerVerb, line

        if word not in set(OfficerVerb):
            print(f"type {WORDS}", file=sys.stderr)
        elif self._referral is None:
            print("no referral is open", file=sys.stderr)
        else:
            with suppress(ConnectionError):  # it closed the connection; the next read ends the screen
                self._lane.sendall(
                    line(OfficerMessage(referral=self._referral.referral, verb=OfficerVerb(word)))
                )


VERBS = (
    verb(
        "run",
        "work the lane until stopped",
        run_work,
        CONFIG_REQUIRED,
        json_lines("print one JSON object for each decision and each passage"),
    ),
    verb(
        "watch",
        "show the referrals of a lane, and decide on the open one",
        run_watch,
        argument("socket", type=Path, help="socket of the lane: [lane] socket or other_socket"),
        json_lines("print the referrals as JSON Lines"),
        about=f"Shows the referrals of a lane. To decide on the open one, type {WORDS}, and press Enter.",
    ),
)
