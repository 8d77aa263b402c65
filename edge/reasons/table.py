"""Table of all reason codes: the meaning of each, what the visitor sees, and what staff and technician do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec

from edge.decision import Reason, Signal, signal_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FILES: Final = ("denials.toml", "records.toml")


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    meaning: str
    staff: str = ""
    technician: str = ""


@dataclass(frozen=True, slots=True)
class ExplainedReason:
    """One reason code. `signal`: what the visitor sees of it, None for a code that denies nothing."""

    code: str
    group: str
    signal: Signal | None
    meaning: str
    staff: str
    technician: str

    @property
    def prefix(self) -> str:
        """The word before the dot."""
        return self.code.partition(".")[0]


@cache
def reasons() -> Mapping[str, ExplainedReason]:
    """All reason codes by their code: those of denials first, each group in one piece."""
    return {row.code: row for name in _FILES for row in _read(name)}


def _read(name: str) -> Iterator[ExplainedReason]:
    text = files("edge.reasons").joinpath(name).read_text("utf-8")
    tables = msgspec.toml.decode(text, type=dict[str, dict[str, str | _Row]])
    groups = tables.pop("groups")
    denials = {str(reason): reason for reason in Reason}
    for prefix, title in groups.items():
        for word, row in tables.pop(prefix).items():
            code = f"{prefix}.{word}"
            assert isinstance(title, str)
            assert isinstance(row, _Row)
            signal = signal_for(denials[code]) if code in denials else None
            yield ExplainedReason(code, title, signal, row.meaning, row.staff, row.technician)
    assert not tables, f"{name}: a group without a title: {', '.join(tables)}"


def find(word: str) -> list[ExplainedReason]:
    """The reason of this code, those of a group (`card`), or those that end in this word (`duress`)."""
    table = reasons()
    if word in table:
        return [table[word]]
    by_prefix = [row for row in table.values() if row.prefix == word]
    return by_prefix or [row for row in table.values() if row.code.partition(".")[2] == word]
