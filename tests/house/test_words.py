"""Words of code and pages, as far as a machine can judge them: openings of docstrings, and words without a doer."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT, tracked

if TYPE_CHECKING:
    from collections.abc import Iterator

# A docstring begins with a noun phrase or a verb; these begin a clause that names nothing.
OPENING = re.compile(
    r"(What|Who|Whoever|Whom|Whose|Which|How|Where|When|Why|The same|If|Until|While|Unless)\b"
)
# The doer has a name: device, visitor, holder, operator, technician, attacker, caller.
NAMELESS = re.compile(
    r"\b(some|no|any|every)body('s)?\b|\b(some|any)one('s)?\b|\bwho(m|so)?ever\b", re.IGNORECASE
)
READ = (
    *(".pml", ".c", ".h", ".mjs", ".rules", ".sysusers", ".tmpfiles"),
    ".py",
    ".md",
    ".toml",
    ".j2",
    ".html",
    ".css",
    ".js",
    ".sh",
    ".service",
    ".json",
    ".yaml",
    ".svg",
    "Makefile",
)
HERE = "tests/house/test_words.py"  # names the words that it forbids


def ours(*endings: str) -> list[str]:
    """The files of the repository that people read, by their endings."""
    return [name for name in tracked() if name.endswith(endings) and name != HERE]


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """The line and the text of each docstring in a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and (
            text := ast.get_docstring(node)
        ):
            yield node.body[0].lineno, text


def riddles(source: str) -> list[int]:
    """The lines of the docstrings that begin neither with a noun nor with a verb."""
    return [line for line, text in docstrings(source) if OPENING.match(text)]


def nameless(text: str) -> list[int]:
    """The lines in which the doer has no name."""
    return [number for number, line in enumerate(text.splitlines(), 1) if NAMELESS.search(line)]


def test_a_docstring_begins_with_a_noun_or_a_verb() -> None:
    assert [
        f"{name}:{line}" for name in ours(".py") for line in riddles((ROOT / name).read_text("utf-8"))
    ] == []


def test_the_doer_has_a_name() -> None:
    assert [
        f"{name}:{line}" for name in ours(*READ) for line in nameless((ROOT / name).read_text("utf-8"))
    ] == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('"""What a place says of a visit."""', True),
        ('def f():\n    """When the card ends."""', True),
        ('class C:\n    """The same, for a lane."""', True),
        ('"""Terms of a visit, from venue rules and risk signals."""', False),
        ('"""Collects what this visit must show."""', False),
        ('"""Whether the door is shut."""', False),
    ],
)
def test_a_riddle_is_found_out(text: str, *, wrong: bool) -> None:
    assert bool(riddles(text)) is wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("nobody comes", True),
        ("Somebody's card", True),
        ("whoever turns the key", True),
        ("the operator turns the key", False),
        ("the body of a message", False),
        ("one of two", False),
    ],
)
def test_a_doer_without_a_name_is_found_out(text: str, *, wrong: bool) -> None:
    assert bool(nameless(text)) is wrong
