"""Mutants of the host's core, each with the tests that run its line.

A mutant takes the tests of its line: cheap ones first, and among them those of its module and of the mirror
folder, until they have taken some seconds or one has failed.
"""

from __future__ import annotations

import random
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from edge.errors import InputError
from tools.mutation import covering, forks, results
from tools.mutation.mutants import Mutant, mutants
from tools.mutation.recorder import OUTSIDE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tools.mutation.forks import Trial, TrialOutcome
    from tools.mutation.results import KnownOutcome, OutcomeStore

PACKAGES: Final = ("trust", "card", "policy", "link", "audit", "passage")
ANY_TEST: Final = "-"  # in an outcome: tests ran, and none failed


def core_files(names: Sequence[str]) -> list[Path]:
    """The files of the core, from the root; of these packages and modules, if any. Raises InputError."""
    every = [
        path.relative_to(ROOT)
        for name in PACKAGES
        for path in sorted((ROOT / "edge" / name).rglob("*.py"))
        if path.name != "__init__.py"
    ]
    wanted: list[Path] = []
    for name in names:
        path = Path(name if name.endswith(".py") else name.replace(".", "/"))
        below = [file for file in every if path in (file, file.with_suffix(""), *list(file.parents)[:-2])]
        if not below:
            raise InputError(
                f"--host: {name or 'an empty name'} is not a module of edge/{{{','.join(PACKAGES)}}}",
                hint="name a module as edge/trust/replay.py or edge.trust.replay, a package as edge.trust",
            )
        wanted += below
    return wanted or every


def chosen(found: Sequence[Mutant], sample: int | None, seed: int) -> list[Mutant]:
    """`sample` of these mutants, the same ones for one seed, in the order of their lines; or all."""
    if sample is None or sample >= len(found):
        return list(found)
    dice = random.Random(f"{seed} {found[0].module}")  # noqa: S311  a sample, no secret
    return [found[index] for index in sorted(dice.sample(range(len(found)), sample))]


def candidates(path: Path, only: str) -> list[Mutant]:
    """The mutants of this file that can behave otherwise; of those that match `only`."""
    return [
        one
        for one in mutants(path, whole=True)
        if re.search(only, str(one))
        and not one.change.startswith("TYPE_CHECKING ->")
        and one.change != "return None -> return None"
        and compiles(one)
    ]


def compiles(mutant: Mutant) -> bool:
    """Whether the mutant is a Python file: a change within a pattern may be none."""
    try:
        compile(mutant.source, mutant.where, "exec")
    except SyntaxError:
        return False
    return True


class HostRun:
    """One run over files of the core. It tries the mutants that have no outcome yet; the others are known."""

    def __init__(
        self,
        files: Sequence[Path],
        ran: covering.TestRecord,
        known: Sequence[results.SurvivorReason],
        *,
        budget_s: float,
    ) -> None:
        self._ran, self._reasons, self._budget_s = ran, known, budget_s
        self._sources = {
            str(path.relative_to(ROOT)): path.read_text("utf-8") for path in (ROOT / "edge").rglob("*.py")
        }
        self._tests = results.digest(
            repr((covering.digest_of(covering.SHARED, but="test_*.py"), covering.test_digests()))
        )
        self._stores = {file.parts[1]: results.OutcomeStore(file.parts[1]) for file in files}
        self._done: dict[tuple[str, str], KnownOutcome] = {}
        self._began, self._tried, self._total = time.monotonic(), 0, 0

    def store_of(self, file: Path) -> OutcomeStore:
        """The outcomes of this file's package."""
        return self._stores[file.parts[1]]

    def start(self, files: Sequence[Path], *, resume: bool) -> None:
        """Read the known outcomes, or drop those of these files."""
        for store in self._stores.values():
            if resume:
                self._done |= store.known()
            else:
                store.forget(map(str, files))

    def run(self, jobs: Mapping[Path, Sequence[Mutant]]) -> list[KnownOutcome]:
        """Try the mutants that no earlier run has. All outcomes. Raises InputError if the original fails."""
        left = {
            file: new
            for file, tried in jobs.items()
            if (new := [one for one in tried if self._is_open(file, one)])
        }
        self._total = sum(map(len, left.values()))
        print(f"{self._total} mutants to try", file=sys.stderr)
        if left:
            trials = self._trials(left)
            code = forks.run(trials, self._ran.seconds, self._tell)
            if code == pytest.ExitCode.INTERRUPTED:
                raise KeyboardInterrupt
            if code:
                raise InputError(
                    f"the tests ended with code {code}", hint="run pytest tests/edge to see the cause"
                )
        return [
            self._done[str(file), results.digest(one.source)] for file, tried in jobs.items() for one in tried
        ]

    def _is_open(self, file: Path, mutant: Mutant) -> bool:
        known = self._done.get((str(file), results.digest(mutant.source)))
        if known is None or not known.survived:
            return known is None
        return known.tests != self._tests and not any(reason.covers(known) for reason in self._reasons)

    def _trials(self, left: Mapping[Path, Sequence[Mutant]]) -> Iterator[Trial]:
        for file, tried in left.items():
            for live in (True, False):
                yield self._trial(
                    file, Mutant(file.stem, file.stem, 1, "", self._sources[str(file)]), live=live
                )
            for one in tried:
                trial = self._trial(file, one)
                if trial.tests:
                    yield trial
                else:
                    self._keep(file, one, survived=True, test="")

    def _trial(self, file: Path, mutant: Mutant, *, live: bool | None = None) -> Trial:
        if live is None:
            lines, inside = covering.statement_at(self._sources[str(file)], mutant.line)
            live = inside and OUTSIDE not in self._ran.of_lines(str(file), lines)
        tests = covering.select_tests(str(file), mutant.line, self._sources, self._ran, self._budget_s)
        return forks.Trial(file, mutant, tests, live)

    def _tell(self, outcome: TrialOutcome) -> None:
        trial = outcome.trial
        if trial.mutant.change:
            self._keep(trial.file, trial.mutant, survived=outcome.survived, test=outcome.test or ANY_TEST)
        elif not outcome.survived:
            raise InputError(
                f"{outcome.test} fails without a mutant of {trial.file}", hint="make the tests pass first"
            )

    def _keep(self, file: Path, mutant: Mutant, *, survived: bool, test: str) -> None:
        one = results.outcome_of(file, mutant, tests=self._tests, survived=survived, test=test)
        self._done[one.file, one.source] = one
        self.store_of(file).add(one)
        self._tried += 1
        pace = self._tried / max(time.monotonic() - self._began, 0.1)
        print(
            f"\r{self._tried} of {self._total}, {pace * 60:.0f} a minute,"
            f" {(self._total - self._tried) / pace / 60:.0f} min left ",
            end="\n" * survived,
            file=sys.stderr,
            flush=True,
        )
        if survived:
            print(f"  passes: {one}", file=sys.stderr)


def run(
    names: Sequence[str], *, only: str, sample: int | None, seed: int, resume: bool, budget_s: float
) -> int:
    """Print what became of the mutants of these modules. Exit code 1 if `verdict` yields a line."""
    began = time.monotonic()
    files = core_files(names)
    known = results.reasons()
    host = HostRun(files, covering.kept_record(), known, budget_s=budget_s)
    host.start(files, resume=resume)
    jobs = {file: chosen(candidates(ROOT / file, only), sample, seed) for file in files}
    found = host.run(jobs)
    wrong = list(results.verdict(found, known, is_whole=not (names or only or sample)))
    for line in wrong:
        print(line)
    for line in results.table(found, known):
        print(line)
    print(f"{len(wrong)} failures; {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0
