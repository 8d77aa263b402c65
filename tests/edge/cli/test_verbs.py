"""Every command has a table of verbs, the same form of help and the same contract of errors."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from edge.__main__ import DOORWARD, main
from edge.cli import verbs
from edge.cli.verbs import Verb, argument, one_of
from edge.errors import Exit, InputError
from edge.version import software_version


def leaves(verb: Verb, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of every verb with a function."""
    below = verb.load_verbs()
    for each in below:
        yield from leaves(each, *path, each.name)
    if not below:
        yield path


LEAVES = sorted(leaves(DOORWARD))
TABLES = sorted({path[:-1] for path in LEAVES if path[:-1]})


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_verb_of_doorward_explains_its_arguments(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*path, "--help"]) == Exit.OK
    assert capsys.readouterr().out.startswith(f"usage: doorward {' '.join(path)} ")


@pytest.mark.parametrize("path", TABLES, ids=" ".join)
def test_a_noun_alone_prints_its_verbs_and_is_a_usage_error(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(path) == Exit.USAGE
    said = capsys.readouterr()
    below = {leaf[len(path)] for leaf in LEAVES if leaf[: len(path)] == path}
    assert below == {line.split()[0] for line in said.out.splitlines() if line.startswith("  ")}
    assert said.err.splitlines()[0] == f"error: {' '.join(['doorward', *path])}: the verb is missing"
    for words in ([*path, "--help"], ["help", *path]):
        assert main(words) == Exit.OK
        assert capsys.readouterr().out == said.out


def test_the_command_alone_is_an_overview_of_every_noun(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == Exit.OK
    said = capsys.readouterr()
    rows = [line.split()[0] for line in said.out.splitlines() if line.startswith("  ")]
    assert rows == [verb.name for verb in DOORWARD.verbs]
    assert said.err == ""
    for words in (["--help"], ["-h"], ["help"]):
        assert main(words) == Exit.OK
        assert capsys.readouterr() == said


def test_the_overview_tries_commands_that_parse(capsys: pytest.CaptureFixture[str]) -> None:
    for words, _ in DOORWARD.first:
        if not words.startswith("help "):
            assert main([*words.split(), "--no-such-option"]) == Exit.USAGE
            assert "unknown option --no-such-option" in capsys.readouterr().err
        else:
            assert main(words.split()) == Exit.OK


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_help_before_a_verb_is_its_help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", *path]) == Exit.OK
    told = capsys.readouterr().out
    assert main([*path, "--help"]) == Exit.OK
    assert capsys.readouterr().out == told


def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == Exit.OK
    assert capsys.readouterr().out == f"doorward {software_version()}\n"


def test_help_version_and_overview_import_nothing_heavy() -> None:
    script = (
        "import sys; from edge.__main__ import main; main({words!r}); "
        "print(*sorted({{name.partition('.')[0] for name in sys.modules}}), file=sys.stderr)"
    )
    heavy = {"numpy", "cv2", "msgspec", "nacl", "rich", "tuf", "urllib3", "jinja2", "hw", "sqlite3"}
    for words in ([], ["help"], ["--version"], ["lgo"]):
        done = subprocess.run(
            [sys.executable, "-c", script.format(words=words)], capture_output=True, text=True, check=True
        )
        assert heavy & set(done.stderr.splitlines()[-1].split()) == set(), words


@pytest.mark.parametrize(
    "words",
    [
        ["open"],
        ["code", "write"],
        ["--json", "log"],
        ["log", "show"],
        ["log", "show", "x", "--last", "0"],
        ["doctor", "--all"],
        ["run", "--sim", "--camera", "0"],
        ["config", "show", "--venue", "bank"],
        ["door", "mode", "open\nsesame"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_an_error_and_a_hint(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    error, hint = said.err.splitlines()
    assert error.startswith("error: doorward")
    assert hint.startswith("hint: ")


def test_gate_is_the_old_name_of_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == Exit.OK
    (row,) = (line for line in capsys.readouterr().out.splitlines() if "old name" in line)
    assert row.split()[0] == "library"
    assert row.endswith("(old name: gate)")
    shown = []
    for name in ("library", "gate"):
        assert main([name, "status", "--help"]) == Exit.OK
        shown.append(capsys.readouterr().out.replace(f"doorward {name} ", ""))
    assert shown[0] == shown[1]


# -- a table for tests -----------------------------------------------------------------------------


def add(args: argparse.Namespace) -> int:
    print(args.first + args.second)
    return Exit.OK


def refuse(_: argparse.Namespace) -> int:
    raise InputError("no sum", hint="none")


def stop(_: argparse.Namespace) -> int:
    raise KeyboardInterrupt


NUMBERS = (argument("first", type=int), argument("second", type=int))
SUMS = (
    Verb("add", "the sum", add, NUMBERS),
    Verb("twice", "one of two", "test_verbs_of_nowhere:twice"),
    Verb("refuse", "never", refuse),
    Verb("stop", "Ctrl-C", stop),
    Verb("either", "one of two", refuse, (one_of(argument("-a"), argument("-b"), required=True),)),
)
CALCULATE = Verb("calculate", "Adds.", verbs=(Verb("sums", "of two", verbs=SUMS),))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("sums add 1 2", Exit.OK),
        ("sums add 1", Exit.USAGE),
        ("sums refuse", Exit.USAGE),
        ("sums stop", Exit.INTERRUPTED),
        ("sums either", Exit.USAGE),
        ("sums either -a 1 -b 2", Exit.USAGE),
    ],
)
def test_the_exit_code_tells_the_result(words: str, code: Exit) -> None:
    assert verbs.main(CALCULATE, words.split()) == code


def test_the_modules_of_another_verb_are_not_imported(capsys: pytest.CaptureFixture[str]) -> None:
    assert verbs.main(CALCULATE, ["sums", "add", "1", "2"]) == Exit.OK
    assert capsys.readouterr().err == ""
    assert verbs.main(CALCULATE, ["sums", "twice"]) == Exit.DEVICE
    assert "error: Python package test_verbs_of_nowhere is not installed" in capsys.readouterr().err


def test_a_closed_pipe_is_not_an_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "edge", "config", "schema"], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (Exit.OK, b"")
