"""Errors of command lines: of every verb, one line `error:` and one line `hint:` that helps in this case."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

import pytest
from conftest import ROOT

from edge.__main__ import DOORWARD
from edge.cli import verbs
from edge.cli.command.complaints import is_option, placeholder
from edge.cli.verbs import Argument, OneOf, Verb
from edge.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = sorted(path.parent.name for path in (ROOT / "tools").glob("*/__main__.py"))
NONSENSE = "\N{SNOWMAN}"  # no number, time, key, name or address


def commands() -> Iterator[Verb]:
    yield DOORWARD
    for tool in TOOLS:
        module = importlib.import_module(f"tools.{tool}.cli")
        yield module.main.args[0]


class Leaf(NamedTuple):
    """A verb that runs, with its command and the words that lead to it."""

    command: Verb
    path: tuple[str, ...]
    verb: Verb

    @property
    def flat(self) -> list[Argument]:
        every = self.verb.load_arguments()
        return [one for each in every for one in (each.arguments if isinstance(each, OneOf) else (each,))]


def leaves(command: Verb) -> Iterator[Leaf]:
    def below(verb: Verb, path: tuple[str, ...]) -> Iterator[Leaf]:
        verbs_below = verb.load_verbs()
        for each in verbs_below:
            yield from below(each, (*path, each.name))
        if not verbs_below:
            yield Leaf(command, path, verb)

    yield from below(command, ())


LEAVES = [leaf for command in commands() for leaf in leaves(command)]


def refuses(argument: Argument) -> bool:
    """Whether the type of an argument refuses nonsense."""
    try:
        argument.options["type"](NONSENSE)
    except Exception:  # noqa: BLE001
        return True
    return False


def wrong_lines(leaf: Leaf) -> Iterator[tuple[str, list[str], str]]:
    """Command lines that this verb cannot accept: what is wrong, the words, and a text that the hint must hold."""
    yield "unknown option", ["--no-such-option"], ""
    arguments = leaf.verb.load_arguments()
    required = [each for each in arguments if isinstance(each, OneOf) and each.required]
    named = [each for each in arguments if isinstance(each, Argument) and each.options.get("required")]
    placed = [each for each in leaf.flat if not is_option(each)]
    needed = [each for each in placed if each.options.get("nargs") not in ("?", "*")]
    if required or named or needed:
        yield "nothing", [], placeholder((needed or named or [required[0].arguments[0]])[0])
    for each in leaf.flat:
        title = each.names[-1]
        words = [title] if is_option(each) else []
        if is_option(each) and placeholder(each) and each.options.get("nargs") not in ("?", "*"):
            yield f"{title} without a value", words, title
            misspelt = f"--{title[3:]}x"
            yield f"{misspelt} in place of {title}", [misspelt], title if len(title) > 4 else ""
        if "choices" in each.options and (words or placed == [each]):
            yield f"{title} of no choice", [*words, NONSENSE], str(next(iter(each.options["choices"])))
        if "type" in each.options and refuses(each) and (words or placed == [each]):
            yield f"{title} of another type", [*words, NONSENSE], ""
        if is_option(each) and not placeholder(each):
            yield f"{title} with a value", [f"{title}={NONSENSE}"], title
    for first, second in (each.arguments[:2] for each in arguments if isinstance(each, OneOf)):
        if not is_option(first):
            continue
        both = [
            word for each in (first, second) for word in (each.names[-1], *(["1"] * bool(placeholder(each))))
        ]
        yield f"{first.names[-1]} and {second.names[-1]}", both, first.names[-1]
    if all(each.options.get("nargs") not in ("+", "*") and "choices" not in each.options for each in placed):
        values = [NONSENSE] * 9
        if not any("type" in each.options and refuses(each) for each in placed):
            yield "too many words", values, ""


CASES = [
    pytest.param(leaf, words, held, id=f"{' '.join((leaf.command.name, *leaf.path))}: {what}")
    for leaf in LEAVES
    for what, words, held in wrong_lines(leaf)
]


def test_these_are_many_wrong_lines() -> None:
    assert len(LEAVES) > 80
    assert len(CASES) > 500


@pytest.mark.parametrize(("leaf", "words", "held"), CASES)
def test_a_wrong_line_gives_one_error_and_one_hint(
    leaf: Leaf, words: list[str], held: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verbs.main(leaf.command, [*leaf.path, *words]) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    error, hint = said.err.splitlines()
    path = " ".join((leaf.command.name, *leaf.path))
    assert error.startswith(f"error: {path}: ")
    assert len(error) > len(f"error: {path}: ") + 5
    assert hint.startswith("hint: ")
    assert len(hint) > len("hint: ") + 5
    assert not hint.endswith("--help")
    assert held in hint


@pytest.mark.parametrize("command", list(commands()), ids=lambda command: command.name)
def test_a_misspelt_verb_gives_the_nearest_one(command: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    for verb in command.load_verbs():
        misspelt = f"{verb.name[:-1]}{'x' if len(verb.name) > 3 else verb.name[-1] * 2}"
        assert verbs.main(command, [misspelt]) == Exit.USAGE
        error, hint = capsys.readouterr().err.splitlines()
        assert error == f"error: {command.name}: unknown verb '{misspelt}'"
        assert f"{command.name} {verb.name}" in hint
