"""CHECKS.md lists the problems of the program, and each number means one problem."""

from __future__ import annotations

import re

from conftest import ROOT

from edge.doctor.checks import CHECKS
from edge.doctor.findings import PROBLEMS, Finding, Severity, worst

PAGE = ROOT / "edge" / "doctor" / "CHECKS.md"


def test_the_page_lists_every_problem_and_no_other() -> None:
    rows = re.findall(r"^\| (\d+) \| ([a-z]+) \| ([A-Z]+) \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert rows == [(str(t.number), t.name, t.level.value, t.meaning) for t in PROBLEMS]


def test_each_number_means_one_problem_of_a_check() -> None:
    numbers = [problem.number for problem in PROBLEMS]
    assert numbers == sorted(set(numbers))
    assert {problem.name for problem in PROBLEMS} == set(CHECKS)


def test_an_error_is_worse_than_a_warning_and_a_warning_than_ok() -> None:
    ok, warn, error = (
        Finding(0, "door", level, "") for level in (Severity.OK, Severity.WARN, Severity.ERROR)
    )
    assert [worst([]), worst([ok]), worst([warn, ok]), worst([ok, error, warn])] == [
        "OK",
        "OK",
        "WARN",
        "ERROR",
    ]
