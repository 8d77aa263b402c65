"""Mutation tests of firmware/door.py and session.py: each small change must make a test fail.

    python tools/mutation run [--only REGEX]
    python tools/mutation run --host [MODULE...] [--resume] [--sample N --seed S]

Each mutant runs in its own copy, until the first test fails. tests/firmware/mutants.toml lists the mutants
that behave like the original, each with its reason. A mutant that survives without a reason is a failure. So
is a reason without a surviving mutant. Takes a quarter of an hour.

`--host` mutates modules of edge/trust, card, policy, link, audit and passage instead, each with the tests of
its line (tools/mutation/host.py). tests/edge/mutants.toml holds the reasons for survivors. A survivor without
a reason is a failure, and so is a rest of which less than 95 % are killed.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli import verbs
from edge.cli.verbs import Verb, argument, verb
from tools.mutation import covering, host
from tools.mutation.mutants import Mutant, mutants

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
REASONS: Final = ROOT / "tests" / "firmware" / "mutants.toml"
TARGETS: Final = ("door", "session")
COPIED: Final = (
    "pyproject.toml",
    "firmware",
    "tests/conftest.py",
    "tests/peers/link_host.py",
    "tests/firmware",
)
NOT_COPIED: Final = shutil.ignore_patterns("__pycache__")
# Seconds of processor time, for mutants that loop for ever: eight times those of the tests of one file. It is
# not wall-clock time, so a busy machine kills no other mutant.
CPU_LIMIT_S: Final = 120
OPTIONS: Final = (
    *("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # the parent has imported Hypothesis
)


@dataclass(frozen=True, slots=True)
class EquivalentReason:
    """The mutants of one entry of mutants.toml. `where` and `change` are regular expressions."""

    where: re.Pattern[str]
    change: re.Pattern[str]

    def covers(self, mutant: Mutant) -> bool:
        return bool(self.where.fullmatch(mutant.where) and self.change.fullmatch(mutant.change))


def reasons() -> list[EquivalentReason]:
    """The entries of tests/firmware/mutants.toml. Raises KeyError for an entry without a reason."""
    entries = tomllib.loads(REASONS.read_text("utf-8"))["mutant"]
    assert all(entry["reason"] for entry in entries)
    return [EquivalentReason(re.compile(entry["where"]), re.compile(entry["change"])) for entry in entries]


def survives(job: tuple[Path, Mutant]) -> bool:
    """Run the tests of a mutant's module on it, in this process, which was forked for it alone."""
    import pytest  # the parent has imported it already, once for all processes

    base, mutant = job
    signal.signal(signal.SIGVTALRM, signal.default_int_handler)  # the same effect as Ctrl-C
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_LIMIT_S)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.chdir(base)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(base / "firmware", folder, dirs_exist_ok=True)
        Path(folder, f"{mutant.module}.py").write_text(mutant.source, "utf-8")
        path = f"pythonpath=tests {folder} tests/firmware/fake tests/firmware/both"
        code = pytest.main([*OPTIONS, "-o", path, f"tests/firmware/test_{mutant.module}.py"])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
        raise RuntimeError(f"pytest itself failed on {mutant}: {code}")
    return code == pytest.ExitCode.OK


def survivors(tried: list[Mutant]) -> Iterator[Mutant]:
    """The mutants whose tests pass, in their order."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        for name in COPIED:
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, base / name, ignore=NOT_COPIED)
            else:
                shutil.copy(ROOT / name, base / name)
        with multiprocessing.get_context("fork").Pool(maxtasksperchild=1) as pool:
            outcomes = pool.imap(survives, [(base, mutant) for mutant in tried])
            for number, (mutant, survived) in enumerate(zip(tried, outcomes, strict=True), 1):
                print(f"\r{number} of {len(tried)}", end="\n" * (number == len(tried)), file=sys.stderr)
                if survived:
                    print(f"  passes: {mutant}", file=sys.stderr)
                    yield mutant


def verdict(tried: list[Mutant], alive: list[Mutant], known: list[EquivalentReason]) -> Iterator[str]:
    """Lines for survivors without a reason, and for reasons without a survivor."""
    for mutant in tried:
        is_explained = any(reason.covers(mutant) for reason in known)
        if mutant in alive and not is_explained:
            yield f"survived: {mutant}"
        elif mutant not in alive and is_explained:
            yield f"killed, but has a reason: {mutant}"
    for reason in known:
        if not any(reason.covers(mutant) for mutant in alive):
            yield f"reason without a survivor: {reason.where.pattern}: {reason.change.pattern}"


def run(args: argparse.Namespace) -> int:
    """Run the mutation tests. Exit code 1 if `verdict` yields a line."""
    if args.host is not None:
        return host.run(
            args.host,
            only=args.only,
            sample=args.sample,
            seed=args.seed,
            resume=args.resume,
            budget_s=args.budget,
        )
    for name in ("pytest", "hypothesis.stateful"):
        importlib.import_module(name)
    began = time.monotonic()
    files = {name: ROOT / "firmware" / f"{name}.py" for name in TARGETS}
    originals = [Mutant(name, name, 0, "nothing", path.read_text("utf-8")) for name, path in files.items()]
    if list(survivors(originals)) != originals:
        print("the tests fail on the original files")
        return 1
    tried = [
        mutant for path in files.values() for mutant in mutants(path) if re.search(args.only, str(mutant))
    ]
    alive = list(survivors(tried))
    wrong = list(verdict(tried, alive, [] if args.only else reasons()))
    for line in wrong:
        print(line)
    for name in TARGETS:
        total, left = (sum(mutant.module == name for mutant in some) for some in (tried, alive))
        print(f"{name}: {total} mutants, {total - left} killed, {left} survived")
    print(f"{len(wrong)} failures; {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


ARGUMENTS = (
    argument(
        "--only",
        default="",
        metavar="REGEX",
        help="try only the mutants whose place and change match this regular expression",
    ),
    argument(
        "--host",
        nargs="*",
        metavar="MODULE",
        help="mutate these files of the host's core instead of the firmware, all of them if none is named",
    ),
    argument("--sample", type=int, metavar="N", help="with --host: try N mutants of each module at most"),
    argument("--seed", type=int, default=0, metavar="S", help="with --sample: number that fixes the choice"),
    argument(
        "--resume",
        action="store_true",
        help="with --host: keep the outcomes of earlier runs for files that are the same",
    ),
    argument(
        "--budget",
        type=float,
        default=covering.BUDGET_S,
        metavar="SECONDS",
        help="with --host: stop at the tests of a mutant that take longer than this together",
    ),
)
MUTATION = Verb(
    "python tools/mutation",
    "run the mutation tests of the firmware's core",
    run,
    ARGUMENTS,
    (verb("run", "try every mutant", run, *ARGUMENTS, about=__doc__),),
    about=__doc__,
)
main = partial(verbs.main, MUTATION)
