"""The steps of `tools/bench revocation`: each gets a folder and a size, and returns its figures by name."""

from __future__ import annotations

import math
import mmap
import resource
import shutil
import statistics
import threading
import time
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

import numpy as np

from edge.errors import Refused
from edge.files.durable import flush
from edge.trust.status import delta as statusdelta
from edge.trust.status.status import Bitmaps, StatusManifest, bitmap_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Told: TypeAlias = dict[str, float]
    Step: TypeAlias = Callable[[Path, int], Told]

T = TypeVar("T")

SIZES: Final = (10**6, 10**7, 10**8)
NATION: Final = 1_400_000_000
REVOKED, SUSPENDED = 0.01, 0.001
NEW_A_DAY = 0.04 / 365
CHUNK: Final = 1 << 24  # places drawn at a time
QUERIES: Final = 200_000
NOW: Final = datetime(2026, 6, 15, 6, tzinfo=UTC)
KINDS = ("revoked", "suspended")


def draw(folder: Path, size: int) -> Told:
    """Draw the bitmaps of two days."""
    rng = np.random.default_rng(size)
    counts = dict.fromkeys(("revoked", "suspended", "new", "reinstated"), 0)
    with (
        (folder / "0.revoked").open("wb") as r0,
        (folder / "0.suspended").open("wb") as s0,
        (folder / "1.revoked").open("wb") as r1,
        (folder / "1.suspended").open("wb") as s1,
    ):
        for start in range(0, size, CHUNK):
            places = min(CHUNK, size - start)
            revoked, suspended = _random(rng, places, REVOKED), _random(rng, places, SUSPENDED)
            new = _random(rng, places, NEW_A_DAY) & ~revoked
            share = NEW_A_DAY * 0.1 / SUSPENDED
            reinstated = suspended & (rng.random(places) < share)
            for file, bits in (
                (r0, revoked),
                (s0, suspended),
                (r1, revoked | new),
                (s1, suspended & ~reinstated),
            ):
                np.packbits(bits, bitorder="little").tofile(file)
            for name, bits in zip(counts, (revoked, suspended, new, reinstated), strict=True):
                counts[name] += int(bits.sum())
    full = _bound(size, counts["revoked"] + counts["new"])
    full += _bound(size, counts["suspended"] - counts["reinstated"])
    delta = _bound(size, counts["new"]) + _bound(size, counts["reinstated"])
    return {**counts, "full_bound": full, "delta_bound": delta}


def encode(folder: Path, size: int) -> Told:
    """Encode the full list of the second day, and the delta to it."""
    told: Told = {}
    with _memory(told, "encode"):
        before, after = _mapped(folder, 0, size), _mapped(folder, 1, size)
        told["full_encode_ms"], full = _timed(lambda: statusdelta.encode_full(after, serial=2))
        told["delta_encode_ms"], delta = _timed(
            lambda: statusdelta.encode_delta(before, after, old_serial=1, new_serial=2)
        )
    (folder / "full").write_bytes(full)
    (folder / "delta").write_bytes(delta)
    return told | {"full": len(full), "delta": len(delta)}


def deflate(folder: Path, size: int) -> Told:
    """Compress the two bitmaps, and the changed bits, with zlib."""
    if size > max(SIZES):
        return {}
    before, after = ([(folder / f"{day}.{kind}").read_bytes() for kind in KINDS] for day in (0, 1))
    started = time.perf_counter()
    full = sum(len(zlib.compress(bits, 9)) for bits in after)
    full_ms = 1e3 * (time.perf_counter() - started)
    changed = (
        (np.frombuffer(old, np.uint8) ^ np.frombuffer(new, np.uint8)).tobytes()
        for old, new in zip(before, after, strict=True)
    )
    return {
        "full_zlib": full,
        "full_zlib_ms": full_ms,
        "delta_zlib": sum(len(zlib.compress(bits, 9)) for bits in changed),
    }


def expand(folder: Path, size: int) -> Told:
    """Expand a full list into new files."""
    told: Told = {}
    manifest = _manifest(folder, size)
    full = (folder / "full").read_bytes()
    with _memory(told, "expand"):
        for kind in KINDS:
            with (folder / f"new.{kind}").open("wb") as file:
                file.truncate(bitmap_bytes(size))
        bitmaps = _mapped(folder, "new", size, write=True)
        started = time.perf_counter()
        statusdelta.expand(full, bitmaps, serial=2)
        told["full_decode_ms"] = 1e3 * (time.perf_counter() - started)
        manifest.check(bitmaps)
    return told


def apply(folder: Path, size: int) -> Told:
    """Apply a day's delta to a copy of the list, and write it to the disk."""
    told: Told = {}
    manifest = _manifest(folder, size)
    with _memory(told, "apply"):
        started = time.perf_counter()
        for kind in KINDS:
            shutil.copyfile(folder / f"0.{kind}", folder / f"new.{kind}")
        copied = time.perf_counter()
        bitmaps = _mapped(folder, "new", size, write=True)
        delta = (folder / "delta").read_bytes()
        statusdelta.apply(delta, bitmaps, serial=1)
        flipped = time.perf_counter()
        manifest.check(bitmaps)
        checked = time.perf_counter()
        for kind in KINDS:
            flush(folder / f"new.{kind}")
        told["disk_ms"] = 1e3 * (time.perf_counter() - started)
    told |= {
        "copy_ms": 1e3 * (copied - started),
        "flip_ms": 1e3 * (flipped - copied),
        "hash_ms": 1e3 * (checked - flipped),
    }
    return told | {"day_ms": told["flip_ms"] + told["hash_ms"]}


def answer(folder: Path, size: int) -> Told:
    """Look up random cards in the mapped list."""
    told: Told = {}
    manifest = _manifest(folder, size)
    with _memory(told, "answer"):
        status = manifest.check(_mapped(folder, 1, size))
        indexes = np.random.default_rng(1).integers(0, size, QUERIES).tolist()
        rounds = []
        for _ in range(5):
            refused = 0
            started = time.perf_counter()
            for index in indexes:
                try:
                    status.check(index)
                except Refused:
                    refused += 1
            rounds.append(1e6 * (time.perf_counter() - started) / QUERIES)
        told["query_us"] = statistics.median(rounds)
        told["refused"] = refused / QUERIES
    return told


STEPS: Final[tuple[Step, ...]] = (draw, encode, deflate, expand, apply, answer)


def _random(rng: np.random.Generator, places: int, density: float) -> NDArray[np.bool_]:
    """Bits, each set with this probability; drawn with repeats, whose number compensates for doubles."""
    bits = np.zeros(places, np.bool_)
    bits[rng.integers(0, places, rng.poisson(-places * math.log1p(-density)))] = True
    return bits


def _bound(size: int, count: int) -> float:
    """The bytes of log2 C(size, count): the minimum for a set of `count` of `size` places."""
    ways = math.lgamma(size + 1) - math.lgamma(count + 1) - math.lgamma(size - count + 1)
    return ways / math.log(2) / 8


def _mapped(folder: Path, day: int | str, size: int, *, write: bool = False) -> Bitmaps:
    access = mmap.ACCESS_WRITE if write else mmap.ACCESS_READ
    maps = []
    for kind in KINDS:
        with (folder / f"{day}.{kind}").open("r+b" if write else "rb") as file:
            maps.append(mmap.mmap(file.fileno(), 0, access=access))
    return Bitmaps(size, *maps)


def _manifest(folder: Path, size: int) -> StatusManifest:
    return StatusManifest.of(
        _mapped(folder, 1, size), serial=2, issued_at=NOW, expires=NOW + timedelta(days=7)
    )


def _timed(work: Callable[[], T], runs: int = 3) -> tuple[float, T]:
    """The median milliseconds, and the last result."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        made = work()
        times.append(1e3 * (time.perf_counter() - started))
    return statistics.median(times), made


@contextmanager
def _memory(told: Told, name: str) -> Iterator[None]:
    """Measure the peak of this process's own memory above the current; mapped files are not included."""
    before, peak, done = _anonymous_mb(), 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.002):
            peak = max(peak, _anonymous_mb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    told[f"{name}_mb"] = max(peak - before, 0.0)
    told[f"{name}_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _anonymous_mb() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "RssAnon" in line)
    return int(line.split()[1]) / 1024
