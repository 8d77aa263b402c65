"""The tests that a mutant of the host's core takes, and the record that tells them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.mutation import covering
from tools.mutation.covering import (
    BUDGET_S,
    TestRecord,
    importers,
    parse_record,
    select_tests,
    statement_at,
    within_budget,
    written,
)
from tools.mutation.recorder import OUTSIDE

SOURCE = """\
LIMIT = (
    3
)

class Counter:
    most = 5

    def add(self, n):
        if n > LIMIT:
            return max(
                n,
                LIMIT,
            )
        return 0
"""
STATEMENTS = {  # line, the lines of its statement, whether a function contains it
    "a constant": (2, {1, 2, 3}, False),
    "a field of a class": (6, {6}, False),
    "the head of a function": (8, {8}, False),
    "a condition": (9, {9}, True),
    "the last line of a long statement": (12, {10, 11, 12, 13}, True),
    "the last statement": (14, {14}, True),
}


@pytest.mark.parametrize(("line", "lines", "inside"), STATEMENTS.values(), ids=STATEMENTS)
def test_a_line_belongs_to_its_whole_statement(line: int, lines: set[int], inside: bool) -> None:
    assert statement_at(SOURCE, line) == (lines, inside)


OWN, USER = "edge/card/counter.py", "edge/trust/user.py"
FIRST, SLOW, MIRROR, FAR, CHEAP, OTHER = (
    "tests/edge/card/test_counter.py::t",
    "tests/edge/card/slow.py::s",
    "tests/edge/card/a.py::a",
    "tests/edge/b.py::b",
    "tests/edge/c.py::c",
    "tests/d.py::d",
)
SOURCES = {OWN: SOURCE, USER: "from edge.card import counter\n", "edge/alone.py": "import edge.card\n"}
SECONDS = {OUTSIDE: 0.0, FIRST: 1.0, MIRROR: 0.2, FAR: 0.5, CHEAP: 0.15, OTHER: 0.1, SLOW: 0.3}
RAN = TestRecord(
    {
        OWN: {
            6: frozenset({OUTSIDE}),
            9: frozenset({FAR, MIRROR, CHEAP, FIRST, SLOW}),
            10: frozenset({FAR}),
            14: frozenset(),
        },
        USER: {1: frozenset({OTHER})},
    },
    SECONDS,
)


def test_a_mutant_takes_cheap_tests_first_and_those_of_its_module_and_mirror_folder_before_others() -> None:
    assert select_tests(OWN, 9, SOURCES, RAN) == [MIRROR, CHEAP, FIRST, SLOW, FAR]
    assert select_tests(OWN, 12, SOURCES, RAN) == [FAR], "coverage counts a statement at its first line"
    assert select_tests(OWN, 14, SOURCES, RAN) == []


def test_a_line_outside_functions_takes_the_tests_of_the_module_and_of_its_importers() -> None:
    assert select_tests(OWN, 2, SOURCES, RAN) == [FIRST, MIRROR, SLOW, OTHER, CHEAP, FAR]


def test_a_line_that_an_import_alone_runs_takes_the_tests_of_its_module() -> None:
    ran = TestRecord({OWN: {9: frozenset({OUTSIDE}), 14: frozenset({FAR})}}, SECONDS)
    assert select_tests(OWN, 9, SOURCES, ran) == [FIRST, FAR]


def test_a_mutant_that_imports_takes_all_tests_of_its_own_file() -> None:
    """They may read a value that the collection made with the mutant."""
    ran = TestRecord({OWN: {9: frozenset({OUTSIDE, FAR})}}, SECONDS)
    assert select_tests(OWN, 9, SOURCES, ran) == [FIRST, FAR]


def test_a_mutant_that_imports_takes_its_tests_from_few_files() -> None:
    tests = [f"tests/edge/card/test_{number:02}.py::{name}" for number in range(40) for name in "ab"]
    ran = TestRecord({OWN: {6: frozenset(tests), 9: frozenset(tests)}}, dict.fromkeys(tests, 0.01))
    assert select_tests(OWN, 6, SOURCES, ran) == tests[: 2 * covering.FEW_FILES]
    assert select_tests(OWN, 9, SOURCES, ran) == tests


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ("import edge.card.counter", True),
        ("from edge.card.counter import Counter", True),
        ("from edge.card import numbers, counter as c", True),
        ("def f():\n    from edge.card import counter", True),
        ("from edge.card import numbers", False),
        ("from edge.card.counters import Counter", False),
        ("from edge.trust import counter", False),
    ],
)
def test_every_form_of_an_import_counts(source: str, imports: bool) -> None:
    assert importers("edge.card.counter", {"a.py": source}) == ({"a.py"} if imports else set())


def test_the_tests_of_a_mutant_stay_within_the_budget_and_are_at_least_one() -> None:
    seconds = {"a": BUDGET_S * 2, "b": BUDGET_S / 2, "c": BUDGET_S / 2, "d": 0.1}
    assert within_budget("abcd", seconds) == ["a"]
    assert within_budget("bcd", seconds) == ["b", "c"]
    assert within_budget("", seconds) == []


def test_a_test_that_is_too_long_leaves_room_for_shorter_ones_after_it() -> None:
    seconds = {"a": 0.1, "b": BUDGET_S, "c": 0.1}
    assert within_budget("abc", seconds) == ["a", "c"]


def test_a_record_is_read_as_it_was_written() -> None:
    assert parse_record(json.dumps(written(RAN))) == RAN


def test_the_tests_of_a_changed_file_leave_a_record_and_join_it_again() -> None:
    rest = RAN.without({"tests/edge/card/a.py"})
    assert rest.of_lines(OWN, {9}) == {FAR, CHEAP, FIRST, SLOW}
    assert rest.seconds == {test: seconds for test, seconds in SECONDS.items() if test != MIRROR}
    new = TestRecord({OWN: {9: frozenset({MIRROR}), 14: frozenset({MIRROR})}}, {MIRROR: 0.7})
    both = rest.joined(new)
    assert (both.of_lines(OWN, {9}), both.of_lines(OWN, {14})) == (
        {FAR, CHEAP, FIRST, SLOW, MIRROR},
        {MIRROR},
    )
    assert both.seconds == SECONDS | {MIRROR: 0.7}


def test_a_kept_record_runs_the_tests_of_changed_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, shared = (tmp_path / "tests" / name for name in ("test_a.py", "test_b.py", "conftest.py"))
    a.parent.mkdir()
    for file in (a, b, shared):
        file.write_text("", "utf-8")
    runs: list[list[str]] = []

    def run(paths: list[str]) -> TestRecord:
        runs.append(list(paths))
        tests = [f"{path}::t" for path in paths]
        return TestRecord({OWN: {1: frozenset(tests)}}, dict.fromkeys(tests, 0.1))

    monkeypatch.setattr(covering, "ROOT", tmp_path)
    monkeypatch.setattr(covering, "TESTS", ("tests",))
    monkeypatch.setattr(covering, "SHARED", ("tests",))
    monkeypatch.setattr(covering, "record", run)
    kept = tmp_path / "build" / "record.json"
    for change, expected in (
        ("nothing yet", ["tests"]),
        ("none", None),
        ("b", ["tests/test_b.py"]),
        ("a gone", None),
        ("shared", ["tests"]),
    ):
        runs.clear()
        if change == "b":
            b.write_text("1", "utf-8")
        elif change == "a gone":
            a.unlink()
        elif change == "shared":
            shared.write_text("1", "utf-8")
        covering.kept_record(kept)
        assert runs == ([] if expected is None else [expected]), change


def test_a_record_tells_a_line_that_a_test_runs_from_one_that_an_import_runs() -> None:
    ran = covering.record(["tests/edge/card/test_person.py"])
    assert OUTSIDE in ran.of_file("edge/card/person.py")
    inside = [tests for tests in ran.lines["edge/card/person.py"].values() if OUTSIDE not in tests and tests]
    assert inside
    assert all(ran.seconds[test] > 0 for tests in inside for test in tests)
