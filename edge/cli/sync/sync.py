"""`doorward sync`: downloads keys, lists, policy and models, and uploads records to the hub."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.sync.mqtt import open_mqtt_status
from edge.app.sync.updates import Updates
from edge.app.sync.uploads import Uploads
from edge.cli.config import given
from edge.cli.output import emit, fail, harmless, utc
from edge.cli.sync.records import send, whose
from edge.cli.verbs import CONFIG_OR_DEFAULTS, argument, json_lines, one_of
from edge.config.authorities import authorities
from edge.errors import EdgeError, Exit, FetchError, InputError, SyncError
from edge.sync.plan import wait_s
from edge.sync.wake_file import WakeFile
from edge.trust.time.clock_slack import CLOCK_SLACK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from edge.app.sync.mqtt import MqttStatus
    from edge.config import Config
    from edge.sync.download import DownloadProgress
    from edge.sync.report import Report

NICE = 10  # of 19: the passage loop on the same board goes first
LISTEN_EVERY_S = 2.0  # the longest delay of a wake-up
SPREAD_S = 30.0  # after a power cut, the devices of a city do not all ask at once


@dataclass(frozen=True, slots=True)
class _Share:
    """One authority's part of a sync: the source of its trust, and the target of its records."""

    updates: Updates
    uploads: Uploads
    trust: bool
    records: bool


def _shares(config: Config, base: Path, *, folder: bool) -> list[_Share]:
    """The shares of a device's authorities, its own first. `folder`: a stick has one repository."""
    # A stick has no hub. Without repository and hub, the error is about the repository.
    records = config.hub.url is not None and not folder
    trust = config.sync.url is not None or not records
    own, *joint = authorities(config)
    shares = [_Share(Updates(own, base), Uploads(own, base), trust, records)]
    for other in () if folder else joint:
        trust, records = other.sync.url is not None, other.hub.url is not None
        shares.append(_Share(Updates(other, base), Uploads(other, base), trust, records))
    return shares


def run(args: argparse.Namespace) -> int:
    """Download trust and upload records, once or until SIGINT or SIGTERM."""
    config, base = given(args.config)
    shares = _shares(config, base, folder=args.folder is not None)
    if args.watch:
        return _watch(shares, as_json=args.json)
    jobs: list[Callable[[], object]] = []
    for share in shares:
        if share.trust:
            _begin(share.updates, as_json=args.json)
            jobs.append(partial(_fetch, share.updates, args.folder, as_json=args.json))
        if share.records:
            jobs.append(partial(send, share.uploads, as_json=args.json))
    return max(map(_done, jobs))


def _done(job: Callable[[], object]) -> int:
    """Runs one job and returns its exit code; an error does not stop the other jobs."""
    try:
        job()
    except EdgeError as error:
        fail(error)
        return error.exit_code
    return Exit.OK


def _fetch(updates: Updates, folder: Path | None, *, as_json: bool) -> None:
    with _bar() as progress:
        report = updates.run(folder, progress=progress)
    _show(report, updates.config, as_json=as_json)


def _begin(updates: Updates, *, as_json: bool) -> None:
    """Take the trust of the image first: then the door can work while the download runs."""
    try:
        report = updates.begin()
    except SyncError as error:
        fail(error)  # the repository on the network may be intact
    else:
        if report is not None:
            _show(report, updates.config, as_json=as_json)


def _watch(shares: list[_Share], *, as_json: bool) -> int:
    own, config, base = shares[0], shares[0].updates.config, shares[0].updates.base
    if own.trust and config.sync.url is None:
        raise InputError("--watch needs [sync] url", hint="set [sync] url, or leave out --watch")
    runs: list[Callable[[], bool]] = []
    with open_mqtt_status(config, base) as present:
        alarm = _Alarm(own.updates, present.sync_requested if present else None)
        os.nice(NICE)
        first = any(share.updates.is_first for share in shares)
        for share in shares:
            if share.trust:
                _begin(share.updates, as_json=as_json)
                runs.append(partial(_refresh, share.updates, alarm, as_json=as_json))
            if share.records:
                runs.append(partial(send, share.uploads, as_json=as_json, news_only=True))
        if present:
            runs.append(partial(_tell, present, own))
        alarm.wait(0.0 if first else SPREAD_S * _random_unit())
        _work([_Job(run, config.sync.every_min * 60.0) for run in runs], alarm)
    return Exit.OK


def _work(jobs: list[_Job], alarm: _Alarm) -> None:
    """Runs each job when it is due, and all jobs on a wake-up, until the process is stopped."""
    while not alarm.stopped:
        for job in jobs:
            if job.due <= time.monotonic() and not alarm.stopped:
                job.attempt()
        if alarm.wait(min(job.due for job in jobs) - time.monotonic()):
            for job in jobs:
                job.due = 0.0


def _tell(present: MqttStatus, own: _Share) -> bool:
    """Publish the status of upload and sync to the broker."""
    present.tell(own.uploads.status(), synced=own.updates.synced_at)
    return False


def _refresh(updates: Updates, alarm: _Alarm, *, as_json: bool) -> bool:
    try:
        report = updates.run(progress=alarm)
    except SyncError:
        if alarm.stopped:
            return False
        raise
    if report.changed:
        _show(report, updates.config, as_json=as_json)
    return False


@dataclass(slots=True)
class _Job:
    """A repeated job with its own wait: an unreachable hub does not delay the trust.

    `run` returns whether there is more to do at once; `due`: on the monotonic clock.
    """

    run: Callable[[], bool]
    every_s: float
    due: float = 0.0
    failures: int = 0

    def attempt(self) -> None:
        asked_s, more = 0.0, False
        try:
            more = self.run()
        except EdgeError as error:
            self.failures += 1
            asked_s = error.after_s if isinstance(error, FetchError) else 0.0
            fail(error)
        else:
            self.failures = 0
        wait = (
            0.0
            if more
            else wait_s(self.failures, every_s=self.every_s, asked_s=asked_s, random_unit=_random_unit)
        )
        self.due = time.monotonic() + wait


_random_unit = random.SystemRandom().random


class _Alarm:
    """Waits for a time, a wake-up (SIGUSR1, `edge.sync.wake_file`, a broker) or the stop signal.

    It watches downloads too: on stop, the next sync resumes the download.
    """

    def __init__(self, updates: Updates, woken: Callable[[], bool] | None = None) -> None:
        self.stopped = False
        self._broker_woke = woken or (lambda: False)
        self._wake_file = WakeFile(updates.state)
        self._event = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGUSR1, lambda *_: self._event.set())

    def wait(self, seconds: float) -> bool:
        """Waits; returns whether a wake-up came before the time was over."""
        end, rang = time.monotonic() + seconds, False
        while not self.stopped and not rang and (left := end - time.monotonic()) > 0:
            rang = (
                self._wake_file.changed()
                or self._broker_woke()
                or self._event.wait(min(left, LISTEN_EVERY_S))
            )
        if not self.stopped:
            self._event.clear()
        return rang

    def expect(self, count: int) -> None:
        """Ignore the size of a download."""

    def got(self, count: int) -> None:  # noqa: ARG002  the port's
        """Raise SyncError after the stop signal, which ends the download."""
        if self.stopped:
            raise SyncError("stopped by a signal", hint="run doorward sync again: it resumes the download")

    def _stop(self, *_: object) -> None:
        self.stopped = True
        self._event.set()


@contextmanager
def _bar() -> Iterator[DownloadProgress | None]:
    """A progress bar on standard error, at a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # only a terminal pays for the import
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("fetching"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("fetching", total=None)

        class Bar:
            def expect(self, count: int) -> None:
                bar.reset(task, total=count)

            def got(self, count: int) -> None:
                bar.advance(task, count)

        yield Bar()


def _show(report: Report, config: Config, *, as_json: bool) -> None:
    """Print the changes of one authority's trust; `device` in a row names the authority."""
    if as_json:
        emit(_row(report) | {"device": config.device.id})
        return
    for line in _lines(report):
        print(whose(config) + harmless(line), flush=True)


def _row(report: Report) -> dict[str, object]:
    return {
        "result": "updated" if report.changed else "up-to-date",
        "generation": report.generation,
        "signed_at": utc(report.signed_at),
        "fetched_bytes": report.fetched,
        "keys_added": [{"kid": key.kid.hex(), "name": key.name} for key in report.keys_added],
        "keys_removed": list(report.keys_removed),
        "lists": [
            {
                "uri": change.uri,
                "serial": change.serial,
                "size": change.size,
                "issued_at": utc(change.issued_at),
            }
            for change in report.lists
        ],
        "lists_removed": list(report.lists_removed),
        "policy": report.policy,
        "sealed": list(report.sealed),
        "models": list(report.models),
        "left_out": list(report.left_out),
    }


def _lines(report: Report) -> Iterator[str]:
    where = f"generation {report.generation}, signed {utc(report.signed_at)}"
    if not report.changed:
        yield f"up to date: {where}"
    else:
        news = "updated" if report.news else "only the signed time is new"
        yield f"{news}: {where}, {report.fetched / 1000:.1f} kB fetched"
    for key in report.keys_added:
        yield f"  key       {key.kid.hex()}  {key.name}, until {key.valid_until:%Y-%m-%d}"
    for kid in report.keys_removed:
        yield f"  key gone  {kid}"
    now = datetime.now(UTC)
    for change in report.lists:
        serial = f"serial {change.serial}, " if change.serial else ""
        yield f"  list      {change.uri}  {serial}{change.size} cards, signed {age(now - change.issued_at)}"
    for name in report.lists_removed:
        yield f"  list gone {name}"
    if report.policy:
        yield f"  policy    {report.policy}"
    for word, changed in (("sealed", report.sealed), ("model", report.models), ("waiting", report.left_out)):
        for name in changed:
            yield f"  {word:9} {name}"


def age(past: timedelta) -> str:
    """An age in words, such as `3 h ago`."""
    seconds = past.total_seconds()
    if past < -CLOCK_SLACK:
        return "in the future"
    seconds = max(seconds, 0.0)
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


ARGUMENTS = (
    CONFIG_OR_DEFAULTS,
    one_of(
        argument(
            "--from",
            dest="folder",
            type=Path,
            metavar="DIR",
            help="take the trust from this copy of the repository, such as a USB stick",
        ),
        argument("--watch", action="store_true", help="repeat every [sync] every_min minutes, until stopped"),
    ),
    json_lines("print one JSON object for each sync"),
)
