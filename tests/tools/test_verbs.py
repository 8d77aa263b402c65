"""Every tool is a folder that runs, prints its verbs, and prints errors in the form of `doorward`."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.cli.verbs import Verb
from edge.errors import Exit

TOOLS = Path(__file__).resolve().parents[2] / "tools"
FOLDERS = sorted(path.parent.name for path in TOOLS.glob("*/__main__.py"))


def python(tool: str, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run one tool from any folder of the machine."""
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, TOOLS / tool, *words],
        cwd=cwd,
        env=plain,
        capture_output=True,
        text=True,
        check=False,
    )


def command(tool: str) -> tuple[Verb, Callable[[list[str]], int]]:
    module = importlib.import_module(f"tools.{tool}.cli")
    return next(value for value in vars(module).values() if value in module.main.args), module.main


def leaves(verb: Verb, *path: str) -> Iterator[tuple[str, ...]]:
    below = verb.load_verbs()
    for each in below:
        yield from leaves(each, *path, each.name)
    if not below:
        yield path


def test_these_are_the_tools() -> None:
    assert [
        *(
            "authority",
            "bench",
            "demo",
            "firmware",
            "fuzz",
            "hub",
            "issuer",
            "manual",
            "mutation",
            "pictures",
        ),
        *("sbom", "test_card", "vectors", "virtual_camera", "wallet"),
    ] == FOLDERS


@pytest.mark.parametrize("tool", FOLDERS)
def test_a_tool_runs_from_anywhere_and_explains_itself(tool: str, tmp_path: Path) -> None:
    done = python(tool, "--help", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert done.stdout.startswith(f"usage: python tools/{tool} ")


@pytest.mark.parametrize("tool", [tool for tool in FOLDERS if command(tool)[0].verbs])
def test_a_tool_alone_prints_its_verbs(tool: str, capsys: pytest.CaptureFixture[str]) -> None:
    table, main = command(tool)
    assert main([]) == Exit.OK
    said = capsys.readouterr()
    assert [
        line.split()[0] for line in said.out.splitlines() if line.startswith("  ") and line[2] != " "
    ] == [verb.name for verb in table.verbs]
    assert said.err == ""


@pytest.mark.parametrize("tool", FOLDERS)
def test_every_verb_of_a_tool_explains_its_arguments(tool: str, capsys: pytest.CaptureFixture[str]) -> None:
    table, main = command(tool)
    for path in leaves(table):
        assert main([*path, "--help"]) == Exit.OK
        assert capsys.readouterr().out.startswith(f"usage: {' '.join([table.name, *path])} ")


@pytest.mark.parametrize("tool", FOLDERS)
def test_a_usage_error_is_two_lines(tool: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(tool)[1](["--no-such-thing"]) == Exit.USAGE
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith(f"error: python tools/{tool}: ")
    assert hint.startswith("hint: ")


def test_scripts_check_the_vectors_with_the_option() -> None:
    main = command("vectors")[1]
    assert (main(["check"]), main(["--check"])) == (Exit.OK, Exit.OK)


def test_the_folder_of_a_tool_hides_no_module_of_python(tmp_path: Path) -> None:
    """tools/wallet has a file code.py, and Python has a module `code`."""
    line = "import runpy, sys; sys.argv[1:] = ['--help']\ntry: runpy.run_path({!r}, run_name='__main__')\nfinally:"
    script = line.format(str(TOOLS / "wallet")) + " import code; print(code.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert Path(done.stdout.splitlines()[-1]).parent == Path(os.__file__).parent
