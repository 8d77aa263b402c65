"""Imports a list; at a terminal it asks first if more than half of the entries in use would be gone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final, TypeVar

from edge.cli.ask import agreed
from edge.cli.verbs import argument
from edge.formats.list_in_use import FewerError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

ACCEPT_FEWER: Final = argument(
    "--accept-fewer",
    action="store_true",
    help="import the list also if more than half of the entries in use will be gone",
)


def imported(take: Callable[[bool], T], *, accept_fewer: bool) -> T | None:
    """The result of `take(accept_fewer)`, which raises FewerError; None if the operator does not agree."""
    try:
        return take(accept_fewer)
    except FewerError as error:
        if not sys.stdin.isatty():
            raise
        if not agreed((), error.question, yes=False):
            return None
    return take(True)
