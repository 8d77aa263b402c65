"""Measures the door link over a real pty, with the controller's program under MicroPython: `make bench-link`.

The host is `edge.link.session` over pyserial, in this process. The controller's process reports the strike's
moves through a pipe, so each figure includes the pipe. A pty has no baud rate: on a wire of 115,200 baud a
RELEASE takes 2.2 ms more, a PING with its PONG 3.8 ms.

    python tools/bench link              print a table
    python tools/bench link --write      also write tests/BENCHMARKS-link.md
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import secrets
import signal
import statistics
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

ROOT: Final = Path(__file__).resolve().parents[2]
# The controller and the host are those of the tests. The root comes first: tests has a folder `edge` too.
sys.path += [str(ROOT), str(ROOT / "tests")]

from peers.micropython_controller import (  # type: ignore[import-not-found]  # noqa: E402
    STRIKE,
    Host,
    MicroPython,
    Served,
    commissioned,
    micropythons,
    tick_ms,
)

from edge.cli.verbs import argument  # noqa: E402
from edge.link import messages as m  # noqa: E402
from edge.link.limits import PING_EVERY_MS  # noqa: E402
from edge.link.session import LinkPairing, LinkSession  # noqa: E402
from tools.bench import tables  # noqa: E402

if TYPE_CHECKING:
    import argparse

PAGE: Final = ROOT / "tests" / "BENCHMARKS-link.md"
PINGS, GRANTS, KILLS = 500, 100, 5


@dataclass(frozen=True, slots=True)
class LinkFigure:
    """One figure with one MicroPython, in milliseconds."""

    what: str
    ms: float
    promised: float | None


def run(args: argparse.Namespace) -> int:
    """Measure with each installed MicroPython, and print the table."""
    columns: dict[str, list[LinkFigure]] = {}
    for name, found in micropythons().items():
        if isinstance(found, str):
            print(f"{name}: {found}", file=sys.stderr)
        else:
            columns[name] = measure(found)
    if not columns:
        return 1
    lines = _missed(columns)
    table = "\n".join([*_table(columns), *tables.endings(lines)])
    print(table)
    if args.write:
        PAGE.write_text(_page(table))
    return 1 if lines else 0


def measure(micropython: MicroPython) -> list[LinkFigure]:
    """All figures with one MicroPython."""
    with closing(Served(micropython)) as served:
        pair = commissioned(served)
        with Host(served.path, LinkSession(pair, fresh=lambda: secrets.token_bytes(16))) as host:
            host.open()
            pings = [_ping(host, number) for number in range(PINGS)]
        with Host(served.path, LinkSession(pair, fresh=lambda: secrets.token_bytes(16))) as host:
            host.open()
            grants = [_grant(host, served) for _ in range(GRANTS)]
        kills = [_kill(served, pair) for _ in range(KILLS)]
    return [
        LinkFigure("PING to PONG, p50", statistics.median(pings), 2),
        LinkFigure("PING to PONG, p95", _p95(pings), None),
        LinkFigure("PING to PONG, longest", max(pings), None),
        LinkFigure("Grant to strike energised, p50", statistics.median(grants), None),
        LinkFigure("Grant to strike energised, p95", _p95(grants), 4),
        LinkFigure("host killed (-9) to strike relocked, longest", max(kills), 1_100),
    ]


def _ping(host: Host, number: int) -> float:
    """The milliseconds from PING to PONG; the session gets a tick at which a PING is due."""
    tick_ms = time.monotonic_ns() // 1_000_000 + (number + 1) * PING_EVERY_MS
    data, _ = host.session.step(tick_ms)
    receiver, began = host.session, time.perf_counter()
    host.send(data)
    while True:
        out, told = receiver.receive(host.port.read(host.port.in_waiting or 1), tick_ms)
        if any(isinstance(event, m.ControllerStatus) for event in told):
            return (time.perf_counter() - began) * 1e3
        host.send(out)


def _grant(host: Host, served: Served) -> float:
    """The milliseconds from a short release to the energised strike; then wait until it is locked again."""
    before = len(served.moves)
    began = time.monotonic()
    _, data = host.session.release(60, grant=1, tick_ms=tick_ms())
    host.send(data)
    host.until(lambda: any(pin == STRIKE and level for _, pin, level in served.moves[before:]))
    energised = next(at for at, pin, level in served.moves[before:] if pin == STRIKE and level)
    host.until(lambda: served.level(STRIKE) == 0)
    return float(energised - began) * 1e3


def _kill(served: Served, pair: LinkPairing) -> float:
    """The milliseconds from the kill of a host in its own process, during a release, to the locked strike."""
    host = subprocess.Popen(
        [
            sys.executable,
            str(ROOT / "tests" / "peers" / "micropython_controller.py"),
            served.path,
            pair.key.hex(),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
    )
    try:
        served.until(lambda: served.level(STRIKE) == 1)
        killed = time.monotonic()
        host.send_signal(signal.SIGKILL)
        served.until(lambda: served.level(STRIKE) == 0)
    finally:
        host.kill()
        host.wait()
    return float(served.moves[-1][0] - killed) * 1e3


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _table(columns: dict[str, list[LinkFigure]]) -> list[str]:
    rows = [
        [row[0].what, *(f"{each.ms:,.1f}" for each in row), _promise(row[0])]
        for row in zip(*columns.values(), strict=True)
    ]
    return tables.markdown(["ms", *columns, "promised"], rows)


def _promise(figure: LinkFigure) -> str:
    return "" if figure.promised is None else f"≤ {figure.promised:,g}"


def _missed(columns: dict[str, list[LinkFigure]]) -> list[str]:
    return [
        f"{each.what} ({name}) {each.ms:,.1f} ms {_promise(each)}"
        for name, figures in columns.items()
        for each in figures
        if each.promised is not None and each.ms > each.promised
    ]


def _page(table: str) -> str:
    today = datetime.datetime.now(datetime.UTC).date()
    load = os.getloadavg()[0]
    return f"""# Benchmarks of the door link

`python tools/bench link --write` on {today}, {platform.machine()}, {platform.system()}, {os.cpu_count()}
cores, load {load:.1f}; {PINGS} PINGs, {GRANTS} grants, {KILLS} hosts killed. No RP2040 was measured;
`tests/EVIDENCE.md` has the times of an emulated one.

`unix` is Debian 13's MicroPython, `wasm` the WebAssembly build under node. The head of `tools/bench/link.py`
describes the measurement.

{table}
"""


ARGUMENTS = (argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}"),)
