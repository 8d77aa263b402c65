"""Counts the work of SQLite in instructions of its virtual machine: equal in every run, unlike a time."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator


@dataclass(slots=True)
class Steps:
    """The instructions that a connection has executed."""

    count: int = 0


@contextmanager
def counted(db: sqlite3.Connection) -> Iterator[Steps]:
    """Counts the instructions of the statements in this block."""
    steps = Steps()

    def step() -> None:
        steps.count += 1

    db.set_progress_handler(step, 1)
    try:
        yield steps
    finally:
        db.set_progress_handler(None, 1)
