"""Commands in the pages, parsed by the product's own parsers and not run."""

from __future__ import annotations

import importlib
import re
import shlex
from dataclasses import replace
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from conftest import ROOT

from edge.__main__ import DOORWARD
from edge.cli import verbs
from edge.errors import Exit, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = {
    "doorward": "edge",
    **{f"doorward-{tool}": f"tools.{tool}" for tool in ("issuer", "wallet", "authority", "hub")},
}
SEPARATORS = frozenset("();|&") | {"&&", "||", "|&", ";;"}
# A value that the reader fills in: long enough for a public key, and a word for every other argument.
VARIABLE = re.compile(r"\$\{?\w+\}?")
DESCRIPTOR = re.compile(r"(?<!\S)\d(?=[<>])")  # the 2 of `2> FILE`
FILLED_IN = "00" * 32


def complaints(script: str) -> list[str]:
    """The commands of a block that the product would not take, each with the reason."""
    return [
        f"{shlex.join(words)}: {why}" for words in commands(script) if (why := _complaint(words)) is not None
    ]


def commands(script: str) -> Iterator[list[str]]:
    """The words of each simple command, without redirections; those in `$(...)` come first."""
    for line in script.replace("\\\n", " ").splitlines():
        outside, inside = _substituted(line)
        for part in inside:
            yield from commands(part)
        lexer = shlex.shlex(DESCRIPTOR.sub("", outside), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        is_target = False  # of a redirection
        for word in lexer:
            if word in SEPARATORS:
                yield from [words] if words else []
                words = []
            elif word[0] in "<>":
                is_target = True
            elif is_target:
                is_target = False
            else:
                words.append(word)
        yield from [words] if words else []


def _substituted(line: str) -> tuple[str, list[str]]:
    """A line with a value in place of each `$(...)`, and the commands that stood there."""
    inside = []
    while (start := line.find("$(")) >= 0:
        depth, end = 1, start + 2
        while depth and end < len(line):
            depth += (line[end] == "(") - (line[end] == ")")
            end += 1
        inside.append(line[start + 2 : end - 1])
        line = line[:start] + FILLED_IN + line[end:]
    return line, inside


def _complaint(words: list[str]) -> str | None:
    words = _without_prefix(words)
    if not words:
        return None
    missing = [word for word in words if word.startswith(("tools/", "tests/")) and not any(ROOT.glob(word))]
    if missing:
        return f"{missing[0]} does not exist"
    command, *rest = PurePosixPath(words[0]).name, *words[1:]
    if command == "make":
        unknown = [word for word in rest if word not in make_targets()]
        return f"no target {unknown[0]}" if unknown else None
    if command in ("python", "python3") and rest and rest[0].startswith("tools/"):
        command, rest = rest[0].removeprefix("tools/"), rest[1:]
        return _refusal(f"tools.{command}", rest) if (ROOT / "tools" / command / "cli.py").exists() else None
    return _refusal(PROGRAMS[command], rest) if command in PROGRAMS else None


def _without_prefix(words: list[str]) -> list[str]:
    """The command itself, without assignments, `sudo` and its `-u USER`."""
    while words and re.fullmatch(r"\w+=.*|sudo|if|then|else|do|while|until|!", words[0]):
        words = words[1:]
        if words[:1] == ["-u"]:
            words = words[2:]
    return words


def _refusal(package: str, words: list[str]) -> str | None:
    program = _program(package)
    try:
        verbs._run_command(program, [VARIABLE.sub(FILLED_IN, word) for word in words])
    except UsageError as error:
        return error.message
    return None


@cache
def _program(package: str) -> verbs.Verb:
    """The verbs of a program, all of which do nothing."""
    if package == "edge":
        return _inert(DOORWARD)
    return _inert(importlib.import_module(f"{package}.cli").main.args[0])


def _inert(verb: verbs.Verb) -> verbs.Verb:
    below = tuple(_inert(each) for each in verb.load_verbs())
    return replace(verb, run=_do_nothing if verb.run else "", verbs=below)


def _do_nothing(_: object) -> int:
    return Exit.OK


@cache
def make_targets() -> frozenset[str]:
    """The targets of the Makefile."""
    return frozenset(
        re.findall(r"^([a-z0-9-]+)(?: [a-z-]+)*:(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    )
