"""Mutants of the host's core, each with the tests that run its line.

The tests are run once, with a record of the lines that each test runs. A mutant then takes the tests of its
line: those of the mirror folder first, the cheapest first, up to 10 s. A line outside every function is run
by an import, so it takes the tests that run any line of its module, or of a module that imports it.

A test that starts another process does not see the mutant there.
"""

from __future__ import annotations

import ast
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.errors import InputError
from tools.mutation.mutants import Mutant, mutants

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("trust", "card", "policy", "passage", "audit", "link")
TESTS: Final = ("tests/edge", "tests/scenarios")
BUDGET_S: Final = 10.0  # of the tests of one mutant
# Wall-clock time, for mutants that wait for ever; one that computes for ever ends by its processor time.
PATIENCE_S: Final = 600
_CHILD: Final = (sys.executable, "-m", "tools.mutation.child")


@dataclass(frozen=True, slots=True)
class TestRecord:
    """One run of the tests. `lines`: by file and line, the tests that run it; `seconds`: of each test."""

    __test__ = False

    lines: Mapping[str, Mapping[int, AbstractSet[str]]]
    seconds: Mapping[str, float]

    def of_lines(self, file: str, lines: AbstractSet[int]) -> set[str]:
        """The tests that run any of these lines."""
        return {test for line, tests in self.lines.get(file, {}).items() if line in lines for test in tests}

    def of_file(self, file: str) -> set[str]:
        """The tests that run any line of this file."""
        return {test for tests in self.lines.get(file, {}).values() for test in tests}


def parse_record(text: str) -> TestRecord:
    """The record that tools/mutation/child.py wrote."""
    told = json.loads(text)
    names = list(told["seconds"])
    return TestRecord(
        {
            file: {int(line): frozenset(names[number] for number in tests) for line, tests in lines.items()}
            for file, lines in told["lines"].items()
        },
        told["seconds"],
    )


def record(paths: Sequence[str]) -> TestRecord:
    """Run these tests and record their lines. Raises InputError if one fails."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        done = subprocess.run([*_CHILD, "record", report, *paths], cwd=ROOT, check=False, stdout=2)
        if done.returncode:
            raise InputError("the tests fail without a mutant", hint="make the tests pass first")
        return parse_record(report.read_text("utf-8"))


def core_files(names: Sequence[str]) -> list[Path]:
    """The files of the core, from the root; of these names if there are any. Raises InputError."""
    every = [
        path.relative_to(ROOT)
        for name in PACKAGES
        for path in sorted((ROOT / "edge" / name).rglob("*.py"))
        if path.name != "__init__.py"
    ]
    wanted = [Path(name if name.endswith(".py") else name.replace(".", "/") + ".py") for name in names]
    for path in wanted:
        if path not in every:
            raise InputError(
                f"--host: {path} is not a module of edge/{{{','.join(PACKAGES)}}}",
                hint="name a module as edge/trust/replay.py or edge.trust.replay",
            )
    return wanted or every


def module_name(file: Path) -> str:
    """The name under which Python imports this file."""
    return ".".join(file.with_suffix("").parts)


def importers(module: str, sources: Mapping[str, str]) -> set[str]:
    """The files, of `sources` by name, that import this module."""
    package, _, name = module.rpartition(".")
    found = set()
    for file, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Import(names=names) if any(each.name == module for each in names):
                    found.add(file)
                case ast.ImportFrom(module=origin, names=names) if origin == module or (
                    origin == package and any(each.name == name for each in names)
                ):
                    found.add(file)
    return found


def statement_at(source: str, line: int) -> tuple[set[int], bool]:
    """The lines of the statement on this line, and whether a function contains it.

    Coverage counts a statement of several lines at its first one.
    """
    lines, inside = {line}, False
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt) or not node.lineno <= line <= (node.end_lineno or line):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = inside or line >= node.body[0].lineno
        elif not isinstance(node, ast.ClassDef):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body and isinstance(body, list) else node.end_lineno or line
            if line <= last:
                lines |= set(range(node.lineno, last + 1))
    return lines, inside


def select_tests(file: str, line: int, sources: Mapping[str, str], ran: TestRecord) -> list[str]:
    """The tests of a mutant on this line, in the order in which they run."""
    lines, inside = statement_at(sources[file], line)
    if inside:
        found = ran.of_lines(file, lines)
    else:
        others = importers(module_name(Path(file)), sources)
        found = ran.of_file(file).union(*(ran.of_file(other) for other in others))
    mirror = f"tests/{Path(file).parent}/"
    return within_budget(
        sorted(found, key=lambda test: (not test.startswith(mirror), ran.seconds[test], test)), ran.seconds
    )


def within_budget(tests: Iterable[str], seconds: Mapping[str, float]) -> list[str]:
    """The first tests that take BUDGET_S together, at least one."""
    kept: list[str] = []
    spent = 0.0
    for test in tests:
        spent += seconds[test]
        if kept and spent > BUDGET_S:
            break
        kept.append(test)
    return kept


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
        if re.search(only, str(one)) and not one.change.startswith("TYPE_CHECKING ->") and compiles(one)
    ]


def compiles(mutant: Mutant) -> bool:
    """Whether the mutant is a Python file: a change within a pattern may be none."""
    try:
        compile(mutant.source, mutant.where, "exec")
    except SyntaxError:
        return False
    return True


def survives(file: Path, mutant: Mutant, tests: Sequence[str]) -> bool:
    """Whether all these tests pass on the mutant."""
    words = [*_CHILD, "mutant", module_name(file), mutant.source, *tests]
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(words, cwd=ROOT, check=False, timeout=PATIENCE_S, stdout=quiet, stderr=quiet)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def run(names: Sequence[str], *, only: str, sample: int | None, seed: int) -> int:
    """Print the surviving mutants of these modules. Raises InputError."""
    began = time.monotonic()
    files = core_files(names)
    sources = {
        str(path.relative_to(ROOT)): path.read_text("utf-8") for path in sorted((ROOT / "edge").rglob("*.py"))
    }
    ran = record(TESTS)
    total = left = 0
    for file in files:
        tried = chosen(candidates(ROOT / file, only), sample, seed)
        jobs = [(file, one, select_tests(str(file), one.line, sources, ran)) for one in tried]
        with ThreadPool(os.cpu_count()) as pool:
            outcomes = pool.starmap(lambda path, one, tests: not tests or survives(path, one, tests), jobs)
        for (_, one, tests), alive in zip(jobs, outcomes, strict=True):
            if alive:
                print(f"survived: {file}:{one.line}: {one.change}" + ("" if tests else " (no test runs it)"))
        total, left = total + len(jobs), left + sum(outcomes)
        print(f"{file}: {len(jobs)} mutants, {len(jobs) - sum(outcomes)} killed, {sum(outcomes)} survived")
    print(f"{total} mutants, {total - left} killed, {left} survived; {time.monotonic() - began:.0f} s")
    return 0
