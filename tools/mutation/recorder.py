"""Runs tests with a record of the lines of edge that each of them runs.

    python -m tools.mutation.recorder REPORT PATH...

It must import no module of edge itself, whose lines would then be run before the record begins.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import coverage
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
OPTIONS: Final = ("-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", "-m", "not slow")
OUTSIDE: Final = ""  # the name for what runs while modules are imported and tests are collected


class LineRecorder:
    """The lines of edge that each test runs, and its seconds; a plugin of pytest."""

    def __init__(self) -> None:
        self.coverage = coverage.Coverage(data_file=None, source=[str(ROOT / "edge")], config_file=False)
        self.seconds: dict[str, float] = {OUTSIDE: 0.0}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        began = time.perf_counter()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.perf_counter() - began
            self.coverage.switch_context(OUTSIDE)

    def report(self) -> dict[str, Any]:
        """`seconds` by test, and `lines`: by file and line, the numbers of the tests that run it."""
        numbers = {test: number for number, test in enumerate(self.seconds)}
        data = self.coverage.get_data()
        lines: dict[str, dict[int, list[int]]] = defaultdict(dict)
        for file in data.measured_files():
            for line, tests in data.contexts_by_lineno(file).items():
                lines[str(Path(file).relative_to(ROOT))][line] = [numbers[test] for test in tests]
        return {"seconds": self.seconds, "lines": lines}


def main(words: list[str]) -> int:
    """Run the tests; the exit code is that of pytest."""
    match words:
        case [report, *paths]:
            recorder = LineRecorder()
            recorder.coverage.start()
            code = pytest.main([*OPTIONS, *paths], plugins=[recorder])
            recorder.coverage.stop()
            Path(report).write_text(json.dumps(recorder.report()), "utf-8")
            return code
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
