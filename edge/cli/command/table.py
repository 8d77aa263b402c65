"""Tables of verbs and arguments, as data: what a command line may hold, and the function behind each verb."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument, with the names and options of `argparse.ArgumentParser.add_argument`."""

    names: tuple[str, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OneOf:
    """Arguments of which at most one is given, or exactly one if it is required."""

    arguments: tuple[Argument, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class Verb:
    """A function with its arguments, or the verbs below this one. The topmost has the name of the command.

    With both, the function runs if the first word is an option: `python tools/demo --json`.
    `run` takes the parsed arguments and returns an exit code. `about`: text for --help; left out: the
    docstring of the module that `run` names, else `help`. `former`: an old name, which stays a command.
    `group`: the heading under which a list shows this verb. `first`: commands to try first, with their help.
    """

    name: str
    help: str
    run: Callable[[argparse.Namespace], int] | str = ""
    arguments: Sequence[Argument | OneOf] | str = ()
    verbs: Sequence[Verb] | str = ()
    about: str | None = None
    former: str | None = None
    group: str = ""
    first: Sequence[tuple[str, str]] = ()

    def load_verbs(self) -> Sequence[Verb]:
        """The verbs below this one; imports their module."""
        verbs: Sequence[Verb] = _loaded(self.verbs)
        return verbs

    def load_arguments(self) -> Sequence[Argument | OneOf]:
        """The arguments of the function; imports their module."""
        arguments: Sequence[Argument | OneOf] = _loaded(self.arguments)
        return arguments

    def load_run(self) -> Callable[[argparse.Namespace], int]:
        """The function; imports its module."""
        run: Callable[[argparse.Namespace], int] = _loaded(self.run)
        return run

    def load_about(self) -> str:
        """The text for --help; imports the module that `run` names."""
        module = self.run.partition(":")[0] if isinstance(self.run, str) else ""
        about = self.about or (module and importlib.import_module(module).__doc__) or self.help
        return about.strip()


def verb(
    name: str,
    text: str,
    run: Callable[[argparse.Namespace], int] | str,
    *arguments: Argument | OneOf,
    about: str | None = None,
) -> Verb:
    """A function and its arguments as a verb; `text` and `about` are its help."""
    return Verb(name, text, run, arguments, about=about)


def argument(*names: str, **options: Any) -> Argument:  # noqa: ANN401  the options of argparse
    """An argument of a verb."""
    return Argument(names, options)


def one_of(*arguments: Argument, required: bool = False) -> OneOf:
    """Arguments that exclude each other."""
    return OneOf(arguments, required)


def _loaded(given: Any) -> Any:  # noqa: ANN401  a function or a table, or the place of one
    if not isinstance(given, str):
        return given
    module, _, name = given.partition(":")
    return getattr(importlib.import_module(module), name)
