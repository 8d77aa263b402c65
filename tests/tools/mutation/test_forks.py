"""Mutants in forked processes: the tests see them, and see no more of the ones before."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools.mutation.recorder import ROOT

# Runs the mutants of its arguments in a process of its own, as pytest does not run within itself.
SCRIPT = r"""
import sys
from pathlib import Path
from tools.mutation import forks
from tools.mutation.mutants import Mutant

forks.SPARE_CPU_S = 1
file = Path("edge/card/person.py")
source = file.read_text("utf-8")
test = "tests/edge/card/test_person.py"
names = [f"{test}::{name}" for name in sys.argv[1:]]
trials = [
    forks.Trial(file, Mutant("person", word, 1, word, source.replace("return", word)), names, live)
    for word in ("return", "return None and", "while True: 1;", "import nothing;", "__import__('sys').exit(0);")
    for live in (True, False)
]
trials.append(forks.Trial(file, Mutant("person", "import", 1, "", source + "\nwhile True: 1\n"), names, False))
code = forks.run(
    trials,
    dict.fromkeys(names, 0.1),
    lambda outcome: print("told", outcome.trial.mutant.where, outcome.trial.is_live, outcome.survived),
)
sys.exit(code)
"""


@pytest.mark.slow
def test_a_mutant_is_killed_by_a_failure_an_end_and_a_loop_for_ever_also_at_its_import() -> None:
    names = ("test_no_repr_shows_the_subject", "test_two_digests_are_equal_only_of_the_same_person")
    words = [sys.executable, "-c", SCRIPT, *names]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    told = sorted(line for line in done.stdout.splitlines() if line.startswith("told"))
    assert len(told) == 11
    assert [line for line in told if line.endswith("True")] == [
        "told return False True",
        "told return True True",
    ]
