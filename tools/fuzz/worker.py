"""All targets under atheris, one after the other: `worker.py FOLDER SECONDS TARGET...`, started by cli.py.

The modules are imported and instrumented once. Each target then runs in a fork, because libFuzzer ends its
process; the fork logs into the folder, keeps its corpus there, and writes there the input of a finding.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path[0] = str(Path(__file__).resolve().parents[2])

import atheris  # noqa: E402  the checkout is found first, and edge is imported below the instrumentation

with atheris.instrument_imports(include=["edge", "hw"]):
    from edge.errors import EdgeError
    from tools.fuzz.seeds import seeds
    from tools.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable

INPUT_BYTES: Final = 4_096  # longer than each limit of a code, a message or a note
INPUT_S: Final = 20  # an input that takes longer is a finding
MEMORY_MB: Final = 2_048


def fuzz(target: Callable[[bytes], object], name: str, folder: Path, seconds: int) -> None:
    """Run one target; this process ends when its time is over, or at a finding."""

    def once(data: bytes) -> None:
        with suppress(EdgeError):
            target(data)

    corpus = folder / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        (corpus / hashlib.sha256(seed).hexdigest()).write_bytes(seed)
    log = os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    atheris.Setup(
        [
            name,
            str(corpus),
            f"-max_total_time={seconds}",
            f"-max_len={INPUT_BYTES}",
            f"-timeout={INPUT_S}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix={folder / name}.",
            "-print_final_stats=1",
        ],
        once,
    )
    atheris.Fuzz()


def main(folder: Path, seconds: int, names: list[str]) -> int:
    """Run the targets. Returns the number of those with a finding."""
    findings = 0
    for name in names:
        child = os.fork()
        if not child:
            fuzz(TARGETS[name], name, folder, seconds)
            os._exit(0)
        ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        said = (folder / f"{name}.log").read_text("utf-8", errors="replace")
        count = re.search(r"number_of_executed_units: (\d+)", said)
        error = re.search(r"Uncaught Python exception: ===\n(.*)", said)
        findings += ended != 0
        what = f"found: {error[1] if error else 'see its log'}" if ended else "nothing found"
        print(f"{name}: {count[1] if count else 'no'} inputs, {what}", flush=True)
    return findings


if __name__ == "__main__":
    sys.exit(min(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]), 1))
