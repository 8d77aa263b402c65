"""Outcomes of mutants from run to run, and the verdict over them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from tools.mutation import results
from tools.mutation.mutants import Mutant
from tools.mutation.results import KnownOutcome, OutcomeStore, SurvivorReason, outcome_of, table, verdict

FILE = Path("edge/trust/time/a.py")
FLOOD = SurvivorReason(re.compile(r"trust\.time\.a\.Limits"), re.compile(r"64 -> 6[35]"))


def outcome(change: str = "1 -> 2", *, survived: bool, where: str = "a.f", test: str = "t") -> KnownOutcome:
    return outcome_of(
        FILE, Mutant("a", where, 3, change, f"{where} {change}"), tests="0", survived=survived, test=test
    )


KILLED = outcome(survived=False)
LOOSE = outcome("2 -> 3", survived=True)
EXPLAINED = outcome("64 -> 65", where="a.Limits", survived=True)
MANY_KILLED = [outcome(f"{number} -> 0", survived=False) for number in range(20)]


def test_outcomes_are_read_as_they_were_kept_and_the_newest_counts(tmp_path: Path) -> None:
    store = OutcomeStore("trust", tmp_path / "new")
    assert store.known() == {}
    store.forget([])
    for one in (LOOSE, KILLED, replace(LOOSE, survived=False)):
        store.add(one)
    assert list(OutcomeStore("trust", tmp_path / "new").known().values()) == [
        replace(LOOSE, survived=False),
        KILLED,
    ]


def test_half_a_line_of_a_process_that_was_killed_is_no_outcome(tmp_path: Path) -> None:
    store = OutcomeStore("trust", tmp_path)
    store.add(KILLED)
    whole = (tmp_path / "trust.jsonl").read_text("utf-8")
    (tmp_path / "trust.jsonl").write_text(whole + whole[:40], "utf-8")
    assert list(store.known().values()) == [KILLED]


def test_the_outcomes_of_a_file_are_forgotten_and_others_stay(tmp_path: Path) -> None:
    store, other = OutcomeStore("trust", tmp_path), replace(KILLED, file="edge/trust/b.py")
    store.add(KILLED)
    store.add(other)
    store.forget([str(FILE)])
    assert list(store.known().values()) == [other]


def test_a_reason_covers_the_whole_place_and_change() -> None:
    assert FLOOD.covers(EXPLAINED)
    for other in (
        replace(EXPLAINED, change="64 -> 66"),
        replace(EXPLAINED, change="164 -> 65"),
        replace(EXPLAINED, where="a.Limits.f"),
        replace(EXPLAINED, file="edge/card/time/a.py"),
    ):
        assert not FLOOD.covers(other)


VERDICTS: dict[str, tuple[list[KnownOutcome], bool, list[str]]] = {
    "all killed": (MANY_KILLED, False, []),
    "a survivor with its reason": ([*MANY_KILLED, EXPLAINED], True, []),
    "a survivor without one": (
        [*MANY_KILLED, LOOSE, EXPLAINED],
        True,
        ["survived: trust.time.a.f:3: 2 -> 3"],
    ),
    "a line that no test runs": (
        [*MANY_KILLED, replace(LOOSE, test="")],
        False,
        ["survived: trust.time.a.f:3: 2 -> 3 (no test runs it)"],
    ),
    "a reason without a survivor": (
        MANY_KILLED,
        True,
        [r"reason without a survivor: trust\.time\.a\.Limits: 64 -> 6[35]"],
    ),
    "too few killed, the explained ones left out": (
        [KILLED, LOOSE, EXPLAINED],
        True,
        ["survived: trust.time.a.f:3: 2 -> 3", "killed 1 of 2 without a reason: less than 95%"],
    ),
    "nothing tried": ([], False, []),
}


@pytest.mark.parametrize(("found", "is_whole", "lines"), VERDICTS.values(), ids=VERDICTS)
def test_a_run_fails_for_survivors_without_a_reason(
    found: list[KnownOutcome], is_whole: bool, lines: list[str]
) -> None:
    assert list(verdict(found, [FLOOD], is_whole=is_whole)) == lines


def test_the_table_counts_files_packages_and_all() -> None:
    other = replace(KILLED, file="edge/card/b.py")
    assert list(table([KILLED, LOOSE, EXPLAINED, other], [FLOOD])) == [
        "edge/card/b.py: 1 mutants, 1 killed, 0 explained, 0 left",
        "edge/trust/time/a.py: 3 mutants, 1 killed, 1 explained, 1 left",
        "edge/card: 1 mutants, 1 killed, 0 explained, 0 left",
        "edge/trust: 3 mutants, 1 killed, 1 explained, 1 left",
        "together: 4 mutants, 2 killed, 1 explained, 1 left",
    ]


def test_each_reason_of_the_host_is_a_sentence_with_two_patterns() -> None:
    assert results.reasons()


def test_an_entry_without_a_reason_is_no_reason(tmp_path: Path) -> None:
    file = tmp_path / "mutants.toml"
    file.write_text("[[mutant]]\nwhere = '.*'\nchange = '.*'\n", "utf-8")
    with pytest.raises(KeyError):
        results.reasons(file)
