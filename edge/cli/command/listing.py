"""Lists of the verbs of a command, as help, and as the hint of an error."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from edge.errors import UsageError
from edge.nearest import alternatives, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge.cli.command.table import Verb


def page(verb: Verb, path: str, verbs: Sequence[Verb]) -> str:
    """The help of a verb that has verbs: usage, text, the verbs by group, and the commands to try first."""
    return "\n".join((f"usage: {path} VERB ...", "", verb.load_about(), "", *_rows(verb, path, verbs)))


def _rows(verb: Verb, path: str, verbs: Sequence[Verb]) -> Iterator[str]:
    width = max(len(each.name) for each in verbs)
    for group, members in groupby(verbs, key=lambda each: each.group):
        if group:
            yield f"{group}:"
        for each in members:
            former = f" (old name: {each.former})" if each.former else ""
            yield f"  {each.name:{width}}  {each.help}{former}"
        yield ""
    width = max((len(words) for words, _ in verb.first), default=0)
    for words, text in verb.first:
        yield f"{path} {words:{width}}  {text}"
    if not verb.first:
        yield f"arguments of a verb: {path} VERB --help"


def hint_of_all(verbs: Sequence[Verb]) -> str:
    """The hint where a verb is missing, or nothing like the one that was written is known."""
    return f"write one of {', '.join(each.name for each in verbs)}"


def unknown_verb(word: str, path: str, verbs: Sequence[Verb]) -> UsageError:
    """The error for a word that is no verb of this command, with the nearest ones as its hint."""
    if word.startswith("-"):
        return UsageError(
            f"{path}: {word} is written before the verb", hint=f"write it after the verb: {path} VERB {word}"
        )
    near = nearest(word, (name for each in verbs for name in (each.name, each.former) if name))
    if word == "help":
        hint = f"write {path} --help"
    elif near:
        hint = f"write {alternatives(f'{path} {name}' for name in near)}"
    else:
        hint = hint_of_all(verbs)
    return UsageError(f"{path}: unknown verb {word!r}", hint=hint)
